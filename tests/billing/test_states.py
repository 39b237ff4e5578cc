"""The one truthful word for an invoice and for a subscription."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.billing.states import (
    UNPAID_STATES,
    InvoiceState,
    SubscriptionState,
    first_end,
    invoice_state,
    payment_status_of,
    subscription_state,
)
from portal_app.billing.statuses import InvoiceStatus, PaymentStatus, SubscriptionStatus

NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
PAST, AHEAD = NOW - timedelta(microseconds=1), NOW + timedelta(days=10)
FINALIZED, VOIDED = InvoiceStatus.FINALIZED, InvoiceStatus.VOIDED
P = PaymentStatus


def state(payment_status, due="20", paid="0", remaining=None, due_at=AHEAD, invoice_status=FINALIZED):
    amounts = {
        "amount_due": Decimal(due),
        "amount_paid": Decimal(paid),
        "amount_remaining": max(Decimal(due) - Decimal(paid), Decimal(0)) if remaining is None else Decimal(remaining),
    }
    return invoice_state(
        invoice_status=invoice_status, payment_status=payment_status, due_at=due_at, now=NOW, **amounts
    )


@pytest.mark.parametrize(
    ("payment_status", "word"),
    [
        (P.PENDING, InvoiceState.PENDING),
        (P.INITIATED, InvoiceState.STARTED),
        (P.PROCESSING, InvoiceState.PROCESSING),
        (P.SUCCEEDED, InvoiceState.PAID),
        (P.OVERPAID, InvoiceState.OVERPAID),
        (P.FAILED, InvoiceState.FAILED),
        (P.REFUNDED, InvoiceState.REFUNDED),
        (P.PARTIALLY_REFUNDED, InvoiceState.PARTIALLY_REFUNDED),
        (P.VOIDED, InvoiceState.VOID),
    ],
)
def test_each_payment_status_of_an_unpaid_invoice_has_a_word_of_its_own(payment_status, word):
    assert state(payment_status) is word


@pytest.mark.parametrize("payment_status", P)
def test_a_voided_invoice_is_void_whatever_was_paid(payment_status):
    assert state(payment_status, paid="20", due_at=PAST, invoice_status=VOIDED) is InvoiceState.VOID


@pytest.mark.parametrize("payment_status", [P.PENDING, P.INITIATED, P.PROCESSING])
def test_unpaid_with_something_remaining_and_the_due_date_past_is_overdue(payment_status):
    assert state(payment_status, paid="19.99", due_at=PAST) is InvoiceState.OVERDUE


@pytest.mark.parametrize("due_at", [NOW, AHEAD, None])
def test_nothing_is_overdue_at_its_due_instant_or_before_or_without_one(due_at):
    assert state(P.PENDING, due_at=due_at) is InvoiceState.PENDING


def test_a_failed_payment_says_so_even_after_the_due_date():
    assert state(P.FAILED, due_at=PAST) is InvoiceState.FAILED


def test_part_of_the_money_makes_it_partially_paid():
    assert state(P.PENDING, paid="0.01") is InvoiceState.PARTIALLY_PAID


def test_an_invoice_of_nothing_is_neither_paid_nor_pending():
    assert state(P.PENDING, due="0", due_at=PAST) is InvoiceState.NOTHING_DUE


@pytest.mark.parametrize("due_at", [PAST, None])
def test_of_a_credit_note_nothing_is_due_and_it_is_paid_once_that_is_said(due_at):
    assert state(P.PENDING, due="-20", due_at=due_at) is InvoiceState.NOTHING_DUE
    assert state(P.SUCCEEDED, due="-20", due_at=due_at) is InvoiceState.PAID


def test_what_remains_is_waited_for_though_nothing_was_due():
    assert state(P.PENDING, due="0", remaining="5") is InvoiceState.PENDING


@pytest.mark.parametrize("payment_status", [P.PENDING, P.FAILED, P.PROCESSING, P.INITIATED])
def test_an_invoice_with_nothing_remaining_is_paid_though_its_status_lags(payment_status):
    assert state(payment_status, paid="20", due_at=PAST) is InvoiceState.PAID


@given(
    st.sampled_from(P),
    st.integers(0, 3).map(Decimal),
    st.integers(0, 3).map(Decimal),
    st.sampled_from([None, PAST, NOW, AHEAD]),
    st.sampled_from([FINALIZED, VOIDED]),
)
def test_a_word_that_asks_for_money_is_said_exactly_while_some_is_owed(payment_status, due, paid, due_at, status):
    word = state(payment_status, str(due), str(paid), due_at=due_at, invoice_status=status)
    settled = {P.SUCCEEDED, P.OVERPAID, P.REFUNDED, P.PARTIALLY_REFUNDED, P.VOIDED}
    owed = due > paid and status is not VOIDED and payment_status not in settled
    assert (word in UNPAID_STATES) == owed
    late = owed and due_at is not None and due_at < NOW
    assert (word is InvoiceState.OVERDUE) == (late and payment_status is not P.FAILED)


@pytest.mark.parametrize(
    ("due", "paid", "refunded", "status"),
    [
        (20, 0, 0, P.PENDING),
        (20, 19, 0, P.PENDING),
        (20, 20, 0, P.SUCCEEDED),
        (20, 21, 0, P.OVERPAID),
        (0, 0, 0, P.PENDING),
        (0, 1, 0, P.OVERPAID),
        (-5, 0, 0, P.PENDING),
        (20, 20, 20, P.REFUNDED),
        (20, 20, 1, P.PARTIALLY_REFUNDED),
        (20, 5, 5, P.REFUNDED),
        (20, 5, 1, P.PARTIALLY_REFUNDED),
    ],
)
def test_what_was_paid_and_refunded_says_how_far_a_payment_is(due, paid, refunded, status):
    assert payment_status_of(Decimal(due), Decimal(paid), Decimal(refunded)) is status


S, SS = SubscriptionStatus, SubscriptionState


@pytest.mark.parametrize(
    ("status", "end_at", "cancels", "word"),
    [
        (S.ACTIVE, None, False, SS.ACTIVE),
        (S.ACTIVE, AHEAD, False, SS.ACTIVE),
        (S.ACTIVE, AHEAD, True, SS.CANCELLING),
        (S.ACTIVE, NOW, False, SS.ENDED),
        (S.ACTIVE, PAST, True, SS.ENDED),
        (S.TRIALING, None, False, SS.TRIALING),
        (S.TRIALING, AHEAD, True, SS.CANCELLING),
        (S.TRIALING, PAST, False, SS.ENDED),
        (S.PAUSED, None, False, SS.PAUSED),
        (S.PAUSED, AHEAD, True, SS.PAUSED),
        (S.PAUSED, PAST, False, SS.ENDED),
        (S.INCOMPLETE, AHEAD, True, SS.INCOMPLETE),
        (S.CANCELLED, AHEAD, False, SS.CANCELLED),
        (S.CANCELLED, PAST, True, SS.CANCELLED),
    ],
)
def test_a_subscription_has_one_truthful_word(status, end_at, cancels, word):
    assert subscription_state(status, end_at=end_at, cancels=cancels, now=NOW) is word


LATER = AHEAD + timedelta(days=1)


@pytest.mark.parametrize(
    ("ends", "first"),
    [
        ({}, None),
        ({"cancels_with_period": True}, AHEAD),
        ({"cancel_at": LATER}, LATER),
        ({"end_at": LATER}, LATER),
        ({"cancels_with_period": True, "cancel_at": LATER, "end_at": NOW}, NOW),
        ({"cancels_with_period": True, "cancel_at": PAST, "end_at": LATER}, PAST),
        ({"cancels_with_period": True, "end_at": LATER}, AHEAD),
    ],
)
def test_of_several_ends_of_a_subscription_the_first_one_counts(ends, first):
    none = {"cancels_with_period": False, "cancel_at": None, "end_at": None}
    assert first_end(period_end_at=AHEAD, **none | ends) == first
