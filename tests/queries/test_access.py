"""What the register says of a session's token and of an API key."""

from datetime import timedelta

import cast
import pytest
from sqlmodel import select
from statements import counted

from portal_app.access.api_keys import Scope
from portal_app.access.principal import Principal
from portal_app.access.tokens import SESSION, verify
from portal_app.billing.statuses import RecordStatus
from portal_app.commands.api_keys import create_api_key, note_api_key_used, revoke_api_key
from portal_app.commands.mint_session import mint_session
from portal_app.commands.use_session import note_opened, revoke_session
from portal_app.models.access import ApiKey
from portal_app.models.customer import Customer
from portal_app.queries.access import (
    SessionStanding,
    check_session_of_anyone,
    find_api_key_of_operator,
    list_api_keys_of_operator,
)

NOW, HOUR = cast.NOW, timedelta(hours=1)


@pytest.fixture
def claims(session, settings, acme, globex):
    minted = mint_session(session, settings, "acme", "till", NOW)
    return verify(SESSION, settings.signing_keys(), minted.token, NOW)


def standing(session, claims, now=NOW):
    return check_session_of_anyone(session, claims.jti, claims.subject, now).standing


def test_a_live_session_amounts_to_its_customer(session, acme, claims):
    check = check_session_of_anyone(session, claims.jti, claims.subject, NOW)
    assert check.standing is SessionStanding.LIVE
    assert check.principal == Principal(acme, claims.subject, claims.jti, NOW + HOUR)
    assert not check.used_before


def test_a_session_that_was_opened_before_says_so(session, acme, claims):
    note_opened(session, Principal(acme, claims.subject, claims.jti, claims.expires_at), NOW)
    assert check_session_of_anyone(session, claims.jti, claims.subject, NOW).used_before


def test_a_session_ends_at_its_instant(session, claims):
    assert standing(session, claims, NOW + HOUR - timedelta(microseconds=1)) is SessionStanding.LIVE
    assert standing(session, claims, NOW + HOUR) is SessionStanding.REVOKED


def test_a_revoked_session_is_over_at_once_and_names_nobody(session, claims):
    revoke_session(session, claims.jti, "", "till", NOW)
    check = check_session_of_anyone(session, claims.jti, claims.subject, NOW)
    assert (check.standing, check.principal) == (SessionStanding.REVOKED, None)


@pytest.mark.parametrize("status", [RecordStatus.ARCHIVED, RecordStatus.DELETED])
def test_a_session_ends_with_its_customer(session, acme, claims, status):
    session.get_one(Customer, acme).status = status
    assert standing(session, claims) is SessionStanding.REVOKED


def test_a_token_for_one_customer_is_none_for_another(session, globex, claims):
    theirs = session.get_one(Customer, globex).public_id
    check = check_session_of_anyone(session, claims.jti, theirs, NOW)
    assert (check.standing, check.principal) == (SessionStanding.UNKNOWN, None)


def test_a_session_that_was_never_minted_is_unknown(session, claims):
    assert check_session_of_anyone(session, "never", claims.subject, NOW).standing is SessionStanding.UNKNOWN


def test_the_check_of_every_event_is_one_statement(session, claims):
    with counted(session) as statements:
        standing(session, claims)
    assert len(statements) == 1


def test_a_key_is_found_by_its_public_id_alone(session, settings):
    key = create_api_key(session, settings, "till", [Scope.MINT, Scope.READ], NOW)
    note_api_key_used(session, key.key_id, NOW + HOUR)
    record = find_api_key_of_operator(session, key.key_id)
    assert (record.key_id, record.name, record.scopes) == (key.key_id, "till", ("sessions:mint", "read"))
    assert (record.created_at, record.last_used_at) == (NOW, NOW + HOUR)
    assert find_api_key_of_operator(session, "0" * 16) is None


def test_a_key_is_live_until_it_is_revoked_or_expires(session, settings):
    key = create_api_key(session, settings, "till", [Scope.MINT], NOW)
    assert find_api_key_of_operator(session, key.key_id).is_live(NOW)
    session.exec(select(ApiKey)).one().expires_at = NOW + HOUR
    assert find_api_key_of_operator(session, key.key_id).is_live(NOW + HOUR - timedelta(microseconds=1))
    assert not find_api_key_of_operator(session, key.key_id).is_live(NOW + HOUR)
    revoke_api_key(session, key.key_id, NOW)
    assert not find_api_key_of_operator(session, key.key_id).is_live(NOW)


def test_keys_are_listed_newest_first(session, settings):
    for name in ("first", "second", "third"):
        create_api_key(session, settings, name, [Scope.READ], NOW)
    assert [record.name for record in list_api_keys_of_operator(session)] == ["third", "second", "first"]
