"""A run as a whole: all of it is loaded, or nothing; once, or again without a trace."""

import shutil
from pathlib import Path

import cast
import orjson
import pytest
from operator_files import CUSTOMERS, INVOICES, LEDGER, WALLETS, counts, credit, csv, debit, everything, told, write
from sqlmodel import select

from portal_app.errors import Invalid
from portal_app.imports.directory import LOADERS, import_directory
from portal_app.imports.nouns import NOUNS
from portal_app.imports.report import as_text
from portal_app.models.access import AuditEntry

EXAMPLE = Path(__file__).parents[2] / "examples" / "import"
LATER = cast.NOW.replace(year=2027)


@pytest.fixture
def example(folder):
    """The example directory, to be changed."""
    return shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)


def test_a_run_with_one_bad_row_loads_nothing(database, example):
    before = everything(database)
    with (example / "payments.jsonl").open("a") as file:
        file.write('{"external_id": "p"}\n')
    outcome = import_directory(database, example, cast.NOW)
    assert outcome.problem_count == 5
    assert everything(database) == before


@pytest.mark.parametrize(
    ("noun", "old", "new"),
    [
        ("customers", "Europe/Berlin", "Berlin"),
        ("wallets", "harbour-gbp,harbour", "harbour-gbp,nobody"),
        ("line_items", "Onboarding,FIXED,1,20", "Onboarding,FIXED,1,"),
        ("invoices", "inv-3,acme,sub-acme", "inv-3,acme,sub-harbour"),
        ("transactions", "200,434.2", "2000,434.2"),
        ("grants", "trial,harbour-gbp", "trial,acme-usd"),
    ],
)
def test_whichever_file_is_wrong_nothing_of_the_others_stays(database, example, noun, old, new):
    before = everything(database)
    path = example / f"{noun}.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    outcome = import_directory(database, example, cast.NOW)
    assert {problem.file for problem in outcome.problems} <= {f"{noun}.csv", "transactions.csv"}
    assert outcome.problem_count > 0
    assert everything(database) == before


def test_a_dry_run_checks_everything_and_loads_nothing(database, example):
    before = everything(database)
    outcome = import_directory(database, example, cast.NOW, dry_run=True)
    assert told(outcome) == []
    assert counts(outcome)["transactions"] == (8, 0, 0)
    assert everything(database) == before


def test_a_dry_run_finds_what_only_the_database_knows(bring):
    bring(customers=CUSTOMERS, wallets=WALLETS, transactions=csv(LEDGER, credit("a", 10, 5)))
    outcome = bring(dry_run=True, transactions=csv(LEDGER, credit("a", 10, 5), debit("b", 11, 6)))
    assert told(outcome) == ["transactions.csv:3: credit_amount: the balance is 5 credits, so 6 cannot be taken"]


def test_the_same_files_again_change_nothing_at_all(database, example):
    import_directory(database, example, cast.NOW)
    before = everything(database)
    outcome = import_directory(database, example, LATER)
    assert told(outcome) == []
    assert {(added, changed) for added, changed, _ in counts(outcome).values()} == {(0, 0)}
    assert everything(database) == before


def test_files_brought_one_after_the_other_come_to_the_same(database, example, tmp_path):
    for name in NOUNS:
        if name in {"invoices", "line_items", "payments", "grants", "transactions"}:
            continue
        (path,) = example.glob(f"{name}.*")
        alone = tmp_path / name
        alone.mkdir()
        shutil.copy(path, alone)
        assert told(import_directory(database, alone, cast.NOW)) == []
    assert counts(import_directory(database, example, cast.NOW))["customers"] == (0, 0, 2)


def test_what_the_checks_overlook_is_told_as_the_database_tells_it(bring, database):
    with database.writing() as session:
        session.connection().exec_driver_sql("CREATE UNIQUE INDEX nobody_checks_this ON customer (name)")
    outcome = bring(customers="external_id,name\na,Acme\nb,Acme\n")
    (problem,) = told(outcome)
    assert problem.startswith("customers: the database refuses a row: ")
    assert everything(database)["customer"] == []
    with database.writing() as session:  # tests on PostgreSQL share their tables
        session.connection().exec_driver_sql("DROP INDEX nobody_checks_this")


def test_a_run_that_changes_something_leaves_one_audit_entry(bring, database):
    bring(customers=CUSTOMERS, wallets=WALLETS)
    bring()
    with database.reading() as session:
        (entry,) = session.exec(select(AuditEntry))
    assert (entry.actor, entry.action, entry.at) == ("command line", "import.loaded", cast.NOW)
    assert entry.details == {
        "files": "customers.csv, wallets.csv",
        "rows": "customers: 2 new, 0 changed; wallets: 2 new, 0 changed",
    }


def test_problems_are_told_file_by_file_and_line_by_line(bring):
    outcome = bring(
        wallets=csv("external_id,customer,currency", "w,acme,USD", "v,nobody,USD", "u,acme,money"),
        customers="external_id,name,email\nacme,Acme,\nglobex,Globex,x\n",
        invoices=csv(INVOICES, "i,nobody,DRAFT,USD,2026-01-06T12:00Z", "j,acme,DRAFT,USD,today"),
    )
    assert [(problem.file, problem.line) for problem in outcome.problems] == [
        ("customers.csv", 3), ("wallets.csv", 3), ("wallets.csv", 4), ("invoices.csv", 2), ("invoices.csv", 3),
    ]  # fmt: skip


def test_the_report_holds_every_problem_and_the_outcome_the_first_fifty(bring, tmp_path):
    rows = [f"c{number},Customer,x{number}" for number in range(180)]
    outcome = bring(customers=csv("external_id,name,email", *rows), report=tmp_path / "report.txt")
    assert outcome.problem_count == 180
    assert len(outcome.problems) == 50
    lines = (tmp_path / "report.txt").read_text().splitlines()
    assert lines[:50] == told(outcome)
    assert lines[179] == "customers.csv:181: email: 'x179' is not an e-mail address"
    assert lines[180:] == ["180 problems; nothing was loaded"]


def test_a_report_as_json_lines_holds_the_problems_alone_whatever_bytes_are_in_them(bring, folder, tmp_path):
    (folder / "wallets.jsonl").write_bytes(b'{"external_id": "w", "customer": "a", "currency": "USD", "\xff": []}\n')
    bring(customers="external_id,name\n=1+1,\n", report=tmp_path / "report.jsonl")
    customers, *wallets = [orjson.loads(line) for line in (tmp_path / "report.jsonl").read_bytes().splitlines()]
    assert customers == {"file": "customers.csv", "line": 2, "column": "name", "sentence": "is required"}
    assert {one["column"] for one in wallets} == {"\\udcff", ""}


@pytest.mark.parametrize(
    ("report", "problem"), [("nowhere/report.txt", "No such file or directory"), (".", "Is a directory")]
)
def test_a_report_that_cannot_be_written_stops_the_run_before_it_begins(bring, database, tmp_path, report, problem):
    with pytest.raises(Invalid, match=rf"--report: .* cannot be written: {problem}"):
        bring(customers=CUSTOMERS, report=tmp_path / report)
    assert everything(database)["customer"] == []


def test_a_report_that_can_no_longer_be_written_is_told_of_what_is_loaded(bring, database):
    outcome = bring(customers=CUSTOMERS, report=Path("/dev/full"))
    assert as_text(outcome).splitlines()[-2:] == [
        "everything is loaded", "the report /dev/full could not be written: No space left on device",
    ]  # fmt: skip
    assert len(everything(database)["customer"]) == 2


def test_every_noun_has_a_loader():
    loaded_by_another = {"line_items": "invoices", "payments": "invoices", "grants": "transactions"}
    assert {loaded_by_another.get(name, name) for name in NOUNS} == LOADERS.keys()


def test_progress_is_told_stage_by_stage_until_all_is_done(database, folder):
    write(folder, customers=CUSTOMERS, wallets=WALLETS, transactions=csv(LEDGER, credit("a", 10, 5)))
    steps = []
    import_directory(database, folder, cast.NOW, on_progress=steps.append)
    assert [step.stage for step in steps if step.done == step.total] == [
        "reading customers.csv", "reading wallets.csv", "reading transactions.csv",
        "loading customers", "loading wallets", "loading transactions",
    ]  # fmt: skip
    assert {step.stage: step.rows for step in steps} == {
        "reading customers.csv": 2, "reading wallets.csv": 2, "reading transactions.csv": 1,
        "loading customers": 2, "loading wallets": 2, "loading transactions": 1,
    }  # fmt: skip
