"""The operator's list of customers: 100,000 of them against 1,000, by page, order and search."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import cast
import conftest  # noqa: F401 (the settings of the tests)
from sqlalchemy import insert

from bench._table import print_table
from portal_app.database import Database
from portal_app.migrations import migrate
from portal_app.models.columns import new_public_id
from portal_app.models.customer import Customer, CustomerWord, words_of
from portal_app.queries.customer_list import CustomerOrder, CustomerSearch, search_customers_of_operator

ROUNDS = 40
FEW, MANY = 1_000, 100_000
ASKED = {
    "first page": (CustomerSearch(), 1),
    "page 20": (CustomerSearch(), 20),
    "newest first": (CustomerSearch(order=CustomerOrder.CREATED, ascending=False), 1),
    "by id, all statuses": (CustomerSearch(status=None, order=CustomerOrder.EXTERNAL_ID), 1),
    "one word, one hit": (CustomerSearch("c000777"), 1),
    "two words, a hundred hits": (CustomerSearch("corp c0007"), 1),
    "a word of all": (CustomerSearch("corp"), 1),
}


def run(many: int = MANY) -> None:
    """Ask both databases in turns."""
    with tempfile.TemporaryDirectory() as folder:
        databases = [_filled(Path(folder), count) for count in (FEW, many)]
        rows = []
        for name, (search, number) in ASKED.items():
            took = [[], []]
            for _ in range(ROUNDS):
                for database, times in zip(databases, took, strict=True):
                    start = time.perf_counter()
                    with database.reading() as session:
                        search_customers_of_operator(session, search, cast.NOW, number)
                    times.append(time.perf_counter() - start)
            few, large = (statistics.median(times) * 1e3 for times in took)
            rows.append((name, few, large, large / few))
        for database in databases:
            database.close()
    print_table(
        "customers, SQLite, median of interleaved rounds", ("asked", f"{FEW:,} ms", f"{many:,} ms", "ratio"), rows
    )


def _filled(folder: Path, count: int) -> Database:
    database = Database(f"sqlite:///{folder / f'{count}.db'}")
    migrate(database.engine)
    empty = {column.name: "" for column in Customer.__table__.columns if column.name.startswith("address_")}
    more = {"tax_id": "", "timezone": "UTC", "locale": "", "status": "published", "metadata": {}}
    rows = [
        {**empty, **more, "public_id": new_public_id("cust"), "external_id": f"c{n:06}",
         "name": f"Customer {n:06} Corp", "email": f"billing@c{n:06}.example", "created_at": cast.NOW,
         "updated_at": cast.NOW}
        for n in range(count)
    ]  # fmt: skip
    with database.writing() as session:
        session.execute(insert(Customer.__table__), rows)
        words = [
            {"customer_id": key, "word": word}
            for key, row in enumerate(rows, 1)
            for word in words_of(row["name"], row["external_id"], row["email"])
        ]
        session.execute(insert(CustomerWord.__table__), words)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    return database
