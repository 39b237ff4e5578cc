"""Files of the operator's pages: the audit log as CSV."""

from __future__ import annotations

from typing import IO

from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

from portal_app.access.turns import TURNS_OF_FILES, WAITING
from portal_app.commands.audit import record_by
from portal_app.database import Session, current_database
from portal_app.exports.audit_csv import audit_csv
from portal_app.exports.filenames import content_disposition
from portal_app.exports.whole_files import chunks, whole_file
from portal_app.queries.audit import AuditSearch, each_audit_entry_of_operator
from portal_app.web.operator.guarded import Visit


async def audit_file(visit: Visit) -> Response:
    """Answer with the entries that the address asks for; that somebody took them is one of the next.

    One at a time is read for all of the operator's people: customers' files come out of the same threads.
    """
    search = AuditSearch.of_address(visit.request.query_params)
    await visit.do(record_by, visit.who.actor, "audit.exported", visit.now)
    async with TURNS_OF_FILES.of("operator", waiting=WAITING):
        file = await current_database().read_file(_audit_csv, search)
    headers = {"Content-Disposition": content_disposition("audit.csv")}
    closing = BackgroundTask(file.close)  # also where the taker went away, and nobody asks for the last chunk
    return StreamingResponse(chunks(file), media_type="text/csv; charset=utf-8", headers=headers, background=closing)


def _audit_csv(session: Session, search: AuditSearch) -> IO[bytes]:
    return whole_file(audit_csv(each_audit_entry_of_operator(session, search)))
