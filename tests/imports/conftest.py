"""A folder to write an operator's files into, and a run over it."""

from collections.abc import Callable
from pathlib import Path

import cast
import pytest
from operator_files import CUSTOMERS, WALLETS, write
from sqlmodel import col, select

from portal_app.database import Database
from portal_app.imports.directory import import_directory
from portal_app.imports.report import Outcome
from portal_app.models.wallet import CreditGrant, WalletTransaction


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


@pytest.fixture
def with_wallets(bring: Callable[..., Outcome]) -> None:
    """Import the customers and their wallets."""
    bring(customers=CUSTOMERS, wallets=WALLETS)


@pytest.fixture
def ledger(database: Database) -> Callable[..., dict[str, object]]:
    """Read a column of all ledger rows in order of wallet and sequence, under their external ids."""

    def read(name: str = "credit_balance_after") -> dict[str, object]:
        order = col(WalletTransaction.wallet_id), col(WalletTransaction.sequence)
        with database.reading() as session:
            rows = session.exec(select(WalletTransaction).order_by(*order))
            return {row.external_id or "": getattr(row, name) for row in rows}

    return read


@pytest.fixture
def grants(database: Database) -> Callable[..., dict[str, object]]:
    """Read what is left of each grant, or another column, under its external id."""

    def read(name: str = "credits_available") -> dict[str, object]:
        with database.reading() as session:
            rows = session.exec(select(CreditGrant).order_by(col(CreditGrant.id)))
            return {row.external_id or "": getattr(row, name) for row in rows}

    return read
