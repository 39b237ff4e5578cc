"""What the audit log says: a page of entries, and what they are filtered by."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal_app.queries.audit import AuditSearch, search_audit_of_operator
from portal_app.texts import gettext as _
from portal_app.ui.addresses import address, clean, page_number
from portal_app.ui.components.pager import NO_PAGER, PagerRow
from portal_app.ui.loading import or_reference
from portal_app.ui.operator.addresses import AUDIT
from portal_app.ui.operator.audit_rows import AuditRow, audit_row
from portal_app.ui.operator.gate import Desk
from portal_app.ui.operator.told import told

FILTERS = ("action", "actor", "since", "until")
MAX_CHARACTERS = 255


class AuditState(Desk):
    """The audit log's finished texts."""

    rows: list[AuditRow] = []
    pager: PagerRow = NO_PAGER
    chosen: dict[str, str] = dict.fromkeys(FILTERS, "")
    problem: str = ""
    export_to: str = ""
    failed: str = ""
    is_loaded: bool = False

    @rx.event
    @told
    async def load(self) -> None:
        """Load the page of entries that the address names."""
        parameters, display = self._parameters(), self._display()
        kept = {name: parameters.get(name, "")[:MAX_CHARACTERS] for name in FILTERS}
        self.chosen, self.export_to = kept, address("/operator/files/audit.csv", **kept)
        search = AuditSearch.of_address(kept)
        days = ("since", search.since), ("until", search.until)
        unread = [kept[name] for name, day in days if kept[name] and not day]
        self.problem = _("{text} is not a day such as 2026-01-20.").format(text=unread[0]) if unread else ""
        number = page_number(parameters.get("page", ""))
        page, self.failed = await or_reference(self._ask(search_audit_of_operator, search, number))
        if page:
            self.rows = [audit_row(entry, display) for entry in page.items]
            self.pager = PagerRow(
                summary=_("Page {number}").format(number=display.count(page.number)),
                newer=address(AUDIT, **kept, page=page.number - 1) if page.number > 1 else "",
                older=address(AUDIT, **kept, page=page.number + 1) if page.has_more else "",
            )
        self.is_loaded = True

    @rx.event
    def narrow(self, name: str, value: str) -> Any:
        """Put a filter into the address; the page loads from there."""
        kept = {one: self._parameters().get(one, "") for one in FILTERS}
        if name in FILTERS:
            kept[name] = clean(value)[:MAX_CHARACTERS]
        return rx.redirect(address(AUDIT, **kept), replace=True)
