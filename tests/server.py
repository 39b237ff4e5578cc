"""A running portal for tests: the real `serve` in a process of its own, on a free port and a database of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cast

from portal_app import clock
from portal_app.build import ROOT
from portal_app.database import Database, Session
from portal_app.demo.world import load_demo
from portal_app.migrations import migrate
from portal_app.queries.customers import count_customers_of_operator

WEB_DIR = os.environ["REFLEX_WEB_WORKDIR"]
"""Where tests compile pages: one folder for all of them, compiled anew only when portal_app/build.py says so."""

WELCOME = "API key (development only)"
"""What a development start prints last, when its demo world is there."""

START_SECONDS = 180
STOP_SECONDS = 15


@dataclass(frozen=True, slots=True)
class RunningPortal:
    """A portal that answers on `origin`. `database` is the one it serves; `log` holds all it has printed so far."""

    origin: str
    database: Database
    log: Path
    process: subprocess.Popen[bytes]

    def token(self, external_id: str = "acme") -> str:
        """Mint a session token for one hour from now."""
        return cast.mint(self.database, external_id, clock.utc_now()).token

    def link(self, external_id: str = "acme", path: str = "/") -> str:
        """Mint a link that a customer opens."""
        return f"{self.origin}{path}?token={self.token(external_id)}"

    def printed(self) -> str:
        """Return everything the server wrote to standard output and error."""
        return self.log.read_text(errors="replace")


@contextmanager
def running_portal(
    folder: Path,
    *,
    database_url: str = "",
    fill: Callable[[Session], None] | None = None,
    environment: Mapping[str, str] | None = None,
    prelude: str = "",
    port: int = 0,
) -> Iterator[RunningPortal]:
    """Start a portal, yield it when it answers, stop it.

    It is `python -m portal_app serve` with compiled pages, in development unless `environment` says
    otherwise, on a migrated SQLite database in `folder` unless `database_url` names another one. `fill`
    puts rows there first; without it, that is the demo world of today, with less usage than in development.
    `prelude` is Python that runs in the server's process before it starts: the only way a test bends the
    real program, such as `gate.RECHECK_SECONDS = 0.2`.

    Start it in a fixture of session scope: it takes three seconds, and half a minute where the pages
    have changed. Tests that run in parallel have one each, on the same compiled pages.
    """
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(database_url or f"sqlite:///{folder / 'portal.db'}")
    migrate(database.engine)
    with database.writing() as session:
        (fill or _add_demo)(session)
    port = port or free_port()
    log = folder / "server.log"
    process_environment = _environment(port, database.url, environment or {})
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", f"{prelude}\nfrom portal_app.cli import main\nmain()", "serve"],
            cwd=ROOT,
            env=process_environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    portal = RunningPortal(f"http://localhost:{port}", database, log, process)
    try:
        _wait_until_it_answers(portal, in_development=process_environment["PORTAL_ENV"] == "development")
        yield portal
    finally:
        _stop(process)
        database.close()


def _add_demo(session: Session) -> None:
    if not count_customers_of_operator(session):
        load_demo(session, clock.utc_now().date(), clock.utc_now(), cast.DEMO_EVENTS)


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _environment(port: int, database_url: str, more: Mapping[str, str]) -> dict[str, str]:
    return {
        **os.environ,
        "PORTAL_ENV": "development",
        "PORTAL_PORT": str(port),
        "PORTAL_DATABASE_URL": database_url,
        "REFLEX_WEB_WORKDIR": WEB_DIR,
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def _wait_until_it_answers(portal: RunningPortal, *, in_development: bool) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and portal.process.poll() is None:
        try:
            urllib.request.urlopen(f"{portal.origin}/ping", timeout=5).close()  # noqa: S310 (http, by construction)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
            continue
        if not in_development or WELCOME in portal.printed():
            return
        time.sleep(0.1)
    raise AssertionError(f"the portal did not start:\n{portal.printed()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
