"""What is wrong with this deployment, all of it at once."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import text

from portal_app.database import Database
from portal_app.settings import Settings, read_settings

NO_SUPPORT = "PORTAL_OPERATOR_SUPPORT_EMAIL is missing: a customer whose link fails has nobody to write to"


def findings() -> tuple[Settings, list[str]]:
    """Return what was judged, and one sentence for each thing to change.

    Settings that are refused, a database that does not answer or has other tables, and what only looks
    unfinished, all in one run.
    """
    settings, found = read_settings()
    if not settings.operator_support_email:
        found.append(NO_SUPPORT)
    return settings, found + _database_findings(settings.database_url)


def _database_findings(url: str) -> list[str]:
    database = Database(url)
    try:
        with database.reading() as session:
            session.connection().execute(text("SELECT 1 FROM customer LIMIT 1"))
    except SQLAlchemyError as error:
        return [
            f"PORTAL_DATABASE_URL: the database does not answer as expected ({type(error).__name__}); run `migrate`"
        ]
    finally:
        database.close()
    return []
