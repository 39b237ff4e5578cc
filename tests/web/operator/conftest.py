"""The operator's routes in this process, on a database of their own."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import operators
import pytest
from starlette.testclient import TestClient

from portal_app import database as database_module
from portal_app.access.operator_roles import Role
from portal_app.database import Database, use_database
from portal_app.web.operator.routes import create_operator_routes

ORIGIN = "http://localhost:3000"


@pytest.fixture(scope="session")
def peopled(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with one person of each role; tests copy it."""
    path = tmp_path_factory.mktemp("people") / "people.db"
    shutil.copy(migrated_sqlite, path)
    database = Database(f"sqlite:///{path}")
    with database.writing() as session:
        operators.add_people(session)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture
def people(peopled: Path, tmp_path: Path) -> Iterator[Database]:
    """A database with one person of each role, current for this process."""
    shutil.copy(peopled, tmp_path / "portal.db")
    database = use_database(Database(f"sqlite:///{tmp_path / 'portal.db'}"))
    yield database
    database.close()
    database_module._current = None


@pytest.fixture
def visitor(people: Database) -> Iterator[Callable[..., TestClient]]:
    """Return a new browser, at this address."""
    opened: list[TestClient] = []

    def browser(address: str = "192.0.2.1", **more: Any) -> TestClient:
        client = TestClient(
            create_operator_routes(), base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False,
            client=(address, 50000), **more,
        )  # fmt: skip
        opened.append(client)
        return client

    yield browser
    for client in opened:
        client.close()


@pytest.fixture
def signed_in(visitor: Callable[..., TestClient]) -> Callable[..., TestClient]:
    """Return a browser in which somebody of a role is signed in."""

    def browser(role: Role = Role.ADMIN, address: str = "192.0.2.1") -> TestClient:
        client = visitor(address)
        enter(client, operators.PEOPLE[role])
        return client

    return browser


def enter(client: TestClient, email: str, password: str = operators.PASSWORD, **more: str) -> str:
    """Try to sign in, and return where that leads."""
    answer = client.post("/operator/forms/sign-in", data={"email": email, "password": password, **more})
    return answer.headers.get("Location", str(answer.status_code))
