"""Session tokens: exactly what we made, or nothing."""

import json
import random
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
import token_corpus as corpus
from cast import NOW
from hypothesis import given
from hypothesis import strategies as st

from portal_app.access.tokens import DOWNLOAD, SESSION, Claims, TokenRejected, sign, verify

CASES = dict(corpus.cases())
GOOD = corpus.good_token()
ALPHABET = "ABCXYZabcxyz0189-_.=+/ \n\0é\ud800{}\"'%"


def accepted(token: object) -> bool:
    """Tell whether `verify` takes a token. Whatever it raises but TokenRejected fails the test that asks."""
    try:
        verify(SESSION, corpus.KEYS, token, NOW)
    except TokenRejected:
        return False
    return True


def test_the_token_that_the_forgeries_are_made_from_is_good():
    claims = verify(SESSION, corpus.KEYS, GOOD, NOW)
    assert claims == Claims(corpus.CLAIMS["sub"], corpus.CLAIMS["jti"], NOW, NOW + timedelta(hours=1), own={})


def test_the_corpus_is_as_long_as_it_was():
    assert len(CASES) >= 450
    assert GOOD not in CASES.values()


@pytest.mark.threat("T1", "T2", "T4")
@pytest.mark.parametrize("name", CASES)
def test_a_forgery_is_rejected_and_not_called_expired(name):
    with pytest.raises(TokenRejected) as rejected:
        verify(SESSION, corpus.KEYS, CASES[name], NOW)
    assert not rejected.value.expired


@pytest.mark.threat("T2")
def test_no_forgery_makes_us_open_a_file_or_a_socket():
    seen = []
    listening = True

    def listen(event: str, arguments: object) -> None:
        if listening and event.startswith(("open", "socket.", "subprocess.", "import", "urllib.")):
            seen.append((event, arguments))

    sys.addaudithook(listen)
    for token in CASES.values():
        accepted(token)
    listening = False
    assert seen == []


@pytest.mark.parametrize("seconds", [3600, 3601, 86_400, 10**9])
def test_a_token_whose_time_ran_out_is_rejected_as_expired(seconds):
    with pytest.raises(TokenRejected) as rejected:
        verify(SESSION, corpus.KEYS, GOOD, NOW + timedelta(seconds=seconds))
    assert rejected.value.expired
    assert (rejected.value.jti, str(rejected.value)) == (corpus.CLAIMS["jti"], "expired")


@pytest.mark.threat("T6")
def test_a_token_lives_until_its_last_second_and_begins_five_seconds_early_for_slow_clocks():
    for seconds in (-5, 0, 3599.999):
        assert verify(SESSION, corpus.KEYS, GOOD, NOW + timedelta(seconds=seconds))
    with pytest.raises(TokenRejected) as rejected:
        verify(SESSION, corpus.KEYS, GOOD, NOW - timedelta(seconds=5.001))
    assert not rejected.value.expired
    assert (rejected.value.jti, str(rejected.value)) == ("", "invalid")


@pytest.mark.threat("T6")
@pytest.mark.parametrize("year", [2038, 2106, 9999])
def test_tokens_work_beyond_the_end_of_32_bit_clocks(year):
    issued = NOW.replace(year=year)
    claims = Claims("cust_1", "jti_1", issued, issued + timedelta(hours=1), own={})
    token = sign(SESSION, corpus.KEYS, claims)
    assert verify(SESSION, corpus.KEYS, token, issued) == claims


def test_the_first_key_signs_and_all_keys_verify():
    claims = Claims("cust_1", "jti_1", NOW, NOW + timedelta(hours=1), own={})
    old = {"k1": corpus.OLD_KEY}
    before = sign(SESSION, old, claims)
    rotated = {"k2": corpus.KEY, **old}
    after = sign(SESSION, rotated, claims)
    assert verify(SESSION, rotated, before, NOW) == verify(SESSION, rotated, after, NOW) == claims
    assert verify(SESSION, {"k2": corpus.KEY}, after, NOW) == claims
    with pytest.raises(TokenRejected):
        verify(SESSION, {"k2": corpus.KEY}, before, NOW)
    with pytest.raises(TokenRejected):
        verify(SESSION, old, after, NOW)


def test_a_session_token_holds_no_personal_data_and_fits_a_kilobyte():
    claims = Claims("cust_" + "0" * 59, "j" * 64, NOW, NOW + timedelta(hours=1), own={})
    token = sign(SESSION, {"k" * 16: corpus.KEY}, claims)
    assert len(token) <= SESSION.max_characters == 1024
    assert verify(SESSION, {"k" * 16: corpus.KEY}, token, NOW) == claims
    assert claims.own == {}


def test_the_shortest_life_is_a_second():
    claims = Claims("cust_1", "jti_1", NOW, NOW + timedelta(seconds=1), own={})
    assert verify(SESSION, corpus.KEYS, sign(SESSION, corpus.KEYS, claims), NOW) == claims


@pytest.mark.threat("T4")
def test_a_token_may_be_as_long_as_its_kind_allows_and_no_longer():
    assert verify(replace(SESSION, max_characters=len(GOOD)), corpus.KEYS, GOOD, NOW)
    with pytest.raises(TokenRejected):
        verify(replace(SESSION, max_characters=len(GOOD) - 1), corpus.KEYS, GOOD, NOW)


@pytest.mark.threat("T4")
def test_what_is_nested_deeper_than_python_reads_is_rejected_in_either_part():
    deep = b'{"file":' + b"[" * 2500
    for token in (corpus.forge(header=deep), corpus.forge(header=corpus.HEADER | {"typ": DOWNLOAD.typ}, claims=deep)):
        assert len(token) <= DOWNLOAD.max_characters
        with pytest.raises(TokenRejected):
            verify(DOWNLOAD, corpus.KEYS, token, NOW)


def test_claims_of_its_own_may_be_any_text():
    own = dict.fromkeys(DOWNLOAD.own_claims, "paid > 100 €")
    token = sign(DOWNLOAD, corpus.KEYS, Claims("cust_1", "jti_1", NOW, NOW + timedelta(seconds=60), own))
    assert verify(DOWNLOAD, corpus.KEYS, token, NOW).own == own


@pytest.mark.threat("T3")
def test_no_kind_of_token_passes_for_another_even_under_one_key():
    own = {"file": "invoices.csv", "query": "", "locale": "en_US", "session": "j"}
    tokens = {
        SESSION.typ: sign(SESSION, corpus.KEYS, Claims("cust_1", "j", NOW, NOW + timedelta(seconds=60), {})),
        DOWNLOAD.typ: sign(DOWNLOAD, corpus.KEYS, Claims("cust_1", "j", NOW, NOW + timedelta(seconds=60), own)),
    }
    for kind in (SESSION, DOWNLOAD):
        for typ, token in tokens.items():
            if typ == kind.typ:
                assert verify(kind, corpus.KEYS, token, NOW).subject == "cust_1"
            else:
                with pytest.raises(TokenRejected):
                    verify(kind, corpus.KEYS, token, NOW)


@pytest.mark.threat("T4")
def test_twenty_thousand_mutations_are_all_rejected(tally):
    assert not [token for token in mutations(20_000, seed=1) if accepted(token)]
    tally("A2 mutated tokens", 20_000, 0)


@pytest.mark.long
@pytest.mark.threat("T4")
def test_a_million_mutations_are_all_rejected(tally):
    assert not any(accepted(token) for token in mutations(1_000_000, seed=2))
    tally("A2 mutated tokens", 1_000_000, 0)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(list(corpus.CLAIMS.values())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.threat("T4")
@given(st.dictionaries(st.sampled_from(corpus.NAMED), json_values, min_size=1))
def test_claims_that_we_signed_pass_only_if_each_is_of_its_own_kind(changed):
    claims = corpus.CLAIMS | changed
    token = corpus.forge(claims=json.dumps(claims).encode())
    assert accepted(token) == is_well_made(claims)


@pytest.mark.threat("T4")
@given(st.binary(max_size=400), st.binary(max_size=100))
def test_bytes_that_we_signed_are_rejected(claims, header):
    assert not accepted(corpus.forge(claims=claims))
    assert not accepted(corpus.forge(header=header))
    assert not accepted(corpus.forge(header=header, claims=claims))


def is_well_made(claims: dict) -> bool:
    """Say anew, in other words, what a good session's claims are."""
    texts, times = (claims["sub"], claims["jti"]), (claims["iat"], claims["nbf"], claims["exp"])
    known = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.")
    return (
        claims["iss"] == "customer-portal"
        and claims["aud"] == "portal"
        and all(type(text) is str and 1 <= len(text) <= 64 and set(text) <= known for text in texts)
        and all(type(seconds) is int for seconds in times)
        and claims["iat"] == claims["nbf"]
        and 0 <= claims["iat"] <= corpus.ISSUED + 5 < corpus.ISSUED + 6 <= claims["exp"] <= claims["iat"] + 3600
    )


def mutations(count: int, seed: int):
    """Yield `count` texts that differ from the good token by a few random changes; the same ones for a seed."""
    chance = random.Random(seed)
    while count:
        token = GOOD
        for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
            token = _mutated(token, chance)
        if token != GOOD:
            count -= 1
            yield token


def _mutated(token: str, chance: random.Random) -> str:
    at, other = sorted((chance.randrange(len(token) + 1), chance.randrange(len(token) + 1)))
    letter, near = chance.choice(ALPHABET), at + 6
    parts = token.split(".")
    chance.shuffle(parts)
    return chance.choice(
        (
            token[:at] + letter + token[at + 1 :],
            token[:at] + letter + token[at:],
            token[:at] + token[at + chance.choice((1, 1, 4, 40)) :],
            token[:at] + token[other:] + token[at:other],
            token[:near] + token[at:],
            token[:at] + token[at:near].swapcase() + token[near:],
            ".".join(parts),
        )
    )
