"""An import that nobody has to wait for: a process of its own does it, and says in files beside the upload how it goes.

So it goes on when the page is closed, the server's loop is never held up, and any process of this machine can tell
how far it is.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy.exc import SQLAlchemyError

from portal_app.commands.audit import record
from portal_app.database import Database
from portal_app.errors import Busy, FilesTooLarge, NotFound, NotPossible, PortalError
from portal_app.imports.directory import import_directory
from portal_app.imports.progress import Step
from portal_app.imports.report import Outcome, changed
from portal_app.imports.uploads import (
    MAX_BYTES,
    file_to_write,
    forget_files,
    held,
    is_held,
    new_upload,
    place_of,
    private_root,
    sizes,
    upload_of,
)

logger = logging.getLogger(__name__)

GIVEN_UP = timedelta(hours=2)
"""How long files wait for the next click."""
KEPT = timedelta(days=1)
"""How long a page still says what came of an import."""
TOLD_EVERY_SECONDS = 0.3
PROBLEMS = "problems.jsonl"
BROKEN_OFF = "broken off"
"""Instead of a sentence: the process that did it is no more."""


class Stage(StrEnum):
    """How far an import is. While it is `checking` or `loading`, a process works on it."""

    SENDING = "sending"
    CHECKING = "checking"
    CHECKED = "checked"
    REFUSED = "refused"
    LOADING = "loading"
    LOADED = "loaded"
    FAILED = "failed"


AT_WORK = frozenset({Stage.CHECKING, Stage.LOADING})


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """An import as its page shows it. `problems` are the first of `problem_count`; `rows` is what each noun came to.

    `stage_at` is when it came to this stage (UTC); `was` is the stage in which it failed, and `sentence` why.
    """

    id: str
    stage: Stage
    actor: str
    stage_at: datetime
    files: dict[str, int] = field(default_factory=dict[str, int])
    problem_count: int = 0
    problems: tuple[dict[str, Any], ...] = ()
    rows: tuple[dict[str, Any], ...] = ()
    was: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a stage: `done` of `total` in whatever unit, `rows` so far, for so many `seconds`."""

    stage: str
    done: int
    total: int
    rows: int
    seconds: float


def begin_upload(database_url: str, actor: str, now: datetime) -> str:
    """Make room for new files in the place of those before, and return the upload's name.

    Raises:
        Busy: an import is running.
    """
    folder = new_upload(place_of(database_url))
    _write(folder, ImportRecord(folder.name, Stage.SENDING, actor, now))
    return folder.name


def file_to_take(database_url: str, upload: str, name: str) -> tuple[Path, int]:
    """Return where a file that is being sent goes, and how many bytes it may have.

    Raises:
        NotFound: another upload has taken the place of this one.
        NotPossible: the files are checked already.
        Invalid: it cannot be one of the files that docs/importing.md names.
        FilesTooLarge: the other files have all the bytes there are.
    """
    folder = upload_of(place_of(database_url), upload)
    if read_state(folder).stage is not Stage.SENDING:
        raise NotPossible(problem="These files are checked already: begin anew to send others.")
    return file_to_write(folder, name)


def keep_file(database_url: str, upload: str, draft: Path, target: Path) -> None:
    """Put a file that is here as a whole where it goes, if it may still go there.

    Raises:
        Busy: the files are being checked.
        FilesTooLarge: others have come meanwhile.
        NotFound, NotPossible: as for `file_to_take`.
        OSError: it cannot be put there.
    """
    with held(place_of(database_url)):
        _target, room = file_to_take(database_url, upload, target.name)
        if draft.stat().st_size > room:
            raise FilesTooLarge(limit=MAX_BYTES)
        draft.replace(target)


def start(database_url: str, upload: str, stage: Stage, actor: str, now: datetime) -> None:
    """Let a process check the files of an upload, or load those that were checked and found good.

    Raises:
        NotFound: another upload has taken its place.
        NotPossible: there are no files, or they are not checked.
        Busy: an import is running.
    """
    place = place_of(database_url)
    with held(place) as lock:
        folder = upload_of(place, upload)
        before, files = read_state(folder), sizes(folder)
        if not files:
            raise NotPossible(problem="There are no files to import.")
        if before.stage not in {Stage.SENDING, Stage.CHECKED} or (
            stage is Stage.LOADING and before.stage is not Stage.CHECKED
        ):
            raise NotPossible(problem="These files are not waiting for that.")
        (folder / "progress.json").unlink(missing_ok=True)
        _write(folder, ImportRecord(folder.name, stage, actor, now, files))
        _spawn(folder, database_url, lock)


def perform(folder: Path, database: Database, clock: Callable[[], datetime]) -> None:
    """Do what the state of an upload says is being done, write down what came of it, and delete what was sent up.

    Files that were found good stay until they are loaded or given up.
    """
    state, now = read_state(folder), clock()
    is_dry = state.stage is Stage.CHECKING
    recorder = _Recorder(folder)
    try:
        outcome = import_directory(
            database, folder / "files", now,
            dry_run=is_dry, report=folder / PROBLEMS, on_progress=recorder.note, actor=state.actor,
        )  # fmt: skip
        if outcome.report_fault:
            logger.warning("%s", outcome.report_fault)
            (folder / PROBLEMS).unlink(missing_ok=True)  # half a file is none
        _audit(database, state, outcome, now)
    except Exception as error:  # whatever it is, the page must say that it ended
        reference = secrets.token_hex(4).upper()
        logger.exception("an import failed, reference %s", reference)
        sentence = str(error) if isinstance(error, PortalError) else f"reference {reference}"
        ended = replace(state, stage=Stage.FAILED, was=state.stage, sentence=sentence)
        _audit_failure(database, state, sentence, now)
    else:
        stage = Stage.REFUSED if outcome.problem_count else Stage.CHECKED if is_dry else Stage.LOADED
        ended = replace(
            state, stage=stage, problem_count=outcome.problem_count,
            problems=tuple(asdict(problem) for problem in outcome.problems),
            rows=tuple({"noun": noun, **asdict(tally)} for noun, tally in outcome.tallies.items()),
        )  # fmt: skip
    if ended.stage is not Stage.CHECKED:
        forget_files(folder)
    _write(folder, replace(ended, stage_at=clock()))


def current_import(database_url: str, now: datetime) -> tuple[ImportRecord | None, Progress | None]:
    """Return the import that a database's page shows, and how far it is if it is running."""
    place = place_of(database_url)
    states = _states(place)
    if not states:
        return None, None
    folder, state = max(states.items(), key=lambda one: one[1].stage_at)
    if state.stage in AT_WORK and not is_held(place):
        state = _ended_by_itself(folder, read_state(folder), now)
    return state, _read_progress(folder) if state.stage in AT_WORK else None


def problem_file(database_url: str, upload: str) -> Path:
    """Return the file with all problems of an import, one JSON object a line.

    Raises:
        NotFound: there is none.
    """
    states = _states(place_of(database_url))
    found = next((folder / PROBLEMS for folder, state in states.items() if state.id == upload), None)
    if found is None or not found.is_file():
        raise NotFound(noun="Report")
    return found


def discard(database_url: str) -> None:
    """Delete what is there of an import that is not running.

    Raises:
        Busy: it is running.
    """
    place = place_of(database_url)
    with held(place):
        for folder in _states(place):
            shutil.rmtree(folder)


def sweep(now: datetime) -> None:
    """Delete what was given up, or left by a process that died, for whichever database of this machine it was sent."""
    for place in private_root().iterdir():
        with suppress(Busy, OSError), held(place, patience_seconds=0):
            for folder, state in _states(place).items():
                if state.stage in AT_WORK:
                    _ended_by_itself(folder, state, now)
                elif now - state.stage_at > (GIVEN_UP if state.stage in {Stage.SENDING, Stage.CHECKED} else KEPT):
                    shutil.rmtree(folder)


def read_state(folder: Path) -> ImportRecord:
    """Return what an upload's folder says of it."""
    found = orjson.loads((folder / "state.json").read_bytes())
    return ImportRecord(
        **found
        | {
            "stage": Stage(found["stage"]), "stage_at": datetime.fromisoformat(found["stage_at"]),
            "problems": tuple(found["problems"]), "rows": tuple(found["rows"]),
        }
    )  # fmt: skip


class _Recorder:
    """Writes progress down, a few times a second at most."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._stage = folder, ""
        self._began = self._told = time.monotonic()

    def note(self, step: Step) -> None:
        now = time.monotonic()
        if step.stage != self._stage:
            self._stage, self._began = step.stage, now
        elif step.done < step.total and now - self._told < TOLD_EVERY_SECONDS:
            return
        self._told = now
        progress = Progress(step.stage, step.done, step.total, step.rows, now - self._began)
        _replace_file(self._folder / "progress.json", orjson.dumps(progress))


def _audit(database: Database, state: ImportRecord, outcome: Outcome, now: datetime) -> None:
    """Write down a run that has not written itself down: one that loaded nothing."""
    rows = changed(outcome.tallies)
    if rows and not outcome.is_dry and not outcome.problem_count:
        return
    action = "import.checked" if outcome.is_dry else "import.refused" if outcome.problem_count else "import.loaded"
    found = f"{outcome.problem_count} problems; nothing was loaded" if outcome.problem_count else rows or "nothing new"
    with database.writing() as session:
        record(session, actor=state.actor, action=action, now=now, files=", ".join(state.files), rows=found)


def _audit_failure(database: Database, state: ImportRecord, sentence: str, now: datetime) -> None:
    with suppress(SQLAlchemyError), database.writing() as session:  # the database may be why it failed
        files = ", ".join(state.files)
        record(session, actor=state.actor, action="import.failed", now=now, files=files, reason=sentence)


def _spawn(folder: Path, database_url: str, lock: int) -> None:
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(  # noqa: S603 (this very program, on a folder of our own making)
        [sys.executable, "-m", "portal_app.import_worker", str(folder)],
        env={**os.environ, "PORTAL_DATABASE_URL": database_url, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        pass_fds=[lock],
        start_new_session=True,  # what interrupts the server at a terminal does not interrupt a load
    )
    threading.Thread(target=process.wait, name="import", daemon=True).start()  # so that it does not stay a zombie


def _ended_by_itself(folder: Path, state: ImportRecord, now: datetime) -> ImportRecord:
    """Write down that nobody works on an import any more, though it says so."""
    if state.stage not in AT_WORK:  # it ended between two looks
        return state
    forget_files(folder)
    ended = replace(state, stage=Stage.FAILED, was=state.stage, sentence=BROKEN_OFF, stage_at=now)
    _write(folder, ended)
    return ended


def _states(place: Path) -> dict[Path, ImportRecord]:
    found: dict[Path, ImportRecord] = {}
    for path in place.glob("*/state.json"):
        with suppress(OSError, ValueError):
            found[path.parent] = read_state(path.parent)
    return found


def _read_progress(folder: Path) -> Progress | None:
    try:
        return Progress(**orjson.loads((folder / "progress.json").read_bytes()))
    except (OSError, ValueError):
        return None


def _write(folder: Path, state: ImportRecord) -> None:
    _replace_file(folder / "state.json", orjson.dumps(state))


def _replace_file(path: Path, content: bytes) -> None:
    """Write a file so that nobody reads half of it."""
    draft = path.with_suffix(".draft")
    draft.write_bytes(content)
    draft.replace(path)
