"""What a section of a page makes of an answer that does not come."""

import asyncio

import pytest

from portal_app.errors import NotFound, Unavailable
from portal_app.ui.loading import or_reference


async def failing(error):
    raise error


@pytest.mark.parametrize("error", [Unavailable(), RuntimeError("nobody thought of it")])
def test_a_section_whose_data_does_not_come_says_so_under_a_reference_that_the_log_has(caplog, error):
    answer, reference = asyncio.run(or_reference(failing(error)))
    assert answer is None
    (record,) = caplog.records
    assert record.getMessage() == f"a section of a page could not be loaded, reference {reference}"
    assert record.exc_info[1] is error


def test_what_tells_the_customer_something_passes_through():
    with pytest.raises(NotFound):
        asyncio.run(or_reference(failing(NotFound(noun="Wallet"))))
