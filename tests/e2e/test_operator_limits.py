"""What the operator's pages do not offer, and what they say when something could not be done."""

import re
import sqlite3
from contextlib import closing

import cast
from browsing import loaded
from desk import enter, fits, grave
from playwright.sync_api import expect

from portal_app.billing.statuses import RecordStatus


def test_what_is_closed_offers_nothing_and_what_could_not_be_done_is_told(page, operator):
    with operator.database.writing() as session:
        cast.add_customer(session, "tessier", name="Tessier", status=RecordStatus.ARCHIVED)
        cast.add_customer(session, "ashpool", name="Ashpool", status=RecordStatus.DELETED)
    operator.token("acme")

    enter(page, operator, "/operator?status=deleted")
    row = page.get_by_role("row", name=re.compile("Ashpool"))
    expect(row).to_contain_text("Deleted")
    expect(row.get_by_role("link")).to_have_count(0)
    expect(row.locator("details")).to_have_count(0)

    page.get_by_label("Status").get_by_role("link", name="Archived").click()
    page.get_by_role("link", name="Tessier").click()
    expect(loaded(page).locator(".title")).to_contain_text("Archived")
    expect(page.get_by_text("Customer details")).to_be_visible()
    for name in ("Open customer portal", "Copy portal link"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    page.get_by_role("link", name="Preview").click()
    expect(page.get_by_text("Nobody opens it: the customer is archived.")).to_be_visible()
    expect(page.get_by_role("button", name="Show preview")).to_have_count(0)

    page.get_by_role("link", name="Customers").first.click()
    page.get_by_role("link", name="Acme Corp").click()
    page.get_by_role("link", name="Sessions").click()
    with closing(sqlite3.connect(operator.database.engine.url.database)) as importing:
        importing.execute("BEGIN IMMEDIATE")
        page.get_by_role("button", name="Revoke all").click()
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("It could not be done just now.")
        reference = alert.locator("code").inner_text()
        assert f"CustomerState.revoke_all could not be done, reference {reference}" in operator.printed()
        assert grave(page) == []
        assert fits(page)
    page.get_by_role("button", name="Revoke all").click()
    expect(page.get_by_role("status").filter(has_text="ended")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
