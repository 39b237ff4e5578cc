"""What is wrong with this deployment, all of it at once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from portal_app.database import Database
from portal_app.migrations import is_current
from portal_app.settings import Settings, read_settings

NO_SUPPORT = "PORTAL_OPERATOR_SUPPORT_EMAIL is missing: a customer whose link fails has nobody to write to"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was judged; one sentence for each thing to change, and for each that production will want changed."""

    settings: Settings
    findings: tuple[str, ...]
    warnings: tuple[str, ...]


def diagnose() -> Diagnosis:
    """Judge settings that are refused, a database that does not answer or has other tables, and what looks unfinished.

    What looks unfinished is something to change in production, and a warning in development.
    """
    settings, refused = read_settings()
    unfinished = () if settings.operator_support_email else (NO_SUPPORT,)
    of_database = _database_findings(settings.database_url)
    if settings.in_production:
        return Diagnosis(settings, (*refused, *unfinished, *of_database), ())
    return Diagnosis(settings, (*refused, *of_database), unfinished)


def _database_findings(url: str) -> list[str]:
    database = Database(url)
    try:
        if is_current(database.engine):
            return []
    except SQLAlchemyError as error:
        return [f"PORTAL_DATABASE_URL: the database does not answer ({type(error).__name__})"]
    finally:
        database.close()
    return ["PORTAL_DATABASE_URL: the database has tables of another version; run `migrate`"]
