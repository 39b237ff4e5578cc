"""Migrations: up, down and up again on data, on both engines, and never out of step with the models."""

import hashlib
import shutil
import subprocess
import sys

import cast
import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, MetaData, func, inspect, select, text
from sqlalchemy.exc import DatabaseError
from sqlmodel import SQLModel

from bench._usage import fill, make_world
from portal_app.database import Database
from portal_app.migrations import downgrade, exclusive, migrate
from portal_app.models.usage import EVENTS
from portal_app.queries.invariants import all_violations

FIRST, USAGE = "0001", "0200"
MANY = 1_030_000
"""Of which one in fifty is sent twice."""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path):
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        url = request.getfixturevalue("postgres").new_database(template=None)
    database = Database(url)
    yield database
    database.close()


def revision(database):
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def checksums(database, tables):
    """One digest a table over the columns named, in the order of its key."""
    found = {}
    with database.engine.connect() as connection:
        for table in tables:
            rows = connection.execution_options(yield_per=10_000).execute(
                select(*table.columns).order_by(*table.primary_key)
            )
            digest = hashlib.sha256()
            for row in rows:
                digest.update(repr(tuple(row)).encode())
            found[table.name] = digest.hexdigest()
    return found


def tables_now(database):
    reflected = MetaData()
    reflected.reflect(database.engine)
    return [table for table in reflected.sorted_tables if table.name != "alembic_version"]


def test_the_models_and_the_migrations_agree(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_every_check_of_the_models_is_in_the_database(database):
    inspector = inspect(database.engine)
    for table in SQLModel.metadata.sorted_tables:
        wanted = {str(check.name) for check in table.constraints if isinstance(check, CheckConstraint)}
        assert wanted == {check["name"] for check in inspector.get_check_constraints(table.name)}, table.name


def test_data_survives_the_way_down_to_the_first_tables_and_up_again(demo_database):
    head = revision(demo_database)
    downgrade(demo_database.engine, FIRST)
    first = tables_now(demo_database)
    before = checksums(demo_database, first)
    assert len(set(before.values())) > 10
    migrate(demo_database.engine)
    assert revision(demo_database) == head
    assert checksums(demo_database, first) == before
    downgrade(demo_database.engine, FIRST)
    assert checksums(demo_database, first) == before


@pytest.mark.long
def test_a_million_events_survive_the_way_down_to_the_first_tables_of_usage_and_up_again(empty, tally):
    make_world(empty)
    for _ in fill(empty, MANY):
        pass
    head = revision(empty)
    usage = [table for table in tables_now(empty) if table.name.startswith("usage_")]
    before = checksums(empty, usage)
    downgrade(empty.engine, USAGE)
    assert checksums(empty, usage) == before
    kept = tables_now(empty)
    before = checksums(empty, kept)
    for step in (head, USAGE, head):
        (migrate if step == head else downgrade)(empty.engine, step)
        assert revision(empty) == step
        assert checksums(empty, kept) == before
    with empty.reading() as session:
        assert list(all_violations(session)) == []
        events = session.connection().execute(select(func.count()).select_from(EVENTS)).scalar_one()
    assert events >= 1_000_000
    downgrade(empty.engine, FIRST)
    first = tables_now(empty)
    before = checksums(empty, first)
    migrate(empty.engine)
    assert checksums(empty, first) == before
    tally("D9 events that were migrated down and up", events, 0)


def test_nothing_is_left_at_the_bottom_and_everything_works_again_at_the_top(demo_database):
    downgrade(demo_database.engine)
    assert tables_now(demo_database) == []
    migrate(demo_database.engine)
    with demo_database.writing() as session:
        cast.add_bill(session, cast.add_customer(session), "INV-1")


def test_migrating_twice_changes_nothing(demo_database):
    before = checksums(demo_database, tables_now(demo_database))
    migrate(demo_database.engine)
    assert checksums(demo_database, tables_now(demo_database)) == before


def test_processes_that_start_together_migrate_once(empty):
    program = (
        "import sys; from portal_app import database, migrations as m; m.migrate(database.make_engine(sys.argv[1]))"
    )
    together = [subprocess.Popen([sys.executable, "-c", program, empty.url]) for _ in range(3)]
    assert [process.wait() for process in together] == [0, 0, 0]
    assert revision(empty) is not None


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty):
    migrate(empty.engine, FIRST)
    before = {table.name: sorted(index.name for index in table.indexes) for table in tables_now(empty)}
    with empty.engine.begin() as connection:  # in the way of the last of 0110's steps
        connection.execute(
            text("CREATE INDEX ix_invoice_customer_id_total_issued_at_id_invoice_status ON invoice (id)")
        )
    with pytest.raises(DatabaseError, match="already exists"):
        migrate(empty.engine)
    assert revision(empty) == FIRST
    with empty.engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_invoice_customer_id_total_issued_at_id_invoice_status"))
    assert {table.name: sorted(index.name for index in table.indexes) for table in tables_now(empty)} == before
    migrate(empty.engine)


def test_migrations_that_went_well_before_one_that_fails_are_taken_back_with_it(empty):
    migrate(empty.engine, FIRST)
    with empty.engine.begin() as connection:  # in the way of one of the later ones
        connection.execute(text("CREATE TABLE embed_origins (id INTEGER)"))
    with pytest.raises(DatabaseError, match="already exists"):
        migrate(empty.engine)
    assert revision(empty) == FIRST


def test_a_migration_may_copy_a_table_that_others_point_at(demo_sqlite, tmp_path):
    shutil.copy(demo_sqlite, tmp_path / "copied.db")
    database = Database(f"sqlite:///{tmp_path / 'copied.db'}")
    before = checksums(database, tables_now(database))
    with exclusive(database.engine) as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("invoice", recreate="always") as batch:
            batch.create_check_constraint("dated", text("issued_at IS NOT NULL"))
    assert checksums(database, tables_now(database)) == before
    with database.engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    database.close()


def test_foreign_keys_are_guarded_again_after_a_migration(sqlite_database):
    downgrade(sqlite_database.engine, FIRST)
    migrate(sqlite_database.engine)
    with sqlite_database.engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
