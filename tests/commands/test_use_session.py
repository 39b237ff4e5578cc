"""Opening and revoking a session."""

from datetime import timedelta

import cast
import pytest
from sqlmodel import col, select

from portal_app.access.principal import Principal
from portal_app.access.tokens import SESSION, verify
from portal_app.commands.mint_session import mint_session
from portal_app.commands.use_session import note_opened, revoke_session
from portal_app.errors import NotFound
from portal_app.models.access import AuditEntry, PortalSession

NOW, LATER = cast.NOW, cast.NOW + timedelta(minutes=5)


@pytest.fixture
def principal(session, settings, acme):
    minted = mint_session(session, settings, "acme", "till", NOW)
    claims = verify(SESSION, settings.signing_keys(), minted.token, NOW)
    return Principal(acme, claims.subject, claims.jti, claims.expires_at)


def stored(session, principal):
    return session.exec(select(PortalSession).where(PortalSession.jti == principal.jti)).one()


def audited(session):
    entries = session.exec(select(AuditEntry).order_by(col(AuditEntry.id)))
    return [(entry.actor, entry.action, entry.customer_id) for entry in entries]


def test_the_first_and_the_last_opening_are_kept_and_the_first_is_written_down(session, acme, principal):
    note_opened(session, principal, NOW)
    note_opened(session, principal, LATER)
    row = stored(session, principal)
    assert (row.first_used_at, row.last_used_at) == (NOW, LATER)
    assert audited(session) == [("till", "session.minted", acme), ("customer", "session.opened", acme)]


def test_revoking_keeps_when_why_and_who(session, acme, principal):
    revoke_session(session, principal.jti, "left the company", "till", LATER)
    row = stored(session, principal)
    assert (row.revoked_at, row.revoked_reason) == (LATER, "left the company")
    assert audited(session)[-1] == ("till", "session.revoked", acme)


def test_revoking_twice_changes_nothing(session, principal):
    revoke_session(session, principal.jti, "left the company", "till", NOW)
    revoke_session(session, principal.jti, "again", "somebody", LATER)
    assert (stored(session, principal).revoked_at, stored(session, principal).revoked_reason) == (
        NOW,
        "left the company",
    )
    assert len(audited(session)) == 2


def test_an_unknown_session_cannot_be_revoked(session):
    with pytest.raises(NotFound, match="Session not found"):
        revoke_session(session, "nobody", "", "till", NOW)
