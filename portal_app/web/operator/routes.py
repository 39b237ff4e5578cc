"""Every route of the operator's forms and files."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Route

from portal_app.errors import PortalError
from portal_app.web.operator import files, imports, links, signing, uploads
from portal_app.web.operator.guarded import guarded, is_open, not_done

SIGN_IN = "/operator/forms/sign-in"


def create_operator_routes() -> Starlette:
    """Return the application that answers the operator's forms."""
    is_open(SIGN_IN)
    return Starlette(
        exception_handlers={PortalError: not_done},
        routes=[
            Route(SIGN_IN, signing.enter, methods=["POST"]),
            guarded("GET", "/operator/files/audit.csv", files.audit_file),
            guarded("GET", "/operator/files/import-report.csv", imports.report),
            guarded("POST", "/operator/forms/import/begin", imports.begin),
            guarded("POST", "/operator/forms/import/{upload}/file", imports.take_file),
            guarded("POST", "/operator/forms/logo", uploads.take_logo),
            guarded("POST", "/operator/forms/open", links.open_portal),
            guarded("POST", "/operator/forms/sign-out", signing.leave),
            guarded("POST", "/operator/forms/sign-out-everywhere", signing.leave_everywhere),
        ],
    )
