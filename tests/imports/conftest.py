"""A folder to write an operator's files into, and a run over it."""

from collections.abc import Callable
from pathlib import Path

import cast
import pytest
from operator_files import write

from portal_app.database import Database
from portal_app.imports.directory import import_directory
from portal_app.imports.report import Outcome


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for the operator's files."""
    path = tmp_path / "files"
    path.mkdir()
    return path


@pytest.fixture
def bring(database: Database, folder: Path) -> Callable[..., Outcome]:
    """Write files, named by their nouns, and import the folder with all that lies in it."""

    def run(*, dry_run: bool = False, report: Path | None = None, **files: str) -> Outcome:
        write(folder, **files)
        return import_directory(database, folder, cast.NOW, dry_run=dry_run, report=report)

    return run
