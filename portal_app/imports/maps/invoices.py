"""invoices, line_items and payments: a bill, what it is for, and the money that came."""

from collections.abc import Iterator
from decimal import Decimal

from portal_app.billing.statuses import BillingReason, InvoiceType
from portal_app.imports import kinds
from portal_app.imports.columns import Noun, Objection, Values, column, key, reference
from portal_app.models.columns import MoneyColumn
from portal_app.models.invoice import Invoice, LineItem, Payment

_ZERO = Decimal(0)
_NOT_NEGATIVE = kinds.number(MoneyColumn.scale, least=_ZERO)
_POSITIVE = kinds.number(MoneyColumn.scale, above=_ZERO)


def _period_is_not_empty(values: Values) -> Iterator[Objection]:
    start, end = values["period_start_at"], values["period_end_at"]
    if start and end and end <= start:
        yield "period_end_at", "is not after period_start_at"


def _subscriptions_bill_each_cycle(values: Values) -> None:
    billed = values["subscription_id"] is not None
    if values["invoice_type"] is None:
        values["invoice_type"] = InvoiceType.SUBSCRIPTION if billed else InvoiceType.ONE_OFF
    if values["billing_reason"] is None:
        values["billing_reason"] = BillingReason.SUBSCRIPTION_CYCLE if billed else BillingReason.MANUAL


INVOICES = Noun(
    name="invoices",
    singular="invoice",
    table=Invoice,
    columns=(
        key(Invoice, "inv-3"),
        reference("customers", "customer", "acme", "whose it is", required=True),
        reference("subscriptions", "subscription", "sub-1", "the subscription it bills, of the same customer"),
        column(Invoice, "number", "INV-202601-00003", "the number on it, once per customer", empty="none"),
        column(
            Invoice,
            "invoice_type",
            "SUBSCRIPTION",
            "what kind of document it is",
            derived="`SUBSCRIPTION` where a subscription is named, else `ONE_OFF`",
        ),
        column(Invoice, "invoice_status", "FINALIZED", "customers see finalised and voided ones only", required=True),
        column(
            Invoice, "payment_status", "SUCCEEDED", "what happened to the money", derived="worked out from the sums"
        ),
        column(
            Invoice,
            "billing_reason",
            "SUBSCRIPTION_CYCLE",
            "why it was issued",
            derived="`SUBSCRIPTION_CYCLE` where a subscription is named, else `MANUAL`",
        ),
        column(Invoice, "currency", "USD", "currency of all its sums and lines", kind=kinds.currency(), required=True),
        column(Invoice, "subtotal", "20.00", "sum of its lines", derived="the sum of its lines"),
        column(
            Invoice,
            "total_discount",
            "0.00",
            "taken off the subtotal",
            kind=_NOT_NEGATIVE,
            derived="the sum of its lines' discounts",
        ),
        column(Invoice, "total_tax", "0.00", "added to it", empty="0"),
        column(Invoice, "tax_name", "VAT 19 %", "what the tax is called"),
        column(Invoice, "total", "20.00", "`subtotal` − `total_discount` + `total_tax`", derived="that sum"),
        column(
            Invoice,
            "credits_applied",
            "0.00",
            "paid with credits before it was due",
            kind=_NOT_NEGATIVE,
            derived="`total` − `amount_due` if that is given, else the sum of its lines' credits",
        ),
        column(Invoice, "amount_due", "20.00", "`total` − `credits_applied`", derived="that sum"),
        column(
            Invoice,
            "amount_paid",
            "20.00",
            "the sum of its received payments, if it has payments",
            kind=_NOT_NEGATIVE,
            derived="that sum; without payments the amount due if `payment_status` is `SUCCEEDED`, else 0",
        ),
        column(
            Invoice,
            "amount_remaining",
            "0.00",
            "`amount_due` − `amount_paid`, never below 0; 0 once voided",
            kind=_NOT_NEGATIVE,
            derived="that sum",
        ),
        column(
            Invoice,
            "refunded_amount",
            "0.00",
            "what went back of the amount paid",
            kind=_NOT_NEGATIVE,
            derived="the amount paid if `payment_status` is `REFUNDED`, else 0",
        ),
        column(Invoice, "issued_at", "2026-01-06T12:00:00+01:00", "its date", required=True),
        column(
            Invoice,
            "due_at",
            "2026-02-05T23:59:59+01:00",
            "unpaid after this moment, it is overdue",
            kind=kinds.instant(whole_day=True),
            empty="never overdue",
        ),
        column(Invoice, "paid_at", "2026-01-06T12:00:00+01:00", "when it was paid", empty="not said"),
        column(Invoice, "voided_at", "2026-01-09T12:00:00+01:00", "when it was voided", empty="not said"),
        column(
            Invoice, "period_start_at", "2026-01-06T00:00:00+01:00", "start of the period it bills", empty="no period"
        ),
        column(
            Invoice, "period_end_at", "2026-02-06T00:00:00+01:00", "its end, this moment excluded", empty="no period"
        ),
        column(Invoice, "description", "Thank you for your business", "a note on it"),
    ),
    fixed=frozenset({"customer"}),
    derive=_subscriptions_bill_each_cycle,
    check=_period_is_not_empty,
)

LINE_ITEMS = Noun(
    name="line_items",
    singular="line item",
    table=LineItem,
    columns=(
        key(LineItem, "inv-3/1"),
        reference("invoices", "invoice", "inv-3", "the invoice it stands on", required=True),
        column(LineItem, "position", "1", "its place on the invoice", derived="after the lines before it in the file"),
        column(LineItem, "display_name", "Plan Base", "what was bought", required=True),
        column(LineItem, "price_type", "FIXED", "whether it follows usage"),
        column(LineItem, "quantity", "1", "how much of it"),
        column(LineItem, "unit_price", "20.00", "price of one", empty="not shown"),
        column(
            LineItem,
            "amount",
            "20.00",
            "of the line, before discounts and credits",
            derived="`quantity` × `unit_price`, rounded half up to the currency's minor unit",
        ),
        column(
            LineItem, "discount", "0.00", "the part of the invoice's discount that is this line's", kind=_NOT_NEGATIVE
        ),
        column(
            LineItem,
            "credits_applied",
            "0.00",
            "the part of the invoice's credits that is this line's",
            kind=_NOT_NEGATIVE,
        ),
        column(
            LineItem, "period_start_at", "2026-01-06T00:00:00+01:00", "start of the period it is for", empty="no period"
        ),
        column(
            LineItem, "period_end_at", "2026-02-06T00:00:00+01:00", "its end, this moment excluded", empty="no period"
        ),
    ),
    fixed=frozenset({"invoice"}),
    parent="invoice",
    check=_period_is_not_empty,
)

PAYMENTS = Noun(
    name="payments",
    singular="payment",
    table=Payment,
    columns=(
        key(Payment, "pay-3"),
        reference("invoices", "invoice", "inv-3", "the invoice it is for", required=True),
        column(Payment, "created_at", "2026-01-06T12:00:00+01:00", "when it was tried", required=True),
        column(Payment, "amount", "20.00", "how much", kind=_POSITIVE, required=True),
        column(Payment, "currency", "USD", "must be the invoice's", kind=kinds.currency(), derived="the invoice's"),
        column(Payment, "method", "CARD", "how it was made", required=True),
        column(Payment, "payment_status", "SUCCEEDED", "what became of it; failed ones are shown, too", required=True),
        column(Payment, "reference", "Visa 4242", "what the customer knows it by"),
    ),
    fixed=frozenset({"invoice"}),
    parent="invoice",
)
