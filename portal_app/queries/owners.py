"""Whose an object is: the operator's programs name objects by id, and every read starts from a customer."""

from __future__ import annotations

from enum import Enum

from sqlmodel import col, select

from portal_app.access.principal import CustomerId
from portal_app.database import Session
from portal_app.errors import NotFound
from portal_app.models.invoice import Invoice, Payment
from portal_app.models.subscription import Subscription
from portal_app.models.wallet import Wallet


class Owned(Enum):
    """What belongs to a customer."""

    WALLET = Wallet
    INVOICE = Invoice
    PAYMENT = Payment
    SUBSCRIPTION = Subscription


def owner_of_operator(session: Session, noun: Owned, public_id: str) -> CustomerId:
    """Return the customer an object belongs to.

    Raises:
        NotFound: there is no such object.
    """
    table = noun.value
    found = session.exec(select(table.customer_id).where(col(table.public_id) == public_id)).first()
    if found is None:
        raise NotFound(noun=noun.name.capitalize())
    return CustomerId(found)
