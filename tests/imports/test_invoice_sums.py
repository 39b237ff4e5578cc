"""The sums of an invoice: given ones agree, absent ones follow."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.billing.statuses import InvoiceStatus, PaymentStatus
from portal_app.imports.invoice_sums import SUMS, Lines, Receipts, complete

NO_PAYMENTS = Receipts(0, Decimal(0))
HUNDRED = Lines(2, Decimal(100), Decimal(0), Decimal(0))


def sums(lines=HUNDRED, receipts=NO_PAYMENTS, status=InvoiceStatus.FINALIZED, payment_status=None, **told):
    values = dict.fromkeys(SUMS) | {"total_tax": Decimal(0), "invoice_status": status, "payment_status": payment_status}
    values |= {name: Decimal(amount) for name, amount in told.items()}
    objections = complete(values, lines, receipts)
    return values, objections


def paid(*amounts):
    return Receipts(len(amounts), sum(map(Decimal, amounts), Decimal(0)))


def test_all_sums_follow_from_the_lines():
    values, objections = sums(Lines(2, Decimal(100), Decimal(10), Decimal(5)), total_tax="17.10")
    assert objections == []
    assert {name: str(values[name]) for name in SUMS} == {
        "subtotal": "100", "total_discount": "10", "total": "107.10", "credits_applied": "5", "amount_due": "102.10",
        "amount_paid": "0", "amount_remaining": "102.10", "refunded_amount": "0",
    }  # fmt: skip
    assert values["payment_status"] is PaymentStatus.PENDING


@pytest.mark.parametrize(
    ("told", "objection"),
    [
        ({"subtotal": "99"}, ("subtotal", "its 2 lines add up to 100, not 99")),
        ({"total": "99"}, ("total", "subtotal − total_discount + total_tax is 100, not 99")),
        ({"total": "99.5", "total_tax": "19"}, ("total", "subtotal − total_discount + total_tax is 119, not 99.5")),
        ({"amount_due": "90", "credits_applied": "5"}, ("amount_due", "total − credits_applied is 95, not 90")),
        ({"amount_due": "101"}, ("amount_due", "101 is more than the total of 100")),
        ({"amount_remaining": "1"}, ("amount_remaining", "what is still to pay is 100, not 1")),
        ({"amount_paid": "30", "amount_remaining": "80"}, ("amount_remaining", "what is still to pay is 70, not 80")),
        ({"refunded_amount": "1"}, ("refunded_amount", "1 is more than the 0 paid")),
    ],
)
def test_a_sum_that_does_not_add_up_is_named(told, objection):
    assert objection in sums(**told)[1]


def test_an_invoice_without_lines_has_no_subtotal():
    assert sums(Lines(0, Decimal(0), Decimal(0), Decimal(0)), subtotal="20")[1] == [
        ("subtotal", "its 0 lines add up to 0, not 20")
    ]


def test_credits_follow_from_what_is_due():
    values, objections = sums(amount_due="80")
    assert objections == []
    assert values["credits_applied"] == 20


def test_what_payments_brought_is_what_was_paid():
    values, objections = sums(receipts=paid("60", "40"))
    assert objections == []
    assert (values["amount_paid"], values["payment_status"]) == (100, PaymentStatus.SUCCEEDED)
    assert sums(receipts=paid("60"), amount_paid="100")[1] == [
        ("amount_paid", "its received payments add up to 60, not 100")
    ]


def test_a_paid_invoice_without_payments_was_paid_in_full():
    values, objections = sums(payment_status=PaymentStatus.SUCCEEDED)
    assert objections == []
    assert (values["amount_paid"], values["amount_remaining"]) == (100, 0)


@pytest.mark.parametrize("status", [PaymentStatus.OVERPAID, PaymentStatus.REFUNDED, PaymentStatus.PARTIALLY_REFUNDED])
def test_a_status_that_does_not_say_how_much_needs_the_amount(status):
    assert sums(payment_status=status)[1][0] == (
        "amount_paid", f"is required, since {status} does not say how much was paid",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"amount_paid": "0"}, PaymentStatus.PENDING),
        ({"amount_paid": "99.99"}, PaymentStatus.PENDING),
        ({"amount_paid": "100"}, PaymentStatus.SUCCEEDED),
        ({"amount_paid": "100.01"}, PaymentStatus.OVERPAID),
        ({"amount_paid": "100", "refunded_amount": "100"}, PaymentStatus.REFUNDED),
        ({"amount_paid": "100", "refunded_amount": "0.01"}, PaymentStatus.PARTIALLY_REFUNDED),
    ],
)
def test_the_payment_status_follows_from_the_sums(told, status):
    values, objections = sums(**told)
    assert objections == []
    assert values["payment_status"] is status


def test_an_invoice_of_nothing_is_not_said_to_be_paid():
    assert sums(Lines(1, Decimal(0), Decimal(0), Decimal(0)))[0]["payment_status"] is PaymentStatus.PENDING


@pytest.mark.parametrize(
    ("status", "told", "facts"),
    [
        (PaymentStatus.SUCCEEDED, {"amount_paid": "99"}, "99 of 100 was paid and 0 refunded"),
        (PaymentStatus.OVERPAID, {"amount_paid": "100"}, "100 of 100 was paid and 0 refunded"),
        (PaymentStatus.REFUNDED, {"amount_paid": "100", "refunded_amount": "1"}, "100 of 100 was paid and 1 refunded"),
        (
            PaymentStatus.PARTIALLY_REFUNDED,
            {"amount_paid": "9", "refunded_amount": "9"},
            "9 of 100 was paid and 9 refunded",
        ),
    ],
)
def test_a_payment_status_that_contradicts_the_sums_is_told(status, told, facts):
    assert sums(payment_status=status, **told)[1] == [("payment_status", f"is {status}, but {facts}")]


@pytest.mark.parametrize("status", [PaymentStatus.FAILED, PaymentStatus.PROCESSING, PaymentStatus.INITIATED])
def test_a_payment_status_that_sums_cannot_tell_stands(status):
    values, objections = sums(payment_status=status)
    assert objections == []
    assert values["payment_status"] is status


def test_a_refund_without_an_amount_is_of_all_that_was_paid():
    values, objections = sums(payment_status=PaymentStatus.REFUNDED, amount_paid="100")
    assert objections == []
    assert values["refunded_amount"] == 100


def test_nothing_remains_of_a_voided_invoice():
    assert sums(status=InvoiceStatus.VOIDED)[0]["amount_remaining"] == 0


def test_nothing_remains_of_a_credit_note():
    values, objections = sums(Lines(1, Decimal(-30), Decimal(0), Decimal(0)), payment_status=PaymentStatus.SUCCEEDED)
    assert objections == []
    assert (values["amount_due"], values["amount_paid"], values["amount_remaining"]) == (-30, 0, 0)


def test_sums_that_no_column_keeps_are_refused():
    lines = Lines(3, Decimal("27670116110564.327421"), Decimal(0), Decimal(0))
    assert ("subtotal", "27670116110564.327421 is too large") in sums(lines)[1]


amounts = st.decimals(0, 10**6, places=2)


@given(amounts, amounts, amounts, amounts, amounts)
def test_what_follows_agrees_when_it_is_given_again(lines, discount, tax, credits_, received):
    of_lines = Lines(1, lines, discount, credits_)
    values, objections = sums(of_lines, Receipts(1, received), total_tax=tax)
    again = {name: values[name] for name in SUMS}
    if not objections:
        repeated, objections = sums(
            of_lines, Receipts(1, received), payment_status=values["payment_status"], total_tax=tax, **again
        )
        assert objections == []
        assert repeated == values
