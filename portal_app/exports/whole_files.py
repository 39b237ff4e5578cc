"""Files that are written whole before they are sent: whoever takes one slowly keeps nothing of the database's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO

MOST_IN_MEMORY = 1024 * 1024
"""Bytes of one file; what is longer waits on disk for whoever takes it."""
CHUNK = 64 * 1024


def whole_file(lines: Iterable[str]) -> IO[bytes]:
    """Write lines to a file that nobody else sees, and that is gone when it is closed: all of them, or none."""
    with ExitStack() as unless_whole:
        file = unless_whole.enter_context(SpooledTemporaryFile(MOST_IN_MEMORY))
        for line in lines:  # `writelines` would hold all of them in memory
            file.write(line.encode())
        file.seek(0)
        unless_whole.pop_all()
    return file


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield a file part by part, and close it."""
    with file:
        while chunk := file.read(CHUNK):
            yield chunk
