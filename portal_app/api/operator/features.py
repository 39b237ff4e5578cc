"""Features: `/v1/features`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from portal_app.api.answers import BODY, CONFLICT, KEY, MISSING
from portal_app.api.bodies import DataRoute
from portal_app.api.keys import Caller, Reader, Writer
from portal_app.api.wire.base import DeletedWire
from portal_app.api.wire.features import FeatureCreate, FeatureSearch, FeatureUpdate, FeatureWire, feature_wire
from portal_app.api.wire.lists import ListQuery, ListWire, page_wire
from portal_app.api.wire.values import ObjectId
from portal_app.commands.features import create_feature, delete_feature, update_feature
from portal_app.queries.catalog import get_feature_of_operator, list_features_of_operator
from portal_app.queries.listing import Listing

router = APIRouter(prefix="/v1/features", tags=["features"], route_class=DataRoute, responses=KEY)


@router.post("", status_code=201, responses=BODY | CONFLICT | MISSING)
async def create(body: FeatureCreate, caller: Writer) -> FeatureWire:
    """Create a feature; a metered one counts what was sent before it, too."""
    return await _answer(caller, await caller.do(create_feature, body.new()))


@router.get("")
async def list_all(query: Annotated[ListQuery, Query()], caller: Reader) -> ListWire[FeatureWire]:
    """List features, newest first."""
    return await _list(caller, query.listing())


@router.post("/search", responses=BODY)
async def search(body: FeatureSearch, caller: Reader) -> ListWire[FeatureWire]:
    """Find features by ids, keys or any filter."""
    return await _list(caller, body.asked())


@router.get("/{feature_id}", responses=MISSING)
async def get_one(feature_id: ObjectId, caller: Reader) -> FeatureWire:
    """Return a feature."""
    return await _answer(caller, feature_id)


@router.put("/{feature_id}", responses=BODY | CONFLICT | MISSING)
async def update(feature_id: ObjectId, body: FeatureUpdate, caller: Writer) -> FeatureWire:
    """Change a feature; what is left out stays as it is."""
    await caller.do(update_feature, feature_id, body.changes())
    return await _answer(caller, feature_id)


@router.delete("/{feature_id}", responses=CONFLICT | MISSING)
async def delete(feature_id: ObjectId, caller: Writer) -> DeletedWire:
    """Delete a feature: it leaves every usage page. Its events stay counted."""
    await caller.do(delete_feature, feature_id)
    return DeletedWire(message="feature deleted successfully")


async def _answer(caller: Caller, feature_id: str) -> FeatureWire:
    return feature_wire(await caller.ask(get_feature_of_operator, feature_id))


async def _list(caller: Caller, listing: Listing) -> ListWire[FeatureWire]:
    found = await caller.ask(list_features_of_operator, listing)
    return page_wire(found, listing, feature_wire)
