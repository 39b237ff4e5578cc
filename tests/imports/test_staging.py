"""Reading a directory's files: all that is wrong with them, in one run."""

from operator_files import CUSTOMERS, INVOICES, LEDGER, PLANS, WALLETS, csv, told

PRICES = "external_id,plan,billing_period,invoice_cadence,currency,amount"


def test_every_bad_cell_of_every_file_is_told_in_one_run(bring):
    outcome = bring(
        customers="external_id,name,email,timezone\nacme,,acme,Mars\n,Globex,a@b,\n",
        plans=PLANS,
        prices=csv(PRICES, "p,base,MONTHLY,,DEM,-1", "q,base,DAILY,NEVER,USD,1e5"),
        wallets__jsonl='{"external_id": "w", "customer": "acme", "currency": "USD", "conversion_rate": 0}\n',
    )
    assert told(outcome) == [
        "customers.csv:2: name: is required",
        "customers.csv:2: email: 'acme' is not an e-mail address",
        "customers.csv:2: timezone: 'Mars' is not an IANA time zone",
        "customers.csv:3: external_id: is required",
        "prices.csv:2: currency: 'DEM' is not a currency in use (ISO 4217)",
        "prices.csv:2: amount: -1 is less than 0",
        "prices.csv:3: invoice_cadence: 'NEVER' is not one of ARREAR, ADVANCE",
        "prices.csv:3: amount: '1e5' is not a number such as 1234.5",
        "wallets.jsonl:1: conversion_rate: 0 is not more than 0",
    ]
    assert outcome.problem_count == 9


def test_rows_that_depend_on_a_bad_row_are_not_blamed_for_it(bring):
    outcome = bring(
        customers="external_id,name,email\nacme,Acme Corp,nonsense\n",
        wallets=csv("external_id,customer,currency", "w,acme,USD"),
        transactions=csv(LEDGER, "t,w,2026-01-05T12:00Z,debit,INVOICE_PAYMENT,5"),
    )
    assert told(outcome) == ["customers.csv:2: email: 'nonsense' is not an e-mail address"]


def test_rows_are_not_blamed_for_a_file_that_cannot_be_read_to_its_end(bring):
    outcome = bring(
        customers='external_id,name\nacme,"Acme Corp\nglobex,Globex\n',
        wallets=WALLETS,
        transactions=csv(LEDGER, "t,w-acme,2026-01-05T12:00Z,debit,INVOICE_PAYMENT,5"),
    )
    assert told(outcome) == ["customers.csv:2: a quote that opens in the row of line 2 is never closed"]


def test_rows_are_not_blamed_for_a_file_with_the_wrong_name(bring):
    outcome = bring(customer=CUSTOMERS, wallets=WALLETS)
    assert told(outcome) == ["customer.csv: is not a file that can be imported (did you mean customers.csv?)"]


def test_an_unknown_column_is_told_once_with_a_suggestion(bring):
    outcome = bring(customers="external_id,name,emial\nacme,Acme,x\nglobex,Globex,y\n")
    assert told(outcome) == ["customers.csv:1: 'emial' is not a column of customers (did you mean email?)"]


def test_an_unknown_key_of_json_is_told_once_with_a_suggestion(bring):
    lines = '{"external_id": "acme", "Name": "Acme"}\n{"external_id": "globex", "Name": "Globex"}\n'
    assert told(bring(customers__jsonl=lines)) == [
        "customers.jsonl:1: 'Name' is not a column of customers (did you mean name?)",
        "customers.jsonl:1: name: is required",
        "customers.jsonl:2: name: is required",
    ]


def test_a_missing_column_is_told_once(bring):
    outcome = bring(customers="external_id\nacme\nglobex\n", wallets=WALLETS)
    assert told(outcome) == ["customers.csv:1: name: this column is missing"]


def test_an_id_twice_in_one_file_is_told_with_the_line_of_the_first(bring):
    outcome = bring(customers="external_id,name\nacme,Acme\nglobex,Globex\nacme,Acme again\n acme ,And again\n")
    assert told(outcome) == [
        "customers.csv:4: external_id: 'acme' is on line 2 already",
        "customers.csv:5: external_id: 'acme' is on line 2 already",
    ]


def test_an_id_twice_is_told_far_beyond_the_first_batch(bring):
    rows = [f"c{number},Customer {number}" for number in range(1200)]
    outcome = bring(customers=csv("external_id,name", *rows, "c3,Once more"))
    assert told(outcome) == ["customers.csv:1202: external_id: 'c3' is on line 5 already"]


def test_an_id_that_differs_in_case_is_another_id(bring):
    assert told(bring(customers="external_id,name\nacme,Acme\nACME,Another\n")) == []


def test_a_naive_time_is_refused(bring):
    outcome = bring(customers=CUSTOMERS, invoices=csv(INVOICES, "i,acme,DRAFT,USD,2026-01-06 12:00"))
    (problem,) = told(outcome)
    assert problem.startswith("invoices.csv:2: issued_at: 2026-01-06 12:00 has no time zone: end it in Z or an offset")


def test_the_zone_of_a_mapping_without_tables_holds_for_our_own_files(bring):
    outcome = bring(
        mapping__toml='timezone = "Europe/Berlin"',
        customers=CUSTOMERS,
        invoices=csv(INVOICES, "i,acme,DRAFT,USD,2026-01-06 12:00"),
    )
    assert told(outcome) == []


def test_a_cell_of_several_lines_does_not_shift_the_lines_told(bring):
    outcome = bring(customers='external_id,name,email\nacme,"Acme\r\nCorp\r\n",a@b\nglobex,Globex,nobody\n')
    assert told(outcome) == ["customers.csv:5: email: 'nobody' is not an e-mail address"]


def test_bytes_that_are_no_utf_8_are_told_with_line_and_column(bring, folder):
    (folder / "customers.csv").write_bytes(b"external_id,name\nacme,Acme\nglobex,Gl\xf6bex\n")
    assert told(bring()) == ["customers.csv:3: name: is not valid UTF-8"]


def test_a_file_that_cannot_be_read_is_told(bring, folder):
    (folder / "plans.csv").symlink_to("/proc/self/mem")
    assert told(bring()) == ["plans.csv: cannot be read: Input/output error"]
