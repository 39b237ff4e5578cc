"""Serve pages, socket, REST and files on one port."""

import os
import sys
from pathlib import Path

import uvicorn
from uvicorn.config import LOGGING_CONFIG

from portal_app.build import build_pages
from portal_app.settings import Settings

GRACE_SECONDS = 8


def serve(settings: Settings) -> None:
    """Build the pages if they are not current, then serve until told to stop.

    Raises:
        BuildFailed: the pages could not be compiled.
    """
    build_pages(settings)
    os.environ |= {
        "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
        "__REFLEX_SKIP_COMPILE": "true",
        "REFLEX_ENV_MODE": "prod",
        "REFLEX_SOCKET_MAX_HTTP_BUFFER_SIZE": str(64 * 1024),
    }
    sys.path.insert(0, str(Path.cwd()))
    uvicorn.run(
        "portal_app.portal_app:app",
        factory=True,
        host=settings.host,
        port=settings.port,
        ws="websockets-sansio",
        ws_max_size=64 * 1024,
        access_log=False,  # it would write addresses, and an address may hold a token
        log_level="warning",
        log_config=None if settings.in_production else LOGGING_CONFIG,
        server_header=False,
        proxy_headers=False,  # PORTAL_TRUSTED_PROXIES says whose word about addresses counts
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
