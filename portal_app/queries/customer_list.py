"""The operator's list of customers: found by the beginnings of their words, page by page.

A page costs the same however many customers there are: every order has an index, and no more than
`MOST_COUNTED` of what was found is ever counted or sorted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import aliased
from sqlmodel import col, func, select

from portal_app.access.principal import CustomerId
from portal_app.billing.money import Money
from portal_app.billing.statuses import CURRENT_SUBSCRIPTION_STATUSES, RecordStatus, WalletStatus
from portal_app.database import Session, is_storable
from portal_app.models.access import PortalSession
from portal_app.models.catalog import Plan
from portal_app.models.customer import WORD_LENGTH, Customer, CustomerWord
from portal_app.models.subscription import Subscription
from portal_app.queries.paging import PAGE_SIZE
from portal_app.queries.wallets import WalletSummary, wallets_of_customers_of_operator

MOST_COUNTED = 1000
MOST_WORDS = 4
LAST = "\U0010ffff"


class CustomerOrder(StrEnum):
    """What the list may be sorted by."""

    NAME = "name"
    EXTERNAL_ID = "id"
    CREATED = "created"


@dataclass(frozen=True, slots=True)
class CustomerSearch:
    """What to find. Every word of `text` must begin a word of the customer's; no status means any."""

    text: str = ""
    status: RecordStatus | None = RecordStatus.PUBLISHED
    order: CustomerOrder = CustomerOrder.NAME
    ascending: bool = True


@dataclass(frozen=True, slots=True)
class ListedCustomer:
    """One customer of the list. `balances` and `frozen` have a sum per currency of its active and frozen wallets."""

    public_id: str
    external_id: str
    name: str
    email: str
    status: RecordStatus
    timezone: str
    created_at: datetime
    balances: tuple[Money, ...]
    frozen: tuple[Money, ...]
    plans: tuple[str, ...]
    last_visit_at: datetime | None


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """One page of what was found. `total` stops at `MOST_COUNTED`; `has_more` says whether another page follows."""

    items: tuple[ListedCustomer, ...]
    number: int
    total: int
    has_more: bool
    size: int = PAGE_SIZE

    @property
    def is_total_known(self) -> bool:
        """Whether `total` is how many there are, and not merely how many were counted."""
        return self.total < MOST_COUNTED


def search_customers_of_operator(
    session: Session, search: CustomerSearch, now: datetime, number: int = 1
) -> CustomerPage:
    """Return one page of the customers that match, with what they have left, their plans, and their last visit.

    A page beyond the last is empty. Previews are no visits.
    """
    scope = _scope(session, search)
    counted = select(Customer.id).where(*scope).limit(MOST_COUNTED).subquery()
    total = session.exec(select(func.count()).select_from(counted)).one()
    offset = (number - 1) * PAGE_SIZE
    rows = session.exec(
        select(Customer).where(*scope).order_by(*_order(search)).offset(offset).limit(PAGE_SIZE + 1)
    ).all()
    return CustomerPage(_listed(session, rows[:PAGE_SIZE], now), number, total, has_more=len(rows) > PAGE_SIZE)


def _scope(session: Session, search: CustomerSearch) -> list[Any]:
    words = search.text.casefold().split()[:MOST_WORDS]
    status = _without_index(col(Customer.status)) if words else col(Customer.status)
    scope: list[Any] = [] if search.status is None else [status == search.status]
    if words:
        scope.append(col(Customer.id).in_(_found(session, words)))
    return scope


def _without_index(column: Any) -> Any:
    """Return a column's value as no index has it: where a few were found by their words, their keys are the way."""
    return func.coalesce(column, column)


def _found(session: Session, words: Sequence[str]) -> Sequence[int]:
    """Return the keys of customers that have words which begin so, at most `MOST_COUNTED` of them.

    They are asked for on their own: as a condition, an engine may rather try every customer in the order of names.
    """
    if not all(is_storable(word) for word in words):
        return ()
    first, *others = sorted(words, key=len, reverse=True)
    found = select(CustomerWord.customer_id).where(*_begins(CustomerWord, first))
    for word in others:
        has = aliased(CustomerWord)
        same = has.customer_id == CustomerWord.customer_id
        found = found.where(select(has.customer_id).where(same, *_begins(has, word)).exists())
    return session.exec(found.distinct().limit(MOST_COUNTED)).all()


def _begins(table: Any, word: str) -> tuple[Any, ...]:
    word = word[:WORD_LENGTH]
    return table.word >= word, table.word < word + LAST


def _order(search: CustomerSearch) -> list[Any]:
    columns = {
        CustomerOrder.NAME: [col(Customer.name), col(Customer.id)],
        CustomerOrder.EXTERNAL_ID: [col(Customer.external_id)],
        CustomerOrder.CREATED: [col(Customer.created_at), col(Customer.id)],
    }[search.order]
    if search.text.strip():
        columns = [_without_index(column) for column in columns]
    return [column.asc() if search.ascending else column.desc() for column in columns]


def _listed(session: Session, rows: Any, now: datetime) -> tuple[ListedCustomer, ...]:
    keys = [CustomerId(row.id) for row in rows]
    wallets = wallets_of_customers_of_operator(session, keys, now)
    balances, frozen = (_sums(wallets, status) for status in (WalletStatus.ACTIVE, WalletStatus.FROZEN))
    plans, visits = _plans(session, keys), _last_visits(session, keys)
    return tuple(
        ListedCustomer(
            public_id=row.public_id,
            external_id=row.external_id,
            name=row.name,
            email=row.email,
            status=row.status,
            timezone=row.timezone,
            created_at=row.created_at,
            balances=balances.get(row.public_id, ()),
            frozen=frozen.get(row.public_id, ()),
            plans=tuple(plans[row.id]),
            last_visit_at=visits.get(row.id),
        )
        for row in rows
    )


def _sums(wallets: Iterable[WalletSummary], status: WalletStatus) -> Mapping[str, tuple[Money, ...]]:
    sums: dict[str, dict[str, Money]] = defaultdict(dict)
    for wallet in wallets:
        if wallet.status is not status:
            continue
        mine, value = sums[wallet.customer_public_id], wallet.value
        mine[wallet.currency] = mine[wallet.currency] + value if wallet.currency in mine else value
    return {whose: tuple(mine[currency] for currency in sorted(mine)) for whose, mine in sums.items()}


def _plans(session: Session, keys: list[CustomerId]) -> Mapping[int, list[str]]:
    statement = (
        select(Subscription.customer_id, Plan.name)
        .join(Plan, col(Plan.id) == col(Subscription.plan_id))
        .where(
            col(Subscription.customer_id).in_(keys),
            col(Subscription.subscription_status).in_(CURRENT_SUBSCRIPTION_STATUSES),
        )
        .order_by(col(Subscription.id))
    )
    plans: dict[int, list[str]] = defaultdict(list)
    for customer, plan in session.exec(statement):
        plans[customer].append(plan)
    return plans


def _last_visits(session: Session, keys: list[CustomerId]) -> Mapping[int, datetime]:
    statement = (
        select(PortalSession.customer_id, func.max(PortalSession.last_used_at))
        .where(col(PortalSession.customer_id).in_(keys), col(PortalSession.is_preview).is_(False))
        .group_by(col(PortalSession.customer_id))
    )
    return {customer: at for customer, at in session.exec(statement) if at is not None}
