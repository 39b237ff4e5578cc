"""Two customers with a word of their own in every text, so that a byte in the wrong place is seen."""

import re
from decimal import Decimal

import cast
from server import RunningPortal
from sqlmodel import SQLModel, select
from usage_world import add_metered, spread, use

from portal_app import clock
from portal_app.billing.statuses import TransactionReason
from portal_app.database import Database, Session
from portal_app.models.customer import Customer

AMOUNTS = {"acme": Decimal("7654321.25"), "globex": Decimal("2468013.75")}
CALLS = {"acme": 8_765_432, "globex": 1_357_924}
CHANCE = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+|(?<=key\":\")[\w+/]{22}==|(?<=id\":\")[\w-]{20}(?=\")")
"""What a page is sent that is random: its token, its websocket's key, its connection's id. In one page of ten thousand
a word of four letters is in there by chance."""


def fill(session: Session) -> None:
    """Put Acme and Globex in, with one of everything that a customer can have."""
    for word, amount in AMOUNTS.items():
        customer = cast.add_customer(
            session, word, name=f"{word.title()} Canary", email=f"canary@{word}.example", tax_id=f"{word} tax",
            address_line1=f"{word} street 1", address_city=f"{word} city",
        )  # fmt: skip
        wallet = cast.add_wallet(session, customer, name=f"{word} wallet")
        reason = TransactionReason.PURCHASED_CREDIT_DIRECT
        credits_ = cast.credit(str(amount), cast.days_ago(5), reason, description=f"{word} top-up")
        cast.post(session, wallet, credits_)
        line = cast.Line(f"{word} line", amount)
        cast.add_bill(session, customer, f"{word.upper()}-1", [line], description=f"{word} note")
        plan = cast.add_plan(session, f"{word} plan", description=f"{word} plan in words")
        cast.add_subscription(session, customer, plan)
        now = clock.utc_now()
        add_metered(session, f"{word} calls", ("call", "calls"), plan, "0.001")
        use(session, f"{word} calls", CALLS[word], spread(now, 5), now, word)


def secrets_of(portal: RunningPortal, word: str) -> set[str]:
    """Return what nobody else may see of a running portal."""
    return secrets_of_database(portal.database, word)


def secrets_of_database(database: Database, word: str) -> set[str]:
    """Return what nobody else may see: the customer's word, the public ids of its rows, its numbers as written."""
    amount = AMOUNTS[word]
    tables = [mapper.class_ for mapper in SQLModel._sa_registry.mappers]
    owned = [table for table in tables if {"customer_id", "public_id"} <= table.model_fields.keys()]
    with database.reading() as session:
        customer = session.exec(select(Customer).where(Customer.external_id == word)).one()
        ids = {row.public_id for t in owned for row in session.exec(select(t).where(t.customer_id == customer.id))}
    numbers = (f"{amount}", f"{amount:,}", f"{amount:,.0f}", f"{CALLS[word]}", f"{CALLS[word]:,}")
    return {word, customer.public_id, *ids, *numbers}


def seen(secrets: set[str], text: str) -> set[str]:
    """Return the secrets that occur in a text, in any case, other than by chance."""
    lower = CHANCE.sub("", text).lower()
    return {secret for secret in secrets if secret.lower() in lower}
