"""Files that are brought to be imported, one request each, and the report of what is wrong with them."""

from __future__ import annotations

import asyncio
import io
import logging
import secrets
from collections.abc import Iterator
from pathlib import Path

import orjson
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse

from portal_app import clock
from portal_app.database import current_database
from portal_app.errors import FilesTooLarge, NotPossible
from portal_app.exports.csv_lines import csv_lines
from portal_app.exports.filenames import content_disposition
from portal_app.imports.background import begin_upload, file_to_take, keep_file, problem_file, sweep
from portal_app.imports.uploads import MAX_BYTES
from portal_app.web.operator.guarded import Visit

logger = logging.getLogger(__name__)

SWEPT_EVERY_SECONDS = 600
AT_ONCE = 2**20
"""How many bytes are gathered before they are written: writing is not for the loop."""


async def begin(visit: Visit) -> Response:
    """Make room for files, and say under which name they are to be sent."""
    upload = await asyncio.to_thread(begin_upload, current_database().url, visit.who.actor, visit.now)
    return JSONResponse({"upload": upload})


async def take_file(visit: Visit) -> Response:
    """Keep the body as a file of an upload, whole or not at all."""
    request = visit.request
    name = request.query_params.get("name", "")
    upload, url = request.path_params["upload"], current_database().url
    target, room = await asyncio.to_thread(file_to_take, url, upload, name)
    draft = target.with_name(f".{secrets.token_hex(8)}.part")  # its own: the same name may be on its way twice
    try:
        await _write_body(visit, draft, room)
        await visit.confirm()
        await asyncio.to_thread(keep_file, url, upload, draft, target)
    except OSError as error:
        logger.warning("a file could not be kept: %s", error.strerror)
        raise NotPossible(problem=f"{name} could not be kept: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
    return JSONResponse({"message": f"{name} is here."})


async def report(visit: Visit) -> Response:
    """Answer with everything that is wrong with the files, as CSV."""
    found = await asyncio.to_thread(problem_file, current_database().url, visit.request.query_params.get("upload", ""))
    headers = {"Content-Disposition": content_disposition("import-report.csv")}
    return StreamingResponse(
        iterate_in_threadpool(_lines(found)), media_type="text/csv; charset=utf-8", headers=headers
    )


async def keep_swept() -> None:
    """Delete what was given up or left behind, at the start and again and again, until the server stops."""
    while True:
        try:
            await asyncio.to_thread(sweep, clock.utc_now())
        except Exception:  # whatever it is, the next turn may go better
            logger.exception("files of imports could not be swept")
        await asyncio.sleep(SWEPT_EVERY_SECONDS)


async def _write_body(visit: Visit, path: Path, room: int) -> None:
    """Write the body to `path`.

    Raises:
        FilesTooLarge: it has more than `room` bytes.
        OSError: the disk does not take it.
    """
    gathered, size = io.BytesIO(), 0
    with await asyncio.to_thread(path.open, "wb") as file:
        async for chunk in visit.request.stream():
            size += len(chunk)
            if size > room:
                raise FilesTooLarge(limit=MAX_BYTES)
            gathered.write(chunk)
            if gathered.tell() >= AT_ONCE:
                await asyncio.to_thread(file.write, gathered.getvalue())
                gathered = io.BytesIO()
        await asyncio.to_thread(file.write, gathered.getvalue())


def _lines(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        problems = (orjson.loads(line) for line in file)
        rows = ((one["file"], one["line"], one["column"], one["sentence"]) for one in problems)
        yield from csv_lines(("file", "line", "column", "problem"), rows)
