"""A running portal with Acme and Globex in it, once with its states in memory and once in Redis."""

from collections.abc import Iterator

import pytest
from bent import Knobs
from canaries import fill, secrets_of
from redis_server import running_redis
from server import RunningPortal, running_portal

OFTEN = "from portal_app.ui import gate\ngate.RECHECK_SECONDS = 0.2\n"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one server on one worker."""
    for item in items:
        kind = getattr(getattr(item, "callspec", None), "params", {}).get("served")
        if kind:
            item.add_marker(pytest.mark.xdist_group(f"gate-{kind}"))


@pytest.fixture(scope="session")
def redis_address() -> Iterator[str]:
    with running_redis() as address:
        yield address


@pytest.fixture(scope="session", params=["memory", "redis"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """A portal that asks the register of sessions every fifth of a second, and that `knobs` bend."""
    folder = tmp_path_factory.mktemp(request.param)
    prelude = Knobs(folder).prelude + OFTEN
    if request.param == "memory":
        with running_portal(folder, fill=fill, prelude=prelude) as portal:
            yield portal
        return
    environment = {"REFLEX_REDIS_URL": request.getfixturevalue("redis_address")}
    with running_portal(folder, fill=fill, prelude=prelude, environment=environment) as portal:
        yield portal


@pytest.fixture
def knobs(served: RunningPortal) -> Iterator[Knobs]:
    knobs = Knobs(served.log.parent)
    yield knobs
    knobs.back()


@pytest.fixture
def portal(served: RunningPortal, knobs: Knobs) -> RunningPortal:
    """The running portal, unbent."""
    return served


@pytest.fixture(scope="session")
def acmes(served: RunningPortal) -> set[str]:
    """What only Acme may see."""
    return secrets_of(served, "acme")


@pytest.fixture(scope="session")
def globexes(served: RunningPortal) -> set[str]:
    """What only Globex may see."""
    return secrets_of(served, "globex")
