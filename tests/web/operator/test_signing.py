"""Signing in and out: cookies, rotation, ends, wrong guesses, and forms of other pages."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx2
import pytest
import time_machine
from operators import PASSWORD, PEOPLE, audited
from sqlmodel import select
from starlette.routing import Route
from starlette.testclient import TestClient

from portal_app import clock
from portal_app.access.operator_roles import POLICY, WITHOUT_SESSION, Role, may
from portal_app.access.passwords import password_matches
from portal_app.commands.operators import disable_operator, set_operator_password, set_operator_role
from portal_app.errors import Unavailable
from portal_app.imports.uploads import place_of
from portal_app.models.operator import OperatorSession
from portal_app.web.operator import signing
from portal_app.web.operator.routes import create_operator_routes

ADMIN = PEOPLE[Role.ADMIN]
ORIGIN = "http://localhost:3000"
OUT = "/operator/forms/sign-out"


def enter(client, email=ADMIN, password=PASSWORD, **more):
    answer = client.post("/operator/forms/sign-in", data={"email": email, "password": password, **more})
    return answer.headers.get("Location", str(answer.status_code))


def is_signed_in(client):
    """Whether the cookie still is somebody's; signs out, if so."""
    return client.post(OUT).headers["Location"] == "/operator"


def test_a_good_password_leads_to_the_page_that_was_asked_for(visitor):
    assert enter(visitor(), next="/operator/audit?q=x") == "/operator/audit?q=x"


@pytest.mark.parametrize("path", ["https://evil.example/operator", "//evil.example", "/", "/operators", "javascript:x"])
def test_signing_in_leads_nowhere_else(visitor, path):
    assert enter(visitor(), next=path) == "/operator"


def test_the_e_mail_address_is_the_same_in_any_case(visitor):
    assert enter(visitor(), ADMIN.upper()) == "/operator"


def test_the_cookie_is_for_the_browser_alone(visitor):
    answer = visitor().post("/operator/forms/sign-in", data={"email": ADMIN, "password": PASSWORD})
    for cookie in answer.headers.get_list("set-cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie


def test_nothing_that_is_kept_says_what_the_cookie_was(visitor, people):
    client = visitor()
    enter(client)
    with people.reading() as session:
        kept = session.exec(select(OperatorSession.token_hash)).one()
    assert client.cookies["operator_session"] not in kept
    assert PASSWORD not in str(audited(people))


@pytest.mark.parametrize(("email", "password"), [(ADMIN, "wrong"), ("nobody@northwind.example", PASSWORD), ("", "")])
def test_a_wrong_guess_says_the_same_whatever_was_wrong(visitor, email, password):
    client = visitor()
    assert enter(client, email, password) == "/operator?problem=refused"
    assert "operator_session" not in client.cookies


def test_a_guess_at_an_address_that_no_database_holds_is_a_wrong_guess(postgres_database):
    client = TestClient(create_operator_routes(), base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False)
    assert enter(client, "nobody\0@northwind.example", "x\0") == "/operator?problem=refused"


def test_a_wrong_guess_is_written_down_but_not_what_was_typed_for_nobody(visitor, people):
    client = visitor("192.0.2.7")
    enter(client, ADMIN, "wrong")
    enter(client, "my-own-password", "wrong")
    details = [details for _, _, details in audited(people, "operator.refused")]
    assert details == [
        {"email": ADMIN, "address": "192.0.2.7"},
        {"email": "unknown account", "address": "192.0.2.7"},
    ]


def test_the_sixth_guess_from_one_address_is_not_even_looked_at(visitor):
    client = visitor()
    for _ in range(5):
        assert enter(client, password="wrong") == "/operator?problem=refused"
    assert enter(client) == "/operator?problem=locked"


@pytest.mark.threat("T30")
def test_nor_is_one_from_another_address_that_the_same_subscriber_has(visitor, people):
    """Of IPv6 each has more addresses than there are guesses to make."""
    led = [enter(visitor(f"2001:db8::{number}"), password="wrong") for number in range(1, 7)]
    assert led == ["/operator?problem=refused"] * 5 + ["/operator?problem=locked"]
    assert enter(visitor("2001:db8:0:1::1")) == "/operator"
    noted = [details["address"] for _, _, details in audited(people, "operator.refused")]
    assert noted == [f"2001:db8::{number}" for number in range(1, 6)]


def test_nor_is_one_of_many_that_come_at_once(people):
    """Counted when it is looked at: else all of a crowd would find that nobody has guessed yet."""

    async def at_once():
        transport = httpx2.ASGITransport(app=create_operator_routes(), client=("192.0.2.1", 50000))
        async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN}) as client:
            guesses = [{"email": ADMIN, "password": f"a wrong guess {number}"} for number in range(30)]
            sent = [client.post("/operator/forms/sign-in", data=guess) for guess in guesses]
            return [answer.headers["Location"] for answer in await asyncio.gather(*sent)]

    looked_at = asyncio.run(at_once()).count("/operator?problem=refused")
    assert 5 <= looked_at <= 6  # two are looked at together


def test_a_quarter_of_an_hour_later_it_is(visitor):
    client = visitor()
    for _ in range(5):
        enter(client, password="wrong")
    with time_machine.travel(clock.utc_now() + timedelta(minutes=16), tick=True):
        assert enter(client) == "/operator"


def test_a_strangers_guesses_do_not_lock_anybody_out_who_comes_from_elsewhere(visitor):
    stranger = visitor("203.0.113.9")
    for _ in range(8):
        enter(stranger, password="wrong")
    assert enter(visitor("192.0.2.1")) == "/operator"


def test_nor_a_browser_that_signed_in_before_from_the_same_address(visitor):
    known, stranger = visitor("192.0.2.1"), visitor("192.0.2.1")
    enter(known)
    for _ in range(60):
        enter(stranger, password="wrong")
    known.cookies.delete("operator_session")
    assert enter(known) == "/operator"


def test_a_made_up_device_does_not_count_as_one(visitor):
    client = visitor()
    client.cookies.set("operator_device", "nonce.0000")
    for _ in range(5):
        enter(client, password="wrong")
        client.cookies.set("operator_device", f"nonce.{_}")
    assert enter(client) == "/operator?problem=locked"


@pytest.mark.threat("T30")
def test_signing_in_makes_another_cookie_and_the_one_before_is_dead(visitor):
    client = visitor()
    enter(client)
    first = client.cookies["operator_session"]
    enter(client)
    assert client.cookies["operator_session"] != first
    thief = visitor()
    thief.cookies.set("operator_session", first)
    assert not is_signed_in(thief)


def test_a_cookie_that_somebody_else_chose_is_never_taken_over(visitor):
    client = visitor()
    chosen = "A" * 43
    client.cookies.set("operator_session", chosen)
    enter(client)
    other = visitor()
    other.cookies.set("operator_session", chosen)
    assert not is_signed_in(other)


def test_signing_out_ends_this_session_alone(signed_in):
    first, second = signed_in(), signed_in()
    token = first.cookies["operator_session"]
    assert is_signed_in(first)
    first.cookies.set("operator_session", token)
    assert not is_signed_in(first)
    assert is_signed_in(second)


def test_signing_out_everywhere_ends_all_of_mine_and_nobody_elses(signed_in):
    mine, too, others = signed_in(), signed_in(), signed_in(Role.VIEWER)
    mine.post("/operator/forms/sign-out-everywhere")
    assert not is_signed_in(too)
    assert is_signed_in(others)


@pytest.mark.parametrize(("minutes", "expected"), [(29, True), (31, False)])
def test_a_session_ends_after_half_an_hour_without_use(signed_in, minutes, expected):
    client = signed_in()
    with time_machine.travel(clock.utc_now() + timedelta(minutes=minutes), tick=True):
        assert is_signed_in(client) is expected


def test_a_session_ends_after_twelve_hours_however_busy(signed_in, people):
    client, start = signed_in(), clock.utc_now()
    for minutes in range(25, 12 * 60, 25):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=True):
            assert client.post("/operator/forms/nowhere").status_code == 404
            touch(people)
    with time_machine.travel(start + timedelta(hours=12, seconds=1), tick=True):
        assert not is_signed_in(client)


def touch(people):
    with people.writing() as session:
        row = session.exec(select(OperatorSession)).one()
        row.last_used_at = clock.utc_now()
        session.add(row)


def test_another_password_and_a_disabled_account_end_what_is_open(signed_in, visitor, people):
    first, second = signed_in(), signed_in(Role.VIEWER)
    with people.writing() as session:
        set_operator_password(session, ADMIN, "quite another password", "tests", clock.utc_now())
        disable_operator(session, PEOPLE[Role.VIEWER], "tests", clock.utc_now())
    assert not is_signed_in(first)
    assert not is_signed_in(second)
    assert enter(visitor(), PEOPLE[Role.VIEWER]) == "/operator?problem=refused"


@pytest.mark.threat("T30")
@pytest.mark.parametrize(
    "end",
    [
        lambda session: set_operator_password(session, ADMIN, "quite another password", "tests", clock.utc_now()),
        lambda session: disable_operator(session, ADMIN, "tests", clock.utc_now()),
    ],
)
def test_nor_does_anybody_stay_who_was_just_signing_in(visitor, people, monkeypatch, end):
    def change_meanwhile(password, kept):
        with people.writing() as session:
            end(session)
        return password_matches(password, kept)

    monkeypatch.setattr(signing, "password_matches", change_meanwhile)
    client = visitor()
    assert enter(client) == "/operator?problem=refused"
    assert "operator_session" not in client.cookies


@pytest.mark.threat("T30")
@pytest.mark.parametrize("end", ["disable", "role"])
@pytest.mark.parametrize("path", ["open", "logo", "import/{upload}/file?name=customers.csv"])
@pytest.mark.usefixtures("own_temporary_files")
def test_what_is_sent_until_after_the_session_has_ended_does_nothing(signed_in, people, path, end):
    """Else whoever is about to be dismissed would leave requests behind that wait for their last byte."""
    client = signed_in()
    path = path.format(upload=client.post("/operator/forms/import/begin").json()["upload"])
    before = len(audited(people))

    async def slowly():
        yield b"customer=ac"
        with people.writing() as session:
            if end == "disable":
                disable_operator(session, ADMIN, "tests", clock.utc_now())
            else:
                set_operator_role(session, ADMIN, Role.VIEWER, "tests", clock.utc_now())
        yield b"me"

    async def send():
        cookie = f"operator_session={client.cookies['operator_session']}"
        kind = "application/x-www-form-urlencoded" if path == "open" else "application/octet-stream"
        headers = {"Origin": ORIGIN, "Cookie": cookie, "Content-Type": kind}
        transport = httpx2.ASGITransport(app=create_operator_routes())
        async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as sender:
            return await sender.post(f"/operator/forms/{path}", content=slowly())

    answer = asyncio.run(send())
    assert answer.headers.get("Location", answer.text) in {
        "/operator?problem=signed_out", "Your session has ended: sign in again.",
    }  # fmt: skip
    assert len(audited(people)) == before + 1
    assert not list(place_of(people.url).glob("*/files/*"))


ROUTES = [(method, route.path) for route in create_operator_routes().routes if isinstance(route, Route)
          for method in route.methods - {"HEAD"}]  # fmt: skip


@pytest.mark.threat("T29")
@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "http://localhost:3001", "http://localhost:3000.evil.example"]
)
def test_no_form_of_another_page_is_taken(signed_in, method, path, origin):
    client = signed_in()
    if method == "POST":
        assert client.post(path, headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("role", Role)
def test_each_role_may_ask_for_what_the_table_says(signed_in, people, role, method, path):
    name = f"{method} {path}"
    if name in WITHOUT_SESSION:
        return
    signed_in(role).request(method, path)
    denied = [details for _, _, details in audited(people, "operator.denied")]
    assert denied == ([] if may(role, name) else [{"what": name, "role": role.value}])


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_while_the_database_does_not_answer_every_route_says_so(signed_in, people, method, path):
    client = signed_in()
    with people.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE operator_account RENAME TO away")
    answer = client.request(method, path)
    assert (answer.status_code, answer.text) == (503, str(Unavailable()))


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_without_a_session_every_route_leads_to_signing_in(visitor, method, path):
    if f"{method} {path}" not in WITHOUT_SESSION:
        assert visitor().request(method, path).headers["Location"] == "/operator?problem=signed_out"


def test_every_route_is_in_the_table_and_the_table_names_no_other():
    named = {name for name in POLICY if name.startswith(("GET ", "POST "))} | WITHOUT_SESSION.keys()
    assert named == {f"{method} {path}" for method, path in ROUTES}
