"""Wallets and their ledgers: the right figures, whole pages, and nobody else's."""

from datetime import timedelta
from decimal import Decimal

import cast
import pytest
from cast import GrantTerms
from sqlmodel import select
from statements import counted, explained

from portal_app.billing.money import Money
from portal_app.billing.statuses import TransactionReason, TransactionStatus, WalletStatus, WalletType
from portal_app.commands.post_ledger import LedgerPoster
from portal_app.errors import NotFound
from portal_app.models.wallet import Wallet
from portal_app.queries.customers import get_published_customer_of_operator
from portal_app.queries.listing import Listing, equal
from portal_app.queries.wallets import each_transaction, list_transactions, list_wallets, search_transactions

NOW, DAY = cast.NOW, timedelta(days=1)


def only(session, customer, now=NOW):
    (wallet,) = list_wallets(session, customer, now)
    return wallet


@pytest.fixture
def reference(session, acme):
    """The wallet of the reference example."""
    wallet = cast.add_wallet(session, acme)
    invoice = cast.add_bill(session, acme, "INV-202601-00002", "136.58")
    cast.post(
        session,
        wallet,
        cast.credit("1000", cast.days_ago(9), grant=GrantTerms("Annual plan", priority=2)),
        cast.debit("1000", cast.days_ago(8), invoice_id=invoice.id),
        cast.credit("1000", cast.days_ago(7), grant=GrantTerms("Welcome bonus", priority=1, expires_at=NOW + 40 * DAY)),
        cast.debit("365.8", cast.days_ago(6), invoice_id=invoice.id),
        cast.debit("200", cast.days_ago(5), description="seats"),
    )
    return wallet


def test_a_wallet_is_worth_its_credits_at_its_rate(session, acme, reference):
    wallet = only(session, acme)
    assert wallet.public_id == reference.public_id
    assert (wallet.credits, wallet.value) == (Decimal("434.2"), Money(Decimal("43.42"), "usd"))
    assert (wallet.conversion_rate, wallet.currency) == (Decimal("0.1"), "usd")
    assert (wallet.wallet_type, wallet.status) == (WalletType.PRE_PAID, WalletStatus.ACTIVE)
    assert (wallet.next_expiring_credits, wallet.next_expiry_at) == (Decimal("434.2"), NOW + 40 * DAY)


def test_a_wallet_without_a_ledger_holds_nothing(session, acme):
    cast.add_wallet(session, acme, "jpy", "10", name="Tokyo", description="for Japan")
    wallet = only(session, acme)
    assert (wallet.credits, wallet.value) == (0, Money(Decimal(0), "jpy"))
    assert (wallet.name, wallet.description) == ("Tokyo", "for Japan")
    assert (wallet.next_expiring_credits, wallet.next_expiry_at) == (0, None)


def test_expired_credits_do_not_count_though_their_row_has_not_come(session, acme, reference):
    last = NOW + 40 * DAY
    assert only(session, acme, last - timedelta(microseconds=1)).credits == Decimal("434.2")
    expired = only(session, acme, last)
    assert (expired.credits, expired.value.amount) == (0, 0)
    assert (expired.next_expiring_credits, expired.next_expiry_at) == (0, None)


def test_expired_credits_are_not_subtracted_twice_when_their_row_has_come(session, acme, reference):
    expiry = NOW + 40 * DAY
    cast.post(session, reference, cast.credit("10", NOW))
    cast.post(session, reference, cast.debit("434.2", expiry, TransactionReason.CREDIT_EXPIRED))
    assert only(session, acme, expiry + DAY).credits == 10


def test_the_credits_that_expire_next_are_summed(session, acme):
    wallet = cast.add_wallet(session, acme)
    soon, later = GrantTerms(expires_at=NOW + DAY), GrantTerms(expires_at=NOW + 2 * DAY)
    at = cast.days_ago(1)
    cast.post(session, wallet, *(cast.credit("5", at, grant=terms) for terms in (soon, later, soon)))
    found = only(session, acme)
    assert (found.next_expiring_credits, found.next_expiry_at) == (10, NOW + DAY)


def test_active_wallets_come_first_and_then_the_oldest(session, acme):
    for name, status in [("a", "closed"), ("b", "active"), ("c", "frozen"), ("d", "active")]:
        cast.add_wallet(session, acme, name=name, wallet_status=WalletStatus(status))
    assert [wallet.name for wallet in list_wallets(session, acme, NOW)] == ["b", "d", "a", "c"]


def test_any_number_of_wallets_are_two_statements(session, acme):
    for currency in ("usd", "jpy", "kwd", "eur"):
        cast.post(session, cast.add_wallet(session, acme, currency), cast.credit("1", NOW))
    with counted(session) as statements:
        assert len(list_wallets(session, acme, NOW)) == 4
    assert len(statements) == 2


def test_a_ledger_is_shown_newest_first_with_signs_and_what_it_paid(session, acme, reference):
    page = list_transactions(session, acme, reference.public_id)
    assert (page.number, page.total, page.count) == (1, 5, 1)
    rows = [(row.credits, row.value.amount, row.credits_after, row.invoice_number) for row in page.items]
    assert rows == [
        (Decimal(-200), Decimal(-20), Decimal("434.2"), None),
        (Decimal("-365.8"), Decimal("-36.58"), Decimal("634.2"), "INV-202601-00002"),
        (Decimal(1000), Decimal(100), Decimal(1000), None),
        (Decimal(-1000), Decimal(-100), Decimal(0), "INV-202601-00002"),
        (Decimal(1000), Decimal(100), Decimal(1000), None),
    ]
    assert [row.value.currency for row in page.items] == ["usd"] * 5
    assert page.items[0].description == "seats"
    assert page.items[1].invoice_public_id.startswith("inv_")


def test_expiry_and_priority_stand_by_the_credit_that_brought_them(session, acme, reference):
    items = list_transactions(session, acme, reference.public_id).items
    assert [(row.grant_name, row.priority, row.expires_at) for row in items if row.credits > 0] == [
        ("Welcome bonus", 1, NOW + 40 * DAY),
        ("Annual plan", 2, None),
    ]
    assert {(row.priority, row.expires_at) for row in items if row.credits < 0} == {(None, None)}


def test_a_debit_that_names_a_grant_says_which(session, acme):
    wallet = cast.add_wallet(session, acme)
    named = GrantTerms("Loyalty", priority=1, external_id="loyalty")
    cast.post(session, wallet, cast.credit("5", cast.days_ago(2), grant=named), cast.debit("5", NOW, grant=named))
    newest = list_transactions(session, acme, wallet.public_id).items[0]
    assert (newest.grant_name, newest.priority) == ("Loyalty", None)


def test_rows_that_moved_nothing_are_shown_as_what_they_are(session, acme):
    wallet = cast.add_wallet(session, acme)
    cast.post(session, wallet, cast.credit("5", NOW, status=TransactionStatus.PENDING))
    (row,) = list_transactions(session, acme, wallet.public_id).items
    assert (row.status, row.credits, row.credits_after) == (TransactionStatus.PENDING, 5, 0)


def test_the_pages_of_a_ledger_together_are_the_whole(session, acme, reference):
    cast.post(session, reference, *(cast.credit("1", NOW, description=str(n)) for n in range(70)))
    pages = [list_transactions(session, acme, reference.public_id, number) for number in (1, 2, 3)]
    assert [len(page.items) for page in pages] == [25, 25, 25]
    whole = list(each_transaction(session, acme, reference.public_id))
    assert [row for page in pages for row in page.items] == whole
    assert len({row.public_id for row in whole}) == 75


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (-3, 1), (4, 3), (10**9, 3)])
def test_a_page_that_does_not_exist_is_the_nearest_that_does(session, acme, reference, asked, given):
    cast.post(session, reference, *(cast.credit("1", NOW) for _ in range(60)))
    assert list_transactions(session, acme, reference.public_id, asked).number == given


def test_an_empty_ledger_has_one_empty_page(session, acme):
    wallet = cast.add_wallet(session, acme)
    page = list_transactions(session, acme, wallet.public_id)
    assert (page.items, page.number, page.total, page.count) == ((), 1, 0, 1)


def test_a_page_of_a_ledger_is_two_statements_and_so_is_the_whole(session, acme, reference):
    with counted(session) as statements:
        list_transactions(session, acme, reference.public_id)
    assert len(statements) == 2
    with counted(session) as statements:
        list(each_transaction(session, acme, reference.public_id))
    assert len(statements) == 2


@pytest.mark.parametrize("query", [list_transactions, each_transaction])
def test_another_customers_wallet_is_not_found_like_one_that_never_was(session, acme, globex, reference, query):
    for customer, public_id in [(globex, reference.public_id), (acme, "wallet_never"), (acme, "\0"), (acme, "\udfff")]:
        with pytest.raises(NotFound, match=r"^Wallet not found$"):
            query(session, customer, public_id)


def test_another_customers_wallets_never_appear(session, acme, globex, reference):
    theirs = cast.add_wallet(session, globex)
    cast.post(session, theirs, cast.credit("999999", cast.days_ago(30), grant=GrantTerms(expires_at=NOW - DAY)))
    assert only(session, acme).credits == Decimal("434.2")
    assert [wallet.public_id for wallet in list_wallets(session, globex, NOW)] == [theirs.public_id]


def test_no_read_of_a_wallet_leaves_the_customers_own_rows(demo_session):
    acme = get_published_customer_of_operator(demo_session, "acme")[0]
    wallet = only(demo_session, acme)
    with explained(demo_session) as plans:
        list_wallets(demo_session, acme, NOW)
        list_transactions(demo_session, acme, wallet.public_id, 2)
    steps = [step for plan in plans for step in plan]
    assert len(plans) == 4
    assert not [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step], steps


def test_posting_reads_the_wallets_own_rows(demo_session):
    acme = get_published_customer_of_operator(demo_session, "acme")[0]
    wallet = demo_session.exec(select(Wallet).where(Wallet.customer_id == acme)).one()
    with explained(demo_session) as plans:
        LedgerPoster(demo_session, wallet, NOW)
    steps = [step for plan in plans for step in plan]
    assert not [step for step in steps if step.startswith("SCAN")], steps


def test_the_rows_of_an_invoice_are_found_by_the_id_that_they_show(session, acme, reference):
    listed = search_transactions(session, acme, reference.public_id, Listing(50)).items
    (invoice,) = {row.invoice_public_id for row in listed} - {None}
    about = Listing(50, filters=equal("reference_id", invoice))
    found = search_transactions(session, acme, reference.public_id, about)
    assert [row.public_id for row in found.items] == [row.public_id for row in listed if row.invoice_public_id]
    assert found.total == 2
