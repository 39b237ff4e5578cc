"""The script that keeps a session's end and speaks with the host, under Node with a browser's few objects around it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from portal_app.build import ROOT

HARNESS = """
const [host, marks, messages, later] = JSON.parse(process.argv[1]);
const told = [], pressed = [], classes = new Set(), heard = {};
let now = 1_000_000;
Date.now = () => now;
const banner = { hidden: true, left: { textContent: "" }, querySelector: () => banner.left };
const mark = { dataset: { term: "", status: "loading", refused: "0", ...marks } };
globalThis.window = globalThis;
globalThis.parent = { postMessage: (word, to) => told.push([word, to]) };
globalThis.location = { ancestorOrigins: [host], pathname: "/credits", search: "" };
globalThis.sessionStorage = { getItem: () => "kept" };
globalThis.document = {
  documentElement: { classList: { toggle: (word, is) => (is ? classes.add(word) : classes.delete(word)) } },
  getElementById: (id) => (id === "session" ? mark : banner),
  querySelector: (path) =>
    path === ".portal" ? { getBoundingClientRect: () => ({ height: 812.4 }) }
    : path.startsWith("#session") ? { click: () => pressed.push([path.match(/data-(\\w+)/)[1], portalToken()]) } : null,
  addEventListener: () => {},
};
globalThis.MutationObserver = globalThis.ResizeObserver = class { observe() {} disconnect() {} };
let look;
globalThis.setInterval = (run) => (look = run);
globalThis.addEventListener = (name, run) => (heard[name] = run);
globalThis.setTimeout = (run, pause, ...given) => run(...given);
(0, eval)(require("fs").readFileSync(process.argv[2], "utf8"));
look();
for (const { from, origin, data } of messages) heard.message({ source: from === "parent" ? parent : {}, origin, data });
for (const { seconds, happens, ...changed } of later) {
  if (happens) heard[happens]();
  now += seconds * 1000;
  Object.assign(mark.dataset, changed);
  look();
}
const { hidden, left } = banner;
console.log(JSON.stringify({ told, pressed, classes: [...classes], hidden, left: left.textContent }));
"""
HOST = "https://app.example"
OPEN = {"status": "open", "term": "4600000/1000000"}
"""An hour left."""
HELLO = {"source": "customer-portal-host", "version": 1, "type": "hello"}
RENEW = {**HELLO, "type": "renew", "token": "a.b.c"}


def run(*messages: dict[str, Any], host: str = HOST, marks=OPEN, later: tuple[dict[str, Any], ...] = ()) -> Any:
    """Run the script on a page that is open; send it `messages`, then let time pass as `later` says."""
    node = Path(sys.executable).parent / "node"
    arguments = json.dumps([host, marks, messages, later])
    ran = subprocess.run(
        [node, "-e", HARNESS, arguments, str(ROOT / "assets/session.js")], capture_output=True, text=True, check=True
    )
    return json.loads(ran.stdout)


def from_host(data: object) -> dict[str, Any]:
    return {"from": "parent", "origin": HOST, "data": data}


def words(ran) -> list[str]:
    return [word["type"] for word, _ in ran["told"]]


def test_a_fresh_token_from_the_host_is_presented():
    assert run(from_host(RENEW))["pressed"] == [["renew", "a.b.c"]]


@pytest.mark.threat("T28")
@pytest.mark.parametrize(
    "message",
    [
        {"from": "parent", "origin": "https://evil.example", "data": RENEW},
        {"from": "parent", "origin": "null", "data": RENEW},
        {"from": "parent", "origin": f"{HOST}.evil.example", "data": RENEW},
        {"from": "sibling", "origin": HOST, "data": RENEW},
        *(
            from_host(data)
            for data in (
                {**RENEW, "version": 2}, {**RENEW, "version": "1"}, {**RENEW, "source": "customer-portal"},
                {**RENEW, "more": 1}, {**RENEW, "token": "x"}, {**RENEW, "token": 5}, {**RENEW, "token": ["a.b.c"]},
                {**RENEW, "token": "a.b.c d"}, {**RENEW, "token": "a." + "b" * 5000 + ".c"},
                {**RENEW, "type": "navigate"}, {"token": "a.b.c"}, [RENEW], "renew", None, 5, HELLO,
            )
        ),
    ],
    ids=str,
)  # fmt: skip
def test_nobody_else_and_nothing_else_is_heard(message):
    assert run(message)["pressed"] == []


@pytest.mark.threat("T28")
def test_what_is_told_goes_to_the_exact_origin_of_the_host_and_has_a_few_fields():
    told = run(from_host(HELLO))["told"]
    assert {to for _, to in told} == {HOST}
    assert {tuple(sorted(word)) for word, _ in told} == {
        ("expires_at", "path", "source", "tab", "type", "version"),
        ("height", "source", "type", "version"),
    }


@pytest.mark.threat("T28")
@pytest.mark.parametrize("host", ["null", "", "app.example", "*", f"{HOST}/", f"{HOST}/x"])
def test_without_an_exact_origin_nobody_is_told_anything(host):
    assert run({"from": "parent", "origin": host, "data": RENEW}, host=host)["told"] == []
    assert run({"from": "parent", "origin": host, "data": RENEW}, host=host)["pressed"] == []


def test_a_page_that_has_loaded_says_so_whatever_its_session_is():
    told = run(marks={"status": "loading"}, later=({"seconds": 0, "happens": "load"},))["told"]
    assert told[-1] == [{"source": "customer-portal", "version": 1, "type": "loaded"}, HOST]


def test_two_minutes_before_the_end_the_host_is_told_once_and_a_fresh_term_begins_anew():
    ran = run(later=({"seconds": 3470}, {"seconds": 11}, {"seconds": 30}, {"seconds": 0, "term": "9000000/5000000"}))
    assert words(ran).count("session-expiring") == 1
    assert words(ran)[-1] == "ready"


@pytest.mark.parametrize(("lives", "told_from"), [(3600, 120), (300, 100), (60, 20)])
def test_of_a_short_session_the_last_third_is_its_end(lives, told_from):
    marks = {"status": "open", "term": f"{1_000_000 + lives * 1000}/1000000"}
    assert "session-expiring" not in words(run(marks=marks, later=({"seconds": lives - told_from - 1},)))
    assert "session-expiring" in words(run(marks=marks, later=({"seconds": lives - told_from + 1},)))


def test_a_host_that_hands_out_the_same_session_again_is_told_less_and_less_often():
    """A second after each word the same end comes back, as of a cache."""
    ends, seconds, later = 4600, 0, []
    for left in (119, 39, 13, 4):
        later += [{"seconds": ends - 1000 - left - seconds}, {"seconds": 0, "term": f"{ends}000/{ends - left}000"}]
        seconds = ends - 1000 - left
    assert words(run(later=tuple(later))).count("session-expiring") == 4


@pytest.mark.parametrize(("greeted", "shown_from"), [(False, 300), (True, 90)])
def test_the_countdown_begins_at_five_minutes_or_when_a_host_has_not_answered(greeted, shown_from):
    messages = [from_host(HELLO)] if greeted else []
    before = run(*messages, later=({"seconds": 3599 - shown_from},))
    after = run(*messages, later=({"seconds": 3601 - shown_from},))
    assert (before["hidden"], after["hidden"]) == (True, False)
    assert after["left"] == ("4:59" if not greeted else "1:29")


@pytest.mark.parametrize(("greeted", "shown_from"), [(False, 60), (True, 15)])
def test_the_countdown_of_a_short_session_waits_for_the_host_as_well(greeted, shown_from):
    messages = [from_host(HELLO)] if greeted else []
    marks = {"status": "open", "term": "1060000/1000000"}
    assert run(*messages, marks=marks, later=({"seconds": 61 - shown_from},))["hidden"] is False
    assert run(*messages, marks=marks, later=({"seconds": 59 - shown_from},))["hidden"] is greeted


def test_after_a_sleep_over_the_end_the_page_shows_nothing_and_asks_the_server():
    ran = run(later=({"seconds": 9000},))
    assert ran["classes"] == ["over"]
    assert ran["pressed"] == [["confirm", "kept"]]


@pytest.mark.parametrize(
    ("status", "told"),
    [("expired", "session-expired"), ("revoked", "session-expired"), ("unavailable", "error"), ("crowded", "error")],
)
def test_the_host_is_told_when_the_page_has_no_data_any_more(status, told):
    assert words(run(later=({"seconds": 1, "status": status, "term": ""},)))[-1] == told


def test_a_token_that_was_refused_is_said_to_have_been():
    ran = run(from_host(RENEW), later=({"seconds": 1, "refused": "1"},))
    assert ran["told"][-1][0] | {"source": "", "version": 0} == {
        "source": "", "version": 0, "type": "error", "code": "renewal-refused",
    }  # fmt: skip


def test_a_clock_that_was_set_forward_ends_a_page_only_until_the_server_says_otherwise():
    """Two hours forward with an hour left: the server answers `confirm` with the same end beside its own clock."""
    ran = run(later=({"seconds": 7200}, {"seconds": 1, "term": "4600000/1001000"}, {"seconds": 30}))
    assert (ran["classes"], ran["pressed"]) == ([], [["confirm", "kept"]])


def test_a_clock_that_was_set_forward_and_back_shows_the_page_again():
    assert run(later=({"seconds": 7200}, {"seconds": -7190}))["classes"] == []


def test_a_server_that_does_not_answer_is_asked_less_and_less_often():
    assert len(run(later=({"seconds": 9000}, *[{"seconds": 1}] * 600))["pressed"]) <= 15


def test_a_term_that_is_over_when_it_comes_does_not_make_the_page_ask_at_once_again():
    terms = tuple({"seconds": 0.05, "term": f"4600000/{4600000 + count}"} for count in range(100))
    assert len(run(later=({"seconds": 9000}, *terms))["pressed"]) <= 2


def test_a_token_that_came_while_the_page_was_opening_is_presented_when_it_is():
    marks = {"status": "loading", "term": ""}
    assert run(from_host(RENEW), marks=marks, later=({"seconds": 1, **OPEN},))["pressed"] == [["renew", "a.b.c"]]
