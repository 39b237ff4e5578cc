"""What a customer's details say: the profile, the links, the data as the customer sees them, the activity."""

from __future__ import annotations

from enum import StrEnum

import reflex as rx

from portal_app import clock
from portal_app.access.principal import CustomerId
from portal_app.billing.periods import Preset
from portal_app.billing.statuses import RecordStatus
from portal_app.commands.mint_session import MintTerms, mint_session
from portal_app.commands.use_session import revoke_session, revoke_sessions_of_customer
from portal_app.display import Display
from portal_app.errors import NotFound
from portal_app.labels import RECORD_STATUSES
from portal_app.queries.audit import AuditSearch, search_audit_of_operator
from portal_app.queries.customers import customer_id_of_operator, get_profile
from portal_app.queries.invoice_search import InvoiceSearch
from portal_app.queries.invoices import search_invoices
from portal_app.queries.session_list import list_links
from portal_app.queries.subscriptions import list_subscriptions
from portal_app.queries.usage import usage_of_preset
from portal_app.queries.wallets import list_wallets
from portal_app.settings import get_settings
from portal_app.texts import gettext as _
from portal_app.texts import ngettext
from portal_app.ui.addresses import address, clean, page_number
from portal_app.ui.components.badges import NO_BADGE, BadgeRow, badge_row
from portal_app.ui.components.invoice_table import InvoiceRow, invoice_row
from portal_app.ui.components.pager import NO_PAGER, PagerRow, invoices_counted, pager_row
from portal_app.ui.components.subscription_card import SubscriptionRow, subscription_row
from portal_app.ui.components.time_range import Choice
from portal_app.ui.components.wallet_card import WalletRow, wallet_row
from portal_app.ui.loading import or_reference
from portal_app.ui.operator.addresses import CUSTOMER
from portal_app.ui.operator.audit_rows import AuditRow, audit_row
from portal_app.ui.operator.customer.rows import LinkRow, UsedRow, link_row, used_rows
from portal_app.ui.operator.gate import Desk
from portal_app.ui.operator.told import told
from portal_app.ui.profile import NO_PROFILE, ProfileRow, profile_row


class Part(StrEnum):
    """The parts of the page."""

    INFORMATION = "information"
    SESSIONS = "sessions"
    DATA = "data"
    ACTIVITY = "activity"
    PREVIEW = "preview"


WORDS = {
    Part.INFORMATION: _("Information"),
    Part.SESSIONS: _("Sessions"),
    Part.DATA: _("Data"),
    Part.ACTIVITY: _("Activity"),
    Part.PREVIEW: _("Preview"),
}


class CustomerState(Desk):
    """The finished texts of one customer."""

    public_id: str = ""
    profile: ProfileRow = NO_PROFILE
    created: str = ""
    badge: BadgeRow = NO_BADGE
    may_open: bool = False
    part: str = ""
    parts: list[Choice] = []
    links: list[LinkRow] = []
    wallets: list[WalletRow] = []
    subscriptions: list[SubscriptionRow] = []
    invoices: list[InvoiceRow] = []
    usage: list[UsedRow] = []
    activity: list[AuditRow] = []
    pager: PagerRow = NO_PAGER
    preview_url: str = ""
    is_missing: bool = False
    notice: str = ""
    failed: str = ""
    is_loaded: bool = False

    @rx.event
    @told
    async def load(self) -> None:
        """Load the customer, and the part of the page that the address names."""
        parameters = self._parameters()
        self.public_id = parameters.get("id", "")[:40]
        named = parameters.get("tab", "")
        part = Part(named) if named in set(Part) else Part.INFORMATION
        self.part, self.notice, self.preview_url = part.value, "", ""
        self.parts = [
            Choice(label=words, name=words, to=self._to(one), current=one is part) for one, words in WORDS.items()
        ]
        try:
            __, self.failed = await or_reference(self._load(part, page_number(parameters.get("page", ""))))
        except NotFound:
            self.is_missing = True
        self.is_loaded = True

    @rx.event
    @told
    async def revoke(self, jti: str) -> None:
        """End one link; pages that it opened empty themselves within seconds."""
        now, who = clock.utc_now(), self._who()
        try:
            await self._do(revoke_session, clean(jti), _("revoked by the operator"), who.actor, now)
        except NotFound:
            return
        self.notice = _("The link is ended. Pages it opened are empty within seconds.")
        __, self.failed = await or_reference(self._load(Part.SESSIONS, 1))

    @rx.event
    @told
    async def revoke_all(self) -> None:
        """End every live link of this customer."""
        now, who, whom = clock.utc_now(), self._who(), self.profile["external_id"]
        try:
            count = await self._do(revoke_sessions_of_customer, whom, _("revoked by the operator"), who.actor, now)
        except NotFound:
            return
        words = ngettext("{count} link is ended.", "{count} links are ended.", count)
        self.notice = words.format(count=self._display().count(count))
        __, self.failed = await or_reference(self._load(Part.SESSIONS, 1))

    @rx.event
    @told
    async def preview(self) -> None:
        """Mint a preview of this customer's portal and frame it."""
        now, who = clock.utc_now(), self._who()
        terms = MintTerms(address=self._address(), is_preview=True)
        whom = self.profile["external_id"]
        try:
            minted = await self._do(mint_session, get_settings(), whom, who.actor, now, terms)
        except NotFound as error:
            self.notice = str(error)
            return
        self.preview_url = minted.url

    async def _load(self, part: Part, number: int) -> None:
        customer = await self._ask(customer_id_of_operator, self.public_id or "-")
        profile = await self._ask(get_profile, customer)
        display = self._display(profile.timezone)
        self.profile, self.created = profile_row(profile, display), display.date(profile.created_at)
        self.badge, self.may_open = badge_row(RECORD_STATUSES[profile.status]), profile.status is RecordStatus.PUBLISHED
        self.is_missing = False
        if part is Part.SESSIONS:
            await self._load_links(customer, display, number)
        elif part is Part.DATA:
            await self._load_data(customer, display, number)
        elif part is Part.ACTIVITY:
            await self._load_activity(customer, number)

    async def _load_links(self, customer: CustomerId, display: Display, number: int) -> None:
        now, display = clock.utc_now(), self._display()
        page = await self._ask(list_links, customer, number)
        self.links = [link_row(link, display, now) for link in page.items]
        counted = ngettext("{count} link", "{count} links", page.total).format(count=display.count(page.total))
        self.pager = pager_row(page, display, counted, CUSTOMER, id=self.public_id, tab=Part.SESSIONS.value)

    async def _load_data(self, customer: CustomerId, display: Display, number: int) -> None:
        now = clock.utc_now()
        self.wallets = [wallet_row(wallet, display) for wallet in await self._ask(list_wallets, customer, now)]
        found = await self._ask(list_subscriptions, customer, now)
        self.subscriptions = [subscription_row(subscription, display) for subscription in found]
        page = await self._ask(search_invoices, customer, InvoiceSearch(), display.zone, now, number)
        self.invoices = [invoice_row(invoice, display) for invoice in page.items]
        counted = invoices_counted(page.total, display)
        self.pager = pager_row(page, display, counted, CUSTOMER, id=self.public_id, tab=Part.DATA.value)
        report = await self._ask(usage_of_preset, customer, Preset.LAST_MONTH, now)
        self.usage = used_rows(report, display)

    async def _load_activity(self, customer: CustomerId, number: int) -> None:
        page = await self._ask(search_audit_of_operator, AuditSearch(customer_id=customer), number)
        display = self._display()
        self.activity = [audit_row(entry, display) for entry in page.items]
        self.pager = PagerRow(
            summary=_("Page {number}").format(number=display.count(page.number)),
            newer=self._to(Part.ACTIVITY, number - 1) if number > 1 else "",
            older=self._to(Part.ACTIVITY, number + 1) if page.has_more else "",
        )

    def _to(self, part: Part, number: int = 1) -> str:
        named = "" if part is Part.INFORMATION else part.value
        return address(CUSTOMER, id=self.public_id, tab=named, page=number)
