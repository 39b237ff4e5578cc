"""An import in a process of its own: what is kept where, who may work on it, and what is left when it breaks off."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta
from pathlib import Path

import cast
import orjson
import pytest
from operator_files import CUSTOMERS, WALLETS, everything, write
from operators import audited
from sqlmodel import select

from portal_app import clock
from portal_app.errors import Busy, NotFound, NotPossible
from portal_app.imports import background
from portal_app.imports.background import (
    GIVEN_UP,
    KEPT,
    Stage,
    begin_upload,
    current_import,
    discard,
    perform,
    problem_file,
    read_state,
    start,
    sweep,
)
from portal_app.imports.directory import import_directory
from portal_app.imports.uploads import held, is_held, place_of, private_root, upload_of
from portal_app.models.customer import Customer

ADA, BEN = "operator ada@northwind.example", "operator ben@northwind.example"
BAD = "external_id,name,email\n" + "".join(f"c{n},Customer,=cmd{n}\n" for n in range(60))


pytestmark = pytest.mark.usefixtures("own_temporary_files")


@pytest.fixture
def sent(sqlite_database):
    """Send files up as Ada, and return the upload."""

    def send(actor=ADA, **files):
        upload = begin_upload(sqlite_database.url, actor, cast.NOW)
        write(upload_of(place_of(sqlite_database.url), upload) / "files", **files)
        return upload

    return send


@pytest.fixture
def shown(sqlite_database):
    """Say how the import is."""
    return lambda: current_import(sqlite_database.url, clock.utc_now())[0]


@pytest.fixture
def run(sqlite_database, shown):
    """Let the real process do a stage, and wait for its end."""

    def to_the_end(upload, stage, actor=ADA):
        start(sqlite_database.url, upload, stage, actor, clock.utc_now())
        assert shown().stage is stage
        return until(lambda: None if shown().stage is stage else shown())

    return to_the_end


def until(answer, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := answer():
            return found
        time.sleep(0.05)
    raise AssertionError("never came")


def kept(database):
    return sorted(path.name for path in place_of(database.url).rglob("*") if path.name != "lock")


def test_files_are_checked_then_loaded_by_a_process_of_its_own_and_are_gone_afterwards(sqlite_database, sent, run):
    before = everything(sqlite_database)
    upload = sent(customers=CUSTOMERS, wallets=WALLETS)
    checked = run(upload, Stage.CHECKING)
    assert (checked.stage, checked.problem_count) == (Stage.CHECKED, 0)
    assert [(row["noun"], row["added"]) for row in checked.rows] == [("customers", 2), ("wallets", 2)]
    assert everything(sqlite_database) | {"audit_entry": []} == before
    loaded = run(upload, Stage.LOADING, BEN)
    assert (loaded.stage, loaded.actor, loaded.files) == (
        Stage.LOADED, BEN, {"customers.csv": len(CUSTOMERS), "wallets.csv": len(WALLETS)},
    )  # fmt: skip
    with sqlite_database.reading() as session:
        assert sorted(session.exec(select(Customer.external_id))) == ["acme", "globex"]
    assert kept(sqlite_database) == sorted([upload, "problems.jsonl", "progress.json", "state.json"])
    rows = {"files": "customers.csv, wallets.csv", "rows": "customers: 2 new, 0 changed; wallets: 2 new, 0 changed"}
    assert audited(sqlite_database) == [(ADA, "import.checked", rows), (BEN, "import.loaded", rows)]


def test_the_folder_is_for_this_program_alone(sqlite_database, sent):
    upload = sent(customers=CUSTOMERS)
    place = place_of(sqlite_database.url)
    for path in (private_root(), place, place / upload, place / upload / "files"):
        assert path.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_somebody_else_may_read_is_not_used(sqlite_database):
    private_root().chmod(0o755)
    with pytest.raises(NotPossible, match="not a folder of this program's alone"):
        begin_upload(sqlite_database.url, ADA, cast.NOW)


def test_bad_files_are_refused_and_not_kept_but_what_is_wrong_with_them_is(sqlite_database, sent, run):
    upload = sent(customers=BAD)
    refused = run(upload, Stage.CHECKING)
    assert (refused.stage, refused.problem_count, len(refused.problems)) == (Stage.REFUSED, 60, 50)
    assert refused.problems[0] == {
        "file": "customers.csv", "line": 2, "column": "email", "sentence": "'=cmd0' is not an e-mail address",
    }  # fmt: skip
    lines = problem_file(sqlite_database.url, upload).read_bytes().splitlines()
    assert (len(lines), orjson.loads(lines[59])["line"]) == (60, 61)
    assert "files" not in kept(sqlite_database)
    assert audited(sqlite_database)[-1][1:] == (
        "import.checked", {"files": "customers.csv", "rows": "60 problems; nothing was loaded"},
    )  # fmt: skip
    with pytest.raises(NotFound):
        start(sqlite_database.url, upload, Stage.LOADING, ADA, cast.NOW)


def test_where_the_disk_has_no_room_for_the_report_there_is_none_but_what_came_of_the_files(sqlite_database, sent, run):
    upload = sent(customers=BAD)
    (place_of(sqlite_database.url) / upload / "problems.jsonl").symlink_to("/dev/full")
    refused = run(upload, Stage.CHECKING)
    assert (refused.stage, refused.problem_count, len(refused.problems)) == (Stage.REFUSED, 60, 50)
    with pytest.raises(NotFound):
        problem_file(sqlite_database.url, upload)


def test_what_was_good_and_no_longer_is_loads_nothing(sqlite_database, sent, run):
    upload = sent(wallets=WALLETS, customers=CUSTOMERS)
    run(upload, Stage.CHECKING)
    (upload_of(place_of(sqlite_database.url), upload) / "files" / "customers.csv").write_text("external_id,name\nx,\n")
    assert run(upload, Stage.LOADING).stage is Stage.REFUSED
    with sqlite_database.reading() as session:
        assert session.exec(select(Customer)).all() == []
    assert audited(sqlite_database)[-1][1] == "import.refused"


def test_files_that_were_not_checked_are_not_loaded(sqlite_database, sent):
    with pytest.raises(NotPossible):
        start(sqlite_database.url, sent(customers=CUSTOMERS), Stage.LOADING, ADA, cast.NOW)
    with pytest.raises(NotPossible, match="no files"):
        start(sqlite_database.url, sent(), Stage.CHECKING, ADA, cast.NOW)


def test_an_upload_takes_the_place_of_the_one_before(sqlite_database, sent, shown):
    first, second = sent(customers=CUSTOMERS), sent(BEN, customers=CUSTOMERS)
    assert (shown().id, shown().actor) == (second, BEN)
    with pytest.raises(NotFound):
        start(sqlite_database.url, first, Stage.CHECKING, ADA, cast.NOW)


def test_one_import_at_a_time(sqlite_database, sent):
    upload = sent(customers=CUSTOMERS)
    with held(place_of(sqlite_database.url)):
        for call in (
            lambda: begin_upload(sqlite_database.url, BEN, cast.NOW),
            lambda: start(sqlite_database.url, upload, Stage.CHECKING, BEN, cast.NOW),
            lambda: discard(sqlite_database.url),
        ):
            with pytest.raises(Busy, match="Another import is running"):
                call()


def test_one_import_at_a_time_also_from_the_command_line(database, folder):
    write(folder, customers=CUSTOMERS)
    with database.alone("import"), pytest.raises(Busy):
        import_directory(database, folder, cast.NOW)
    assert import_directory(database, folder, cast.NOW).tallies["customers"].added == 2


def test_an_import_that_meets_another_one_says_so(sqlite_database, sent, shown):
    upload = sent(customers=CUSTOMERS)
    folder = upload_of(place_of(sqlite_database.url), upload)
    start_without_a_process(sqlite_database.url, upload)
    with sqlite_database.alone("import"):
        perform(folder, sqlite_database, clock.utc_now)
    assert (shown().stage, shown().was) == (Stage.FAILED, "checking")
    assert shown().sentence == "Another import is running. Wait until it has ended."
    assert audited(sqlite_database)[-1][:2] == (ADA, "import.failed")


def test_an_import_whose_process_is_killed_has_loaded_nothing_and_says_that_it_broke_off(sqlite_database, sent, shown):
    rows = "".join(f"c{n},Customer {n}\n" for n in range(60_000))
    upload = sent(customers=f"external_id,name\n{rows}")
    start(sqlite_database.url, upload, Stage.CHECKING, ADA, cast.NOW)
    folder = upload_of(place_of(sqlite_database.url), upload)
    until((folder / "progress.json").exists)
    (process,) = [
        int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if upload.encode() in path.read_bytes()
    ]
    os.kill(process, signal.SIGKILL)
    broken = until(lambda: shown() if shown().stage is Stage.FAILED else None)
    assert (broken.was, broken.sentence) == ("checking", background.BROKEN_OFF)
    assert not (folder / "files").exists()
    with sqlite_database.reading() as session:
        assert session.exec(select(Customer)).all() == []


def start_without_a_process(url, upload):
    """Put an upload into the state it has while a process works on it."""
    spawn, background._spawn = background._spawn, lambda *_: None
    try:
        start(url, upload, Stage.CHECKING, ADA, cast.NOW)
    finally:
        background._spawn = spawn


def test_what_a_process_left_that_died_with_the_machine_is_swept(sqlite_database, sent):
    upload = sent(customers=CUSTOMERS)
    start_without_a_process(sqlite_database.url, upload)
    sweep(cast.NOW)
    assert "files" not in kept(sqlite_database)
    assert read_state(place_of(sqlite_database.url) / upload).sentence == background.BROKEN_OFF


@pytest.mark.parametrize(("stage", "patience"), [("sending", GIVEN_UP), ("refused", KEPT)])
def test_what_nobody_comes_back_to_is_swept_by_its_age(sqlite_database, sent, run, stage, patience):
    upload = sent(customers=BAD)
    if stage == "refused":
        run(upload, Stage.CHECKING)
    until(lambda: not is_held(place_of(sqlite_database.url)))
    since = read_state(place_of(sqlite_database.url) / upload).stage_at
    sweep(since + patience - timedelta(seconds=1))
    assert kept(sqlite_database) != []
    sweep(since + patience + timedelta(seconds=1))
    assert kept(sqlite_database) == []


def test_what_is_being_worked_on_is_not_swept(sqlite_database, sent):
    sent(customers=CUSTOMERS)
    with held(place_of(sqlite_database.url)):
        sweep(cast.NOW + KEPT * 2)
    assert "customers.csv" in kept(sqlite_database)


def test_two_databases_have_a_place_each(sqlite_database):
    assert place_of(sqlite_database.url) != place_of("postgresql://portal@db.example.com/portal")
    relative = os.path.relpath(sqlite_database.url.removeprefix("sqlite:///"))
    assert place_of(f"sqlite:///{relative}") == place_of(sqlite_database.url)
