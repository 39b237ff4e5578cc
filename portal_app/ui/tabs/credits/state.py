"""What Credits says: one wallet, and its ledger page by page."""

from __future__ import annotations

from typing import Any, TypedDict

from portal_app import clock
from portal_app.access.downloads import FileKind
from portal_app.billing.statuses import TransactionStatus, TransactionType
from portal_app.display import Display
from portal_app.errors import NotFound, Unavailable
from portal_app.labels import TRANSACTION_REASONS, TRANSACTION_STATUSES
from portal_app.queries.wallets import Transaction, WalletSummary, list_transactions, list_wallets
from portal_app.texts import gettext as _
from portal_app.ui.addresses import CREDITS, INVOICES, address, page_number
from portal_app.ui.components.badges import NO_BADGE, BadgeRow, badge_row
from portal_app.ui.components.pager import NO_PAGER, PagerRow, pager_row, transactions_counted
from portal_app.ui.components.wallet_card import NO_WALLET, WalletRow, wallet_row
from portal_app.ui.downloads import file_download
from portal_app.ui.gate import Portal, portal_event
from portal_app.ui.loading import or_reference


class WalletChoice(TypedDict):
    """One wallet of the selector."""

    label: str
    to: str
    current: bool


class TransactionRow(TypedDict):
    """One row of the ledger as the table shows it."""

    id: str
    reason: str
    detail: str
    invoice: str
    invoice_to: str
    date: str
    moment: str
    expiry: str
    priority: str
    amount: str
    exact_amount: str
    credits: str
    sign: str
    badge: BadgeRow


class CreditsState(Portal):
    """The Credits tab's finished texts."""

    choices: list[WalletChoice] = []
    wallet: WalletRow = NO_WALLET
    transactions: list[TransactionRow] = []
    pager: PagerRow = NO_PAGER
    failed: str = ""
    is_loaded: bool = False

    @portal_event()
    async def load(self) -> None:
        """Load the wallet and the page of its ledger that the address names; the first wallet if it names none."""
        display, parameters = self._display(), self._parameters()
        wallets, self.failed = await or_reference(self._ask(list_wallets, clock.utc_now()))
        chosen = _chosen(wallets or [], parameters.get("wallet", ""))
        self.choices = _choices(wallets or [], chosen)
        self.wallet = wallet_row(chosen, display) if chosen else NO_WALLET
        self.transactions, self.pager = [], NO_PAGER
        if chosen:
            number = page_number(parameters.get("page", ""))
            page, self.failed = await or_reference(self._ask(list_transactions, chosen.public_id, number))
            if page:
                total = transactions_counted(page.total, display)
                self.transactions = [transaction_row(row, display) for row in page.items]
                self.pager = pager_row(page, display, total, CREDITS, wallet=parameters.get("wallet", ""))
        self.is_loaded = True

    @portal_event()
    async def export(self) -> Any:
        """Download the whole ledger of the wallet on screen as CSV."""
        try:
            await self._ask(list_transactions, self.wallet["id"])
        except NotFound:
            return None
        except Unavailable:
            pass  # the file itself says why it does not come
        return file_download(self, FileKind.TRANSACTIONS_CSV, self.wallet["id"])


def transaction_row(row: Transaction, display: Display) -> TransactionRow:
    """Word one row of a ledger."""
    plain = row.status is TransactionStatus.COMPLETED
    return TransactionRow(
        id=row.public_id,
        reason=TRANSACTION_REASONS[row.reason],
        detail=row.description or row.grant_name,
        invoice=row.invoice_number or "",
        invoice_to=address(INVOICES, invoice=row.invoice_public_id) if row.invoice_public_id else "",
        date=display.date(row.at),
        moment=display.moment(row.at),
        expiry=display.date(row.expires_at) if row.expires_at else "",
        priority=str(row.priority) if row.priority is not None else "",
        amount=display.signed_money(row.value),
        exact_amount=display.exact_money(row.value),
        credits=display.signed_credits(row.credits),
        sign="plus" if row.type is TransactionType.CREDIT else "minus",
        badge=NO_BADGE if plain else badge_row(TRANSACTION_STATUSES[row.status]),
    )


def _chosen(wallets: list[WalletSummary], public_id: str) -> WalletSummary | None:
    named = [wallet for wallet in wallets if wallet.public_id == public_id]
    return next(iter([*named, *wallets]), None)


def _choices(wallets: list[WalletSummary], chosen: WalletSummary | None) -> list[WalletChoice]:
    if len(wallets) < 2:  # noqa: PLR2004 (nothing to choose from)
        return []
    return [
        WalletChoice(
            label=wallet.name or _("{currency} wallet").format(currency=wallet.currency.upper()),
            to=address(CREDITS, wallet=wallet.public_id),
            current=wallet is chosen,
        )
        for wallet in wallets
    ]
