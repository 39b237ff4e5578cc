"""Cookies of the operator's people, their passwords, and who may do what."""

from datetime import timedelta

import pytest
from cast import NOW
from hypothesis import given
from hypothesis import strategies as st

from portal_app.access.operator_roles import POLICY, Role, may
from portal_app.access.operator_sessions import (
    ABSOLUTE,
    DEVICE_SECONDS,
    IDLE,
    OperatorPrincipal,
    cookie_value,
    device_cookie,
    device_of,
    new_device,
    new_session_token,
    session_cookie,
    token_hash,
)
from portal_app.access.passwords import NOBODYS, hash_password, password_matches, weakness_of

KEY, OTHER = b"k" * 32, b"o" * 32
EMAIL = "ada@northwind.example"
LEAST = {
    Role.VIEWER: (
        "AuditState.load; AuditState.narrow; BrandingState.draw; BrandingState.load; BrandingState.take_suggested; "
        "CustomerState.load; CustomersState.load; CustomersState.search; Desk.watch; EmbeddingState.examine; "
        "EmbeddingState.load; KeysState.load; SharingState.put_away; GET /operator/files/audit.csv; "
        "POST /operator/forms/sign-out; POST /operator/forms/sign-out-everywhere"
    ),
    Role.SUPPORT: (
        "CustomerState.preview; CustomerState.revoke; CustomerState.revoke_all; SharingState.share; "
        "POST /operator/forms/open"
    ),
    Role.ADMIN: (
        "BrandingState.save; BrandingState.start_over; EmbeddingState.save; ImportState.check; ImportState.follow; "
        "ImportState.load; ImportState.load_files; ImportState.put_away; KeysState.create; KeysState.put_away; "
        "KeysState.revoke; GET /operator/files/import-report.csv; POST /operator/forms/import/begin; "
        "POST /operator/forms/import/{upload}/file; POST /operator/forms/logo"
    ),
}


def test_what_is_not_in_the_table_nobody_may():
    assert not any(may(role, "CustomersState.drop_everything") for role in Role)


def test_the_roles_are_the_words_that_are_stored():
    assert [str(role) for role in Role] == ["viewer", "support", "admin"]


def test_who_may_what_takes_two_edits_to_change():
    least = {role: sorted(name for name, of in POLICY.items() if of is role) for role in Role}
    assert least == {role: sorted(names.split("; ")) for role, names in LEAST.items()}


@pytest.mark.parametrize("name", POLICY)
def test_a_role_may_what_every_lesser_one_may(name):
    allowed = [may(role, name) for role in Role]
    assert allowed == [False] * list(Role).index(POLICY[name]) + [True] * (3 - list(Role).index(POLICY[name]))


def test_over_https_browsers_bind_the_cookies_to_the_host():
    assert session_cookie(https=True) == "__Host-operator"
    assert device_cookie(https=True) == "__Host-operator-device"


def test_over_http_where_browsers_bind_nothing_the_cookies_have_other_names():
    assert session_cookie(https=False) == "operator_session"
    assert device_cookie(https=False) == "operator_device"


def principal(last_used_at=NOW):
    return OperatorPrincipal(1, 1, EMAIL, "Ada", Role.ADMIN, NOW + timedelta(hours=12), last_used_at)


def test_the_audit_log_names_who_it_was_by_their_address():
    assert principal().actor == "operator ada@northwind.example"


def test_what_somebody_does_is_noted_once_a_minute():
    assert principal(NOW - timedelta(minutes=1)).was_idle(NOW)
    assert not principal(NOW - timedelta(seconds=59.999)).was_idle(NOW)


def test_a_session_ends_half_an_hour_after_its_last_use_and_twelve_hours_after_its_first():
    assert timedelta(minutes=30) == IDLE
    assert timedelta(hours=12) == ABSOLUTE
    assert timedelta(days=365) == timedelta(seconds=DEVICE_SECONDS)


def test_two_sessions_have_nothing_in_common():
    tokens = {new_session_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert {len(token) for token in tokens} == {43}


def test_a_hash_depends_on_the_deployments_key_and_on_every_character():
    token = new_session_token()
    assert len({token_hash(token, KEY), token_hash(token, OTHER), token_hash(token[:-1] + "!", KEY)}) == 3


@pytest.mark.parametrize("token", ["", "short", "A" * 42, "A" * 44, "A" * 42 + "=", "Ä" * 43, "A" * 42 + "\0"])
def test_what_cannot_be_a_cookie_of_ours_matches_nothing(token):
    assert token_hash(token, KEY) == ""


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("", ""),
        ("a=1", ""),
        ("operator_session=x", "x"),
        ("a=1; operator_session=x; b=2", "x"),
        ("operator_session=x=y", "x=y"),
        ("operator_session=x; operator_session=y", ""),
        ("my_operator_session=x", ""),
        ("operator_session", ""),
    ],
)
def test_a_cookie_is_taken_by_its_whole_name_and_never_if_there_are_two(header, value):
    assert cookie_value(header, "operator_session") == value


@given(st.text(max_size=200))
def test_any_header_is_read_without_an_error(header):
    cookie_value(header, "operator_session")


def test_a_device_is_known_to_the_account_that_signed_in_on_it_alone():
    cookie = new_device(EMAIL, KEY)
    assert len(device_of(cookie, EMAIL, KEY)) == 22  # 128 bits
    assert device_of(cookie, "eve@northwind.example", KEY) == ""
    assert device_of(cookie, EMAIL, OTHER) == ""


def test_a_device_that_was_here_last_year_is_still_known():
    assert (
        device_of("a-nonce.eddb820c29829be6bcd4f2f83e7e13d6321d2ba9cfc3e986d7aaccc57ea25af9", EMAIL, KEY) == "a-nonce"
    )


@given(st.text(max_size=100))
def test_no_made_up_device_is_known(cookie):
    assert device_of(cookie, EMAIL, KEY) == ""


def test_a_password_matches_itself_and_no_other():
    kept = hash_password("correct horse battery")
    assert password_matches("correct horse battery", kept)
    assert not password_matches("correct horse batterz", kept)
    assert "correct" not in kept


def test_two_people_with_one_password_have_different_hashes():
    assert hash_password("correct horse battery") != hash_password("correct horse battery")


def test_what_is_no_hash_matches_nothing():
    assert password_matches("", "") is False
    assert password_matches("nobody", NOBODYS) is False


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("short", "must have at least 12 characters"),
        ("a" * 12, "repeats too few characters"),
        ("abcde1" * 42 + "abcde", "must have at most 256 characters"),
        ("abcde1" * 42 + "abcd", ""),
        ("abcde" * 3, "repeats too few characters"),
        ("abcdef" * 2, ""),
        ("a long enough password", ""),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused_with_the_reason(password, problem):
    assert weakness_of(password) == problem
