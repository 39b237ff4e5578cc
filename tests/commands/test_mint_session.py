"""Minting a link: a signed token for an hour, a row in the register, a line in the audit log."""

from datetime import timedelta

import cast
import pytest
from sqlmodel import select

from portal_app.access.tokens import SESSION, verify
from portal_app.billing.statuses import RecordStatus
from portal_app.commands.embedding import set_embed_origins
from portal_app.commands.mint_session import PATHS, MintTerms, mint_session
from portal_app.errors import CustomerNotFound, Invalid
from portal_app.models.access import AuditEntry, PortalSession
from portal_app.models.customer import Customer
from portal_app.settings import Environment
from portal_app.ui import addresses

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
    minted = mint_session(session, settings, "acme", "till", NOW, MintTerms(address="192.0.2.7"))
    jti = verify(SESSION, settings.signing_keys(), minted.token, NOW).jti
    row = session.exec(select(PortalSession)).one()
    assert (row.jti, row.customer_id, row.minted_by) == (jti, acme, "till")
    assert (row.created_at, row.expires_at, row.first_used_at, row.revoked_at) == (NOW, minted.expires_at, None, None)
    entry = session.exec(select(AuditEntry)).one()
    assert (entry.actor, entry.action, entry.customer_id, entry.at) == ("till", "session.minted", acme, NOW)
    assert entry.details == {"jti": jti, "address": "192.0.2.7"}


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


def mint(session, settings, expires_in=None, return_url=""):
    return mint_session(session, settings, "acme", "till", NOW, MintTerms(expires_in, return_url))


def test_there_is_a_link_to_every_tab_with_the_same_token(session, settings, acme):
    minted = mint(session, settings)
    assert set(PATHS.values()) == {addresses.OVERVIEW, addresses.CREDITS, addresses.INVOICES, addresses.USAGE}
    assert minted.links == {tab: f"http://localhost:3000{path}?token={minted.token}" for tab, path in PATHS.items()}
    assert minted.url == minted.links["overview"]


@pytest.mark.parametrize("seconds", [60, 900, 3600])
def test_a_link_works_as_long_as_was_asked_for(session, settings, acme, seconds):
    assert mint(session, settings, seconds).expires_at == cast.NOW + timedelta(seconds=seconds)


@pytest.mark.threat("T4")
@pytest.mark.parametrize("seconds", [59, 0, -60, 1801, 3601, 10**20])
def test_no_link_works_for_less_than_a_minute_or_longer_than_links_may(session, settings, acme, seconds):
    brief = settings.model_copy(update={"session_ttl_seconds": 1800})
    with pytest.raises(Invalid, match="expires_in: must be from 60 to 1800 seconds"):
        mint(session, brief, seconds)
    assert session.exec(select(PortalSession)).all() == session.exec(select(AuditEntry)).all() == []


def in_production(settings):
    return settings.model_copy(update={"env": Environment.PRODUCTION, "embed_origins": ("https://app.acme.example",)})


@pytest.mark.parametrize(
    "url",
    [
        "https://app.acme.example", "https://app.acme.example/billing?from=portal#top", "https://northwind.example/x",
        "https://stored.example:8443/y",
    ],
)  # fmt: skip
def test_a_session_leads_back_to_where_the_portal_may_be_embedded_or_to_the_operators_own_site(
    session, settings, acme, url
):
    set_embed_origins(session, ["https://stored.example:8443"], "till", NOW)
    mint(session, in_production(settings), return_url=url)
    assert session.exec(select(PortalSession.return_url)).one() == url


@pytest.mark.threat("T26")
@pytest.mark.parametrize(
    "url",
    [
        "http://app.acme.example/", "//app.acme.example/", "/\\app.acme.example", "javascript:alert(1)",
        "data:text/html,x",
        "https://app.acme.example@evil.example/", "https://evil.example/?https://app.acme.example",
        "https:app.acme.example",
        "https://app.acme.example.evil.example/", "https://evil.example\\@app.acme.example", "https://app.acme.example\\.evil.example",
        "https://user@app.acme.example/",
        "https://app.acme.example:444/", "HTTPS://app.acme.example/", "https://app.acme.example:443/",
        " https://app.acme.example/", "https://app.acme.example/\t", "https://app.acme.example/\nx", "https://app.acme.example/ä",
        "https://app\u3002acme.example/", "https://xapp.acme.example/", "https:///app.acme.example/", "https://", "x", "https://localhost/",
        "http://localhost:3000/", "https://app.acme.example/\\x", "https://app.acme.example/" + "x" * 2048,
    ],
)  # fmt: skip
def test_it_leads_nowhere_else(session, settings, acme, url):
    with pytest.raises(Invalid, match="return_url"):
        mint(session, in_production(settings), return_url=url)
    assert session.exec(select(PortalSession)).all() == []


def test_in_development_it_may_lead_back_to_this_machine(session, settings, acme):
    mint(session, settings, return_url="http://127.0.0.1:5000/account")
