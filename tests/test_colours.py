"""Contrast as WCAG defines it, and the nearest colour that has enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.colours import LEAST_CONTRAST, NIGHT, WHITE, contrast, is_colour, nearest_readable

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),
        ("#0b5cad", "#ffffff", 6.66),
    ],
)
def test_contrast_is_what_wcag_says(one, other, expected):
    assert round(contrast(one, other), 2) == pytest.approx(expected, abs=0.02)


@given(COLOURS, st.sampled_from([WHITE, NIGHT]))
def test_what_is_suggested_can_be_read(colour, ground):
    suggested = nearest_readable(colour, ground)
    assert is_colour(suggested)
    assert contrast(suggested, ground) >= LEAST_CONTRAST


@given(COLOURS)
def test_a_colour_that_can_be_read_stays_as_it_is(colour):
    if contrast(colour, WHITE) >= LEAST_CONTRAST:
        assert nearest_readable(colour, WHITE) == colour


@pytest.mark.parametrize("text", ["", "#fff", "0b5cad", "#0b5cad;x", "#gggggg", "red", "#0b5cad\n"])
def test_what_is_no_colour_is_none(text):
    assert not is_colour(text)
