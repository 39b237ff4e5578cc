"""The operator's own people: their accounts, their sessions, and the sign-ins that failed."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from portal_app.access.operator_roles import Role
from portal_app.models.columns import IntegerKey, Row, UtcDateTime, word_column


class OperatorAccount(Row, table=True):
    """Somebody who signs in to the operator's pages. `email` is kept in lower case."""

    __tablename__ = "operator_account"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)

    email: str = Field(unique=True, max_length=200)
    name: str = Field(max_length=255)
    role: Role = Field(sa_column=word_column(Role, "role"))
    password_hash: str = Field(max_length=255)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class OperatorSession(Row, table=True):
    """One signed-in browser. Only an HMAC of its cookie is kept."""

    __tablename__ = "operator_session"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)
    __table_args__ = (Index(None, "operator_id"),)

    token_hash: str = Field(unique=True, max_length=64)
    operator_id: int = Field(foreign_key="operator_account.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    address: str = Field(max_length=64)
    last_used_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SignInFailure(SQLModel, table=True):
    """One wrong guess, under the name it counts against. Old ones are deleted."""

    __tablename__ = "sign_in_failure"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)
    __table_args__ = (Index(None, "bucket", "at"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    bucket: str = Field(max_length=320)
    at: datetime = Field(sa_type=UtcDateTime)
