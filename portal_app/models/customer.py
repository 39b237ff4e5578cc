"""Customers: who is billed."""

from sqlalchemy import Index
from sqlmodel import Field

from portal_app.billing.statuses import RecordStatus
from portal_app.models.columns import Row, metadata_column, new_public_id, word_column


class Customer(Row, table=True):
    """One customer of the operator. `external_id` is the operator's own name for it."""

    __table_args__ = (Index(None, "status", "external_id"), Index(None, "created_at", "id"))

    public_id: str = Field(default_factory=lambda: new_public_id("cust"), unique=True, max_length=40)
    external_id: str = Field(unique=True, max_length=255)
    name: str = Field(max_length=255)
    email: str = Field(default="", max_length=320)
    address_line1: str = Field(default="", max_length=255)
    address_line2: str = Field(default="", max_length=255)
    address_city: str = Field(default="", max_length=255)
    address_state: str = Field(default="", max_length=255)
    address_postal_code: str = Field(default="", max_length=40)
    address_country: str = Field(default="", max_length=2)
    tax_id: str = Field(default="", max_length=64)
    timezone: str = Field(default="UTC", max_length=64)
    locale: str = Field(default="", max_length=32)
    status: RecordStatus = Field(default=RecordStatus.PUBLISHED, sa_column=word_column(RecordStatus, "status"))
    meta: dict[str, str] = Field(default_factory=dict, sa_column=metadata_column())
