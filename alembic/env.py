"""Run migrations on the database of this process, or on the connection a caller hands over."""

from sqlalchemy import Enum
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

import portal_app.models  # noqa: F401 (registers every table)
from alembic import context
from portal_app.database import make_engine
from portal_app.settings import get_settings


def render_plainly(kind, value, _context):
    """Write our column types as the plain ones beneath them: a migration outlives the code of its day."""
    if kind == "type" and isinstance(value, TypeDecorator) and not isinstance(value, Enum):
        plain = value.impl_instance
        return f"sa.{plain!r}"
    return False


def migrate(connection):
    """Run the migrations inside one transaction of `connection`."""
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        compare_type=True,
        render_item=render_plainly,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    migrate(handed_over)
else:
    with make_engine(get_settings().database_url).connect() as connection:
        migrate(connection)
        connection.commit()
