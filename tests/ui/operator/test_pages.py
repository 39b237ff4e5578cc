"""What the operator's pages say of a customer that is closed, and that none of their events fails without a word."""

import ast
import subprocess
import sys

import cast
from operators import DESK, cookie_of, desk, sign_in

from portal_app.billing.statuses import RecordStatus
from portal_app.build import ROOT
from portal_app.queries.customers import customer_id_of_operator, get_profile

CUSTOMER = f"{DESK}.portal_app___ui___operator___customer___state____customer_state"
CUSTOMERS = f"{DESK}.portal_app___ui___operator___customers___state____customers_state"


def public_id_of(operator, external_id):
    with operator.database.reading() as session:
        return get_profile(session, customer_id_of_operator(session, external_id=external_id)).public_id


def loaded(page, state, path):
    page.call(f"{state}.load", path)
    return page.until(lambda: page.values(state).get("is_loaded") is True).values(state)


def test_what_is_archived_says_so_and_offers_nothing_and_what_is_deleted_leads_nowhere(operator):
    with operator.database.writing() as session:
        cast.add_customer(session, "tessier", status=RecordStatus.ARCHIVED)
        cast.add_customer(session, "ashpool", status=RecordStatus.DELETED)
    with sign_in(operator) as client, desk(operator, cookie_of(client), "/operator?status=any") as page:
        rows = {row["external_id"]: row for row in loaded(page, CUSTOMERS, "/operator?status=any")["rows"]}
        details = rows["tessier"]["open_to"]
        archived = loaded(page, CUSTOMER, details)
        assert (archived["badge"]["label"], archived["may_open"]) == ("Archived", False)
        assert details == f"/operator/customer?id={public_id_of(operator, 'tessier')}"
        assert rows["ashpool"]["open_to"] == ""
        page.call(f"{CUSTOMER}.load", rows["acme"]["open_to"])
        page.until(lambda: page.values(CUSTOMER)["may_open"] is True)
        assert page.values(CUSTOMER)["badge"]["label"] == ""


TOLD = """
import asyncio
from portal_app.ui.operator.told import told

class Page:
    trouble = ""

@told
async def act(page):
    raise RuntimeError("nobody thought of it")

page = Page()
asyncio.run(act(page))
print(page.trouble)
"""


def test_an_action_that_fails_in_a_way_that_nobody_thought_of_is_told_under_a_reference_that_the_log_has():
    ran = subprocess.run([sys.executable, "-c", TOLD], cwd=ROOT, capture_output=True, text=True, check=True)
    reference = ran.stdout.strip()
    assert len(reference) == 8
    assert f"act could not be done, reference {reference}" in ran.stderr
    assert "nobody thought of it" in ran.stderr


def test_no_event_of_a_page_fails_without_a_word():
    untold = [
        f"{path.relative_to(ROOT)}: {handler.name}"
        for path in (ROOT / "portal_app/ui/operator").rglob("*.py")
        for handler in ast.walk(ast.parse(path.read_text()))
        if isinstance(handler, ast.AsyncFunctionDef)
        and (how := [ast.unparse(one) for one in handler.decorator_list])
        and how[0] == "rx.event"
        and how[1:] != ["told"]
    ]
    assert untold == []
