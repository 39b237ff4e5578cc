"""Post long ledgers: by the rules of post_ledger.py, but stored some hundred rows at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import insert

from portal_app.billing.ledger import Grant
from portal_app.commands.post_ledger import LedgerEntry, LedgerPoster
from portal_app.database import Session
from portal_app.models.wallet import CreditGrant, Wallet, WalletTransaction

BATCH = 500
ONE_STATEMENT = insert(WalletTransaction).execution_options(render_nulls=True)
"""Rows with and without a value for a column are inserted together."""


class BatchPoster(LedgerPoster):
    """A poster whose rows wait until there are many.

    A new grant gets its inner key when it is stored; until then a negative one stands for it.
    """

    def __init__(self, session: Session, wallet: Wallet, now: datetime) -> None:
        """Begin where the wallet's ledger ends."""
        super().__init__(session, wallet, now)
        self._waiting: list[dict[str, Any]] = []
        self._fresh: dict[int, CreditGrant] = {}
        self._last_key = 0

    def add(self, entry: LedgerEntry) -> bool:
        """Add one row to the ledger, and tell whether it brings a grant or takes from the one it names.

        Raises:
            LedgerOverdrawn: a completed debit exceeds the balance.
            LedgerOutOfOrder: the entry is older than the wallet's last row.
        """
        values = self._advance(entry)
        self._waiting.append(values)
        if len(self._waiting) >= BATCH:
            self.flush()
        return values["grant_id"] is not None

    def flush(self) -> None:
        """Store what has been added so far."""
        self._session.add_all(self._fresh.values())
        self._session.flush()
        rows = [_complete(values, self._fresh) for values in self._waiting]
        if rows:
            self._session.exec(ONE_STATEMENT, params=rows)
        self._waiting.clear()
        self._fresh = {key: row for key, row in self._fresh.items() if key in self._rows}

    def finish(self) -> None:
        """Store the rest, and write back what is left of each grant."""
        self.flush()
        super().finish()

    def _key_of_new(self, row: CreditGrant) -> int:
        self._last_key -= 1
        self._fresh[self._last_key] = row
        return self._last_key

    def _named(self, external_id: str) -> Grant | None:
        for key, row in self._rows.items():
            if row.external_id == external_id:
                return self._hold(row, key)
        self.flush()
        return super()._named(external_id)


def _complete(values: dict[str, Any], fresh: dict[int, CreditGrant]) -> dict[str, Any]:
    """Return a row's values with its grant's inner key and the defaults that an object would have made."""
    for name, field in WalletTransaction.model_fields.items():
        if name not in values and name != "id":
            values[name] = field.get_default(call_default_factory=True)
    grant = fresh.get(values["grant_id"])
    return values | {"grant_id": grant.id} if grant else values
