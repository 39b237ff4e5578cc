"""Which pages may frame the portal: stored, checked, written down."""

import cast
import pytest
from sqlmodel import col, select

from portal_app.commands.embedding import MOST_ORIGINS, set_embed_origins
from portal_app.errors import Invalid
from portal_app.models.access import AuditEntry
from portal_app.queries.embedding import list_embed_origins
from portal_app.settings import Environment

A, B = "https://a.example", "https://b.example:8443"


def set_(session, *origins):
    set_embed_origins(session, origins, "till", cast.NOW)


def audited(session):
    entries = session.exec(select(AuditEntry).order_by(col(AuditEntry.id)))
    return [(entry.actor, entry.action, entry.details) for entry in entries]


def test_what_is_set_is_listed_in_its_order_and_replaces_what_was_there(session):
    assert list_embed_origins(session) == ()
    set_(session, B, A, B)
    assert list_embed_origins(session) == (B, A)
    set_(session, A)
    assert list_embed_origins(session) == (A,)
    set_(session)
    assert list_embed_origins(session) == ()


def test_every_change_is_written_down_and_what_changes_nothing_is_not(session):
    set_(session, A)
    set_(session, A)
    set_(session, B)
    assert audited(session) == [
        ("till", "embed_origins.changed", {"before": "", "after": A}),
        ("till", "embed_origins.changed", {"before": A, "after": B}),
    ]


@pytest.mark.threat("T27")
@pytest.mark.parametrize("wrong", ["*", "https://*.a.example", "http://a.example", f"{A}/", "a.example", "'self'", ""])
def test_what_is_no_exact_https_origin_is_refused_by_name_and_nothing_changes(session, wrong):
    set_(session, A)
    with pytest.raises(Invalid, match=r"origins\[1\]"):
        set_(session, B, wrong)
    assert list_embed_origins(session) == (A,)


@pytest.mark.threat("T27")
def test_pages_of_this_machine_are_for_development(session, settings, monkeypatch):
    set_(session, "http://localhost:5000")
    production = settings.model_copy(update={"env": Environment.PRODUCTION})
    monkeypatch.setattr("portal_app.commands.embedding.get_settings", lambda: production)
    with pytest.raises(Invalid, match="https"):
        set_(session, "http://localhost:5001")


def test_more_than_a_header_holds_is_refused(session):
    with pytest.raises(Invalid, match="more than"):
        set_(session, *(f"https://a{number}.example" for number in range(MOST_ORIGINS + 1)))
