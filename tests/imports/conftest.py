"""A folder to write an operator's files into, and a run over it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cast
import pytest
from sqlmodel import SQLModel, select

from portal_app.database import Database
from portal_app.imports.directory import import_directory
from portal_app.imports.report import Outcome

CUSTOMERS = "external_id,name\nacme,Acme Corp\nglobex,Globex\n"
PLANS = "external_id,name\nbase,Plan Base\n"
WALLETS = "external_id,customer,currency,conversion_rate\nw-acme,acme,USD,0.1\nw-globex,globex,USD,1\n"
INVOICE_HEAD = "external_id,customer,invoice_status,currency,issued_at"
LINE_HEAD = "external_id,invoice,display_name,amount"
LEDGER_HEAD = "external_id,wallet,created_at,type,transaction_reason,credit_amount"

Bring = Callable[..., Outcome]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for the operator's files."""
    path = tmp_path / "files"
    path.mkdir()
    return path


@pytest.fixture
def bring(database: Database, folder: Path) -> Bring:
    """Write files, named by their nouns, and import the folder; texts are CSV unless the name has an ending."""

    def run(*, dry_run: bool = False, **files: str) -> Outcome:
        write(folder, **files)
        return import_directory(database, folder, cast.NOW, dry_run=dry_run)

    return run


def write(folder: Path, **files: str) -> None:
    """Write files into a folder; `customers_jsonl` is customers.jsonl, a plain noun its CSV."""
    for name, text in files.items():
        stem, _, ending = name.rpartition("_") if name.endswith(("_jsonl", "_toml")) else (name, "", "csv")
        (folder / f"{stem}.{ending}").write_text(text, encoding="utf-8", newline="")


def told(outcome: Outcome) -> list[str]:
    """Return what a run objects to, as its lines on screen."""
    return [str(problem) for problem in outcome.problems]


def counts(outcome: Outcome) -> dict[str, tuple[int, int, int]]:
    """Return how many rows of each noun were added, changed, and left as they were."""
    return {name: (tally.added, tally.changed, tally.unchanged) for name, tally in outcome.tallies.items()}


def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table, to compare what a run has changed."""
    with database.reading() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]
            for table in SQLModel.metadata.sorted_tables
        }
