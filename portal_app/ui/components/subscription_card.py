"""A subscription: its plan, its state, what it costs, what happens next."""

from __future__ import annotations

from typing import TypedDict

import reflex as rx

from portal_app.billing.states import SubscriptionState
from portal_app.display import Display
from portal_app.labels import SUBSCRIPTION_STATES, every
from portal_app.queries.subscriptions import SubscriptionSummary
from portal_app.texts import gettext as _
from portal_app.ui.components.badges import BadgeRow, badge_row, status_badge
from portal_app.ui.components.sections import card, card_head, fact, facts


class Fact(TypedDict):
    """A labelled line of a card."""

    label: str
    value: str


class SubscriptionRow(TypedDict):
    """A subscription as its card shows it."""

    id: str
    plan: str
    description: str
    badge: BadgeRow
    price: str
    facts: list[Fact]


def subscription_row(subscription: SubscriptionSummary, display: Display) -> SubscriptionRow:
    """Word a subscription truthfully: what it costs, how long it runs, what happens next."""
    prices = [f"{display.rate(fee.amount, fee.currency)} / {every(fee.period, fee.count)}" for fee in subscription.fees]
    return SubscriptionRow(
        id=subscription.public_id,
        plan=subscription.plan_name,
        description=subscription.plan_description,
        badge=badge_row(SUBSCRIPTION_STATES[subscription.state]),
        price=" + ".join(prices),
        facts=_facts(subscription, display),
    )


def _facts(subscription: SubscriptionSummary, display: Display) -> list[Fact]:
    period = display.period(subscription.period_start_at, subscription.period_end_at)
    at, state = subscription.next_billing_at, subscription.state
    next_billing = _("none, it ends first") if at is None and subscription.ends_at else display.date(at)
    if subscription.is_past:
        return [
            Fact(label=_("Ran"), value=display.period(subscription.started_at, subscription.ends_at)),
        ]
    lines = [Fact(label=_("Current period"), value=period)]
    if state is SubscriptionState.TRIALING:
        lines.append(Fact(label=_("Trial ends"), value=display.date(subscription.trial_end_at)))
        lines.append(Fact(label=_("First billing"), value=next_billing))
    elif state is SubscriptionState.CANCELLING:
        lines.append(Fact(label=_("Ends"), value=display.date(subscription.ends_at)))
        lines.append(Fact(label=_("Next billing"), value=next_billing))
    elif state is SubscriptionState.PAUSED:
        resumes = display.date(subscription.resumes_at) if subscription.resumes_at else _("not scheduled")
        lines.append(Fact(label=_("Resumes"), value=resumes))
        lines.append(Fact(label=_("Next billing"), value=_("none while paused")))
    else:
        lines.append(Fact(label=_("Next billing"), value=next_billing))
    return lines


def subscription_card(subscription: rx.Var[SubscriptionRow]) -> rx.Component:
    """Draw a subscription."""
    return card(
        card_head(
            subscription["plan"],
            status_badge(subscription["badge"]),
            rx.el.span(class_name="spacer"),
            rx.el.span(subscription["price"], class_name="label"),
        ),
        rx.cond(subscription["description"] != "", rx.el.p(subscription["description"], class_name="muted")),
        facts(rx.foreach(subscription["facts"], lambda line: fact(line["label"], line["value"]))),
    )
