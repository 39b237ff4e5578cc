"""The whole engine against brute force: random operations, every aggregation, twelve zones, no mismatch."""

import random

import pytest
from usage_model import Run

from portal_app.queries.invariants import all_violations


def play(session, operations, seed):
    run = Run(session, random.Random(seed))
    for number in range(1, operations + 1):
        run.step()
        if number % 100 == 0:
            run.compare()
            session.commit()  # PostgreSQL walks over all versions of a row that one transaction has made
    run.finish()
    assert list(all_violations(session)) == []
    return run


@pytest.mark.parametrize("seed", [1, 2])
def test_random_operations_make_what_a_list_of_events_says(session, seed):
    run = play(session, 1500, seed)
    assert len(run.events) > 900


@pytest.mark.long
def test_sixty_thousand_random_operations_make_what_a_list_of_events_says(session):
    run = play(session, 60_000, 3)
    assert len(run.customers) == 12
    assert len(run.meters) == 11
