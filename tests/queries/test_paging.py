"""Pages: which one there is for the one asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.queries.paging import Page, offset_of


@pytest.mark.parametrize(("total", "count"), [(0, 1), (1, 1), (25, 1), (26, 2), (1200, 48)])
def test_a_list_has_as_many_pages_as_it_fills(total, count):
    assert Page((), 1, total).count == count


@given(st.integers(-(10**12), 10**12), st.integers(0, 10**6), st.integers(1, 100))
def test_whatever_is_asked_for_the_page_exists(number, total, size):
    given_number, offset = offset_of(number, total, size)
    assert 1 <= given_number <= Page((), 1, total, size).count
    assert offset == (given_number - 1) * size
    assert offset < total or (offset, total) == (0, 0)


@given(st.integers(0, 500), st.integers(1, 60))
def test_the_pages_cover_every_row_once(total, size):
    count = Page((), 1, total, size).count
    rows = [row for n in range(1, count + 1) for row in range(offset_of(n, total, size)[1], total)[:size]]
    assert rows == list(range(total))
