"""Running portals to ask over HTTP: one as in production, and one as in development."""

from __future__ import annotations

from collections.abc import Iterator

import cast
import httpx2
import pytest
from bent import Knobs
from canaries import fill
from server import RunningPortal, running_portal

from portal_app import clock
from portal_app.access.api_keys import Scope

HOST = "billing.northwind.example"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of the two servers on one worker."""
    for item in items:
        if {"production", "development"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group("web"))


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    folder = tmp_path_factory.mktemp("production")
    environment = {
        "PORTAL_ENV": "production",
        "PORTAL_PUBLIC_URL": f"https://{HOST}",
        "PORTAL_EMBED_ORIGINS": "https://app.northwind.example https://acme.example",
    }
    prelude = Knobs(folder).prelude
    with running_portal(folder, fill=fill, environment=environment, prelude=prelude) as portal:
        yield portal


@pytest.fixture(scope="session")
def development(demo_portal: RunningPortal) -> RunningPortal:
    return demo_portal


@pytest.fixture
def knobs(production: RunningPortal) -> Iterator[Knobs]:
    knobs = Knobs(production.log.parent)
    yield knobs
    knobs.back()


@pytest.fixture
def http(production: RunningPortal) -> Iterator[httpx2.Client]:
    """A client of the portal in production that follows no redirect."""
    with httpx2.Client(base_url=production.origin, headers={"Host": HOST}) as client:
        yield client


@pytest.fixture(scope="session")
def key(production: RunningPortal) -> str:
    """A key that may mint."""
    return cast.api_key(production.database, Scope.MINT, now=clock.utc_now())
