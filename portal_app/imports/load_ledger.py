"""Load the ledgers, wallet by wallet and oldest first: rows that are posted are compared, new ones are posted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal_app.billing.money import plain
from portal_app.commands.external_rows import find_rows, find_targets, find_transactions
from portal_app.commands.post_ledger import LedgerOutOfOrder, LedgerOverdrawn
from portal_app.commands.post_ledger_in_batches import BatchPoster
from portal_app.imports.columns import Objection
from portal_app.imports.ledger_rows import Known, brings_grant, differences, entry_of, objections
from portal_app.imports.nouns import GRANTS, TRANSACTIONS
from portal_app.imports.problems import quoted
from portal_app.imports.run import Run, attributes, moved
from portal_app.imports.scratch import StagedRow
from portal_app.models.wallet import CreditGrant, Wallet


def load_ledger(run: Run) -> None:
    """Change the terms of grants, post the transactions that are new, and refuse those that are not as posted."""
    for batch in run.scratch.batches(GRANTS):
        _change_grants(run, batch)
    total, done = run.scratch.count(TRANSACTIONS), 0
    ledgers = _Ledgers(run)
    for batch in run.scratch.ordered_batches(TRANSACTIONS):
        ledgers.load(batch)
        done += len(batch)
        run.advance(TRANSACTIONS, done, total)
    ledgers.close()
    _refuse_grants_that_nothing_brings(run)


def _change_grants(run: Run, batch: Sequence[StagedRow]) -> None:
    targets = run.resolve(GRANTS, batch)
    stored = find_rows(run.session, CreditGrant, [row.key for row in batch])
    for row in batch:
        grant = stored.get(row.key)
        if grant is None or row.bad:
            continue
        given = attributes(GRANTS, row.values, targets)
        told = {name: value for name, value in given.items() if value is not None or name in {"priority", "expires_at"}}
        found = list(moved(GRANTS, grant, told))
        run.refuse(row, found)
        if not found:
            run.note(GRANTS, grant, is_new=False, has_changed=run.change(grant, told))
    run.session.flush()


def _refuse_grants_that_nothing_brings(run: Run) -> None:
    if TRANSACTIONS.name in run.scratch.lossy:
        return
    blamed = {row.values.get("grant") for row in run.scratch.bad_rows(TRANSACTIONS)}
    for batch in run.scratch.batches(GRANTS):
        stored = find_targets(run.session, CreditGrant, [row.key for row in batch])
        for row in batch:
            if row.key not in stored and row.key not in blamed:
                run.refuse(row, [("", f"no completed credit in transactions brings the grant {quoted(row.key)}")])


@dataclass(slots=True)
class _Ledgers:
    """Where the passing rows have come to: a wallet, the poster of its ledger, and whether that can be relied on."""

    run: Run
    wallet: Wallet | None = None
    wallet_key: str = ""
    poster: BatchPoster | None = None
    is_broken: bool = False
    """A row of this ledger is bad: what its balance is from then on, nobody knows."""

    def load(self, batch: Sequence[StagedRow]) -> None:
        """Load some rows, of the wallet that the last rows were of or of following ones."""
        known = self._look_up([row for row in batch if not row.bad])
        for row in batch:
            if row.parent != self.wallet_key:
                self.close()
                self.wallet_key, self.is_broken = row.parent, TRANSACTIONS.name in self.run.scratch.lossy
            if not row.bad:
                self._load(row, known)
            self.is_broken = self.is_broken or row.bad
        if self.poster:
            self.poster.flush()

    def close(self) -> None:
        """Write back what is left of the grants of the last wallet."""
        if self.poster:
            self.poster.finish()
        self.poster = self.wallet = None

    def _look_up(self, rows: Sequence[StagedRow]) -> Known:
        named = {row.values["grant"] for row in rows if row.values.get("grant")}
        return Known(
            targets=self.run.resolve(TRANSACTIONS, rows, leaving="grant"),
            posted=find_transactions(self.run.session, [row.key for row in rows]),
            grants=self.run.scratch.by_key(GRANTS, named) if named else {},
            brought=set(find_targets(self.run.session, CreditGrant, named)) if named else set(),
        )

    def _load(self, row: StagedRow, known: Known) -> None:
        if row.key in known.posted:
            self.run.refuse(row, differences(row, known))
            self.run.tally(TRANSACTIONS).unchanged += not row.bad
        elif self._is_about_a_bad_grant(row, known):
            self.run.scratch.mark_bad(row)
        else:
            self._post(row, known)

    def _is_about_a_bad_grant(self, row: StagedRow, known: Known) -> bool:
        named = row.values.get("grant")
        if named is None or named in known.brought:
            return False
        return known.grants[named].bad if named in known.grants else GRANTS.name in self.run.scratch.lossy

    def _post(self, row: StagedRow, known: Known) -> None:
        wallet, poster = self._opened()
        found = list(objections(row, wallet, poster.balance, known)) or self._try_to_post(row, poster, known)
        self.run.refuse(row, found)
        if row.bad:
            return
        self.run.tally(TRANSACTIONS).added += 1
        if brings_grant(row):
            known.brought.add(row.values["grant"])
            self.run.tally(GRANTS).added += 1

    def _try_to_post(self, row: StagedRow, poster: BatchPoster, known: Known) -> list[Objection]:
        try:
            has_grant = poster.add(entry_of(row, known))
        except LedgerOutOfOrder as fault:
            return [("created_at", str(fault))]
        except LedgerOverdrawn as fault:
            if not self.is_broken:
                held, asked = plain(fault.balance), plain(fault.debit)
                return [("credit_amount", f"the balance is {held} credits, so {asked} cannot be taken")]
            self.run.scratch.mark_bad(row)
            return []
        named, told = row.values.get("grant"), row.values.get("credit_balance_after")
        if named and not has_grant:
            return [("grant", f"no credit before this row brings the grant {quoted(named)} into this wallet")]
        if told is not None and told != poster.balance and not self.is_broken:
            return [("credit_balance_after", f"the balance is {plain(poster.balance)}, not {plain(told)}")]
        return []

    def _opened(self) -> tuple[Wallet, BatchPoster]:
        if self.wallet is None or self.poster is None:
            self.wallet = find_rows(self.run.session, Wallet, [self.wallet_key])[self.wallet_key]
            self.poster = BatchPoster(self.run.session, self.wallet, self.run.now)
        return self.wallet, self.poster
