"""Files that are brought over the operator's routes: what is kept, what is refused, what the report says."""

from __future__ import annotations

import asyncio
import csv
import io

import httpx2
import pytest
from operator_files import CUSTOMERS

from portal_app import clock
from portal_app.access.operator_roles import Role
from portal_app.errors import FilesTooLarge, NotPossible
from portal_app.imports import uploads
from portal_app.imports.background import Stage, current_import, file_to_take, keep_file, perform, start
from portal_app.imports.uploads import held, place_of
from portal_app.web.operator.imports import AT_ONCE
from portal_app.web.operator.routes import create_operator_routes

PATH = "/operator/forms/import"
REPORT = "/operator/files/import-report.csv"
BAD = 'external_id,name,email\nacme,Acme,x\n"=1+1",Globex,@y\n'


pytestmark = pytest.mark.usefixtures("own_temporary_files")


@pytest.fixture
def admin(signed_in):
    return signed_in()


def begin(client):
    return client.post(f"{PATH}/begin").json()["upload"]


def send(client, upload, name, content):
    return client.post(f"{PATH}/{upload}/file", params={"name": name}, content=content)


def kept(people):
    return {path.name: path.read_text() for path in place_of(people.url).glob("*/files/*")}


def test_each_file_is_kept_under_its_name_and_the_same_name_again_replaces_it(admin, people):
    upload = begin(admin)
    assert send(admin, upload, "customers.csv", b"x").status_code == 200
    assert send(admin, upload, "customers.csv", CUSTOMERS.encode()).json() == {"message": "customers.csv is here."}
    assert send(admin, upload, "mapping.toml", b"").status_code == 200
    assert kept(people) == {"customers.csv": CUSTOMERS, "mapping.toml": ""}


@pytest.mark.parametrize(
    "name",
    ["", "customers", "customers.exe", "../customers.csv", "a/b.csv", "/etc/passwd.csv", ".hidden.csv", "a\0.csv",
     "c:\\x.csv", "é.csv", "a" * 200 + ".csv", "..", "x.csv\n"],
)  # fmt: skip
def test_a_name_that_is_no_plain_one_is_refused(admin, people, name):
    answer = send(admin, begin(admin), name, b"x")
    assert answer.status_code == 400
    assert "is not one of .csv, .jsonl, .ndjson, .toml under a plain name" in answer.text
    assert kept(people) == {}


def test_a_file_that_is_here_is_not_written_on_by_one_of_its_name_that_came_slowly(admin, people):
    upload, seen = begin(admin), []

    async def slowly():
        yield b"x" * AT_ONCE
        send(admin, upload, "customers.csv", CUSTOMERS.encode())
        yield b"x" * AT_ONCE
        seen.append(kept(people)["customers.csv"])

    async def send_slowly():
        headers = {"Origin": str(admin.base_url), "Cookie": f"operator_session={admin.cookies['operator_session']}"}
        transport = httpx2.ASGITransport(app=create_operator_routes())
        async with httpx2.AsyncClient(transport=transport, base_url=admin.base_url, headers=headers) as sender:
            return await sender.post(f"{PATH}/{upload}/file", params={"name": "customers.csv"}, content=slowly())

    assert asyncio.run(send_slowly()).status_code == 200
    assert seen == [CUSTOMERS]
    assert kept(people) == {"customers.csv": "x" * 2 * AT_ONCE}


@pytest.mark.parametrize("upload", ["0" * 32, "..", "x", "%2e%2e"])
def test_an_upload_that_is_not_there_takes_nothing(admin, upload):
    begin(admin)
    assert send(admin, upload, "customers.csv", b"x").status_code == 404


def test_one_that_another_has_taken_the_place_of_takes_nothing(admin, signed_in):
    upload = begin(admin)
    begin(signed_in())
    answer = send(admin, upload, "customers.csv", b"x")
    assert (answer.status_code, answer.text) == (404, "Upload not found")


def test_more_bytes_than_there_may_be_are_not_kept(admin, people, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_BYTES", 100)
    upload = begin(admin)
    assert send(admin, upload, "customers.csv", b"x" * 60).status_code == 200
    assert send(admin, upload, "wallets.csv", b"x" * 41).status_code == 413
    assert send(admin, upload, "customers.csv", b"y" * 100).status_code == 200
    assert send(admin, upload, "wallets.csv", b"x").status_code == 413
    assert list(kept(people)) == ["customers.csv"]


def test_a_file_for_which_the_others_leave_no_room_is_told_so(admin, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_BYTES", 100)
    upload = begin(admin)
    send(admin, upload, "customers.csv", b"x" * 90)
    assert "All files together are larger than" in send(admin, upload, "wallets.csv", b"x" * 20).text


def test_a_file_for_which_another_one_has_left_no_room_meanwhile_is_not_kept(admin, people, monkeypatch):
    upload = begin(admin)
    target, _room = file_to_take(people.url, upload, "wallets.csv")
    draft = target.with_name(".wallets.csv.part")
    draft.write_bytes(b"x" * 20)
    send(admin, upload, "customers.csv", b"x" * 90)
    monkeypatch.setattr(uploads, "MAX_BYTES", 100)
    with pytest.raises(FilesTooLarge):
        keep_file(people.url, upload, draft, target)
    assert [name for name in kept(people) if not name.startswith(".")] == ["customers.csv"]


def test_what_was_checked_is_what_is_loaded(admin, people, monkeypatch):
    upload = begin(admin)
    send(admin, upload, "customers.csv", CUSTOMERS.encode())
    target, _room = file_to_take(people.url, upload, "customers.csv")
    late = target.with_name(".customers.csv.part")
    late.write_text("late")
    monkeypatch.setattr("portal_app.imports.background._spawn", lambda *_: None)
    start(people.url, upload, Stage.CHECKING, "operator ada", clock.utc_now())
    perform(place_of(people.url) / upload, people, clock.utc_now)
    assert current_import(people.url, clock.utc_now())[0].stage is Stage.CHECKED
    answer = send(admin, upload, "customers.csv", b"another")
    problem = "These files are checked already: begin anew to send others."
    assert (answer.status_code, answer.text) == (400, problem)
    assert send(admin, upload, "wallets.csv", b"x").text == problem
    with pytest.raises(NotPossible, match="checked already"):
        keep_file(people.url, upload, late, target)
    assert kept(people) == {"customers.csv": CUSTOMERS, late.name: "late"}


def test_more_files_than_there_may_be_are_not_kept(admin, people, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_FILES", 1)
    upload = begin(admin)
    assert send(admin, upload, "customers.csv", b"x").status_code == 200
    assert "one file too many" in send(admin, upload, "wallets.csv", b"x").text
    assert list(kept(people)) == ["customers.csv"]


def test_nothing_is_taken_while_an_import_is_running(admin, people):
    with held(place_of(people.url)):
        answer = admin.post(f"{PATH}/begin")
    assert (answer.status_code, answer.text) == (409, "Another import is running. Wait until it has ended.")


@pytest.mark.threat("T21")
def test_the_report_has_every_problem_and_no_formula(admin, people, monkeypatch):
    upload = begin(admin)
    send(admin, upload, "customers.csv", BAD.encode())
    assert admin.get(REPORT, params={"upload": upload}).status_code == 404
    monkeypatch.setattr("portal_app.imports.background._spawn", lambda *_: None)
    start(people.url, upload, Stage.CHECKING, "operator ada", clock.utc_now())
    folder = place_of(people.url) / upload
    (folder / "files" / "=cmd.csv").write_text("")  # as no route would take it
    perform(folder, people, clock.utc_now)
    assert current_import(people.url, clock.utc_now())[0].stage is Stage.REFUSED
    answer = admin.get(REPORT, params={"upload": upload})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="import-report.csv"'
    head, first, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert head == ["file", "line", "column", "problem"]
    assert (first[0], first[1]) == ("'=cmd.csv", "")
    assert rows == [
        ["customers.csv", "2", "email", "'x' is not an e-mail address"],
        ["customers.csv", "3", "email", "'@y' is not an e-mail address"],
    ]


@pytest.mark.parametrize("upload", ["", "..", "0" * 32])
def test_there_is_no_report_of_what_is_not_there(admin, upload):
    assert admin.get(REPORT, params={"upload": upload}).status_code == 404


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_only_an_admin_brings_files(signed_in, people, role):
    client = signed_in(role)
    assert client.post(f"{PATH}/begin").status_code == 403
    assert send(client, "0" * 32, "customers.csv", b"x").status_code == 403
    assert kept(people) == {}
