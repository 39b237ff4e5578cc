"""Cookies of the operator's people, their passwords, and who may do what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.access.operator_roles import POLICY, Role, may
from portal_app.access.operator_sessions import (
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


def test_who_may_what_takes_two_edits_to_change():
    least = {role: sorted(name for name, of in POLICY.items() if of is role) for role in Role}
    assert least == {role: sorted(names.split("; ")) for role, names in LEAST.items()}


@pytest.mark.parametrize("name", POLICY)
def test_a_role_may_what_every_lesser_one_may(name):
    allowed = [may(role, name) for role in Role]
    assert allowed == sorted(allowed)
    assert may(Role.ADMIN, name)


def test_over_https_browsers_bind_the_cookies_to_the_host():
    assert session_cookie(https=True).startswith("__Host-")
    assert device_cookie(https=True).startswith("__Host-")


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
    assert device_of(cookie, EMAIL, KEY)
    assert device_of(cookie, "eve@northwind.example", KEY) == ""
    assert device_of(cookie, EMAIL, OTHER) == ""


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
    assert not password_matches("", "")
    assert not password_matches("nobody", NOBODYS)


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("short", "must have at least 12 characters"),
        ("a" * 12, "repeats too few characters"),
        ("x1" * 129, "must have at most 256 characters"),
        ("a long enough password", ""),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused_with_the_reason(password, problem):
    assert weakness_of(password) == problem
