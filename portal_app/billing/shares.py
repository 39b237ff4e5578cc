"""Part of a cost for part of what it is for."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate, pairwise

from portal_app.billing.money import exact, quantize


def shares(amount: Decimal, weights: Sequence[Decimal], whole: Decimal, digits: int) -> list[Decimal]:
    """Return each weight's share of `amount`, in proportion to `whole`, in `digits` decimals.

    What is rounded is where each share ends, so that adjacent shares add up: if the weights add up to the whole, the
    shares do so to the amount (which has no more decimals). Nothing has a share in a whole of nothing.
    """
    if not whole:
        return [Decimal(0)] * len(weights)
    with exact():
        ends = [quantize(amount * place / whole, digits) for place in (Decimal(0), *accumulate(weights))]
        return [end - start for start, end in pairwise(ends)]
