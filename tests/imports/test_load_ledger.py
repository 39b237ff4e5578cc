"""Ledgers: posted oldest first, and never changed."""

from decimal import Decimal

import pytest
from operator_files import INVOICES, LEDGER, LINES, counts, credit, csv, debit, everything, told

pytestmark = pytest.mark.usefixtures("with_wallets")
GRANTS = "external_id,wallet,name"


def test_rows_are_posted_by_time_whatever_their_order_in_the_file(bring, ledger):
    rows = [debit("d", 14, "365.8"), credit("a", 10, 1000), debit("b", 11, 1000), credit("c", 12, 1000)]
    assert told(bring(transactions=csv(LEDGER, *rows))) == []
    assert ledger() == {"a": 1000, "b": 0, "c": 1000, "d": Decimal("634.2")}
    assert list(ledger("sequence").values()) == [1, 2, 3, 4]


def test_rows_of_one_moment_are_posted_as_in_the_file(bring, ledger):
    bring(transactions=csv(LEDGER, credit("b", 10, 10), debit("a", 10, 10), credit("c", 10, 5)))
    assert ledger() == {"b": 10, "a": 0, "c": 5}


def test_fractions_of_a_second_are_in_order(bring, ledger):
    rows = [
        "b,w-acme,2026-01-05T10:00:00.5Z,debit,INVOICE_PAYMENT,1",
        "a,w-acme,2026-01-05T10:00:00Z,credit,CREDIT_NOTE,1",
    ]
    assert told(bring(transactions=csv(LEDGER, *rows))) == []
    assert list(ledger()) == ["a", "b"]


def test_wallets_do_not_mix(bring, ledger):
    rows = [
        credit("a", 10, 10),
        credit("g", 10, 7, wallet="w-globex"),
        debit("b", 11, 10),
        debit("h", 11, 3, wallet="w-globex"),
    ]
    bring(transactions=csv(LEDGER, *rows))
    assert ledger() == {"a": 10, "b": 0, "g": 7, "h": 4}


def test_money_follows_from_credits_and_the_rate(bring, ledger):
    bring(transactions=csv(LEDGER, credit("a", 10, "434.2")))
    assert ledger("amount") == {"a": Decimal("43.42")}


def test_money_that_is_given_must_be_what_the_credits_are_worth(bring):
    outcome = bring(transactions=csv(f"{LEDGER},amount", f"{credit('a', 10, '434.2')},43.40"))
    assert told(outcome) == ["transactions.csv:2: amount: 434.2 credits at 0.1 are worth 43.42, not 43.4"]


def test_money_may_be_what_the_credits_were_bought_for(bring, ledger):
    bring(wallets=csv("external_id,customer,currency,conversion_rate", "w-acme,acme,USD,3"))
    assert told(bring(transactions=csv(f"{LEDGER},amount", f"{credit('a', 10, '3.333333')},10"))) == []
    assert ledger("amount") == {"a": 10}


def test_the_first_row_that_takes_a_ledger_below_zero_is_told(bring):
    rows = [credit("a", 10, 5), debit("b", 11, 3), debit("c", 12, "2.000001"), debit("d", 13, 1), debit("e", 14, 9)]
    assert told(bring(transactions=csv(LEDGER, *rows))) == [
        "transactions.csv:4: credit_amount: the balance is 2 credits, so 2.000001 cannot be taken"
    ]


def test_a_ledger_is_not_judged_beyond_a_bad_row(bring):
    rows = [credit("a", 10, 5), debit("b", 11, 9), credit("c", 12, "many"), debit("d", 13, 9)]
    assert told(bring(transactions=csv(LEDGER, *rows))) == [
        "transactions.csv:3: credit_amount: the balance is 5 credits, so 9 cannot be taken",
        "transactions.csv:4: credit_amount: 'many' is not a number such as 1234.5",
    ]


def test_a_ledger_is_not_judged_while_rows_are_missing(bring):
    outcome = bring(transactions=f'{LEDGER},description\n{debit("b", 11, 9)},x\n{credit("a", 10, 9)},"open\n')
    assert told(outcome) == ["transactions.csv:3: a quote that opens in the row of line 3 is never closed"]


def test_a_balance_that_is_given_is_checked(bring):
    head = f"{LEDGER},credit_balance_after"
    rows = [f"{credit('a', 10, 5)},5", f"{debit('b', 11, 3)},1", f"{debit('c', 12, 1)},0"]
    assert told(bring(transactions=csv(head, *rows))) == [
        "transactions.csv:3: credit_balance_after: the balance is 2, not 1"
    ]


def test_pending_and_failed_rows_leave_the_balance(bring, ledger):
    head = f"{LEDGER},transaction_status"
    rows = [f"{credit('a', 10, 5)},completed", f"{credit('b', 11, 3)},PENDING", f"{debit('c', 12, 99)},failed"]
    assert told(bring(transactions=csv(head, *rows))) == []
    assert ledger() == {"a": 5, "b": 5, "c": 5}


def test_credits_are_positive_either_way(bring):
    assert told(bring(transactions=csv(LEDGER, debit("a", 10, -5), credit("b", 11, 0)))) == [
        "transactions.csv:2: credit_amount: -5 is not more than 0",
        "transactions.csv:3: credit_amount: 0 is not more than 0",
    ]


def test_a_balance_that_no_column_keeps_is_told(bring):
    most = "9223372036854.775807"
    bring(wallets=csv("external_id,customer,currency,conversion_rate", "w-acme,acme,USD,0.000001"))
    assert told(bring(transactions=csv(LEDGER, credit("a", 10, most), credit("b", 11, most)))) == [
        "transactions.csv:3: credit_amount: 18446744073709.551614 is too large"
    ]


def test_a_row_worth_more_than_a_column_keeps_is_told(bring):
    bring(wallets=csv("external_id,customer,currency,conversion_rate", "w-acme,acme,USD,1000"))
    assert told(bring(transactions=csv(LEDGER, credit("a", 10, "9223372036854")))) == [
        "transactions.csv:2: credit_amount: 9223372036854000.000000 is too large"
    ]


def test_a_wallet_that_is_not_there_is_told_of_each_row(bring):
    outcome = bring(transactions=csv(LEDGER, credit("a", 10, 5, wallet="w"), debit("b", 11, 5, wallet="w")))
    assert told(outcome) == [
        "transactions.csv:2: wallet: there is no wallet 'w'",
        "transactions.csv:3: wallet: there is no wallet 'w'",
    ]


def test_an_invoice_is_named_by_its_id(bring, ledger):
    invoice = csv(INVOICES, "i,acme,FINALIZED,USD,2026-01-05T09:00Z")
    line = csv(LINES, "l,i,Line,1")
    rows = [f"{credit('a', 10, 10)},", f"{debit('b', 11, 10)},i"]
    bring(invoices=invoice, line_items=line, transactions=csv(f"{LEDGER},invoice", *rows))
    assert ledger("reference_type") == {"a": "EXTERNAL", "b": "INVOICE"}
    assert ledger("invoice_id")["b"] is not None


def test_an_invoice_of_another_customer_is_refused(bring):
    invoice = csv(INVOICES, "i,globex,FINALIZED,USD,2026-01-05T09:00Z")
    row = f"{credit('a', 10, 10)},i"
    outcome = bring(invoices=invoice, transactions=csv(f"{LEDGER},invoice", row))
    assert told(outcome) == ["transactions.csv:2: invoice: 'i' belongs to another customer"]


def test_a_row_that_is_posted_is_not_posted_again(bring, database):
    bring(transactions=csv(LEDGER, credit("a", 10, 5), debit("b", 11, 3)))
    before = everything(database)
    assert counts(bring())["transactions"] == (0, 0, 2)
    assert everything(database) == before


def test_newer_rows_are_added_to_what_is_posted(bring, ledger):
    bring(transactions=csv(LEDGER, credit("a", 10, 5)))
    outcome = bring(transactions=csv(LEDGER, credit("a", 10, 5), debit("b", 10, 1), debit("c", 11, 3)))
    assert counts(outcome)["transactions"] == (2, 0, 1)
    assert ledger() == {"a": 5, "b": 4, "c": 1}


def test_an_older_row_cannot_be_slipped_in(bring):
    bring(transactions=csv(LEDGER, credit("a", 10, 5)))
    (problem,) = told(bring(transactions=csv(LEDGER, credit("a", 10, 5), credit("z", 9, 5))))
    assert problem.startswith("transactions.csv:3: created_at: it is dated 2026-01-05T09:00:00+00:00, but")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (credit("a", 10, 6), "credit_amount: is 5, not 6, in the ledger, whose rows never change"),
        (debit("a", 10, 5, "FREE_CREDIT_GRANT"), "type: is credit, not debit, in the ledger"),
        (
            credit("a", 11, 5),
            "created_at: is 2026-01-05T10:00:00+00:00, not 2026-01-05T11:00:00+00:00, in",
        ),
        (credit("a", 10, 5, "CREDIT_NOTE"), "transaction_reason: is FREE_CREDIT_GRANT, not CREDIT_NOTE, in the"),
        (credit("a", 10, 5, wallet="w-globex"), "wallet: names another one in the ledger"),
    ],
)
def test_a_posted_row_that_differs_is_told_with_the_column(bring, database, row, problem):
    bring(transactions=csv(LEDGER, credit("a", 10, 5)))
    before = everything(database)
    (line,) = told(bring(transactions=csv(LEDGER, row)))
    assert line.startswith(f"transactions.csv:2: {problem}")
    assert everything(database) == before


@pytest.mark.parametrize(
    ("column", "before", "after"),
    [("description", "x", "y"), ("reference_id", "", "r"), ("transaction_status", "completed", "failed"),
     ("credit_balance_after", "5", "6"), ("amount", "0.5", "0.6"), ("reference_type", "PAYMENT", "REQUEST")],
)  # fmt: skip
def test_every_column_of_a_posted_row_stays(bring, column, before, after):
    head = f"{LEDGER},{column}"
    assert told(bring(transactions=csv(head, f"{credit('a', 10, 5)},{before}"))) == []
    (line,) = told(bring(transactions=csv(head, f"{credit('a', 10, 5)},{after}")))
    assert line.startswith(f"transactions.csv:2: {column}: is ")


def test_a_posted_row_cannot_change_its_grant_or_invoice(bring):
    head = f"{LEDGER},grant,invoice"
    grants = csv(GRANTS, "g,w-acme,G", "h,w-acme,H")
    rows = [f"{credit('a', 10, 5)},g,", f"{credit('b', 10, 5)},h,"]
    bring(grants=grants, transactions=csv(head, *rows), invoices=csv(INVOICES, "i,acme,DRAFT,USD,2026-01-05T09:00Z"))
    swapped = [f"{credit('a', 10, 5)},h,i", f"{credit('b', 10, 5)},,"]
    assert told(bring(transactions=csv(head, *swapped))) == [
        "transactions.csv:2: grant: names another one in the ledger, whose rows never change",
        "transactions.csv:2: invoice: names another one in the ledger, whose rows never change",
        "transactions.csv:3: grant: names another one in the ledger, whose rows never change",
    ]
