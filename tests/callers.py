"""Who calls the API in tests: the operator's program, a customer's own front end, a stranger."""

from __future__ import annotations

import cast
from fastapi import FastAPI
from fastapi.testclient import TestClient

from portal_app import clock
from portal_app.access.api_keys import Scope
from portal_app.database import Database


def stranger(api: FastAPI) -> TestClient:
    """Return a client without any credential."""
    return TestClient(api, raise_server_exceptions=False)


def program_with(api: FastAPI, database: Database, *scopes: Scope) -> TestClient:
    """Return a program of the operator's with these scopes, or all of them."""
    return _with(api, {"x-api-key": cast.api_key(database, *scopes, now=clock.utc_now())})


def portal_of(api: FastAPI, database: Database, external_id: str) -> TestClient:
    """Return a front end with a live session of this customer."""
    return _with(api, {"X-Session-Token": cast.mint(database, external_id, now=clock.utc_now()).token})


def _with(api: FastAPI, headers: dict[str, str]) -> TestClient:
    return TestClient(api, headers=headers, raise_server_exceptions=False)
