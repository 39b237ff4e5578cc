"""One row of a ledger: what is wrong with it, whether it is as posted, and the entry that posts it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from portal_app.billing.money import MONEY_SCALE, is_worth, plain, value_of_credits
from portal_app.billing.statuses import ReferenceType, TransactionStatus, TransactionType
from portal_app.commands.external_rows import Target
from portal_app.commands.post_ledger import GrantTerms, LedgerEntry
from portal_app.imports.columns import Objection
from portal_app.imports.kinds import fitting
from portal_app.imports.nouns import TRANSACTIONS
from portal_app.imports.problems import BadCell, quoted
from portal_app.imports.run import attributes, described
from portal_app.imports.scratch import StagedRow
from portal_app.models.wallet import Wallet, WalletTransaction

_ANYTHING_IF_EMPTY = {"amount", "credit_balance_after", "reference_type"}


@dataclass(slots=True)
class Known:
    """What the rows of a batch refer to, and which of them are posted already, each with its grant's external id."""

    targets: dict[tuple[str, str], Target]
    posted: dict[str, tuple[WalletTransaction, str | None]]
    grants: dict[str, StagedRow]
    brought: set[str]
    """The external ids of grants that a credit has brought so far."""


def differences(row: StagedRow, known: Known) -> Iterator[Objection]:
    """Yield what a row says differently from the ledger, where it is posted already."""
    posted, grant = known.posted[row.key]
    for name, after in attributes(TRANSACTIONS, row.values, known.targets).items():
        column = next(column for column in TRANSACTIONS.columns if column.attribute == name)
        before = grant if column.name == "grant" else getattr(posted, name)
        if before == after or (after is None and name in _ANYTHING_IF_EMPTY):
            continue
        told = "names another one" if column.refers_to else f"is {described(before)}, not {described(after)},"
        yield column.name, f"{told} in the ledger, whose rows never change"


def objections(row: StagedRow, wallet: Wallet, balance: Decimal, known: Known) -> Iterator[Objection]:
    """Yield why a new row cannot be posted to a wallet that holds `balance`."""
    yield from _amount(row, wallet)
    yield from _grant(row, known)
    invoice = known.targets.get(("invoice", row.values.get("invoice") or ""))
    if invoice and invoice.customer_id != wallet.customer_id:
        yield "invoice", f"{quoted(row.values['invoice'])} belongs to another customer"
    if row.values["type"] is TransactionType.CREDIT:
        yield from _fits("credit_amount", balance + row.values["credit_amount"])


def entry_of(row: StagedRow, known: Known) -> LedgerEntry:
    """Return the entry that posts a row."""
    values = row.values
    invoice = known.targets.get(("invoice", values.get("invoice") or ""))
    return LedgerEntry(
        type=values["type"],
        reason=values["transaction_reason"],
        credits=values["credit_amount"],
        at=values["created_at"],
        status=values.get("transaction_status", TransactionStatus.COMPLETED),
        grant=_terms(row, known),
        amount=values.get("amount"),
        invoice_id=invoice.key if invoice else None,
        reference_type=values.get("reference_type") or (ReferenceType.INVOICE if invoice else ReferenceType.EXTERNAL),
        reference_id=values.get("reference_id", ""),
        description=values.get("description", ""),
        external_id=row.key,
    )


def brings_grant(row: StagedRow) -> bool:
    """Tell whether a row is a completed credit that names the terms it comes with."""
    completed = row.values.get("transaction_status", TransactionStatus.COMPLETED) is TransactionStatus.COMPLETED
    return bool(row.values.get("grant")) and completed and row.values["type"] is TransactionType.CREDIT


def _terms(row: StagedRow, known: Known) -> GrantTerms:
    named = row.values.get("grant")
    if named is None or not brings_grant(row):
        return GrantTerms(external_id=named)
    values = known.grants[named].values
    return GrantTerms(
        name=values.get("name", ""),
        priority=values.get("priority"),
        is_purchased=values.get("is_purchased"),
        expires_at=values.get("expires_at"),
        external_id=named,
    )


def _amount(row: StagedRow, wallet: Wallet) -> Iterator[Objection]:
    credits_, told = row.values["credit_amount"], row.values.get("amount")
    rate = wallet.conversion_rate
    worth = value_of_credits(credits_, rate)
    yield from _fits("credit_amount", worth)
    if told is not None and not is_worth(credits_, told, rate):
        yield "amount", f"{plain(credits_)} credits at {plain(rate)} are worth {plain(worth)}, not {plain(told)}"


def _grant(row: StagedRow, known: Known) -> Iterator[Objection]:
    named = row.values.get("grant")
    if named is None:
        return
    terms = known.grants.get(named)
    if named not in known.brought and terms is None:
        yield "grant", f"there is no grant {quoted(named)}"
    elif row.values["type"] is TransactionType.DEBIT:
        return
    elif not brings_grant(row):
        yield "grant", "is named by a credit that is not completed, and so brings none"
    elif named in known.brought:
        yield "grant", f"{quoted(named)} has been brought by another credit"
    elif terms and terms.values["wallet"] != row.parent:
        yield "grant", f"{quoted(named)} belongs to another wallet"
    elif terms and terms.values.get("credits") not in {None, row.values["credit_amount"]}:
        yield "credit_amount", f"is not the {plain(terms.values['credits'])} credits of its grant"


def _fits(column: str, value: Decimal) -> Iterator[Objection]:
    try:
        fitting(value, MONEY_SCALE)
    except BadCell as fault:
        yield column, str(fault)
