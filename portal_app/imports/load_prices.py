"""Load prices: rows as all others, but that their tiers are rows of their own, and one price at a time holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlmodel import col, select

from portal_app.billing.prices import PriceModel, PriceVersion, Tier, overlap_problems
from portal_app.billing.statuses import BillingModel
from portal_app.commands.external_rows import find_metered
from portal_app.database import Session
from portal_app.imports import tiers
from portal_app.imports.columns import Objection, Values
from portal_app.imports.load_rows import Aside, hold_terms, load_rows
from portal_app.imports.maps.catalog import PRICES
from portal_app.imports.problems import quoted
from portal_app.imports.run import Run
from portal_app.imports.scratch import Scratch
from portal_app.models.catalog import PriceTier

_Holding = defaultdict[tuple[Any, ...], dict[str, PriceVersion]]


def load_prices(run: Run) -> None:
    """Load prices of plans."""
    hold_terms(run, PRICES)
    load_rows(run, PRICES, _OneAtATime(run.scratch), aside=Aside("tiers", _find_tiers, _keep_tiers))


def _find_tiers(session: Session, price_ids: Sequence[int]) -> Mapping[int, tiers.Rested]:
    found: defaultdict[int, list[Tier]] = defaultdict(list)
    statement = select(PriceTier).where(col(PriceTier.price_id).in_(price_ids)).order_by(col(PriceTier.position))
    for row in session.exec(statement):
        found[row.price_id].append(Tier(row.up_to, row.unit_amount, row.flat_amount))
    return {price_id: tiers.rested(of_price) for price_id, of_price in found.items()}


def _keep_tiers(session: Session, price_id: int, cell: tiers.Rested | None) -> None:
    session.connection().execute(delete(PriceTier).where(col(PriceTier.price_id) == price_id))
    for position, tier in enumerate(tiers.restored(cell or ())):
        session.add(
            PriceTier(
                price_id=price_id,
                position=position,
                up_to=tier.up_to,
                unit_amount=tier.unit_amount,
                flat_amount=tier.flat_amount,
            )
        )


class _OneAtATime:
    """Finds prices that hold while another one of the same plan, meter and currency does.

    One whose row is still to come is not asked what it was: what that says of it is compared when it comes.
    """

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._come: set[str] = set()

    def __call__(self, session: Session, rows: Mapping[str, Values]) -> Iterator[tuple[str, Objection]]:
        self._come |= rows.keys()
        holding = self._held(session, rows)
        for key, values in rows.items():
            if not values["meter_id"]:
                continue
            others = holding[values["plan_id"], values["meter_id"], values["currency"]]
            version = _version(key, values["start_at"], values["end_at"])
            for problem in overlap_problems(version, others.values()):
                yield key, ("start_at", problem.sentence)
            others[key] = version

    def _held(self, session: Session, rows: Mapping[str, Values]) -> _Holding:
        stored = find_metered(session, {values["plan_id"] for values in rows.values()})
        known = {price.external_id or price.public_id: price for price in stored}
        coming = self._scratch.by_key(PRICES, known.keys() - self._come)
        holding: _Holding = defaultdict(dict)
        for key, price in known.items():
            if key not in rows and key not in coming:
                version = _version(key, price.start_at, price.end_at)
                holding[price.plan_id, price.meter_id, price.currency][key] = version
        return holding


def _version(key: str, start_at: datetime | None, end_at: datetime | None) -> PriceVersion:
    return PriceVersion(quoted(key), PriceModel(BillingModel.FLAT_FEE), start_at, end_at)
