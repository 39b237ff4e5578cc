"""Usage: events as they were sent, the register that counts each once, and the cells that graphs are drawn from.

Instants are integers, microseconds since 1970 (`billing/instants.py`), and a cell's bucket is its quarter hour:
these are the tables with millions of rows. Every key begins with the customer, so that they can be spread over a
distributed PostgreSQL; they have no foreign keys, whose checks would cost more than the insert, and the customers and
meters they name are never deleted. SQLite keeps each as one tree in the order of its key.
"""

from typing import Any

from sqlalchemy import BigInteger, Integer, SmallInteger, String, Text
from sqlmodel import Field, SQLModel

from portal_app.models.columns import IntegerKey

EVENT_ID_LENGTH = 255
ByteOrdered = String(EVENT_ID_LENGTH).with_variant(String(EVENT_ID_LENGTH, collation="C"), "postgresql")
"""Text that both engines and Python sort alike: by its bytes."""

CLUSTERED: dict[str, Any] = {"sqlite_with_rowid": False}
UPDATED_IN_PLACE: dict[str, Any] = {"sqlite_with_rowid": False, "postgresql_with": {"fillfactor": 70}}


def key(kind: Any = IntegerKey) -> Any:
    """Return a column of the primary key, in the order of the declarations."""
    return Field(primary_key=True, sa_type=kind, sa_column_kwargs={"autoincrement": False})


class UsageWord(SQLModel, table=True):
    """A name or a source that events carry, kept once."""

    __tablename__ = "usage_word"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)

    id: int | None = Field(default=None, primary_key=True, sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    word: str = Field(unique=True, max_length=255)


class UsageEvent(SQLModel, table=True):
    """One event that counts, as it stands now: its properties are those sent, or those it was corrected to.

    `name` and `source` are words; source 0 is none.
    """

    __tablename__ = "usage_event"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)
    __table_args__ = (CLUSTERED,)

    customer_id: int = key()
    at: int = key(BigInteger)
    event_id: str = key(ByteOrdered)
    name: int = Field(sa_type=Integer)
    source: int = Field(sa_type=Integer)
    properties: str = Field(sa_type=Text)
    received_at: int = Field(sa_type=BigInteger)


class UsageKey(SQLModel, table=True):
    """The register of event ids: what is here has been counted, at `at`, whatever time a retry brings."""

    __tablename__ = "usage_key"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)
    __table_args__ = (CLUSTERED,)

    customer_id: int = key()
    event_id: str = key(ByteOrdered)
    at: int = Field(sa_type=BigInteger)


class UsageCell(SQLModel, table=True):
    """What is kept of a quarter hour's events of one meter: `billing.aggregation.Cell` in columns.

    A sum is kept in two parts (`billing.aggregation.split`), which cannot overflow. `value` is the greatest (MAX)
    or the latest value (LATEST, with its instant and event).
    """

    __tablename__ = "usage_cell"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)
    __table_args__ = (UPDATED_IN_PLACE,)

    customer_id: int = key()
    meter_id: int = key(Integer)
    bucket: int = key(Integer)
    events: int = Field(sa_type=BigInteger)
    high: int = Field(default=0, sa_type=BigInteger)
    low: int = Field(default=0, sa_type=BigInteger)
    moment_high: int | None = Field(default=None, sa_type=BigInteger)
    moment_low: int | None = Field(default=None, sa_type=BigInteger)
    value: int | None = Field(default=None, sa_type=BigInteger)
    last_at: int | None = Field(default=None, sa_type=BigInteger)
    last_event_id: str | None = Field(default=None, sa_type=ByteOrdered)  # pyright: ignore[reportArgumentType]


class UsageText(SQLModel, table=True):
    """A text that a COUNT_UNIQUE meter saw in a quarter hour."""

    __tablename__ = "usage_text"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)
    __table_args__ = (CLUSTERED,)

    customer_id: int = key()
    meter_id: int = key(Integer)
    bucket: int = key(Integer)
    text: str = key(ByteOrdered)


class UsageProblem(SQLModel, table=True):
    """A value that a meter could not use: the event is kept, and does not count for that meter."""

    __tablename__ = "usage_problem"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)
    __table_args__ = (CLUSTERED,)

    customer_id: int = key()
    meter_id: int = key(Integer)
    at: int = key(BigInteger)
    event_id: str = key(ByteOrdered)
    problem: str = Field(max_length=400)


class UsageConflict(SQLModel, table=True):
    """An event id that came again with another name or other properties: the first stands, the last is shown here."""

    __tablename__ = "usage_conflict"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)
    __table_args__ = (CLUSTERED,)

    customer_id: int = key()
    event_id: str = key(ByteOrdered)
    times: int = Field(sa_type=Integer)
    name: str = Field(max_length=255)
    properties: str = Field(sa_type=Text)
    received_at: int = Field(sa_type=BigInteger)


class UsageAmendment(SQLModel, table=True):
    """An event that was corrected or voided, as it was first sent: what its retries are compared with."""

    __tablename__ = "usage_amendment"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)
    __table_args__ = (CLUSTERED,)

    customer_id: int = key()
    event_id: str = key(ByteOrdered)
    is_void: bool
    name: int = Field(sa_type=Integer)
    properties: str = Field(sa_type=Text)
    amended_at: int = Field(sa_type=BigInteger)


class UsageUnmatched(SQLModel, table=True):
    """An event of a customer nobody knows yet; it counts once the customer appears."""

    __tablename__ = "usage_unmatched"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)
    __table_args__ = (CLUSTERED,)

    external_customer_id: str = key(ByteOrdered)
    event_id: str = key(ByteOrdered)
    at: int = Field(sa_type=BigInteger)
    name: int = Field(sa_type=Integer)
    source: int = Field(sa_type=Integer)
    properties: str = Field(sa_type=Text)
    received_at: int = Field(sa_type=BigInteger)
    conflicts: int = Field(default=0, sa_type=Integer)


class UsageStream(SQLModel, table=True):
    """What a customer sent under one name: how many events count, how many of them are purged, from when to when."""

    __tablename__ = "usage_stream"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)
    __table_args__ = (UPDATED_IN_PLACE,)

    customer_id: int = key()
    name: int = key(Integer)
    events: int = Field(sa_type=BigInteger)
    purged: int = Field(default=0, sa_type=BigInteger)
    first_at: int = Field(sa_type=BigInteger)
    last_at: int = Field(sa_type=BigInteger)
    received_at: int = Field(sa_type=BigInteger)


class UsageHorizon(SQLModel, table=True):
    """Before when raw events are gone; one row, or none if nothing was ever purged. It lies on the 15-minute grid."""

    __tablename__ = "usage_horizon"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)

    id: int = Field(default=1, primary_key=True, sa_type=SmallInteger)
    before_at: int = Field(sa_type=BigInteger)


_NOUNS = ["word", "event", "key", "cell", "text", "problem", "conflict", "amendment", "unmatched", "stream", "horizon"]
WORDS, EVENTS, KEYS, CELLS, TEXTS, PROBLEMS, CONFLICTS, AMENDMENTS, UNMATCHED, STREAMS, HORIZON = (
    SQLModel.metadata.tables[f"usage_{noun}"] for noun in _NOUNS
)
"""The tables as SQLAlchemy Core has them: rows by the thousand are never objects of the ORM."""
