"""subscriptions: which customer is on which plan."""

from collections.abc import Iterator

from portal_app.imports import kinds
from portal_app.imports.columns import Noun, Objection, Values, column, key, reference
from portal_app.models.subscription import Subscription


def _periods_are_not_empty(values: Values) -> Iterator[Objection]:
    if values["current_period_end_at"] <= values["current_period_start_at"]:
        yield "current_period_end_at", "is not after current_period_start_at"
    if values["end_at"] and values["end_at"] < values["start_at"]:
        yield "end_at", "is before start_at"


SUBSCRIPTIONS = Noun(
    name="subscriptions",
    singular="subscription",
    table=Subscription,
    columns=(
        key(Subscription, "sub-1"),
        reference("customers", "customer", "acme", "whose it is", required=True),
        reference("plans", "plan", "base", "the plan", required=True),
        column(
            Subscription,
            "subscription_status",
            "active",
            "where it is in its life; drafts are never shown",
            required=True,
        ),
        column(Subscription, "currency", "USD", "which prices apply", kind=kinds.currency(), required=True),
        column(Subscription, "billing_period", "MONTHLY", "how often it is billed", required=True),
        column(Subscription, "billing_period_count", "1", "billed every so many periods"),
        column(Subscription, "start_at", "2026-01-06T00:00:00+01:00", "when it began", required=True),
        column(Subscription, "end_at", "2026-12-31T00:00:00+01:00", "when it ended or will end", empty="no end"),
        column(
            Subscription,
            "current_period_start_at",
            "2026-01-06T00:00:00+01:00",
            "start of the period being billed",
            required=True,
        ),
        column(
            Subscription,
            "current_period_end_at",
            "2026-02-06T00:00:00+01:00",
            "its end, this moment excluded",
            required=True,
        ),
        column(Subscription, "trial_end_at", "2026-01-20T00:00:00+01:00", "when a trial ends", empty="no trial"),
        column(Subscription, "cancel_at_period_end", "false", "it will end with the current period"),
        column(Subscription, "cancel_at", "2026-06-30T00:00:00+02:00", "it will end then", empty="no such date"),
        column(Subscription, "cancelled_at", "2026-01-15T09:30:00+01:00", "when it was cancelled", empty="never"),
        column(Subscription, "resumes_at", "2026-03-01T00:00:00+01:00", "when a paused one goes on", empty="not known"),
    ),
    fixed=frozenset({"customer"}),
    check=_periods_are_not_empty,
)
