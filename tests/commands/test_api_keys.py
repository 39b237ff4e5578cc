"""API keys: shown once, kept as a hash, revoked for good, and noted when used."""

from datetime import timedelta

import cast
import pytest
from sqlmodel import col, select

from portal_app.access.api_keys import Scope, matches, new_api_key, parse_api_key
from portal_app.commands.api_keys import create_api_key, note_api_key_used, pepper, revoke_api_key
from portal_app.errors import NotFound
from portal_app.models.access import ApiKey, AuditEntry
from portal_app.settings import Environment

NOW = cast.NOW


@pytest.fixture
def key(session, settings):
    return create_api_key(session, settings, "till", [Scope.MINT, Scope.READ], NOW)


def stored(session, key):
    return session.exec(select(ApiKey).where(ApiKey.key_id == key.key_id)).one()


def audited(session):
    return [(entry.actor, entry.action) for entry in session.exec(select(AuditEntry).order_by(col(AuditEntry.id)))]


def test_a_key_is_registered_with_its_scopes_and_without_its_secret(session, settings, key):
    row = stored(session, key)
    assert (row.name, row.scopes, row.created_at) == ("till", ["sessions:mint", "read"], NOW)
    assert (row.expires_at, row.last_used_at, row.revoked_at) == (None, None, None)
    assert matches(key, row.secret_hash, pepper(settings))
    kept = f"{row!r} {[entry.details for entry in session.exec(select(AuditEntry))]}"
    assert key.key_id in kept
    assert key.secret not in kept


def test_the_text_that_is_shown_once_is_the_key(key):
    assert parse_api_key(str(key)) == key


def test_a_key_that_its_holder_has_already_can_be_registered(session, settings):
    own = new_api_key(live=False)
    assert create_api_key(session, settings, "development", [Scope.ADMIN], NOW, key=own) == own
    assert matches(own, stored(session, own).secret_hash, pepper(settings))


@pytest.mark.parametrize(("env", "environment"), [(Environment.PRODUCTION, "live"), (Environment.DEVELOPMENT, "dev")])
def test_a_key_says_what_kind_of_deployment_it_opens(session, settings, env, environment):
    key = create_api_key(session, settings.model_copy(update={"env": env}), "till", [Scope.MINT], NOW)
    assert key.environment == environment


def test_another_deployments_pepper_makes_another_hash(session, settings, key):
    other = settings.model_copy(update={"secret_key": type(settings.secret_key)("another-secret-key-of-32-characters")})
    assert not matches(key, stored(session, key).secret_hash, pepper(other))


def test_creating_and_revoking_are_written_down_once_each(session, key):
    revoke_api_key(session, key.key_id, NOW + timedelta(hours=1))
    revoke_api_key(session, key.key_id, NOW + timedelta(hours=2))
    assert stored(session, key).revoked_at == NOW + timedelta(hours=1)
    assert audited(session) == [("command line", "api_key.created"), ("command line", "api_key.revoked")]


def test_an_unknown_key_cannot_be_revoked(session):
    with pytest.raises(NotFound, match="API key not found"):
        revoke_api_key(session, "nobody", NOW)


def test_the_last_use_is_kept_to_the_minute(session, key):
    for seconds in (0, 59, 61, 90, 121):
        note_api_key_used(session, key.key_id, NOW + timedelta(seconds=seconds))
        session.flush()
        noted = stored(session, key).last_used_at
        assert noted == NOW + timedelta(seconds={59: 0, 90: 61}.get(seconds, seconds))


def test_the_use_of_a_key_that_is_gone_is_no_error(session):
    note_api_key_used(session, "nobody", NOW)
    assert session.exec(select(ApiKey)).all() == []
