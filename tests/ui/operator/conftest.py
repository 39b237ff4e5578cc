"""A running portal with both surfaces, whose doors ask the register every fifth of a second."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from operators import running_operator
from server import RunningPortal

HERE = Path(__file__).parent
OFTEN = (
    "import os\n"
    "from portal_app.ui import gate\n"
    "gate.RECHECK_SECONDS = 0.2\n"
    "from portal_app.ui.operator import gate as desk\n"
    "desk.RECHECK_SECONDS = 0.2\n"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of this server on one worker."""
    for item in items:
        if HERE in Path(item.path).parents:
            item.add_marker(pytest.mark.xdist_group("operator"))


@pytest.fixture(scope="session")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """The running portal."""
    with running_operator(tmp_path_factory.mktemp("operator"), prelude=OFTEN) as portal:
        yield portal
