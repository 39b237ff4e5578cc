"""Plans, as the dialect writes and reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import BaseModel, Field

from portal_app.api.wire.base import ObjectWire, RequestWire
from portal_app.api.wire.lists import SearchWire
from portal_app.api.wire.values import Key, LongText, Metadata, Name, ObjectId
from portal_app.commands.plans import NewPlan
from portal_app.queries.listing import Listing, among
from portal_app.queries.subscriptions import PlanSummary

DisplayOrder = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]


class PlanNameWire(BaseModel):
    """A plan inside another object."""

    id: str
    name: str
    lookup_key: str
    description: str
    metadata: dict[str, str]
    display_order: int | None


class PlanWire(ObjectWire, PlanNameWire):
    """A plan."""


class _PlanFields(RequestWire):
    columns: ClassVar[Mapping[str, str]] = {"lookup_key": "external_id"}

    lookup_key: Key | None = None
    description: LongText | None = None
    display_order: DisplayOrder | None = None
    metadata: Metadata | None = None


class PlanUpdate(_PlanFields):
    """What may be changed of a plan; what is left out stays."""

    name: Name | None = None


class PlanCreate(_PlanFields):
    """A plan to be."""

    name: Name

    def new(self) -> NewPlan:
        """Return what the command takes."""
        return NewPlan(**self.changes())  # pyright: ignore[reportArgumentType] (checked by pydantic)


class PlanSearch(SearchWire):
    """A search among plans."""

    plan_ids: list[ObjectId] = Field(default_factory=list[str], max_length=1000)
    lookup_keys: list[Key] = Field(default_factory=list[str], max_length=1000)

    def asked(self) -> Listing:
        """Return the search in the words of queries."""
        return self.listing(*among("id", self.plan_ids), *among("lookup_key", self.lookup_keys))


def plan_name_wire(plan: PlanSummary) -> PlanNameWire:
    """Return a plan as other objects show it."""
    return PlanNameWire(
        id=plan.public_id,
        name=plan.name,
        lookup_key=plan.external_id or "",
        description=plan.description,
        metadata=dict(plan.meta),
        display_order=plan.display_order,
    )


def plan_wire(plan: PlanSummary) -> PlanWire:
    """Return a plan as the dialect writes it."""
    return PlanWire(
        **dict(plan_name_wire(plan)), status=plan.status, created_at=plan.created_at, updated_at=plan.updated_at
    )
