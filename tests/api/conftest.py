"""Callers of the API, on a database of their own each time."""

import callers
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from portal_app.access.api_keys import Scope
from portal_app.api.app import create_api


@pytest.fixture(scope="session")
def api() -> FastAPI:
    """The application; it asks for the current database on every call."""
    return create_api()


@pytest.fixture
def stranger(api, database) -> TestClient:
    """Someone without any credential."""
    return callers.stranger(api)


@pytest.fixture
def program(api, database) -> TestClient:
    """A program of the operator's that may do everything."""
    return callers.program_with(api, database)


@pytest.fixture
def reading_program(api, database) -> TestClient:
    """A program of the operator's that may only read."""
    return callers.program_with(api, database, Scope.READ)


@pytest.fixture
def acme_id(program) -> str:
    """Acme, as the API knows it."""
    return program.post("/v1/customers", json={"external_id": "acme", "name": "Acme Corp"}).json()["id"]


@pytest.fixture
def globex_id(program) -> str:
    """Globex, as the API knows it."""
    return program.post("/v1/customers", json={"external_id": "globex", "name": "Globex"}).json()["id"]


@pytest.fixture
def acme_portal(api, database, acme_id) -> TestClient:
    """Acme's own front end, with a live session."""
    return callers.portal_of(api, database, "acme")


@pytest.fixture
def globex_portal(api, database, globex_id) -> TestClient:
    """Globex's own front end, with a live session."""
    return callers.portal_of(api, database, "globex")
