"""The process that checks or loads what was sent up on the operator's pages: `python -m portal_app.import_worker DIR`.

The server starts it. It inherits the lock of the place, which says that it is at work for as long as it lives.
"""

from __future__ import annotations

import sys
from pathlib import Path

from portal_app import clock
from portal_app.database import current_database
from portal_app.imports.background import perform
from portal_app.settings import get_settings
from portal_app.web import logs, redaction


def main() -> None:
    """Do what the folder's state says is to be done."""
    settings = get_settings()
    redaction.install(settings.secrets())
    if settings.in_production:
        logs.install()
    perform(Path(sys.argv[1]), current_database(), clock.utc_now)


if __name__ == "__main__":
    main()
