"""A running portal with Acme and Globex in it, once with its states in memory and once in Redis."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from canaries import fill, secrets_of
from redis_server import running_redis
from server import RunningPortal, running_portal

BENT = """
import time
from pathlib import Path
from portal_app.errors import Unavailable
from portal_app.queries import access, wallets

knobs = Path({knobs!r})


def slow(query):
    def answer(*arguments, **options):
        found = query(*arguments, **options)
        while (knobs / "slow").exists():
            time.sleep(0.01)
        return found

    return answer


def broken(query):
    def answer(*arguments, **options):
        if (knobs / "unavailable").exists():
            raise Unavailable
        if (knobs / "broken").exists():
            raise RuntimeError((knobs / "broken").read_text())
        return query(*arguments, **options)

    return answer


wallets.list_wallets = slow(wallets.list_wallets)
access.check_session_of_anyone = broken(access.check_session_of_anyone)

from portal_app.ui import gate

gate.RECHECK_SECONDS = 0.2
"""


@pytest.fixture(scope="session", params=["memory", "redis"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """A portal that asks the register of sessions every fifth of a second, and that `knob` bends."""
    folder = tmp_path_factory.mktemp(request.param)
    prelude = BENT.format(knobs=str(folder))
    if request.param == "memory":
        with running_portal(folder, fill=fill, prelude=prelude) as portal:
            yield portal
        return
    with (
        running_redis() as address,
        running_portal(folder, fill=fill, prelude=prelude, environment={"REFLEX_REDIS_URL": address}) as portal,
    ):
        yield portal


class Knobs:
    """Files that bend the running server for a while.

    `slow`: reading wallets does not end. `unavailable`: the register of sessions does not answer.
    `broken`: it raises an error with the text given.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def turn(self, name: str, text: str = "") -> None:
        (self._folder / name).write_text(text)

    def back(self) -> None:
        for name in ("slow", "unavailable", "broken"):
            (self._folder / name).unlink(missing_ok=True)


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
