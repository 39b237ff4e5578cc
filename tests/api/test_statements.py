"""How many statements a request of a customer sends, the check of its session included, however long its answer."""

from __future__ import annotations

import gzip
import json

import callers
import pytest
from cast import NOW, days_ago
from statements import counted_by

from portal_app.api.app import create_api

PORTAL = "/v1/customer/portal"
WEEK, MONTH = (
    {"start_time": days_ago(days).isoformat(), "end_time": NOW.isoformat(), "window_size": "DAY"} for days in (7, 30)
)
STATEMENTS = {
    "a page of invoices": ("invoices", {"limit": 2}, {"limit": 20}, 6),
    "subscriptions": ("subscriptions", {"limit": 1}, {"limit": 20}, 4),
    "wallets": ("wallets", {}, {}, 3),
    "usage by day": ("analytics/revenue", WEEK, MONTH, 11),
}


@pytest.fixture
def at_demo_time(monkeypatch):
    monkeypatch.setattr("portal_app.clock.utc_now", lambda: NOW)


@pytest.fixture
def acme(demo_database, at_demo_time):
    client = callers.portal_of(create_api(), demo_database, "acme")
    client.get(f"{PORTAL}/info")  # the first use of a session is noted
    return client


@pytest.mark.parametrize("demo_database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("path", "little", "much", "expected"), STATEMENTS.values(), ids=STATEMENTS)
def test_a_request_sends_as_many_statements_however_long_its_answer(demo_database, acme, path, little, much, expected):
    sent = []
    for body in (little, much):
        with counted_by(demo_database) as statements:
            assert acme.post(f"{PORTAL}/{path}", json=body).status_code == 200
        sent.append([one for one in statements if not one.startswith(("PRAGMA", "BEGIN"))])
    assert [len(one) for one in sent] == [expected, expected]


@pytest.mark.parametrize("demo_database", ["sqlite"], indirect=True)
def test_twenty_invoices_are_less_than_twenty_kilobytes_on_the_way(demo_database, at_demo_time):
    archive = callers.portal_of(create_api(), demo_database, "archive")
    headers = {"Accept-Encoding": "gzip"}
    with archive.stream("POST", f"{PORTAL}/invoices", json={"limit": 20}, headers=headers) as answer:
        sent = b"".join(answer.iter_raw())
    assert len(json.loads(gzip.decompress(sent))["items"]) == 20
    assert len(sent) < 20_000
