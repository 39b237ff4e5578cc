"""Who may look, who did: portal sessions, API keys, and the audit log."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, false
from sqlmodel import Field, SQLModel

from portal_app.models.columns import IntegerKey, Row, UtcDateTime, new_public_id


class ApiKey(Row, table=True):
    """A key of the operator's programs. Only an HMAC of its secret is kept."""

    __tablename__ = "api_key"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)

    public_id: str = Field(default_factory=lambda: new_public_id("secret"), unique=True, max_length=40)
    key_id: str = Field(unique=True, max_length=32)
    secret_hash: str = Field(max_length=64)
    name: str = Field(max_length=255)
    scopes: list[str] = Field(default_factory=list, sa_type=JSON)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PortalSession(Row, table=True):
    """One minted link: `jti` is the token's id. Revoking it here ends it everywhere within seconds.

    `address` is where the request to mint it came from, if that is known. A preview is the operator's own look
    at a customer's pages: opening it is no visit.
    """

    __tablename__ = "portal_session"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)
    __table_args__ = (Index(None, "customer_id", "created_at"),)

    jti: str = Field(unique=True, max_length=40)
    customer_id: int = Field(foreign_key="customer.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    minted_by: str = Field(max_length=255)
    address: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": ""})
    is_preview: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    open_count: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    expires_at: datetime = Field(sa_type=UtcDateTime)
    first_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_reason: str = Field(default="", max_length=255)
    return_url: str = Field(default="", max_length=2048, sa_column_kwargs={"server_default": ""})


class AuditEntry(SQLModel, table=True):
    """Something that was done, by whom, to which customer. Rows are only ever added."""

    __tablename__ = "audit_entry"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)
    __table_args__ = (Index(None, "customer_id", "at"), Index(None, "action", "id"), Index(None, "at"))

    id: int | None = Field(default=None, primary_key=True, sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str = Field(max_length=255)
    action: str = Field(max_length=64)
    customer_id: int | None = Field(default=None, foreign_key="customer.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
