"""Bring a database to the tables of this version."""

from pathlib import Path

from alembic.config import Config
from sqlalchemy import Engine

from alembic import command

ROOT = Path(__file__).parent.parent


def migrate(engine: Engine, revision: str = "head") -> None:
    """Run the migrations up to `revision`, or down to it, in one transaction where the engine can."""
    config = Config(ROOT / "alembic.ini")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        run = command.downgrade if revision == "base" else command.upgrade
        run(config, revision)
        connection.commit()
