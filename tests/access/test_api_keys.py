"""API keys: their form, their checksum, their hash, their scopes."""

import string

import pytest
import token_corpus as corpus
from hypothesis import given
from hypothesis import strategies as st

from portal_app.access.api_keys import ApiKeyText, Scope, allows, matches, new_api_key, parse_api_key, secret_hash
from portal_app.access.keys import Purpose, derive_key

PEPPER = derive_key("q7Zt0vYw3sLr8Nf2Xk5Jb9Hd6Gc1Pm4U", Purpose.API_KEYS)
KEY = ApiKeyText("live", "0123456789abcdef", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO-_")
KNOWN = "portal_live_0123456789abcdef_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO-_"


@pytest.mark.parametrize(("live", "environment"), [(True, "live"), (False, "dev")])
def test_a_new_key_reads_back_from_its_text(live, environment):
    key = new_api_key(live=live)
    assert str(key).startswith(f"portal_{environment}_{key.key_id}_{key.secret}")
    assert parse_api_key(str(key)) == key


@pytest.mark.threat("T10", "T33")
def test_keys_are_random_in_both_halves():
    keys = [new_api_key(live=True) for _ in range(1000)]
    assert len({key.key_id for key in keys}) == len({key.secret for key in keys}) == 1000
    assert all(len(key.key_id) == 16 and len(key.secret) == 43 for key in keys)


def test_every_typing_error_is_caught_by_the_checksum():
    text = str(KEY)
    wrong = {text[:at] + letter + text[at + 1 :] for at in range(len(text)) for letter in "aZ0_"}
    wrong |= {text[:at] + text[at + 1 :] for at in range(len(text))}
    wrong |= {text[:at] + text[at + 1] + text[at] + text[at + 2 :] for at in range(len(text) - 1)}
    wrong.discard(text)
    assert not [key for key in wrong if parse_api_key(key)]


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "portal", KNOWN, f"{KNOWN}00000000", f"{KEY} ", f" {KEY}", f"{KEY}\n", f"{KEY}\0", f"Bearer {KEY}",
        str(KEY).upper(), str(KEY).replace("live", "test"), str(KEY).replace("live", ""), f"{KEY}{KEY}", f"{KEY},{KEY}",
        str(KEY).replace("0", "\u0660", 1), str(KEY).replace("a", "\u0430", 1), "\ud800", "portal_live_", "é" * 80,
        "A" * 10_000, corpus.good_token(),
    ],
)  # fmt: skip
def test_what_is_not_a_key_is_none(text):
    assert parse_api_key(text) is None


@given(st.text(string.printable) | st.text())
def test_parsing_never_raises(text):
    assert parse_api_key(text) is None


@pytest.mark.threat("T33")
def test_only_the_secret_itself_matches_what_is_stored():
    stored = secret_hash(KEY, PEPPER)
    assert matches(KEY, stored, PEPPER)
    assert not matches(ApiKeyText("live", KEY.key_id, KEY.secret[::-1]), stored, PEPPER)
    assert not matches(ApiKeyText("live", "f" * 16, KEY.secret), stored, PEPPER)
    assert not matches(KEY, stored, PEPPER[::-1])
    assert not matches(KEY, "", PEPPER)


def test_what_is_stored_never_changes_for_keys_that_were_given_out_depend_on_it():
    assert secret_hash(KEY, PEPPER)[:16] == "dd473d09a30ddde6"


@pytest.mark.threat("T33")
def test_what_is_stored_does_not_hold_the_secret():
    stored = secret_hash(KEY, PEPPER)
    assert len(stored) == 64
    assert set(stored) <= set("0123456789abcdef")
    assert KEY.secret not in stored


def test_the_scopes_are_the_words_that_are_stored_with_keys():
    assert [str(scope) for scope in Scope] == ["sessions:mint", "events:write", "read", "write", "admin"]


@pytest.mark.threat("T34")
@pytest.mark.parametrize("needed", Scope)
@pytest.mark.parametrize("held", Scope)
def test_a_scope_allows_itself_alone_and_admin_allows_everything(held, needed):
    assert allows([held], needed) == (held in {needed, Scope.ADMIN})


@pytest.mark.threat("T34")
def test_no_scope_allows_nothing_and_several_allow_their_own():
    assert not any(allows([], needed) for needed in Scope)
    assert not any(allows(["", "ADMIN", "admin ", "sessions", "*", "sessions:*"], needed) for needed in Scope)
    assert {needed for needed in Scope if allows([Scope.MINT, Scope.READ], needed)} == {Scope.MINT, Scope.READ}
