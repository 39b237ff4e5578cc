"""The operator's door: what a socket gets with and without a cookie, and what each role may call."""

from __future__ import annotations

import pytest
from canaries import secrets_of, seen
from operators import DESK, PEOPLE, audited, cookie_of, desk, events_of, sign_in
from page import Page
from websockets.exceptions import InvalidStatus

from portal_app import clock
from portal_app.access.operator_roles import POLICY, Role, may
from portal_app.commands.operators import set_operator_role
from portal_app.ui.gate import Portal


@pytest.fixture(scope="module")
def events(operator):
    """The operator's events: full name by the name that the policy has."""
    return {name: full for full, (module, name) in events_of("portal,operator").items() if ".ui.operator." in module}


def test_every_event_and_route_has_its_role_and_the_table_names_nothing_else(events):
    assert {name for name in POLICY if not name.startswith(("GET ", "POST "))} == events.keys()


def test_a_process_without_the_operators_surface_registers_nothing_of_it():
    registered = events_of("portal")
    assert registered
    assert not [name for name, (module, _) in registered.items() if "operator" in f"{name} {module}".lower()]


def test_without_a_cookie_no_event_of_the_operators_answers(operator, events):
    with desk(operator, "") as page:
        for full in events.values():
            page.call(full, "/operator")
        page.call(next(iter(events.values())), "/operator")
        page.listen(1)
        assert page.values(DESK)["status"] == "closed"
        assert seen(secrets_of(operator, "acme") | secrets_of(operator, "globex"), page.text) == set()


@pytest.mark.parametrize("role", Role)
def test_each_role_may_call_what_the_table_says_and_a_refusal_is_written_down(operator, events, role):
    with sign_in(operator, role) as client, desk(operator, cookie_of(client)) as page:
        before = len(audited(operator.database, "operator.denied"))
        for full in events.values():
            page.call(full, "/operator")
        page.listen(2)
    refused = {details["what"] for _, _, details in audited(operator.database, "operator.denied")[before:]}
    assert refused == {name for name in events if not may(role, name)}


def test_an_unknown_event_is_nobodys(operator):
    with sign_in(operator) as client, desk(operator, cookie_of(client)) as page:
        page.until(lambda: "Actions for Globex" in page.text)
        before = len(page.frames)
        page.call(f"{DESK}.reset", "/operator")
        page.call(f"{Portal.get_full_name()}.watch", "/operator")
        page.listen(0.5)
        assert not [frame for frame in page.frames[before:] if DESK in frame or "Ada" in frame]


def test_a_page_of_another_origin_gets_no_socket(operator):
    with sign_in(operator) as client, pytest.raises(InvalidStatus):
        desk(operator, cookie_of(client), origin="https://evil.example")


def test_a_customers_page_knows_nothing_of_whoever_is_signed_in(operator):
    with sign_in(operator) as client, Page(operator, cookie=cookie_of(client)) as page:
        page.boot(operator.token("acme"), "/credits").wait_for("open")
        assert PEOPLE[Role.ADMIN] not in page.text
        page.call(f"{DESK}.watch", "/operator")
        page.listen(0.5)
        assert page.values(DESK).get("status") in {None, "loading"}


def test_the_client_token_of_an_open_page_gives_nothing_to_another_socket(operator):
    with sign_in(operator) as client, desk(operator, cookie_of(client)) as page:
        token = page.client_token
        with desk(operator, "", client_token=token) as thief:
            thief.listen(0.5)
            assert PEOPLE[Role.ADMIN] not in thief.text


def test_signing_out_empties_an_open_page(operator):
    with sign_in(operator) as client, desk(operator, cookie_of(client)) as page:
        load_watch(page)
        client.post("/operator/forms/sign-out")
        page.until(lambda: page.values(DESK)["status"] == "closed")
        assert page.values(DESK)["who"]["email"] == ""


def test_another_role_takes_effect_on_an_open_page(operator):
    with sign_in(operator, Role.SUPPORT) as client, desk(operator, cookie_of(client)) as page:
        load_watch(page)
        for role in (Role.VIEWER, Role.SUPPORT):
            with operator.database.writing() as session:
                set_operator_role(session, PEOPLE[Role.SUPPORT], role, "tests", clock.utc_now())
        page.until(lambda: page.values(DESK)["status"] == "closed")


def load_watch(page):
    page.call(f"{DESK}.watch", "/operator")
    page.listen(0.3)
    assert page.values(DESK)["status"] == "open"
