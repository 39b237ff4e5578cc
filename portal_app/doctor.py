"""What is wrong with this deployment, all of it at once."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import text

from portal_app.database import current_database
from portal_app.errors import ConfigurationRefused
from portal_app.settings import get_settings

SESSION_KEY_HINT = "PORTAL_OPERATOR_SUPPORT_EMAIL is not set: a customer whose link fails has nobody to write to"


def findings() -> list[str]:
    """Return one sentence for each thing to change: refused settings, an unreachable or unmigrated database, gaps."""
    try:
        settings = get_settings()
    except ConfigurationRefused as refused:
        return str(refused.facts["findings"]).splitlines()
    found = [] if settings.operator_support_email else [SESSION_KEY_HINT]
    if settings.operator_logo and not settings.operator_logo.is_file():
        found.append("PORTAL_OPERATOR_LOGO names no readable file")
    return found + _database_findings()


def _database_findings() -> list[str]:
    try:
        with current_database().reading() as session:
            session.connection().execute(text("SELECT 1 FROM customer LIMIT 1"))
    except SQLAlchemyError as error:
        return [
            f"PORTAL_DATABASE_URL: the database does not answer as expected ({type(error).__name__}); run `migrate`"
        ]
    return []
