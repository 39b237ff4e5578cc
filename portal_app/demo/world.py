"""Who is in the demo world."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from portal_app.billing.statuses import BillingPeriod
from portal_app.database import Session
from portal_app.demo.acme import add_acme
from portal_app.demo.archive import add_archive
from portal_app.demo.others import add_others
from portal_app.demo.rows import World
from portal_app.demo.usage import EVENTS, add_usage
from portal_app.models.catalog import Plan, Price
from portal_app.models.customer import Customer

DEMO_CUSTOMERS = {
    "acme": "one wallet, one plan, three invoices: the reference example",
    "globex": "another customer, whose data nobody else may see",
    "tri": "three wallets in three currencies",
    "archive": "1,200 invoices over ten years",
    "trial": "on trial",
    "paused": "paused",
    "cancelled": "left last year",
    "empty": "nothing yet",
}
"""External id of each demo customer, and what there is to see."""

_PROFILES = {
    "acme": ("Acme Corp", "billing@acme.example", "Torstraße 1", "10119", "Berlin", "DE", "DE811111111", "Europe/Berlin", "en_US"),
    "globex": ("Globex", "ap@globex.example", "1 Cypress Creek", "97477", "Springfield", "US", "US-98-7654321", "America/New_York", "en_US"),
    "tri": ("Trident 三叉戟 KK", "keiri@trident.example", "1-1 Marunouchi", "100-0005", "Tokyo", "JP", "T1234567890123", "Asia/Tokyo", "en_US"),
    "archive": ("Αρχείο & Архив Ltd", "accounts@archive.example", "12 Ermou", "105 63", "Athens", "GR", "EL123456789", "Europe/Athens", "en_GB"),
    "trial": ("Trial & Error GmbH", "hallo@trial.example", "Marktplatz 4", "70173", "Stuttgart", "DE", "", "Europe/Berlin", "de_DE"),
    "paused": ("Paused Pictures", "money@paused.example", "5 Reel Street", "400001", "Mumbai", "IN", "27AAACP1234C1ZV", "Asia/Kolkata", "en_IN"),
    "cancelled": ("Gone Fishing Co", "bye@gone.example", "9 Harbour Road", "K1A 0B1", "Ottawa", "CA", "", "America/Toronto", "en_CA"),
    "empty": ("Empty Shell", "", "", "", "", "", "", "UTC", ""),
}  # fmt: skip


def load_demo(session: Session, on: date, now: datetime, events: int = EVENTS) -> None:
    """Fill an empty database with the demo world as of the day `on`, with so many usage events, Acme's at least."""
    world = World(session, on, now)
    plans = {
        "base": _plan(world, "Plan Base", "Compute and storage, billed monthly", Decimal(20), "usd"),
        "team": _plan(world, "Plan Team", "For up to twenty seats", Decimal(96), "usd"),
        "archive": _plan(world, "Plan Archive", "Cold storage, billed monthly", Decimal("12.50"), "eur"),
    }
    customers = {external_id: _customer(world, external_id) for external_id in DEMO_CUSTOMERS}
    add_acme(world, customers["acme"], plans["base"])
    add_archive(world, customers["archive"], plans["archive"])
    add_others(world, customers, plans)
    add_usage(world, customers, plans, events)
    session.flush()


def _customer(world: World, external_id: str) -> Customer:
    name, email, street, code, city, country, tax_id, zone, locale = _PROFILES[external_id]
    return world.add(
        Customer(
            external_id=external_id,
            name=name,
            email=email,
            address_line1=street,
            address_postal_code=code,
            address_city=city,
            address_country=country,
            tax_id=tax_id,
            timezone=zone,
            locale=locale,
            created_at=world.now,
            updated_at=world.now,
        )
    )


def _plan(world: World, name: str, description: str, fee: Decimal, currency: str) -> Plan:
    plan = world.add(Plan(name=name, description=description, created_at=world.now, updated_at=world.now))
    world.add(
        Price(
            plan_id=plan.id or 0,
            billing_period=BillingPeriod.MONTHLY,
            currency=currency,
            amount=fee,
            created_at=world.now,
            updated_at=world.now,
        )
    )
    return plan
