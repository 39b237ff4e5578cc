"""Grants: the terms that credits come with."""

from datetime import UTC, datetime

import pytest
from operator_files import LEDGER, counts, credit, csv, debit, everything, told
from sqlmodel import select

from portal_app.models.wallet import CreditGrant

pytestmark = pytest.mark.usefixtures("with_wallets")
GRANTS = "external_id,wallet,name,priority,expires_at"


def test_a_credit_brings_the_terms_of_its_grant(bring, database):
    grants = csv(f"{GRANTS},is_purchased,credits", "g,w-acme,Welcome,1,2026-03-01T00:00+01:00,true,10")
    outcome = bring(grants=grants, transactions=csv(f"{LEDGER},grant", f"{credit('a', 10, 10)},g"))
    assert told(outcome) == []
    assert counts(outcome)["grants"] == (1, 0, 0)
    with database.reading() as session:
        grant = session.exec(select(CreditGrant)).one()
    assert (grant.name, grant.priority, grant.is_purchased, grant.credits) == ("Welcome", 1, True, 10)
    assert grant.expires_at == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert grant.granted_at == datetime(2026, 1, 5, 10, tzinfo=UTC)


def test_debits_take_by_priority_and_expiry(bring, grants):
    text = csv(GRANTS, "late,w-acme,L,2,", "soon,w-acme,S,2,2026-02-01T00:00Z", "first,w-acme,F,1,")
    rows = [f"{credit(name, 10, 10)},{name}" for name in ("late", "soon", "first")]
    bring(grants=text, transactions=csv(f"{LEDGER},grant", *rows, f"{debit('d', 11, 15)},"))
    assert grants() == {"late": 10, "soon": 5, "first": 0}


def test_an_expiry_takes_from_the_grant_it_names(bring, grants, ledger):
    text = csv(GRANTS, "g,w-acme,G,,2026-01-05T12:00Z", "h,w-acme,H,1,")
    rows = [f"{credit('a', 9, 10)},g", f"{credit('b', 10, 10)},h", f"{debit('c', 12, 10, 'CREDIT_EXPIRED')},g"]
    assert told(bring(grants=text, transactions=csv(f"{LEDGER},grant", *rows))) == []
    assert grants() == {"g": 0, "h": 10}
    assert ledger("grant_id")["c"] == ledger("grant_id")["a"]


def test_a_debit_may_name_a_grant_that_is_used_up(bring, ledger):
    text = csv(GRANTS, "g,w-acme,G,,")
    rows = [f"{credit('a', 9, 10)},g", f"{debit('b', 10, 10)},", f"{credit('c', 11, 5)},", f"{debit('d', 12, 5)},g"]
    assert told(bring(grants=text, transactions=csv(f"{LEDGER},grant", *rows))) == []
    assert ledger("grant_id")["d"] == ledger("grant_id")["a"]
    assert counts(bring())["transactions"] == (0, 0, 4)


def test_a_debit_may_name_a_grant_of_an_earlier_import(bring, grants, folder):
    bring(grants=csv(GRANTS, "g,w-acme,G,2,", "h,w-acme,H,1,"),
          transactions=csv(f"{LEDGER},grant", f"{credit('a', 9, 10)},g", f"{credit('b', 9, 10)},h"))  # fmt: skip
    (folder / "grants.csv").unlink()
    assert told(bring(transactions=csv(f"{LEDGER},grant", f"{debit('c', 10, 4)},g"))) == []
    assert grants() == {"g": 6, "h": 10}


def test_the_terms_of_a_grant_may_change(bring, database, grants):
    rows = csv(f"{LEDGER},grant", f"{credit('a', 9, 10)},g")
    bring(grants=csv(GRANTS, "g,w-acme,G,2,2026-02-01T00:00Z"), transactions=rows)
    assert counts(bring(grants=csv(GRANTS, "g,w-acme,G,1,")))["grants"] == (0, 1, 0)
    assert grants("priority") == {"g": 1}
    assert grants("expires_at") == {"g": None}
    before = everything(database)
    assert counts(bring())["grants"] == (0, 0, 1)
    assert everything(database) == before


def test_the_credits_and_wallet_of_a_grant_never_change(bring):
    head = f"{GRANTS},credits"
    rows = csv(f"{LEDGER},grant", f"{credit('a', 9, 10)},g")
    bring(grants=csv(head, "g,w-acme,G,,,10"), transactions=rows)
    assert told(bring(grants=csv(head, "g,w-globex,G,,,11"))) == [
        "grants.csv:2: credits: is 10 already and cannot become 11",
        "grants.csv:2: wallet: this grant has another wallet, which cannot change",
    ]


def test_a_grant_that_no_credit_brings_is_told(bring):
    outcome = bring(grants=csv(GRANTS, "g,w-acme,G,,"), transactions=csv(LEDGER, credit("a", 10, 5)))
    assert told(outcome) == ["grants.csv:2: no completed credit in transactions brings the grant 'g'"]


def test_a_grant_is_not_blamed_for_a_bad_credit(bring):
    rows = csv(f"{LEDGER},grant", f"{credit('a', 10, 'x')},g", f"{debit('b', 11, 1)},g")
    outcome = bring(grants=csv(GRANTS, "g,w-acme,G,,"), transactions=rows)
    assert "grants.csv" not in "".join(told(outcome))


def test_a_credit_is_not_blamed_for_a_bad_grant(bring):
    rows = csv(f"{LEDGER},grant", f"{credit('a', 10, 5)},g", f"{debit('b', 11, 5)},g")
    assert told(bring(grants=csv(GRANTS, "g,w-acme,G,first,"), transactions=rows)) == [
        "grants.csv:2: priority: 'first' is not a whole number from 0 to 2147483647"
    ]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([credit("a", 10, 9) + ",pending,g", credit("b", 11, 9) + ",,g"],
         "transactions.csv:2: grant: is named by a credit that is not completed, and so brings none"),
        ([credit("a", 10, 9) + ",,g", credit("b", 11, 9) + ",,g"],
         "transactions.csv:3: grant: 'g' has been brought by another credit"),
        ([credit("a", 10, 8) + ",,g"], "transactions.csv:2: credit_amount: is not the 9 credits of its grant"),
        ([credit("a", 10, 9, wallet="w-globex") + ",,g"],
         "transactions.csv:2: grant: 'g' belongs to another wallet"),
        ([credit("a", 10, 9) + ",,", debit("b", 11, 5) + ",,g", credit("c", 12, 9) + ",,g"],
         "transactions.csv:3: grant: no credit before this row brings the grant 'g' into this wallet"),
        ([credit("a", 10, 9) + ",,g", credit("b", 11, 9, wallet="w-globex") + ",,",
          debit("c", 12, 5, wallet="w-globex") + ",,g"],
         "transactions.csv:4: grant: no credit before this row brings the grant 'g' into this wallet"),
    ],
)  # fmt: skip
def test_a_grant_that_a_row_cannot_name_is_told(bring, rows, problem):
    head = f"{LEDGER},transaction_status,grant"
    outcome = bring(grants=csv(f"{GRANTS},credits", "g,w-acme,G,,,9"), transactions=csv(head, *rows))
    assert told(outcome) == [problem]


def test_a_grant_may_be_brought_once_across_imports(bring):
    rows = csv(f"{LEDGER},grant", f"{credit('a', 10, 5)},g")
    bring(grants=csv(GRANTS, "g,w-acme,G,,"), transactions=rows)
    assert told(bring(transactions=csv(f"{LEDGER},grant", f"{credit('b', 11, 5)},g"))) == [
        "transactions.csv:2: grant: 'g' has been brought by another credit"
    ]


@pytest.mark.parametrize("row", [credit("a", 10, 5), debit("a", 10, 5)])
def test_a_grant_that_is_not_there_is_told(bring, row):
    outcome = bring(transactions=csv(f"{LEDGER},grant", f"{row},g"))
    assert told(outcome) == ["transactions.csv:2: grant: there is no grant 'g'"]


def test_a_long_ledger_holds_what_its_grants_hold(bring, database, grants, ledger):
    rows = []
    for number in range(700):
        rows.append(f"c{number},w-acme,2026-01-05T10:00:00.{2 * number:06d}Z,credit,FREE_CREDIT_GRANT,3,g{number}")
        rows.append(f"d{number},w-acme,2026-01-05T10:00:00.{2 * number + 1:06d}Z,debit,INVOICE_PAYMENT,2,")
    text = csv(GRANTS, *[f"g{number},w-acme,G,{number % 3}," for number in range(700)])
    assert told(bring(grants=text, transactions=csv(f"{LEDGER},grant", *rows))) == []
    assert ledger()["d699"] == sum(grants().values()) == 700
    before = everything(database)
    assert counts(bring()) == {
        "customers": (0, 0, 2), "wallets": (0, 0, 2), "grants": (0, 0, 700), "transactions": (0, 0, 1400),
    }  # fmt: skip
    assert everything(database) == before
