"""One customer's links and usage as rows."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from portal_app.display import Display
from portal_app.labels import Badge, Tone
from portal_app.queries.session_list import MintedLink
from portal_app.queries.usage import UsageReport
from portal_app.texts import gettext as _
from portal_app.ui.components.badges import BadgeRow, badge_row
from portal_app.ui.components.usage_words import quantity_text


class LinkRow(TypedDict):
    """A link as a row shows it."""

    jti: str
    minted_by: str
    address: str
    minted: str
    expires: str
    opened: str
    badge: BadgeRow
    may_revoke: bool
    revoke_label: str


class UsedRow(TypedDict):
    """A feature's usage as a row shows it."""

    feature: str
    quantity: str
    events: str
    cost: str


def link_row(link: MintedLink, display: Display, now: datetime) -> LinkRow:
    """Word a link."""
    opened = _("never opened")
    if link.open_count:
        times = _("once") if link.open_count == 1 else _("{count} times").format(count=display.count(link.open_count))
        opened = _("{times}, last {moment}").format(times=times, moment=display.moment(link.last_used_at))
    return LinkRow(
        jti=link.jti,
        minted_by=link.minted_by,
        address=link.address,
        minted=display.moment(link.minted_at),
        expires=display.moment(link.expires_at),
        opened=_("preview, not counted") if link.is_preview else opened,
        badge=badge_row(_standing(link, now)),
        may_revoke=link.is_live(now),
        revoke_label=_("Revoke the link of {moment}").format(moment=display.moment(link.minted_at)),
    )


def used_rows(report: UsageReport, display: Display) -> list[UsedRow]:
    """Word the usage of a range, a row for each feature."""
    return [
        UsedRow(
            feature=series.feature.name,
            quantity=quantity_text(series.quantity, series.feature, display),
            events=display.count(series.events),
            cost=" + ".join(display.cost(cost.exact, cost.shown) for cost in series.costs),
        )
        for series in report.series
    ]


def _standing(link: MintedLink, now: datetime) -> Badge:
    if link.revoked_at is not None:
        return Badge(_("Revoked"), Tone.BAD)
    return Badge(_("Live"), Tone.GOOD) if link.expires_at > now else Badge(_("Expired"), Tone.OFF)
