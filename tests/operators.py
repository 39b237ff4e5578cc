"""A portal that serves the operator's pages, too, and the people who work there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cast
import httpx2
from canaries import fill
from page import Page, route
from server import RunningPortal, running_portal
from sqlmodel import col, select

from portal_app import clock
from portal_app.access.operator_roles import Role
from portal_app.build import ROOT
from portal_app.commands.operators import create_operator
from portal_app.database import Database, Session
from portal_app.models.access import AuditEntry
from portal_app.ui.gate import BOOT

PASSWORD = "a long enough password"
PEOPLE = {role: f"{role.value}@northwind.example" for role in Role}
SURFACES = {"PORTAL_SURFACES": "portal,operator", "REFLEX_WEB_WORKDIR": ".web-tests-operator"}
DESK = "reflex___state____state.portal_app___ui___operator___gate____desk"

_EVENTS = """
import json
from portal_app.portal_app import app
events = app._registration_context.event_handlers
print("EVENTS" + json.dumps({
    name: [one.handler.fn.__module__, one.handler.fn.__qualname__] for name, one in events.items()
}))
"""


@contextmanager
def running_operator(
    folder: Path,
    *,
    add: Callable[[Session], None] = fill,
    environment: Mapping[str, str] | None = None,
    prelude: str = "",
) -> Iterator[RunningPortal]:
    """Start a portal with both surfaces, Acme, Globex, and one person of each role."""

    def filled(session: Session) -> None:
        add(session)
        add_people(session)

    with running_portal(folder, fill=filled, environment=SURFACES | dict(environment or {}), prelude=prelude) as portal:
        yield portal


def add_people(session: Session, now: Any = None) -> None:
    """Add an account of each role."""
    for role, email in PEOPLE.items():
        create_operator(session, email, role.value.title(), role, PASSWORD, "tests", now or clock.utc_now())


def sign_in(portal: RunningPortal, role: Role = Role.ADMIN, **more: Any) -> httpx2.Client:
    """Return a client with the cookies of a person of this role."""
    client = httpx2.Client(base_url=portal.origin, headers={"Origin": portal.origin}, timeout=60, **more)
    answer = client.post("/operator/forms/sign-in", data={"email": PEOPLE[role], "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/operator")
    return client


def cookie_of(client: httpx2.Client) -> str:
    """Return the session's cookie as a browser sends it."""
    return f"operator_session={client.cookies['operator_session']}"


def desk(portal: RunningPortal, cookie: str, path: str = "/operator", **more: Any) -> Page:
    """Open one of the operator's pages without a browser."""
    page = Page(portal, cookie=cookie, **more)
    page.send({"name": BOOT, "payload": {"vars": {}, "hashes": None}, "router_data": route(path)})
    return page.until(lambda: page.values(DESK).get("status") not in {None, "loading"})


def events_of(surfaces: str) -> dict[str, tuple[str, str]]:
    """Return every event that a process with these surfaces registers: its module and its name in the code."""
    environment = {**os.environ, "PORTAL_SURFACES": surfaces, "PYTHONPATH": str(ROOT)}
    asked = subprocess.run(
        [sys.executable, "-c", _EVENTS], capture_output=True, text=True, env=environment, cwd=ROOT, check=True
    )
    return json.loads(asked.stdout.partition("EVENTS")[2])


def audited(database: Database, *actions: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what the audit log holds of these actions: who, what, details; oldest first."""
    with database.reading() as session:
        rows = session.exec(select(AuditEntry).order_by(col(AuditEntry.id))).all()
        return [(row.actor, row.action, dict(row.details)) for row in rows if not actions or row.action in actions]


NOW = cast.NOW
