"""Minting a link: a signed token for an hour, a row in the register, a line in the audit log."""

from datetime import timedelta

import cast
import pytest
from sqlmodel import select

from portal_app.access.tokens import SESSION, verify
from portal_app.billing.statuses import RecordStatus
from portal_app.commands.mint_session import mint_session
from portal_app.errors import CustomerNotFound
from portal_app.models.access import AuditEntry, PortalSession
from portal_app.models.customer import Customer

NOW = cast.NOW.replace(microsecond=987654)


def test_a_link_carries_a_token_of_the_customer_for_the_time_set(session, settings, acme, globex):
    brief = settings.model_copy(update={"session_ttl_seconds": 90, "public_url": "https://billing.northwind.example"})
    minted = mint_session(session, brief, "acme", "till", NOW)
    claims = verify(SESSION, settings.signing_keys(), minted.token, NOW)
    assert claims.subject == session.get_one(Customer, acme).public_id
    assert claims.issued_at == cast.NOW
    assert claims.expires_at == minted.expires_at == cast.NOW + timedelta(seconds=90)
    assert minted.url == f"https://billing.northwind.example/?token={minted.token}"


def test_the_register_knows_who_asked_and_the_audit_log_too(session, settings, acme):
    minted = mint_session(session, settings, "acme", "till", NOW)
    jti = verify(SESSION, settings.signing_keys(), minted.token, NOW).jti
    row = session.exec(select(PortalSession)).one()
    assert (row.jti, row.customer_id, row.minted_by) == (jti, acme, "till")
    assert (row.created_at, row.expires_at, row.first_used_at, row.revoked_at) == (NOW, minted.expires_at, None, None)
    entry = session.exec(select(AuditEntry)).one()
    assert (entry.actor, entry.action, entry.customer_id, entry.at) == ("till", "session.minted", acme, NOW)
    assert entry.details == {"jti": jti}


def test_every_link_is_a_session_of_its_own(session, settings, acme):
    minted = {mint_session(session, settings, "acme", "till", NOW).token for _ in range(3)}
    assert len(minted) == len({row.jti for row in session.exec(select(PortalSession))}) == 3


@pytest.mark.parametrize("status", [RecordStatus.ARCHIVED, RecordStatus.DELETED])
def test_a_customer_that_is_gone_gets_no_link(session, settings, acme, status):
    session.get_one(Customer, acme).status = status
    with pytest.raises(CustomerNotFound, match="Customer not found with the provided external_customer_id"):
        mint_session(session, settings, "acme", "till", NOW)
    assert session.exec(select(PortalSession)).all() == session.exec(select(AuditEntry)).all() == []


@pytest.mark.parametrize("name", ["nobody", "ACME", "", "acme\0", "\ud800", "%", "acme'--", "x" * 5000])
def test_a_name_that_nobody_has_gets_no_link(session, settings, acme, name):
    with pytest.raises(CustomerNotFound):
        mint_session(session, settings, name, "till", NOW)
