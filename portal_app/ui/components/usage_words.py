"""Usage in sentences: what a graph shows, until when it is known, and what is not counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from portal_app.billing.periods import Preset, WindowSize
from portal_app.display import Display
from portal_app.queries.features import UsedFeature
from portal_app.queries.usage import UsageFreshness, UsageReport, UsageSeries
from portal_app.queries.usage_on_screen import UsageOnScreen
from portal_app.texts import gettext as _
from portal_app.texts import ngettext
from portal_app.ui.components.time_range import range_name

NOTHING_COUNTED = _("No usage has been counted yet")
LATE = timedelta(minutes=15)
"""Events that come in later than that after the latest one happened are late."""


def quantity_text(value: Decimal, feature: UsedFeature, display: Display) -> str:
    """Write a feature's quantity with its unit."""
    return display.quantity(value, feature.unit_singular, feature.unit_plural)


RUNNING = {
    WindowSize.HOUR: _("this hour is not over yet (dotted)"),
    WindowSize.SIX_HOURS: _("the present six hours are not over yet (dotted)"),
    WindowSize.DAY: _("today is not over yet (dotted)"),
}


def summary(report: UsageReport, drawn: Sequence[UsageSeries], preset: Preset, display: Display) -> str:
    """Say in one sentence what a graph shows: its first feature, when that was used most, and what is not over yet."""
    first = drawn[0]
    said = [
        _("{feature}: {quantity} in {range}").format(
            feature=_ranked(first, len(drawn), display),
            quantity=quantity_text(first.quantity, first.feature, display),
            range=range_name(preset),
        )
    ]
    peak = max(first.points, key=lambda point: point.quantity)
    if peak.quantity:
        most = quantity_text(peak.quantity, first.feature, display)
        said[0] += ", " + _("at most {peak} on {window}").format(peak=most, window=display.window(peak.window))
    if report.windows[-1].is_unfinished:
        said.append(RUNNING.get(preset.size, _("the last part is not over yet (dotted)")))
    return "; ".join(said) + "."


def _ranked(first: UsageSeries, count: int, display: Display) -> str:
    if count == 1:
        return first.feature.name
    by_cost, by_events = (
        _("{feature} cost most of the {count} shown"),
        _("{feature} had most events of the {count} shown"),
    )
    words = by_cost if first.costs else by_events
    return words.format(feature=first.feature.name, count=display.count(count))


def freshness(fresh: UsageFreshness, display: Display, now: datetime) -> str:
    """Say until when usage is known."""
    if fresh.through_at is None or fresh.received_at is None:
        return NOTHING_COUNTED
    parts = [
        _("Usage through {moment}").format(moment=display.moment(fresh.through_at)),
        ago(now - fresh.through_at, display),
    ]
    if fresh.received_at - fresh.through_at > LATE:
        parts.append(_("late events still arrive, the last {ago}").format(ago=ago(now - fresh.received_at, display)))
    return " \u00b7 ".join([*parts, _("provisional until invoiced")])


def ago(passed: timedelta, display: Display) -> str:
    """Say how long ago something was, to the minute, hour or day."""
    minutes = max(int(passed / timedelta(minutes=1)), 0)
    hours, days = minutes // 60, minutes // (24 * 60)
    if days:
        return ngettext("{count} day ago", "{count} days ago", days).format(count=display.count(days))
    if hours:
        return ngettext("{count} hour ago", "{count} hours ago", hours).format(count=display.count(hours))
    if minutes:
        return ngettext("{count} minute ago", "{count} minutes ago", minutes).format(count=minutes)
    return _("just now")


def not_counted(found: UsageOnScreen, display: Display) -> list[str]:
    """Say which events a breakdown does not count, and why: they were sent all the same."""
    names = [
        ngettext(
            "{count} event called \u201c{name}\u201d since {date} belongs to no feature and is not counted.",
            "{count} events called \u201c{name}\u201d since {date} belong to no feature and are not counted.",
            sent.events,
        ).format(count=display.count(sent.events), name=sent.event_name, date=display.date(sent.first_at))
        for sent in found.uncounted
    ]
    values = [
        ngettext(
            "{count} event could not be counted for {feature}: {problem}.",
            "{count} events could not be counted for {feature}: {problem}.",
            sent.events,
        ).format(count=display.count(sent.events), feature=sent.feature_name, problem=sent.problem)
        for sent in found.unusable
    ]
    return names + values
