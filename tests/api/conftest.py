"""Callers of the API: the operator's program, Acme's own front end, and a stranger."""

from collections.abc import Iterator

import cast
import pytest
from fastapi.testclient import TestClient

from portal_app import clock
from portal_app.access.api_keys import Scope
from portal_app.api.app import create_api


@pytest.fixture
def stranger(database) -> Iterator[TestClient]:
    """Someone without any credential."""
    with TestClient(create_api(), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def program(stranger, database) -> TestClient:
    """A program of the operator's that may do everything."""
    return caller(stranger, {"x-api-key": cast.api_key(database, now=clock.utc_now())})


@pytest.fixture
def reading_program(stranger, database) -> TestClient:
    """A program of the operator's that may only read."""
    return caller(stranger, {"x-api-key": cast.api_key(database, Scope.READ, now=clock.utc_now())})


def caller(client: TestClient, headers: dict[str, str]) -> TestClient:
    """The same application, called with these headers."""
    return TestClient(client.app, headers=headers, raise_server_exceptions=False)
