"""Whatever files hold, a run ends in problems that are told, or in a database without a flaw."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
from pathlib import Path

import cast
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from operator_files import everything, told

from portal_app.database import Database
from portal_app.imports.directory import import_directory
from portal_app.imports.nouns import NOUNS
from portal_app.queries.invariants import all_violations

EXAMPLE = Path(__file__).parents[2] / "examples" / "import"
RUNS = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

ids = st.sampled_from(["a", "b", "c"])
odd = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "",
            "-1",
            "0",
            "1,234",
            "5.000,00",
            "1e9",
            "NaN",
            "9" * 30,
            "\0",
            "\ud800",
            "2026-01-06",
            "=1+1",
            "'",
            '"',
            "true",
        ]
    ),
    st.decimals(-(10**13), 10**13, places=7).map(str),
)


def cell(column):
    """Return mostly cells that fit a column, and some that nobody expects."""
    if column.refers_to or column.name == "external_id":
        fitting = ids
    elif column.kind.form.startswith("one of"):
        fitting = st.sampled_from([word.strip("`") for word in column.kind.form.removeprefix("one of ").split(", ")])
    elif column.kind.form.startswith("number"):
        fitting = st.sampled_from(["0", "1", "10", "20.00", "0.1"])
    elif column.kind.form.startswith("time with"):
        fitting = st.integers(1, 28).map(lambda day: f"2026-01-{day:02d}T12:00:00Z")
    else:
        fitting = st.just(column.example)
    empty = st.just("") if not column.required else fitting
    return st.integers(0, 39).flatmap(lambda dice: odd if dice == 0 else empty if dice < 8 else fitting)


def rows(noun):
    """Return files of a few rows of a noun, sometimes with some of its columns left out."""
    required = [column for column in noun.columns if column.required]
    optional = [column for column in noun.columns if not column.required]
    columns = st.lists(st.sampled_from(optional), unique=True).map(lambda some: required + some)
    return columns.flatmap(
        lambda chosen: st.tuples(
            st.just([column.name for column in chosen]),
            st.lists(st.tuples(*[cell(column) for column in chosen]), max_size=4, unique_by=lambda row: row[0]),
        )
    )


directories = st.fixed_dictionaries({}, optional={name: rows(noun) for name, noun in NOUNS.items()})


def as_csv(head, body):
    buffer = io.StringIO()
    csv.writer(buffer).writerows([head, *body])
    return buffer.getvalue().encode(errors="surrogatepass")


@pytest.fixture(scope="module")
def scratch_database(migrated_sqlite, tmp_path_factory):
    """A database that every example begins anew."""
    path = tmp_path_factory.mktemp("random") / "portal.db"

    def fresh():
        shutil.copy(migrated_sqlite, path)
        return Database(f"sqlite:///{path}")

    return fresh


def example():
    """Return the files of the example directory, all as CSV."""
    payments = [json.loads(line) for line in (EXAMPLE / "payments.jsonl").read_text().splitlines()]
    head = list(dict.fromkeys(name for payment in payments for name in payment))
    files = {path.stem: path.read_bytes() for path in EXAMPLE.glob("*.csv")}
    return files | {"payments": as_csv(head, [[payment.get(name, "") for name in head] for payment in payments])}


def bring(database, files):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            Path(folder, f"{name}.csv").write_bytes(content)
        return import_directory(database, Path(folder), cast.NOW)


def check(database, files):
    before = everything(database)
    outcome = bring(database, files)
    assert not any("the database refuses" in line for line in told(outcome))
    if outcome.problem_count:
        assert everything(database) == before
        return
    with database.reading() as session:
        assert list(all_violations(session)) == []
    loaded = everything(database)
    assert bring(database, files).problem_count == 0
    assert everything(database) == loaded


@RUNS
@given(files=directories)
def test_random_rows_are_told_or_loaded_without_a_flaw(scratch_database, files):
    database = scratch_database()
    try:
        check(database, {name: as_csv(*content) for name, content in files.items()})
    finally:
        database.close()


@RUNS
@given(data=st.data())
def test_a_random_change_to_good_files_is_told_or_loaded_without_a_flaw(scratch_database, data):
    files = example()
    database = scratch_database()
    try:
        assert bring(database, files).problem_count == 0
        noun = data.draw(st.sampled_from(sorted(files)))
        head, *body = csv.reader(io.StringIO(files[noun].decode()))
        row = data.draw(st.integers(0, len(body) - 1))
        column = data.draw(st.integers(0, len(head) - 1))
        body[row][column] = data.draw(cell(NOUNS[noun].by_name[head[column]]))
        check(database, files | {noun: as_csv(head, body)})
    finally:
        database.close()


@RUNS
@given(content=st.binary(max_size=300), noun=st.sampled_from(sorted(NOUNS)))
def test_random_bytes_are_told(scratch_database, content, noun):
    database = scratch_database()
    try:
        assert bring(database, {noun: content}).problem_count > 0
    finally:
        database.close()
