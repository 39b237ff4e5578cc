"""Many subscriptions and rules at once on PostgreSQL: nobody waits for one who waits for them, and all are given."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import cast
import pytest
from cast import NOW
from sqlmodel import select

from portal_app.billing.statuses import BillingPeriod
from portal_app.commands.grant_rules import NewGrantRule, create_grant_rule
from portal_app.commands.subscriptions import NewSubscription, create_subscription
from portal_app.models.wallet import Wallet, WalletTransaction
from portal_app.queries.invariants import all_violations

HUNDRED = Decimal(100)


@pytest.fixture
def plan(postgres_database):
    """A plan that gives a hundred credits, and Acme, who has no wallet yet."""
    with postgres_database.writing() as session:
        acme, plan = cast.add_customer(session), cast.add_plan(session, fee=None)
        create_grant_rule(session, NewGrantRule("Included", HUNDRED, plan_id=plan.public_id), "tests", NOW)
        return acme, plan.public_id


@pytest.fixture
def at_once(postgres_database):
    """Do something a dozen times at once, each in a transaction of its own."""

    def alone(command):
        with postgres_database.writing() as session:
            return command(session)

    def many(command):
        with ThreadPoolExecutor(6) as threads:
            return list(threads.map(alone, [command] * 12))

    return many


@pytest.fixture
def ledgers(postgres_database):
    """Read how many wallets there are, and what they were given."""

    def read():
        with postgres_database.reading() as session:
            assert list(all_violations(session)) == []
            wallets = session.exec(select(Wallet.id)).all()
            return len(wallets), session.exec(select(WalletTransaction.credit_amount)).all()

    return read


def subscribe(plan):
    acme, plan_id = plan
    wanted = NewSubscription(plan_id, "usd", BillingPeriod.MONTHLY)
    return lambda session: create_subscription(session, acme, wanted, "tests", NOW)


def test_subscriptions_of_one_customer_share_the_wallet_that_the_first_one_opens(plan, at_once, ledgers):
    at_once(subscribe(plan))
    assert ledgers() == (1, [HUNDRED] * 12)


def test_rules_of_one_subscription_are_made_at_once(postgres_database, plan, at_once, ledgers):
    with postgres_database.writing() as session:
        own = subscribe(plan)(session)
    more = NewGrantRule("More", HUNDRED, subscription_id=own)
    at_once(lambda session: create_grant_rule(session, more, "tests", NOW))
    assert ledgers() == (1, [HUNDRED] * 13)
