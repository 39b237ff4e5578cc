"""What an opened invoice says, in finished texts."""

import cast
import pytest
from cast import NOW

from portal_app.billing.statuses import BillingReason
from portal_app.display import make_display
from portal_app.queries.invoice_details import get_invoice
from portal_app.ui.tabs.invoices.detail import open_invoice


@pytest.mark.parametrize(
    ("reason", "of_subscription", "said"),
    [
        (BillingReason.SUBSCRIPTION_CYCLE, True, ("Subscription invoice", "Subscription renewal")),
        (BillingReason.PRORATION, True, ("Subscription invoice", "Proration")),
        (BillingReason.MANUAL, False, ("One-off invoice", "One-off charge")),
    ],
)
def test_it_says_what_it_is_and_why_it_was_issued(sqlite_database, reason, of_subscription, said):
    with sqlite_database.writing() as session:
        acme = cast.add_customer(session)
        subscription = cast.add_subscription(session, acme, cast.add_plan(session)).id if of_subscription else None
        bill = cast.add_bill(session, acme, "INV-1", reason=reason, subscription_id=subscription)
        opened = open_invoice(get_invoice(session, acme, bill.public_id, NOW), make_display("en_US", "UTC"))
    assert (opened["type"], opened["reason"]) == said
