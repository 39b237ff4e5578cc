"""Customers: who is billed, and the words they are found by."""

import re

from sqlalchemy import Connection, Index, String, delete, event, insert, select
from sqlmodel import Field, SQLModel, col

from portal_app.billing.statuses import RecordStatus
from portal_app.models.columns import IntegerKey, Row, metadata_column, new_public_id, word_column

WORD_LENGTH = 80
Word = String(WORD_LENGTH).with_variant(String(WORD_LENGTH, collation="C"), "postgresql")
"""Ordered by its characters on both engines, so that what begins alike stands together."""

_BETWEEN = re.compile(r"[\W_]+")


class Customer(Row, table=True):
    """One customer of the operator. `external_id` is the operator's own name for it."""

    __table_args__ = (
        Index(None, "status", "external_id"),
        Index(None, "status", "name", "id"),
        Index(None, "status", "created_at", "id"),
        Index(None, "name", "id"),
        Index(None, "created_at", "id"),
    )

    public_id: str = Field(default_factory=lambda: new_public_id("cust"), unique=True, max_length=40)
    external_id: str = Field(unique=True, max_length=255)
    name: str = Field(max_length=255)
    email: str = Field(default="", max_length=320)
    address_line1: str = Field(default="", max_length=255)
    address_line2: str = Field(default="", max_length=255)
    address_city: str = Field(default="", max_length=255)
    address_state: str = Field(default="", max_length=255)
    address_postal_code: str = Field(default="", max_length=40)
    address_country: str = Field(default="", max_length=2)
    tax_id: str = Field(default="", max_length=64)
    timezone: str = Field(default="UTC", max_length=64)
    locale: str = Field(default="", max_length=32)
    status: RecordStatus = Field(default=RecordStatus.PUBLISHED, sa_column=word_column(RecordStatus, "status"))
    meta: dict[str, str] = Field(default_factory=dict, sa_column=metadata_column())


class CustomerWord(SQLModel, table=True):
    """A word that a customer is found by. Kept by the database session itself, whoever writes the customer."""

    __tablename__ = "customer_word"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)
    __table_args__ = (Index(None, "word", "customer_id"),)

    customer_id: int = Field(foreign_key="customer.id", primary_key=True, sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    word: str = Field(primary_key=True, sa_type=Word)  # pyright: ignore[reportArgumentType]


def words_of(*texts: str) -> list[str]:
    """Return the words of a customer's name, external id and e-mail address, sorted, each once.

    They are in lower case as Unicode folds it; what was written in one piece (`acme-7`) is a word as well as its
    parts are.
    """
    pieces = [piece for text in texts for piece in text.casefold().split()]
    parts = [part for piece in pieces for part in _BETWEEN.split(piece)]
    return sorted({word[:WORD_LENGTH] for word in [*pieces, *parts] if word})


@event.listens_for(Customer, "after_insert")
@event.listens_for(Customer, "after_update")
def _keep_words(_mapper: object, connection: Connection, row: Customer) -> None:
    mine, word = col(CustomerWord.customer_id) == row.id, col(CustomerWord.word)
    kept = set(connection.scalars(select(word).where(mine)))
    wanted = set(words_of(row.name, row.external_id, row.email))
    if kept - wanted:
        connection.execute(delete(CustomerWord).where(mine, word.in_(kept - wanted)))
    if wanted - kept:
        rows = [{"customer_id": row.id, "word": new} for new in sorted(wanted - kept)]
        connection.execute(insert(CustomerWord), rows)
