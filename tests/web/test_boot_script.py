"""The script that runs before anything else on a page, under Node with a browser's few objects around it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from portal_app.build import ROOT

HARNESS = """
const [address, kept, broken, framed, theme, writes] = JSON.parse(process.argv[1]);
const done = [];
function storage(name) {
  const map = new Map(Object.entries(kept[name] ?? {}));
  const refuse = () => { throw new Error("QuotaExceededError"); };
  return {
    getItem: (key) => (map.has(key) ? map.get(key) : null),
    setItem: (key, value) => (broken === "full" ? refuse() : (done.push(`${name} keeps ${key}`), map.set(key, value))),
    removeItem: (key) => void (done.push(`${name} drops ${key}`), map.delete(key)),
    get length() { return map.size; },
    all: () => Object.fromEntries(map),
  };
}
const own = { sessionStorage: storage("sessionStorage"), localStorage: storage("localStorage") };
const classes = [];
globalThis.window = globalThis;
for (const name of Object.keys(own)) {
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() { if (broken === "blocked") throw new Error("SecurityError"); return own[name]; },
  });
}
globalThis.location = { href: address, pathname: new URL(address).pathname };
if (theme) globalThis.portalTheme = theme;
const replaceState = (_state, _title, url) => { done.push("address"); location.href = String(url); };
globalThis.history = { state: null, replaceState };
globalThis.document = { documentElement: { classList: { add: (word) => classes.push(word) } } };
globalThis.self = globalThis;
globalThis.top = framed ? {} : globalThis;
eval(require("fs").readFileSync(process.argv[2], "utf8"));
const read = (key) => sessionStorage.getItem(key);
for (const written of writes) localStorage.setItem("theme", written);
if (framed) sessionStorage.setItem("reflex_last_reloaded_on_error", "5");
console.log(JSON.stringify({
  address: location.href, done, classes, theme: localStorage.getItem("theme"),
  stored: own.sessionStorage.all(), local: own.localStorage.all(),
  token: read("portal_token"), locale: read("portal_locale"), client: read("token"),
}));
"""
PAGE = "https://billing.example/invoices"


def boot(
    address: str,
    kept: dict[str, str] | None = None,
    broken: str = "",
    *,
    framed: bool = False,
    local: dict[str, str] | None = None,
    theme: str = "",
    writes: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Run the script at an address; `kept` is what the tab's storage held before, `local` what the browser's did.

    `theme` is the one that the operator wants; `writes` are those that the page then writes down, one after the other.
    """
    node = Path(sys.executable).parent / "node"
    arguments = json.dumps(
        [address, {"sessionStorage": kept or {}, "localStorage": local or {}}, broken, framed, theme, writes]
    )
    ran = subprocess.run(
        [node, "-e", HARNESS, arguments, str(ROOT / "assets/boot.js")], capture_output=True, text=True, check=True
    )
    return json.loads(ran.stdout)


@pytest.mark.threat("T8")
@pytest.mark.parametrize(
    ("address", "left"),
    [
        (f"{PAGE}?token=t1", PAGE),
        (f"{PAGE}?q=a+b&token=t1&page=2", f"{PAGE}?q=a+b&page=2"),
        (f"{PAGE}#token=t1", PAGE),
        (f"{PAGE}?token=t1&token=t2", PAGE),
        (f"{PAGE}?token=t1#token=t2", PAGE),
        (f"{PAGE}?token=t1#section", f"{PAGE}#section"),
    ],
)
@pytest.mark.parametrize("broken", ["", "full", "blocked"])
def test_the_token_leaves_the_address_first_and_is_kept_for_the_tab(address, left, broken):
    page = boot(address, broken=broken)
    assert page["address"] == left
    assert page["token"] == "t1"
    assert next(step for step in page["done"] if "probe" not in step) == "address"


def test_an_address_without_a_token_changes_nothing():
    page = boot(f"{PAGE}?q=a%20b#x", {"portal_token": "t1", "token": "c1", "portal_locale": "de"})
    assert page["address"] == f"{PAGE}?q=a%20b#x"
    assert (page["token"], page["client"], page["locale"]) == ("t1", "c1", "de")


@pytest.mark.threat("T9")
def test_another_token_forgets_what_the_tab_had_and_the_same_one_keeps_it():
    kept = {"portal_token": "t1", "token": "c1", "portal_locale": "de"}
    other, same = boot(f"{PAGE}?token=t2", kept), boot(f"{PAGE}?token=t1", kept)
    assert (other["token"], other["client"], other["locale"]) == ("t2", None, None)
    assert (same["token"], same["client"], same["locale"]) == ("t1", "c1", "de")


def test_an_empty_token_is_kept_as_none_so_that_the_page_says_that_it_is_missing():
    page = boot(f"{PAGE}?token=", {"portal_token": "t1", "token": "c1"})
    assert (page["address"], page["token"], page["client"]) == (PAGE, "", None)


def test_locale_and_theme_are_taken_from_the_address_and_stay_in_it():
    page = boot(f"{PAGE}?locale=de-DE&theme=dark&token=t1")
    assert (page["locale"], page["theme"]) == ("de-DE", "dark")
    assert page["address"] == f"{PAGE}?locale=de-DE&theme=dark"
    assert boot(f"{PAGE}?theme=javascript:1")["theme"] is None
    assert len(boot(f"{PAGE}?locale={'x' * 99}")["locale"]) == 20


@pytest.mark.parametrize(
    ("before", "wanted", "expected"),
    [
        ({}, "dark", "dark"),
        ({"theme": "system"}, "dark", "dark"),  # as the page writes it down when nobody has chosen
        ({"theme": "light"}, "dark", "light"),
        ({"theme": "dark", "portal_theme": "dark"}, "light", "light"),
        ({"theme": "light", "portal_theme": "dark"}, "system", "light"),
        ({"theme": "light"}, "", "light"),
    ],
)
def test_the_operators_theme_is_there_until_the_reader_chooses_another(before, wanted, expected):
    assert boot(PAGE, local=before, theme=wanted)["theme"] == expected


def test_the_theme_of_the_address_beats_the_operators_and_theirs_is_not_for_the_operators_own_pages():
    assert boot(f"{PAGE}?theme=light", theme="dark")["theme"] == "light"
    assert boot("https://billing.example/operator/audit", theme="dark")["theme"] is None


@pytest.mark.parametrize("framed", [True, False])
def test_a_page_in_a_frame_knows_that_it_is(framed):
    assert boot(PAGE, framed=framed)["classes"] == (["embedded"] if framed else [])


@pytest.mark.threat("T9")
def test_frames_of_one_page_neither_find_nor_leave_a_token_in_the_tabs_storage():
    others = {"portal_token": "t1", "token": "c1", "portal_locale": "de"}
    first = boot(f"{PAGE}?token=t2&locale=fr&host=https://app.example", others, framed=True)
    assert (first["token"], first["client"], first["locale"]) == ("t2", None, "fr")
    assert first["stored"] == others | {"portal_host": "https://app.example", "reflex_last_reloaded_on_error": "5"}
    again = boot(PAGE, others, framed=True)
    assert (again["token"], again["client"], again["locale"]) == (None, None, None)


@pytest.mark.parametrize("broken", ["full", "blocked"])
def test_a_frame_works_without_any_storage(broken):
    page = boot(f"{PAGE}?token=t1&host=https://app.example", broken=broken, framed=True)
    assert (page["token"], page["stored"]) == ("t1", {})


def test_a_theme_of_the_address_is_for_the_tab_and_no_choice_of_the_reader():
    page = boot(f"{PAGE}?theme=dark", local={"theme": "light"})
    assert page["theme"] == "dark"
    assert page["local"] == {"theme": "light"}
    assert boot(PAGE, page["stored"], local=page["local"])["theme"] == "dark"
    assert boot(PAGE, local=page["local"])["theme"] == "light"


@pytest.mark.parametrize("framed", [True, False])
def test_what_the_reader_chooses_beats_the_theme_of_the_address_and_is_kept(framed):
    page = boot(f"{PAGE}?theme=dark", local={"theme": "system"}, framed=framed, writes=("dark", "light", "dark"))
    assert (page["theme"], page["local"]["theme"]) == ("dark", "dark")
    page = boot(f"{PAGE}?theme=dark", local={"theme": "system"}, framed=framed, writes=("dark",))
    assert (page["theme"], page["local"]["theme"]) == ("dark", "system")


@pytest.mark.parametrize("broken", ["full", "blocked"])
def test_a_theme_of_the_address_needs_no_storage(broken):
    assert boot(f"{PAGE}?theme=dark", broken=broken, writes=("dark",))["theme"] == "dark"


def test_one_frame_without_a_header_leaves_it_to_the_next():
    first = boot(f"{PAGE}?header=0&theme=dark", framed=True)
    assert first["classes"] == ["no-header", "embedded"]
    assert boot(PAGE, first["stored"], local=first["local"], framed=True)["classes"] == ["embedded"]
    assert boot(f"{PAGE}?header=1", {"portal_header": "0"})["classes"] == []
