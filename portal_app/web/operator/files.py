"""Files of the operator's pages: the audit log as CSV."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.concurrency import iterate_in_threadpool
from starlette.responses import Response, StreamingResponse

from portal_app.commands.audit import record_by
from portal_app.database import current_database
from portal_app.exports.audit_csv import audit_csv
from portal_app.exports.filenames import content_disposition
from portal_app.queries.audit import AuditSearch, each_audit_entry_of_operator
from portal_app.web.operator.guarded import Visit


async def audit_file(visit: Visit) -> Response:
    """Answer with the entries that the address asks for; that somebody took them is one of the next."""
    search = AuditSearch.of_address(visit.request.query_params)
    await visit.do(record_by, visit.who.actor, "audit.exported", visit.now)
    headers = {"Content-Disposition": content_disposition("audit.csv")}
    return StreamingResponse(
        iterate_in_threadpool(_lines(search)), media_type="text/csv; charset=utf-8", headers=headers
    )


def _lines(search: AuditSearch) -> Iterator[str]:
    with current_database().reading() as session:
        yield from audit_csv(each_audit_entry_of_operator(session, search))
