"""What an operator types about API keys."""

from datetime import timedelta

import pytest
from cast import NOW, days_ago
from typer.testing import CliRunner

from portal_app import clock
from portal_app.access.api_keys import Scope
from portal_app.cli import app
from portal_app.commands.api_keys import create_api_key, revoke_api_key
from portal_app.settings import get_settings


@pytest.fixture
def keys(sqlite_database, monkeypatch):
    monkeypatch.setattr(clock, "utc_now", lambda: NOW)
    ends = {"endless": None, "lasting": NOW + timedelta(days=1), "over": NOW - timedelta(days=1), "taken": None}
    with sqlite_database.writing() as session:
        for name, end in ends.items():
            key = create_api_key(session, get_settings(), name, [Scope.READ], days_ago(9), expires_at=end)
            if name == "taken":
                revoke_api_key(session, key.key_id, days_ago(1))


@pytest.mark.usefixtures("keys")
def test_a_key_that_ran_out_is_expired_not_revoked_and_each_says_when_it_ends():
    lines = CliRunner().invoke(app, ["key", "list"]).stdout.splitlines()
    assert [line.split("\t")[1:] for line in lines] == [
        ["taken", "read", "revoked", "never", "no end"],
        ["over", "read", "expired", "never", "2026-01-19T12:00:00+00:00"],
        ["lasting", "read", "live", "never", "2026-01-21T12:00:00+00:00"],
        ["endless", "read", "live", "never", "no end"],
    ]
