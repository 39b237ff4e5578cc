"""Opening and revoking a session."""

from datetime import timedelta

import cast
import pytest
from sqlmodel import col, select

from portal_app.access.principal import Principal
from portal_app.access.tokens import SESSION, verify
from portal_app.billing.statuses import RecordStatus
from portal_app.commands.mint_session import MintTerms, mint_session
from portal_app.commands.use_session import note_opened, revoke_session, revoke_sessions_of_customer
from portal_app.errors import CustomerNotFound, NotFound
from portal_app.models.access import AuditEntry, PortalSession
from portal_app.models.customer import Customer

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


def test_the_first_and_the_last_opening_are_kept_and_each_is_written_down(session, acme, principal):
    note_opened(session, principal, NOW)
    note_opened(session, principal, LATER)
    row = stored(session, principal)
    assert (row.first_used_at, row.last_used_at, row.open_count) == (NOW, LATER, 2)
    opened = ("customer", "session.opened", acme)
    assert audited(session) == [("till", "session.minted", acme), opened, opened]


def test_a_preview_is_no_visit(session, settings, acme):
    minted = mint_session(session, settings, "acme", "ada", NOW, MintTerms(address="192.0.2.1", is_preview=True))
    claims = verify(SESSION, settings.signing_keys(), minted.token, NOW)
    previewed = Principal(acme, claims.subject, claims.jti, claims.expires_at)
    note_opened(session, previewed, LATER)
    row = stored(session, previewed)
    assert (row.is_preview, row.address, row.open_count, row.first_used_at) == (True, "192.0.2.1", 0, None)
    assert audited(session) == [("ada", "session.previewed", acme)]


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


def test_all_live_links_of_a_customer_end_together_and_nobody_elses(session, settings, acme, globex, principal):
    second = mint_session(session, settings, "acme", "till", LATER)
    theirs = mint_session(session, settings, "globex", "till", NOW)
    old = mint_session(session, settings, "acme", "till", NOW - timedelta(hours=2))
    assert revoke_sessions_of_customer(session, "acme", "left the company", "till", LATER) == 2
    ended = {row.jti for row in session.exec(select(PortalSession).where(col(PortalSession.revoked_at).is_not(None)))}
    keys = settings.signing_keys()
    assert ended == {principal.jti, verify(SESSION, keys, second.token, LATER).jti}
    assert verify(SESSION, keys, theirs.token, LATER).jti not in ended
    assert verify(SESSION, keys, old.token, NOW - timedelta(hours=2)).jti not in ended
    assert [entry for entry in audited(session) if entry[1] == "session.revoked"] == [
        ("till", "session.revoked", acme)
    ] * 2


def test_links_end_once(session, principal):
    assert revoke_sessions_of_customer(session, "acme", "x", "till", NOW) == 1
    assert revoke_sessions_of_customer(session, "acme", "y", "till", NOW) == 0
    assert stored(session, principal).revoked_reason == "x"


def test_links_of_an_archived_customer_can_be_ended_and_those_of_nobody_not(session, acme, principal):
    row = session.get_one(Customer, acme)
    row.status = RecordStatus.ARCHIVED
    session.add(row)
    assert revoke_sessions_of_customer(session, "acme", "x", "till", NOW) == 1
    with pytest.raises(CustomerNotFound):
        revoke_sessions_of_customer(session, "nobody", "x", "till", NOW)
