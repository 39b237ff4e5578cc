"""Files that an operator sends up to be imported: in a folder of their own, which only this program may read.

There is one place for each database, and in it at most one upload at a time; a new one takes the place of the one
before. Whoever works on the files holds the place's lock, which the system gives back when that process ends,
however it ends: so nobody waits for a process that has died.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from portal_app.errors import Busy, FilesTooLarge, Invalid, NotFound, NotPossible
from portal_app.imports.mapping import FILE
from portal_app.imports.reader import SUFFIXES

MAX_BYTES = 2**30
"""What all files of one upload may have together."""
MAX_FILES = 40
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}")
_ID = re.compile(r"[0-9a-f]{32}")


def private_root() -> Path:
    """Return the folder of all uploads on this machine.

    Raises:
        NotPossible: somebody else has made it, or may read it.
    """
    root = Path(tempfile.gettempdir()) / f"customer-portal-imports-{os.getuid()}"
    root.mkdir(mode=0o700, exist_ok=True)
    found = root.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise NotPossible(problem=f"{root} is not a folder of this program's alone, so nothing is kept there")
    return root


def place_of(database_url: str) -> Path:
    """Return where the uploads for a database are on this machine.

    Raises:
        NotPossible: as for `private_root`.
    """
    engine, separator, path = database_url.partition(":///")
    whole = f"{engine}{separator}{Path(path).resolve()}" if engine.startswith("sqlite") else database_url
    place = private_root() / hashlib.sha256(whole.encode()).hexdigest()[:16]
    place.mkdir(mode=0o700, exist_ok=True)
    return place


@contextmanager
def held(place: Path, patience_seconds: float = 2.0) -> Generator[int]:
    """Hold a place and yield the lock's descriptor: a process that inherits it goes on holding.

    The patience is for a process that is just ending, and for those who only look whether it is free.

    Raises:
        Busy: somebody works on the files there.
    """
    descriptor = os.open(place / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(descriptor, patience_seconds)
        yield descriptor
    finally:
        os.close(descriptor)


def is_held(place: Path) -> bool:
    """Tell whether somebody works on the files of a place."""
    try:
        with held(place, patience_seconds=0):
            return False
    except Busy:
        return True


def new_upload(place: Path) -> Path:
    """Make an empty upload in the place of the one before.

    Raises:
        Busy: somebody works on the files there.
    """
    with held(place):
        for before in folders(place):
            shutil.rmtree(before)
        folder = place / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        (folder / "files").mkdir(mode=0o700)
    return folder


def folders(place: Path) -> list[Path]:
    """Return the uploads of a place: one, or none."""
    return [path for path in place.iterdir() if _ID.fullmatch(path.name)]


def upload_of(place: Path, name: str) -> Path:
    """Return the folder of an upload.

    Raises:
        NotFound: another one has taken its place, or it was given up.
    """
    folder = place / name
    if not _ID.fullmatch(name) or not (folder / "files").is_dir():
        raise NotFound(noun="Upload")
    return folder


def file_to_write(folder: Path, name: str) -> tuple[Path, int]:
    """Return where a file of this name goes, and how many bytes it may have.

    Raises:
        Invalid: it cannot be one of the files that docs/importing.md names.
        FilesTooLarge: the other files have all the bytes there are.
    """
    suffixes = (*SUFFIXES, Path(FILE).suffix)
    if not _NAME.fullmatch(name) or Path(name).suffix not in suffixes:
        raise Invalid(field=name[:100] or "name", problem=f"is not one of {', '.join(suffixes)} under a plain name")
    others = {other: size for other, size in sizes(folder).items() if other != name}
    if len(others) >= MAX_FILES:
        raise Invalid(field=name, problem=f"is one file too many: {MAX_FILES} can be imported at once")
    room = MAX_BYTES - sum(others.values())
    if room <= 0:
        raise FilesTooLarge(limit=MAX_BYTES)
    return folder / "files" / name, room


def sizes(folder: Path) -> dict[str, int]:
    """Return the files of an upload with their sizes in bytes, by name."""
    whole = [path for path in sorted((folder / "files").iterdir()) if not path.name.startswith(".")]
    return {path.name: path.stat().st_size for path in whole}


def forget_files(folder: Path) -> None:
    """Delete what was sent up; what came of it stays."""
    shutil.rmtree(folder / "files", ignore_errors=True)


def _take(descriptor: int, patience_seconds: float) -> None:
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise Busy(task="import") from error
            time.sleep(0.02)
        else:
            return
