"""`python -m portal_app import DIR`, as a shell sees it."""

import pytest
from operator_files import CUSTOMERS, everything, write
from typer.testing import CliRunner

from portal_app.cli import app


@pytest.fixture
def run(sqlite_database, folder):
    def call(*arguments, **files):
        write(folder, **files)
        return CliRunner().invoke(app, ["import", str(folder), *map(str, arguments)])

    return call


def test_a_good_directory_is_loaded_with_exit_code_0(run, sqlite_database):
    result = run(customers=CUSTOMERS)
    assert (result.exit_code, result.stdout) == (
        0,
        "customers: 2 new, 0 changed, 0 as they were\neverything is loaded\n",
    )
    assert len(everything(sqlite_database)["customer"]) == 2


def test_a_bad_directory_is_told_with_exit_code_1(run, sqlite_database):
    result = run(customers="external_id,name\nacme,\n")
    assert (result.exit_code, result.stdout) == (
        1, "customers.csv:2: name: is required\n1 problem; nothing was loaded\n",
    )  # fmt: skip
    assert everything(sqlite_database)["customer"] == []


def test_a_dry_run_loads_nothing(run, sqlite_database):
    result = run("--dry-run", customers=CUSTOMERS)
    assert result.exit_code == 0
    assert "nothing was loaded (dry run)" in result.stdout
    assert everything(sqlite_database)["customer"] == []


def test_the_report_goes_where_it_is_wanted(run, tmp_path):
    run("--report", tmp_path / "report.txt", customers="external_id,name\nacme,\n")
    assert (tmp_path / "report.txt").read_text() == (
        "customers.csv:2: name: is required\n1 problem; nothing was loaded\n"
    )


def test_a_report_that_can_no_longer_be_written_does_not_make_what_is_loaded_a_failure(run, sqlite_database):
    result = run("--report", "/dev/full", customers=CUSTOMERS)
    assert (result.exit_code, result.stdout.splitlines()[1:]) == (
        0, ["everything is loaded", "the report /dev/full could not be written: No space left on device"],
    )  # fmt: skip
    assert len(everything(sqlite_database)["customer"]) == 2


def test_a_report_that_is_a_folder_is_a_wrong_call(run, sqlite_database, tmp_path):
    assert run("--report", tmp_path, customers=CUSTOMERS).exit_code == 2
    assert everything(sqlite_database)["customer"] == []


def test_a_directory_that_is_not_there_is_a_wrong_call(run):
    result = CliRunner().invoke(app, ["import", "/nowhere"])
    assert result.exit_code == 2
