"""Upkeep as a whole: one transaction for each thing that is due, none for what is not."""

import logging
from datetime import timedelta
from decimal import Decimal

import cast
import pytest
from cast import NOW, days_ago
from sqlalchemy import event
from sqlmodel import select
from statements import counted_by

from portal_app.billing.statuses import BillingPeriod, GrantCadence
from portal_app.commands.customers import delete_customer
from portal_app.commands.grant_rules import NewGrantRule, create_grant_rule
from portal_app.commands.subscriptions import NewSubscription, create_subscription, pause_subscription
from portal_app.models.catalog import Plan
from portal_app.models.customer import Customer
from portal_app.models.subscription import Subscription
from portal_app.models.wallet import WalletTransaction
from portal_app.queries.invariants import all_violations
from portal_app.upkeep import keep_up_once

NEARLY_ALL_THAT_FITS = "9223372036854"


@pytest.fixture
def subscribed(database):
    """Acme and Globex, in this order, on one plan whose rule has given nobody anything yet."""
    return subscribed_to_one_plan(database)


def subscribed_to_one_plan(database):
    with database.writing() as session:
        plan = cast.add_plan(session)
        customers = [cast.add_customer(session, name) for name in ("acme", "globex")]
        for customer in customers:
            new = NewSubscription(plan.public_id, "usd", BillingPeriod.MONTHLY)
            create_subscription(session, customer, new, "tests", days_ago(1))
        create_grant_rule(session, NewGrantRule("Included", Decimal(100), plan_id=plan.public_id), "tests", NOW)
    return customers


def statements_of_a_turn(database):
    with counted_by(database) as statements:
        said = keep_up_once(database, NOW + timedelta(minutes=5))
    assert said == "0 subscriptions moved on, 0 grants of credits expired, 0 given"
    return list(statements)


def given(database):
    """Whom credits were given to, and how many."""
    statement = (
        select(Customer.external_id, WalletTransaction.credit_amount)
        .join(Customer, Customer.id == WalletTransaction.customer_id)
        .where(WalletTransaction.transaction_reason == "SUBSCRIPTION_CREDIT_GRANT")
    )
    with database.reading() as session:
        assert list(all_violations(session)) == []
        return session.exec(statement.order_by(WalletTransaction.id)).all()


def test_what_fails_for_one_customer_is_logged_and_holds_up_no_other(database, subscribed, caplog):
    acme, _ = subscribed
    with database.writing() as session:
        wallet = cast.add_wallet(session, acme, rate="0.000001")
        cast.post(session, wallet, cast.credit(NEARLY_ALL_THAT_FITS, days_ago(9)))
    assert keep_up_once(database, NOW).endswith("1 given")
    assert given(database) == [("globex", 100)]
    [line] = [entry for entry in caplog.records if entry.name == "portal_app.upkeep"]
    assert (line.levelno, line.getMessage()) == (logging.ERROR, "upkeep: give_credits of 1 failed")
    assert line.exc_info


def test_who_is_held_by_somebody_else_for_long_holds_up_no_other(postgres_database, caplog):
    def impatient(connection, _record):
        connection.execute("SET lock_timeout = '50ms'")
        connection.commit()

    acme, _globex = subscribed_to_one_plan(postgres_database)
    postgres_database.engine.dispose()
    event.listen(postgres_database.engine, "connect", impatient)
    with postgres_database.writing() as session:
        session.exec(select(Subscription).where(Subscription.customer_id == acme).with_for_update()).one()
        assert keep_up_once(postgres_database, NOW).endswith("1 given")
    assert given(postgres_database) == [("globex", 100)]
    assert "upkeep: give_credits of 1 failed" in caplog.messages


def test_what_is_not_due_costs_no_statement_of_its_own_and_no_write(database, subscribed):
    keep_up_once(database, NOW)
    few = statements_of_a_turn(database)
    with database.writing() as session:
        plan = session.exec(select(Plan.public_id)).one()
        weekly = NewGrantRule("Weekly", Decimal(7), plan, cadence=GrantCadence.RECURRING, period=BillingPeriod.WEEKLY)
        create_grant_rule(session, weekly, "tests", NOW)
        for number in range(12):
            new = NewSubscription(plan, "usd", BillingPeriod.MONTHLY)
            key = create_subscription(session, subscribed[number % 2], new, "tests", NOW)
            if number % 3 == 0:
                pause_subscription(session, subscribed[number % 2], key, None, "tests", NOW)
    keep_up_once(database, NOW)
    many = statements_of_a_turn(database)
    assert many == few
    assert all(statement.lstrip().startswith("SELECT") for statement in many)
    assert len(given(database)) == 2 + 2 + 2 * 12


def test_a_deleted_customer_is_given_nothing_and_holds_up_nobody(database, subscribed, caplog):
    acme, _ = subscribed
    with database.writing() as session:
        delete_customer(session, acme, "tests", NOW)
    keep_up_once(database, NOW)
    assert given(database) == [("globex", 100)]
    assert [entry for entry in caplog.records if entry.name == "portal_app.upkeep"] == []
