"""Invoices as people find them: the search in SQL, against examples and against an oracle in memory."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count, product
from zoneinfo import ZoneInfo

import cast
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from portal_app.billing.states import InvoiceState
from portal_app.billing.statuses import InvoiceStatus, PaymentStatus
from portal_app.queries.invoice_search import (
    AmountTerm,
    DateTerm,
    InvoiceSearch,
    NumberTerm,
    StatusTerm,
    may_be_number,
    parse_search,
)
from portal_app.queries.invoices import each_invoice, search_invoices

NOW, DAY = cast.NOW, timedelta(days=1)
UTC_ZONE, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
EVERYTHING = InvoiceSearch()
FIRST, SECOND, THIRD, LATE = "INV-202601-00001", "INV-202601-00002", "INV-202601-00003", "INV-202511-00009"
IDS = count()


def found(session, customer, typed="", zone=BERLIN, mark="."):
    search = parse_search(typed, NOW.astimezone(zone).date(), mark)
    return [invoice.number for invoice in each_invoice(session, customer, search, zone, NOW)]


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("", [THIRD, SECOND, FIRST, LATE]),
        ("overdue", [LATE]),
        ("pending", [FIRST]),
        ("paid", [THIRD, SECOND]),
        ("unpaid", [FIRST, LATE]),
        ("paid overdue", [THIRD, SECOND, LATE]),
        ("136.58", [SECOND]),
        ("$136.58", [SECOND]),
        ("> 100", [SECOND, LATE]),
        ("paid > 100 2026", [SECOND]),
        ("> 100 < 200", [SECOND]),
        ("< 100", [THIRD, FIRST]),
        ("= 20", [THIRD, FIRST]),
        ("20.00", [THIRD, FIRST]),
        ("100..250", [SECOND, LATE]),
        ("Jan 2026", [THIRD, SECOND, FIRST]),
        ("Jan 6, 2026", [THIRD]),
        ("2025", [LATE]),
        ("2025 Jan 6", [THIRD, LATE]),
        ("since Jan 6, 2026", [THIRD]),
        ("before Jan 6, 2026", [SECOND, FIRST, LATE]),
        ("since Jan 5, 2026 until Jan 5, 2026", [SECOND, FIRST]),
        ("INV-2026", [THIRD, SECOND, FIRST]),
        ("inv-202601-00002", [SECOND]),
        ("00002", [SECOND]),
        ("00002 00003", [THIRD, SECOND]),
        ("INV-2026 paid < 100", [THIRD]),
        ("nothing like it", []),
        ("void", []),
    ],
)
def test_invoices_are_found_by_number_date_amount_and_status(session, acme, three, typed, numbers):
    assert found(session, acme, typed) == numbers
    page = search_invoices(session, acme, parse_search(typed, NOW.date()), BERLIN, NOW)
    assert [invoice.number for invoice in page.items] == numbers
    assert page.total == len(numbers)


def test_a_german_reader_types_decimals_with_a_comma(session, acme, three):
    assert found(session, acme, "136,58", mark=",") == found(session, acme, "> 136,5 < 136,6", mark=",") == [SECOND]
    assert found(session, acme, "136,58 €", mark=",") == [SECOND]
    assert found(session, acme, "06.01.2026", mark=",") == [THIRD]


def test_days_are_the_customers_own(session, acme):
    midnight = datetime(2026, 1, 5, 23, tzinfo=UTC)  # in Berlin
    cast.add_bare_invoices(session, acme, {"number": "before", "issued_at": midnight - timedelta(microseconds=1)},
             {"number": "after", "issued_at": midnight})  # fmt: skip
    assert found(session, acme, "2026-01-06") == ["after"]
    assert found(session, acme, "2026-01-05") == ["before"]
    assert found(session, acme, "2026-01-05", UTC_ZONE) == ["after", "before"]


@pytest.mark.threat("T19")
@pytest.mark.parametrize(
    ("typed", "number"), [("100%", "A100%"), ("a_b", "A_B"), ("\\", "back\\slash"), ("/", "a/b"), ("%_", "x%_y")]
)
def test_wildcards_are_only_characters(session, acme, typed, number):
    cast.add_bare_invoices(
        session, acme, {"number": number}, {"number": "A1000"}, {"number": "AXB"}, {"number": "plain"}
    )
    assert found(session, acme, typed) == [number]


@pytest.mark.parametrize("number", ["2026-03", "2026/12", "2042", "170-2026", "1.2.2026", "100.50", "Q4-2025"])
def test_a_whole_number_is_found_though_it_reads_as_a_date_or_an_amount(session, acme, number):
    cast.add_bare_invoices(session, acme, {"number": number}, {"number": f"{number}0"}, {"number": "other"})
    assert found(session, acme, number) == found(session, acme, f"pending {number}") == [number]
    assert found(session, acme, f"since {number}") != [number]


def test_an_invoice_without_a_number_is_found_by_everything_but_its_number(session, acme):
    cast.add_bare_invoices(session, acme, {"total": Decimal("9.99")})
    assert found(session, acme, "9.99") == found(session, acme, "pending") == [None]
    assert found(session, acme, "INV") == []


AMOUNTS = [Decimal(0), Decimal(5), Decimal(20)]
DUE = [Decimal(-20), Decimal(0), Decimal(5)]
STATUSES = list(product([InvoiceStatus.FINALIZED, InvoiceStatus.VOIDED], PaymentStatus))


def test_the_state_in_sql_is_the_state_in_python_for_every_combination(session, acme):
    dates = [None, NOW - timedelta(microseconds=1), NOW, NOW + DAY]
    combinations = [
        {
            "invoice_status": status, "payment_status": payment, "amount_due": due, "amount_paid": paid,
            "amount_remaining": remaining, "due_at": due_at,
        }
        for (status, payment), due, paid, remaining, due_at in product(STATUSES, DUE, AMOUNTS, AMOUNTS, dates)
    ]  # fmt: skip
    cast.add_bare_invoices(session, acme, *combinations)
    states = {row.public_id: row.state for row in each_invoice(session, acme, EVERYTHING, UTC_ZONE, NOW)}
    assert len(states) == len(combinations) == 1944
    assert set(states.values()) == set(InvoiceState)
    for state in InvoiceState:
        search = InvoiceSearch((StatusTerm(state.value, frozenset({state})),))
        in_sql = {row.public_id for row in each_invoice(session, acme, search, UTC_ZONE, NOW)}
        assert in_sql == {public_id for public_id, in_python in states.items() if in_python is state}


# The search against an oracle that knows nothing of SQL

PLACES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Apia", "America/Sao_Paulo"]
INSTANTS = st.builds(
    lambda day, hour, minute: datetime(2025, 11, 1, tzinfo=UTC) + timedelta(days=day, hours=hour, minutes=minute),
    st.integers(0, 85), st.integers(0, 23), st.sampled_from([0, 14, 15, 59]),
)  # fmt: skip
TOTALS = st.sampled_from(
    [Decimal(text) for text in ("0", "6", "20", "20.000001", "99.99", "100", "136.58", "2026", "1234.5")]
)
NUMBERS = st.sampled_from(["INV-2026-", "inv-2025-", "A_", "A%", "20", "202", "2026-0", "136.58/", "\\", ""])
INVOICES = st.lists(
    st.fixed_dictionaries(
        {
            "number": NUMBERS,
            "total": TOTALS,
            "issued_at": INSTANTS,
            "due_at": st.none() | INSTANTS,
            "paid": st.sampled_from([0, 1, 2]),
            "invoice_status": st.sampled_from(InvoiceStatus),
            "payment_status": st.sampled_from(PaymentStatus),
        }
    ),
    max_size=10,
)
WORDS = st.sampled_from(
    ["paid", "overdue", "unpaid", "void", "partially paid", "refunded", "pending", "nothing due", "payment failed",
     "> 100", "< 100", ">= 136.58", "<= 20", "= 20", "20", "6", "136.58", "$20", "20..100", "100 - 2026", "1,234.50",
     "2026", "2025", "Jan 2026", "Jan 6, 2026", "Nov 2025 - Jan 2026", "since Jan 2026", "before 2026-01-06", "today",
     "until Dec 24", "INV", "inv-2026", "2026-01", "A_", "%", "_", "\\", "-0", "zzz", "2026-01-06",
     "paid>100", "Q1 2026", "Q4", "25/12/2025", "1/6/2026", "amount > 100", "Total: under 136.58"]
)  # fmt: skip
SEARCHES = st.lists(WORDS, max_size=4).map(" ".join) | st.text(max_size=20)


def lower(text):
    return text.encode().lower()  # ASCII alone, as both engines do


def matches(term, row, zone):
    match term:
        case StatusTerm():
            return row.state in term.states
        case AmountTerm():
            amount = row.total.amount
            above = term.low is None or amount > term.low or (amount == term.low and term.low_included)
            below = term.high is None or amount < term.high or (amount == term.high and term.high_included)
            return (above and below) or (may_be_number(term) and row.number == term.text)
        case DateTerm():
            day = row.issued_at.astimezone(zone).date()
            within = (term.first or date.min) <= day <= (term.last or date.max)
            return within or (may_be_number(term) and row.number == term.text)
        case NumberTerm():
            return lower(term.fragment) in lower(row.number or "") or row.total.amount == term.amount


def oracle(terms, row, zone):
    """Comparisons all hold, and of each other kind that is asked for, one."""
    comparing = [term for term in terms if isinstance(term, AmountTerm | DateTerm) and term.narrows]
    others = {}
    for term in terms:
        if term not in comparing:
            others.setdefault(type(term), []).append(term)
    return all(matches(term, row, zone) for term in comparing) and all(
        any(matches(term, row, zone) for term in kind) for kind in others.values()
    )


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(invoices=INVOICES, typed=SEARCHES, place=st.sampled_from(PLACES))
def test_a_search_finds_exactly_what_an_oracle_in_memory_finds(session, invoices, typed, place):
    zone = ZoneInfo(place)
    customer = cast.add_customer(session, f"customer {next(IDS)}")
    cast.add_bare_invoices(session, cast.add_customer(session, f"customer {next(IDS)}"), {"number": "INV-2026-GLOBEX"})
    values = [
        {key: value for key, value in invoice.items() if key != "paid"}
        | {
            "number": f"{invoice['number']}{n}" if invoice["number"] else None,
            "amount_paid": invoice["total"] * invoice["paid"],
            "amount_remaining": max(invoice["total"] - invoice["total"] * invoice["paid"], Decimal(0)),
        }
        for n, invoice in enumerate(invoices)
    ]
    cast.add_bare_invoices(session, customer, *values)
    visible = list(each_invoice(session, customer, EVERYTHING, zone, NOW))
    search = parse_search(typed, NOW.astimezone(zone).date())
    expected = [row for row in visible if oracle(search.terms, row, zone)]
    assert list(each_invoice(session, customer, search, zone, NOW)) == expected
    page = search_invoices(session, customer, search, zone, NOW)
    assert (list(page.items), page.total) == (expected, len(expected))
