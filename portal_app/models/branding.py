"""How the operator looks to its customers."""

from typing import Any

from sqlalchemy import JSON, CheckConstraint
from sqlmodel import Field

from portal_app.models.columns import Row


class Branding(Row, table=True):
    """The operator's own values over the `PORTAL_OPERATOR_*` settings: one row, or none."""

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    value: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
