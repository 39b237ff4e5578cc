"""The examples of docs/usage.md, run."""

import doctest
from datetime import datetime
from decimal import Decimal

import cast
from cast import NOW
from usage_cast import add_feature, add_meter, add_usage_price

from portal_app.billing.metering import AggregationType
from portal_app.billing.periods import TimeRange, WindowSize
from portal_app.billing.statuses import TierMode
from portal_app.build import ROOT
from portal_app.commands.amend_event import Amendment, correct_event
from portal_app.commands.ingest_events import ingest_events
from portal_app.commands.usage_events import read_events
from portal_app.display import make_display
from portal_app.errors import Invalid
from portal_app.models.catalog import PriceTier
from portal_app.queries.usage import UsageQuestion, usage_report
from portal_app.queries.usage_health import list_problems

DISPLAY = make_display("en_US", "Europe/Berlin")


class Examples:
    """What the examples call, on a database."""

    def __init__(self, session):
        self.session, self.customer, self.features = session, cast.add_customer(session), {}
        self.plan = cast.add_plan(session, fee=None)

    def send(self, *events):
        try:
            taken = ingest_events(self.session, read_events(events, NOW), NOW)
        except Invalid as error:
            say(error)
        else:
            new, again = f"new {taken.new}, duplicates {taken.duplicates}", f"conflicts {taken.conflicts}"
            say(f"{new}, {again}, unmatched {taken.unmatched}")

    def make_meter(self, name, event_name, aggregation, **more):
        meter = add_meter(self.session, AggregationType(aggregation), event_name, **more)
        self.features[name] = add_feature(self.session, meter, f"{len(self.features)} {name}")

    def make_price(self, name, tiers):
        rows = [PriceTier(up_to=up_to and Decimal(up_to), unit_amount=Decimal(amount)) for up_to, amount in tiers]
        add_usage_price(self.session, self.plan, self.features[name], tiers=rows, tier_mode=TierMode.SLAB)

    def subscribe(self, customer, since):
        start = datetime.fromisoformat(since)
        cast.add_subscription(self.session, self.customer, self.plan, start_at=start, current_period_start_at=start)

    def correct(self, customer, event_id, properties, reason):
        correct_event(self.session, self.customer, event_id, properties, Amendment("ann", reason, NOW))

    def problems(self):
        for problem in list_problems(self.session, self.customer):
            say(f"{problem.event_id}: {problem.problem}")

    def show(self, start, end, size=None, only=None):
        span = TimeRange(datetime.fromisoformat(start), datetime.fromisoformat(end))
        question = UsageQuestion(span, size and WindowSize(size))
        for series in usage_report(self.session, self.customer, question, NOW).series:
            name = series.feature.name[2:]
            if only is None:
                say(f"{name}: {series.quantity.normalize():f} in {series.events} events{cost_of(series)}")
            elif name == only:
                for point in series.points:
                    say(f"{point.window.start_at.astimezone(span.start_at.tzinfo):%H:%M} {point.quantity}")


def cost_of(series):
    if not series.costs:
        return ""
    charges = (charge for charged in series.charged for charge in charged.cost.charges)
    why = " + ".join(f"{charge.quantity.normalize():f} × {charge.unit_amount.normalize():f}" for charge in charges)
    return f", {DISPLAY.money(series.costs[0].shown)}: {why}"


def say(text):
    print(text)  # noqa: T201 (what a doctest compares)


def test_every_example_says_what_the_document_says(session):
    examples = Examples(session)
    text = (ROOT / "docs" / "usage.md").read_text()
    names = {name: getattr(examples, name) for name in dir(examples) if not name.startswith("_")}
    test = doctest.DocTestParser().get_doctest(text.replace("\n```\n", "\n\n"), names, "usage.md", "docs/usage.md", 0)
    assert len(test.examples) > 10
    said = []
    assert doctest.DocTestRunner().run(test, out=said.append).failed == 0, "".join(said)
