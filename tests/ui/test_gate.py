"""The gate, from outside: what comes through a page's socket, and what never does."""

from __future__ import annotations

from datetime import timedelta

import cast
import pytest
import token_corpus as corpus
from canaries import seen
from page import BOOT, LOCALE, ON_LOAD, Page, boot_event, handler_name, route
from sqlmodel import select

from portal_app import clock
from portal_app.access.tokens import SESSION, Claims, sign
from portal_app.billing.statuses import RecordStatus
from portal_app.commands.use_session import revoke_session
from portal_app.models.access import PortalSession
from portal_app.models.customer import Customer
from portal_app.portal_app import app
from portal_app.settings import get_settings
from portal_app.ui.gate import Portal

TABS = {"overview": "/", "credits": "/credits", "invoices": "/invoices"}
WATCH = f"{Portal.get_full_name()}.watch"


def forged(subject: str, jti: str) -> str:
    """Sign a token in time with the portal's own key."""
    now = clock.utc_now().replace(microsecond=0)
    return sign(SESSION, get_settings().signing_keys(), Claims(subject, jti, now, now + timedelta(hours=1), {}))


def expiring(portal, seconds: int) -> str:
    """Mint a token for Acme that has so many seconds left."""
    return cast.mint(portal.database, "acme", clock.utc_now() - timedelta(seconds=3600 - seconds)).token


def public_id(portal, external_id: str) -> str:
    with portal.database.reading() as session:
        return session.exec(select(Customer.public_id).where(Customer.external_id == external_id)).one()


def newest_jti(portal) -> str:
    with portal.database.reading() as session:
        return session.exec(select(PortalSession.jti).order_by(PortalSession.id.desc())).first()


def revoke(portal, jti: str) -> None:
    with portal.database.writing() as session:
        revoke_session(session, jti, "tests", "tests", clock.utc_now())


def is_empty(page: Page) -> bool:
    """Tell whether a page shows nothing of anyone: every tab and the profile are as they are before any data."""
    return all(page.tab(tab).get("is_loaded") in {False, None} for tab in TABS) and not page.shows("profile")["name"]


@pytest.mark.parametrize("tab", TABS)
def test_a_good_token_opens_each_tab_on_its_own_customer(portal, globexes, tab):
    with Page(portal) as page:
        page.boot(portal.token("acme"), TABS[tab]).wait_for_data(tab)
        assert page.shows("status") == "open"
        assert page.shows("profile")["name"] == "Acme Canary"
        assert "acme" in str(page.tab(tab)).lower()
        assert not seen(globexes, page.text)


def test_the_boot_event_may_ride_in_the_connect_packet(portal):
    with Page(portal, first=boot_event(portal.token("acme"))) as page:
        page.wait_for_data("overview")
        assert page.shows("status") == "open"


def test_a_reload_and_a_second_tab_work(portal):
    token = portal.token("acme")
    with Page(portal) as first:
        first.boot(token).wait_for_data("overview")
    with Page(portal, first.client_token) as reloaded, Page(portal, first.client_token) as copied:
        reloaded.boot(token).wait_for_data("overview")
        copied.boot(token).wait_for_data("overview")


def test_the_locale_is_that_of_the_address_if_there_is_such_a_locale(portal):
    amounts = {}
    for locale in ("de-DE", "ja", "xx_YY", "en_US@calendar=x", "../../etc", "", None, 5, ["de"], "de" * 10_000):
        with Page(portal) as page:
            page.boot(portal.token("acme"), **{LOCALE: locale}).wait_for_data("overview")
            amounts[str(locale)[:20]] = page.tab("overview")["invoices"][0]["amount"]
    german, english = amounts.pop("de-DE"), amounts.pop("")
    japanese = amounts.pop("ja")
    assert german != english
    assert japanese
    assert set(amounts.values()) == {english}


# The ways a link can fail.


@pytest.mark.threat("T1", "T4", "T7")
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("missing", "missing"),
        ("null", "missing"),
        ("nonsense", "invalid"),
        ("a number", "missing"),
        ("a list", "missing"),
        ("unsigned", "invalid"),
        ("of another key", "invalid"),
        ("of a download", "invalid"),
        ("unregistered", "invalid"),
        ("of a session of another customer", "invalid"),
        ("expired", "expired"),
        ("revoked", "revoked"),
        ("of an archived customer", "revoked"),
    ],
)
def test_a_link_that_fails_shows_its_own_screen_and_nothing_else(portal, acmes, globexes, kind, status):
    token = failing(portal, kind)
    with Page(portal) as page:
        page.boot(token)
        assert page.shows("status") == status
        assert page.shows("operator")["support_email"] == "billing@northwind.example"
        for tab, path in TABS.items():
            page.call(handler_name(tab, "load"), path)
            page.call(ON_LOAD, path)
        page.call(WATCH)
        page.settle()
        assert is_empty(page)
        assert not seen(acmes | globexes, page.text)


def failing(portal, kind: str) -> object:
    made = {
        "missing": lambda: "",
        "null": lambda: None,
        "nonsense": lambda: "nonsense",
        "a number": lambda: 5,
        "a list": lambda: ["x"],
        "unsigned": lambda: portal.token("acme").rpartition(".")[0] + ".",
        "of another key": corpus.good_token,
        "of a download": lambda: dict(corpus.cases())["types: 'download+jwt'"],
        "unregistered": lambda: forged(public_id(portal, "acme"), "0" * 32),
        "expired": lambda: expiring(portal, -1),
    }
    if kind in made:
        return made[kind]()
    if kind == "of an archived customer":
        with portal.database.writing() as session:
            cast.add_customer(session, f"gone-{clock.utc_now().timestamp()}", status=RecordStatus.PUBLISHED)
            customer = session.exec(select(Customer).order_by(Customer.id.desc())).first()
            external_id = customer.external_id
        token = portal.token(external_id)
        with portal.database.writing() as session:
            customer = session.exec(select(Customer).where(Customer.external_id == external_id)).one()
            customer.status = RecordStatus.ARCHIVED
            session.add(customer)
        return token
    token = portal.token("acme")
    jti = newest_jti(portal)
    if kind == "revoked":
        revoke(portal, jti)
        return token
    return forged(public_id(portal, "globex"), jti)


def test_while_the_database_does_not_answer_the_door_says_so_and_opens_afterwards(portal, knobs):
    token = portal.token("acme")
    knobs.turn("unavailable")
    with Page(portal) as page:
        page.boot(token)
        assert page.shows("status") == "unavailable"
        assert is_empty(page)
        knobs.back()
        page.boot(token).wait_for_data("overview")


def test_an_unexpected_error_at_the_door_is_a_screen_and_not_an_endless_wait(portal, knobs):
    token = portal.token("acme")
    knobs.turn("broken", "something nobody thought of")
    with Page(portal) as page:
        page.boot(token)
        assert page.shows("status") == "unavailable"
        assert "something nobody thought of" not in page.text
        assert "something nobody thought of" in portal.printed()


# Sessions that end while a page is open.


@pytest.mark.threat("T7")
def test_when_the_hour_is_over_the_data_goes_away_by_itself(portal):
    with Page(portal) as page:
        page.boot(expiring(portal, 3)).wait_for_data("overview")
        assert not is_empty(page)
        page.wait_for("expired")
        assert is_empty(page)


@pytest.mark.threat("T7")
def test_when_a_session_is_revoked_the_data_goes_away_by_itself(portal):
    with Page(portal) as page:
        page.boot(portal.token("acme"), "/invoices").wait_for_data("invoices")
        page.call(ON_LOAD, "/credits")
        page.wait_for_data("credits")
        revoke(portal, newest_jti(portal))
        page.wait_for("revoked")
        assert is_empty(page)
        assert page.tab("invoices")["rows"] == page.tab("credits")["transactions"] == []


@pytest.mark.threat("T7")
def test_after_the_end_nothing_that_a_page_can_ask_brings_data(portal, acmes):
    with Page(portal) as page:
        page.boot(portal.token("acme")).wait_for_data("overview")
        revoke(portal, newest_jti(portal))
        page.wait_for("revoked")
        before = len(page.text)
        everything(page)
        page.settle()
        assert not seen(acmes, page.text[before:])


@pytest.mark.threat("T7")
def test_the_first_event_after_the_end_clears_every_tab(portal, acmes, knobs):
    """Even one that `watch` has not come to."""
    with Page(portal) as page:
        page.boot(portal.token("acme"), "/nowhere").wait_for("open")  # no page, so nothing watches
        for tab, path in TABS.items():
            page.call(handler_name(tab, "load"), path)
            page.wait_for_data(tab)
        revoke(portal, newest_jti(portal))
        page.call(handler_name("invoices", "export"), "/invoices")
        page.wait_for("revoked")
        assert is_empty(page)
        assert not page.events


# Attacks: everything that a socket can send.


def registered() -> list[str]:
    return sorted(app._registration_context.event_handlers)


PAYLOADS = (
    {},
    {"public_id": "inv_1"},
    {"text": "paid"},
    {"value": True},
    {"var_name": "status", "value": "open"},
    {"var_name": "_principal", "value": {"customer_id": 1}},
    {"vars": {f"{Portal.get_full_name()}.status": "open", f"{Portal.get_full_name()}._connection": "x"}},
    {"self": None, "state": {}, "__class__": "x", "public_id": {"$ne": None}},
)


def everything(page: Page) -> None:
    """Send every event there is with every payload, but the one that presents a token."""
    for name in registered():
        for payload in PAYLOADS if name != BOOT else ():
            page.call(name, "/invoices", **payload)
    page.send({"name": "no.such.event", "payload": {}, "router_data": route("/")})


def boots_without_token(page: Page) -> None:
    """Send the boot event in every shape that holds no token."""
    for variables in (None, {}, [], "x", {"no.such.state.x": 1}, {f"{Portal.get_full_name()}.status": "open"}):
        for router_data in ({}, route("/invoices"), {"asPath": None}, {"pathname": "/invoices"}):
            page.send({"name": BOOT, "payload": {"vars": variables, "hashes": None}, "router_data": router_data})
            page.send({"name": BOOT, "payload": {"vars": variables, "hashes": ["x"]}, "router_data": router_data})
    page.send({"name": BOOT, "payload": None, "router_data": route("/")})
    page.send({"name": BOOT})


@pytest.mark.threat("T9", "T12")
def test_a_socket_that_presents_nothing_gets_nothing(portal, acmes, globexes):
    with Page(portal) as page:
        everything(page)
        boots_without_token(page)
        everything(page)
        page.settle()
        assert not seen(acmes | globexes, page.text)


@pytest.mark.threat("T9")
def test_the_client_token_of_a_page_that_is_open_is_worth_nothing(portal, acmes):
    with Page(portal) as owner:
        owner.boot(portal.token("acme"), "/invoices?q=acme").wait_for_data("invoices")
        with Page(portal, owner.client_token) as thief:
            everything(thief)
            boots_without_token(thief)
            thief.settle()
            assert not seen(acmes, thief.text)
        owner.call(handler_name("invoices", "load"), "/invoices")
        owner.until(lambda: owner.tab("invoices")["query"] == "")
        assert owner.shows("status") == "open"


@pytest.mark.threat("T9")
def test_the_client_token_of_a_page_that_was_closed_is_worth_nothing(portal, acmes):
    with Page(portal) as owner:
        owner.boot(portal.token("acme"), "/invoices?q=acme").wait_for_data("invoices")
    with Page(portal, owner.client_token) as thief:
        everything(thief)
        boots_without_token(thief)
        thief.settle()
        assert not seen(acmes, thief.text)


@pytest.mark.threat("T9")
@pytest.mark.parametrize("name", [ON_LOAD, handler_name("overview", "load"), WATCH, "reflex___state____state.hydrate"])
def test_an_event_in_the_connect_packet_passes_the_gate_like_any_other(portal, acmes, name):
    with Page(portal) as owner:
        owner.boot(portal.token("acme"), "/invoices?q=acme").wait_for_data("invoices")
    with Page(portal, owner.client_token, first={"name": name, "payload": {}, "router_data": {}}) as thief:
        thief.settle()
        assert not seen(acmes, thief.text)


@pytest.mark.threat("T9")
@pytest.mark.parametrize("router_data", [{}, {"asPath": None}, {"asPath": 5}, {"pathname": "/invoices"}], ids=str)
def test_the_address_that_the_owner_was_at_is_not_told_to_the_next(portal, acmes, router_data):
    with Page(portal) as owner:
        owner.boot(portal.token("acme"), "/invoices?q=acme").wait_for_data("invoices")
    with Page(portal, owner.client_token) as thief:
        thief.send(boot_event(portal.token("globex")) | {"router_data": router_data})
        thief.settle()
        assert not seen(acmes, thief.text)


@pytest.mark.threat("T9", "T12")
def test_another_customers_token_on_a_stolen_client_token_opens_the_other_customer(portal, acmes):
    with Page(portal) as owner:
        owner.boot(portal.token("acme"), "/invoices").wait_for_data("invoices")
    with Page(portal, owner.client_token) as thief:
        everything(thief)
        thief.boot(portal.token("globex"), "/invoices").wait_for_data("invoices")
        everything(thief)
        thief.settle()
        assert "globex" in thief.text.lower()
        assert not seen(acmes, thief.text)


@pytest.mark.threat("T11", "T12")
def test_with_a_good_token_no_argument_and_no_address_reaches_another_customer(portal, acmes, globexes):
    ids = sorted(secret for secret in acmes if "_" in secret)
    with Page(portal) as page:
        page.boot(portal.token("globex"), "/invoices").wait_for_data("invoices")
        for public in ids:
            for path in (f"/invoices?invoice={public}", f"/credits?wallet={public}"):
                page.call(ON_LOAD, path)
            for tab in ("overview", "invoices"):
                page.call(handler_name(tab, "download"), "/invoices", public_id=public)
        page.settle()
        asked = set(ids)
        assert not seen(acmes - asked, page.text)
        assert not [event for event in page.events if event["name"] == "_download"]
        page.boot(portal.token("globex"), f"/invoices?invoice={ids[0]}").wait_for_data("invoices")
        assert page.tab("invoices")["invoice"]["problem"] == "not_found"


def test_a_new_token_in_the_same_tab_replaces_the_customer_whole(portal, acmes, globexes):
    with Page(portal) as page:
        page.boot(portal.token("acme"), "/invoices").wait_for_data("invoices")
        before = len(page.text)
        page.boot(portal.token("globex"), "/invoices").wait_for_data("invoices")
        everything(page)
        page.settle()
        assert not seen(acmes, page.text[before:])
        before = len(page.text)
        page.boot("nonsense", "/invoices")
        everything(page)
        page.settle()
        assert not seen(acmes | globexes, page.text[before:])


# Races.


@pytest.mark.threat("T9")
def test_what_an_event_loads_goes_to_the_connection_that_sent_it_and_to_no_other(portal, acmes, knobs):
    """The owner leaves while an event is still reading; somebody else comes with the same client token."""
    with Page(portal) as owner:
        owner.boot(portal.token("acme"), "/usage").wait_for("open")
        knobs.turn("slow")
        owner.call(handler_name("overview", "load"))
        owner.listen(0.5)
    with Page(portal, owner.client_token) as thief:
        thief.listen(0.3)
        knobs.back()
        thief.listen(0.7)
        thief.settle()
        assert thief.frames
        assert not seen(acmes, thief.text)


@pytest.mark.threat("T7")
def test_a_session_revoked_while_the_register_does_not_answer_gets_no_data(portal, acmes, knobs):
    with Page(portal) as page:
        page.boot(portal.token("acme"), "/usage").wait_for("open")
        before = len(page.text)
        knobs.turn("unavailable")
        revoke(portal, newest_jti(portal))
        page.call(handler_name("overview", "load"))
        page.until(
            lambda: bool(page.tab("overview").get("invoices_failed")) or bool(page.tab("overview").get("invoices"))
        )
        assert not seen(acmes, page.text[before:])
        knobs.back()
        page.wait_for("revoked")


def test_a_failure_of_the_register_keeps_what_is_on_screen(portal, knobs):
    with Page(portal) as page:
        page.boot(portal.token("acme"), "/invoices").wait_for_data("invoices")
        knobs.turn("unavailable")
        page.call(handler_name("invoices", "load"), "/invoices?q=x")
        page.until(lambda: bool(page.tab("invoices")["failed"]))
        assert page.shows("status") == "open"
        assert page.tab("invoices")["rows"]
        knobs.back()
        page.call(handler_name("invoices", "load"), "/invoices")
        page.until(lambda: not page.tab("invoices")["failed"])


def test_many_events_at_once_are_answered_each_and_to_its_own_customer(portal, acmes, globexes):
    with Page(portal) as acme, Page(portal) as globex:
        acme.boot(portal.token("acme"))
        globex.boot(portal.token("globex"))
        for _ in range(20):
            for page in (acme, globex):
                page.call(ON_LOAD, "/invoices")
                page.call(handler_name("overview", "load"))
                page.call(WATCH)
        for page in (acme, globex):
            page.call(handler_name("invoices", "load"), "/invoices")
            page.wait_for_data("invoices").settle()
        assert not seen(globexes, acme.text)
        assert not seen(acmes, globex.text)


# What nobody meant to send.


@pytest.mark.threat("T15")
def test_odd_frames_end_no_process_and_touch_no_other_page(portal, acmes):
    odd = [
        "", "x", "4", "42", "42/_event,", "42/_event,[]", '42/_event,["event"]', '42/_event,["event",null]',
        '42/_event,["event","text"]', '42/_event,["event",5]', '42/_event,["event",[]]', '42/_event,["event",{}]',
        '42/_event,["event",{"name":null}]', '42/_event,["event",{"name":{}}]', '42/_event,["event",{"name":[]}]',
        '42/_event,["event",{"name":"x","payload":[]}]', '42/_event,["event",{"name":"x","router_data":[]}]',
        f'42/_event,["event",{{"name":"{BOOT}","payload":[],"router_data":{{}}}}]',
        f'42/_event,["event",{{"name":"{BOOT}","payload":{{"vars":[1]}},"router_data":{{"asPath":"http://["}}}}]',
        f'42/_event,["event",{{"name":"{BOOT}","payload":{{"vars":{{"x":"\\ud800"}}}},"router_data":{{"asPath":"/\\ud800"}}}}]',
        '42/_event,["disconnect"]', '42/_event,["connect",{}]', '42/_event,["client_error",{"message":"x"}]',
        '42/_event,["emit_update",{},"x"]', '42/_event,["link_token_to_sid","x","y"]', '42/_event,["on_event",{}]',
        '45/_event,1-["event",{"_placeholder":true,"num":0}]', "41/_event,", "40/other,", '42/other,["event",{}]',
        '42["event",{}]', "[" * 5000, "9", "\0", "b" + "A" * 1000,
    ]  # fmt: skip
    with Page(portal) as bystander:
        bystander.boot(portal.token("acme")).wait_for_data("overview")
        for frame in odd:
            with Page(portal) as page:
                page.send_frame(frame)
                page.listen(0.02)
                assert not seen(acmes, page.text)
        with Page(portal) as page:
            page.send_frame("42/_event," + "x" * 100_000)
            page.listen(0.2)
        bystander.call(handler_name("invoices", "load"), "/invoices")
        bystander.wait_for_data("invoices")
        assert bystander.shows("status") == "open"
    assert portal.process.poll() is None


@pytest.mark.threat("T15")
@pytest.mark.parametrize(
    ("tab", "handler", "payload"),
    [
        ("invoices", "search", {"text": "\ud800acme\0"}),
        ("invoices", "search", {"text": None}),
        ("invoices", "search", {"text": ["x"] * 100}),
        ("invoices", "download", {"public_id": "\0"}),
        ("invoices", "download", {"public_id": "\ud800"}),
        ("invoices", "download", {"public_id": {"x": 1}}),
        ("overview", "download", {"public_id": ["inv_1"]}),
    ],
)
def test_arguments_of_the_wrong_kind_are_read_as_empty_texts(portal, tab, handler, payload):
    before = len(portal.printed())
    with Page(portal) as page:
        page.boot(portal.token("acme"), "/usage").wait_for("open")
        page.call(handler_name(tab, handler), "/invoices", **payload)
        page.call(handler_name("invoices", "load"), "/invoices")
        page.wait_for_data("invoices")
    assert "a page's event failed" not in portal.printed()[before:]


@pytest.mark.threat("T15")
@pytest.mark.parametrize("payload", [{}, {"text": "x", "more": "y"}, {"self": "x", "text": "y"}, {"state": {}}])
def test_arguments_that_a_handler_does_not_have_run_nothing(portal, payload):
    with Page(portal) as page:
        page.boot(portal.token("acme"), "/usage").wait_for("open")
        page.call(handler_name("invoices", "search"), "/invoices", **payload)
        page.call(handler_name("invoices", "load"), "/invoices")
        page.wait_for_data("invoices")
        assert not page.events
        assert page.shows("status") == "open"


@pytest.mark.parametrize(
    "path", ["/invoices?q=%00", "/invoices?invoice=%00", "/invoices?page=9999999999", "/credits?wallet=\0",
             "/invoices?q=" + "x" * 5000, "/invoices?sort=__class__&dir=x", "/invoices?q=%ff", "/invoices?page=-1",
             "/invoices?page=\u0663&page=x"],
)  # fmt: skip
def test_an_odd_address_is_a_page_like_any_other(portal, path):
    tab = path[1:].partition("?")[0]
    with Page(portal) as page:
        page.boot(portal.token("acme"), path).wait_for_data(tab)
        assert page.shows("status") == "open"


# What is left behind.


def test_a_page_that_was_closed_is_forgotten_and_watched_no_longer(portal, knobs):
    """Its `watch` ends: an error of the register would otherwise be logged for it again and again."""
    with Page(portal) as page:
        page.boot(portal.token("acme")).wait_for_data("overview")
    with Page(portal) as other:
        other.boot("").listen(1.0)
        knobs.turn("broken", "asked for a page that is gone")
        other.listen(1.0)
    assert "asked for a page that is gone" not in portal.printed()
