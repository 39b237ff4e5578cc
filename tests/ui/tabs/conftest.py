"""The Usage tab without a browser, on a database of its own, at a standing clock."""

import pytest
import time_machine
from cast import NOW
from usage_world import fill_reference


@pytest.fixture
def database(sqlite_database):
    """One engine is enough here: queries have tests of their own on both. It is NOW."""
    with time_machine.travel(NOW, tick=False):
        yield sqlite_database


@pytest.fixture
def acme(database):
    """The customer of the reference example."""
    with database.writing() as session:
        return fill_reference(session, NOW)
