"""What every object of the dialect carries. One deployment is one operator and one environment: their ids are fixed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from portal_app.api.wire.values import Key, ObjectId, WireTime
from portal_app.billing.statuses import RecordStatus

TENANT_ID = "tenant_00000000000000000000000001"
ENVIRONMENT_ID = "env_00000000000000000000000001"
AUTHOR_ID = "user_00000000000000000000000001"
"""Who made every object: the operator. Which of its keys did is in the audit log, and no customer's business."""


class ObjectWire(BaseModel):
    """The columns of every object."""

    tenant_id: str = TENANT_ID
    environment_id: str = ENVIRONMENT_ID
    status: RecordStatus = RecordStatus.PUBLISHED
    created_at: WireTime
    updated_at: WireTime
    created_by: str = AUTHOR_ID
    updated_by: str = AUTHOR_ID


class RequestWire(BaseModel):
    """A body somebody sends. Unknown fields are ignored, as the documented API does."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    columns: ClassVar[Mapping[str, str]] = {}
    """Columns by the name of their field, where the two differ; `metadata` is `meta` everywhere."""

    def changes(self) -> dict[str, Any]:
        """Return what was sent, by the names of columns. Null means the same as left out."""
        columns = {"metadata": "meta", **self.columns}
        sent = ((name, getattr(self, name)) for name in type(self).model_fields if name in self.model_fields_set)
        return {columns.get(name, name): value for name, value in sent if value is not None}


class OfCustomerWire(RequestWire):
    """A body that says whose the object is to be."""

    customer_id: ObjectId | None = None
    external_customer_id: Key | None = None

    @model_validator(mode="after")
    def _somebodys(self) -> Self:
        if self.customer_id is None and self.external_customer_id is None:
            raise ValueError("give customer_id or external_customer_id")
        return self


class DeletedWire(BaseModel):
    """What deleting answers."""

    message: str


class OfPlanWire(RequestWire):
    """A body that says what the object is to be of: a plan, or one subscription."""

    plan_id: ObjectId | None = None
    entity_type: Literal["PLAN", "SUBSCRIPTION"] | None = None
    entity_id: ObjectId | None = None

    @model_validator(mode="after")
    def _somethings(self) -> Self:
        if self.plan_id is None and (self.entity_type is None or self.entity_id is None):
            raise ValueError("give plan_id, or entity_type and entity_id")
        return self

    def entity(self) -> tuple[str | None, str | None]:
        """Return the plan's id, or the subscription's."""
        if self.entity_type == "SUBSCRIPTION":
            return None, self.entity_id
        return self.plan_id or self.entity_id, None
