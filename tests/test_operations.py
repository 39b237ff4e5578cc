"""docs/operations.md does what it says: its commands are taken out of it and run, on a portal with customers in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import cast
import pytest
from operator_files import everything

from portal_app import clock
from portal_app.access.api_keys import Scope, matches, parse_api_key
from portal_app.access.tokens import SESSION, TokenRejected, verify
from portal_app.build import ROOT
from portal_app.commands.api_keys import create_api_key, pepper
from portal_app.commands.use_session import revoke_sessions_of_customer
from portal_app.database import Database
from portal_app.migrations import downgrade, migrate
from portal_app.queries.access import find_api_key_of_operator
from portal_app.settings import Settings

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
ELSEWHERE = ("venv ", "pip install", " serve", " build")
"""What cannot be run here: it would fetch packages, compile pages, or never end. Other tests run the last two."""
KEYS = {"PORTAL_SECRET_KEY", "PORTAL_SESSION_KEYS"}


def blocks(title: str) -> list[str]:
    """Return the commands below a heading, block by block, without those that cannot be run here."""
    _, _, below = OPERATIONS.partition(f"# {title}\n")
    chapter = re.split(r"^#+ ", below, maxsplit=1, flags=re.MULTILINE)[0] if below else ""
    found = re.findall(r"^```sh\n(.*?)^```", chapter, re.DOTALL | re.MULTILINE)
    assert found, f"no commands under {title}"
    return ["".join(line for line in one.splitlines(True) if not any(w in line for w in ELSEWHERE)) for one in found]


class Shell:
    """A shell in a folder where the portal is installed, whose environment goes on from call to call."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / ".venv").symlink_to(sys.prefix)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
        self.environment = {**kept, "PYTHONPATH": str(ROOT), "PORTAL_DATABASE_URL": url}

    def run(self, commands: str) -> str:
        """Run commands as a shell does that stops at the first that fails, and return what they printed."""
        script = f"set -euo pipefail\n{commands}\nenv -0 > .environment\n"
        ran = subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        pairs = (self.folder / ".environment").read_text().split("\0")
        self.environment = dict(pair.split("=", 1) for pair in pairs if pair)
        return ran.stdout + ran.stderr

    def settings(self) -> Settings:
        """Return the settings as a process started now would have them."""
        return Settings(
            secret_key=self.environment["PORTAL_SECRET_KEY"], session_keys=self.environment["PORTAL_SESSION_KEYS"]
        )


@pytest.fixture(params=["sqlite", "postgresql"])
def shell(request, tmp_path):
    """A configured production on a database of its own, made as the document says."""
    folder = tmp_path / "portal"
    if request.param == "sqlite":
        url = f"sqlite:///{folder / 'portal.db'}"
    else:
        url = request.getfixturevalue("postgres").new_database(template=None)
    shell = Shell(folder, url)
    (commands, *_) = blocks("In production")
    without_address = "".join(line for line in commands.splitlines(True) if "PORTAL_DATABASE_URL" not in line)
    assert "nothing to object to" in shell.run(without_address)
    return shell


@pytest.fixture
def database(shell):
    """The database of that production, with Acme in it and a link that is out."""
    database = Database(shell.environment["PORTAL_DATABASE_URL"])
    with database.writing() as session:
        cast.add_bill(session, cast.add_customer(session, "acme"), "INV-1")
    yield database
    database.close()


def minted(shell):
    return shell.run(".venv/bin/python -m portal_app session acme").partition("token=")[2].strip()


def works(shell, token):
    try:
        verify(SESSION, shell.settings().signing_keys(), token, clock.utc_now())
    except TokenRejected:
        return False
    return True


def engine(database):
    return "SQLite" if database.engine.dialect.name == "sqlite" else "PostgreSQL"


def test_a_backup_is_restored_whole_and_no_link_of_before_lives_on(shell, database):
    backup, restore = blocks(engine(database))
    token = minted(shell)
    before = everything(database)
    with database.reading() as reader:  # while it runs
        reader.connection()
        shell.run(backup)
    (copy,) = shell.folder.glob("backup.*")
    assert copy.stat().st_mode & 0o077 == 0
    with database.writing() as session:
        cast.add_customer(session, "globex")
        revoke_sessions_of_customer(session, "acme", "tests", "tests", clock.utc_now())
    database.engine.dispose()
    assert "every invariant holds" in shell.run(restore)
    assert everything(database) == before
    assert works(shell, token)  # the copy does not know that it was revoked
    (rotation,) = blocks("After restoring")
    shell.run(rotation)
    assert not works(shell, token)
    assert works(shell, minted(shell))


@pytest.mark.parametrize("shell", ["sqlite"], indirect=True)
def test_new_keys_end_what_the_document_says_and_nothing_else(shell, database):
    add, drop, secret = blocks("Rotating keys")
    old = minted(shell)
    shell.run(add)
    new = minted(shell)
    assert (works(shell, old), works(shell, new)) == (True, True)
    shell.run(drop)
    assert (works(shell, old), works(shell, new)) == (False, True)
    with database.writing() as session:
        before = create_api_key(session, shell.settings(), "before", [Scope.READ], clock.utc_now())
    printed = shell.run(secret)
    (after,) = [found for word in printed.split() if (found := parse_api_key(word))]
    assert (is_good(shell, database, before), is_good(shell, database, after)) == (False, True)
    assert works(shell, new)


def is_good(shell, database, key):
    with database.reading() as session:
        record = find_api_key_of_operator(session, key.key_id)
    return matches(key, record.secret_hash, pepper(shell.settings()))


@pytest.mark.parametrize("shell", ["sqlite"], indirect=True)
def test_an_upgrade_brings_a_database_of_an_older_version_to_this_one(shell, database):
    downgrade(database.engine, "-1")
    database.engine.dispose()
    (commands,) = blocks("Upgrading")
    printed = shell.run(commands)
    assert "the database is up to date" in printed
    assert "nothing to object to" in printed
    migrated = everything(database)
    migrate(database.engine)
    assert everything(database) == migrated
    assert len(migrated["customer"]) == 1
