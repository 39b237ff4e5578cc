"""Payments, as the dialect writes and reads them. They happened elsewhere: nothing here takes money."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from portal_app.api.wire.base import ObjectWire, RequestWire
from portal_app.api.wire.lists import ListQuery, SearchWire
from portal_app.api.wire.values import (
    Currency,
    Key,
    Metadata,
    ObjectId,
    Omitted,
    PositiveAmount,
    Text,
    WireDecimal,
    WireTime,
)
from portal_app.billing.statuses import RECEIVED_PAYMENT_STATUSES, PaymentMethod, PaymentStatus
from portal_app.commands.payments import NewPayment
from portal_app.queries.invoice_details import InvoicePayment
from portal_app.queries.listing import Filter, Listing, among, equal


class PaymentWire(ObjectWire):
    """A payment of an invoice, or the attempt at one."""

    id: str
    destination_type: str = "INVOICE"
    destination_id: str
    payment_method_type: PaymentMethod
    payment_method_id: str
    amount: WireDecimal
    currency: str
    payment_status: PaymentStatus
    idempotency_key: str
    metadata: dict[str, str]
    succeeded_at: Omitted[WireTime] = None
    failed_at: Omitted[WireTime] = None


class PaymentCreate(RequestWire):
    """A payment that happened. With `CREDITS`, the wallet in `payment_method_id` pays, else the oldest with enough."""

    amount: PositiveAmount
    currency: Currency
    destination_type: Literal["INVOICE"]
    destination_id: ObjectId
    payment_method_type: PaymentMethod
    payment_method_id: Text = ""
    idempotency_key: Key | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])

    def new(self) -> NewPayment:
        """Return what the command takes."""
        return NewPayment(
            amount=self.amount,
            currency=self.currency,
            method=self.payment_method_type,
            reference=self.payment_method_id,
            idempotency_key=self.idempotency_key,
            meta=self.metadata,
        )


class _PaymentFilters(RequestWire):
    destination_id: ObjectId | None = None
    payment_status: PaymentStatus | None = None
    payment_method_type: PaymentMethod | None = None
    currency: Currency | None = None

    def asked_of_payments(self) -> tuple[Filter, ...]:
        """Return the conditions in the words of queries."""
        return tuple(filter_ for word in _PaymentFilters.model_fields for filter_ in equal(word, getattr(self, word)))


class PaymentQuery(ListQuery, _PaymentFilters):
    """The query of a list of payments."""

    def asked(self) -> Listing:
        """Return what is asked, in the words of queries."""
        return self.listing(*self.asked_of_payments())


class PaymentSearch(SearchWire, _PaymentFilters):
    """A search among the payments of all customers."""

    payment_ids: list[ObjectId] = Field(default_factory=list[str], max_length=1000)

    def asked(self) -> Listing:
        """Return the search in the words of queries."""
        return self.listing(*among("id", self.payment_ids), *self.asked_of_payments())


def payment_wire(payment: InvoicePayment) -> PaymentWire:
    """Return a payment as the dialect writes it."""
    return PaymentWire(
        id=payment.public_id,
        destination_id=payment.invoice_public_id,
        payment_method_type=payment.method,
        payment_method_id=payment.reference,
        amount=payment.amount.amount,
        currency=payment.amount.currency,
        payment_status=payment.status,
        idempotency_key=payment.idempotency_key or "",
        metadata=dict(payment.meta),
        succeeded_at=payment.at if payment.status in RECEIVED_PAYMENT_STATUSES else None,
        failed_at=payment.at if payment.status is PaymentStatus.FAILED else None,
        created_at=payment.at,
        updated_at=payment.updated_at,
    )
