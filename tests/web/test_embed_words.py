"""What the script that hosts load hears from the portal, says to it, and tells the page around them."""

from __future__ import annotations

import json

import pytest
from embed_script import run

WORDS = (
    {"type": "ready", "tab": "usage", "path": "/usage", "expires_at": "2026-01-01T00:00:00.000Z"},
    {"type": "resized", "height": 812},
    {"type": "navigated", "tab": "usage", "path": "/usage"},
    {"type": "session-expiring", "expires_at": "2026-01-01T00:00:00.000Z", "seconds": 120},
    {"type": "session-expired", "reason": "revoked"},
    {"type": "error", "code": "crowded"},
)


@pytest.mark.threat("T28")
def test_the_words_of_the_portal_are_relayed_with_their_fields():
    ran = run(f"mount(); await after(2); {json.dumps(WORDS)}.forEach((word) => hear(word));")
    assert [{"type": kind} | detail for kind, detail in ran["heard"]] == list(WORDS)


@pytest.mark.threat("T28")
def test_words_with_other_fields_and_of_others_are_ignored():
    wrong = [
        *({**word, "more": 1} for word in WORDS),
        *({key: value for key, value in word.items() if key != list(word)[-1]} for word in WORDS),
        *({**word, list(word)[-1]: wrong} for word in WORDS for wrong in (None, [1], {"a": 1}, True)),
        *({**word, "type": kind} for word in WORDS for kind in ("opened", "constructor", "__proto__", "", 5, None)),
        *({**word, **more} for word in WORDS for more in ({"version": 2}, {"version": "1"}, {"source": "x"})),
        {"type": "resized", "height": -1}, {"type": "resized", "height": 1.5}, {"type": "resized", "height": 1e300},
        {"type": "session-expired", "reason": 5}, {"type": "navigated", "tab": "usage", "path": 5},
    ]  # fmt: skip
    ran = run(f"""
      mount(); await after(2);
      for (const word of {json.dumps(wrong)}) hear(word);
      for (const word of {json.dumps(WORDS)}) {{
        hear(word, {{ origin: "https://evil.example" }}); hear(word, {{ origin: "null" }});
        hear(word, {{ source: {{}} }});
        for (const data of [null, undefined, 5, "ready", [word]]) hear(word, {{ data }});
      }}
    """)
    assert ran["heard"] == []


@pytest.mark.threat("T28")
def test_what_is_said_goes_to_the_portals_origin_alone_with_exactly_its_fields():
    ran = run("mount(); await after(2); await portal.renew();")
    assert {to for _, to in ran["said"]} == {"https://billing.example"}
    assert [tuple(sorted(word)) for word, _ in ran["said"]] == [
        ("source", "type", "version"),
        ("source", "token", "type", "version"),
    ]


@pytest.mark.parametrize(
    ("options", "greets"), [("", 1), ("{ src: link('s') }", 1), ("{ src: link('s'), getSession: undefined }", 0)]
)
def test_only_who_can_renew_greets_since_the_page_then_counts_down_later(options, greets):
    ran = run(f"mount({options}); await after(2);")
    assert [word["type"] for word, _ in ran["said"]] == ["hello"] * greets


@pytest.mark.parametrize(
    "change", ["portal.getSession = getSession", "portal.setAttribute('token-endpoint', '/session')"]
)
def test_who_can_renew_from_now_on_greets_now(change):
    ran = run(f"mount({{ src: link('s'), getSession: undefined }}); await after(2); {change}; await after(1);")
    assert [word["type"] for word, _ in ran["said"]] == ["hello"]
