"""Files of the operator's pages: whom they keep waiting."""

from __future__ import annotations

import asyncio

import pytest

from portal_app.access.operator_roles import Role
from portal_app.web.operator.routes import create_operator_routes


@pytest.mark.threat("T40")
def test_whoever_takes_the_audit_log_slowly_keeps_no_connection(signed_in, people):
    """Else fifteen downloads of a viewer's would keep every customer from the database."""
    cookie = f"operator_session={signed_in(Role.VIEWER).cookies['operator_session']}"
    path = "/operator/files/audit.csv"
    scope = {
        "type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [(b"cookie", cookie.encode())],
    }  # fmt: skip
    held, parts = [], []

    async def receive():
        await asyncio.sleep(10)
        return {"type": "http.disconnect"}

    async def send(message):
        held.append(people.engine.pool.checkedout())
        parts.append(message.get("body", b""))

    asyncio.run(asyncio.wait_for(create_operator_routes()(scope, receive, send), 5))
    assert b"operator.signed_in" in b"".join(parts)
    assert set(held) == {0}
