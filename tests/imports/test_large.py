"""Files far larger than memory should hold: a hundred times the rows take about the same memory."""

import csv
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from operator_files import CUSTOMERS, INVOICES, LEDGER, LINES, PAYMENTS

from portal_app.database import Database
from portal_app.queries.invariants import all_violations

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
START = datetime(2020, 1, 1, tzinfo=UTC)
GROWTH_KIB = 50 * 1024


def ledgers(folder, rows):
    """Write a hundred ledgers, their rows shuffled into each other and newest first; every tenth row is a credit."""
    wallets = [f"w{number}" for number in range(100)]
    write(folder, "wallets", "external_id,customer,currency", ((wallet, "acme", "usd") for wallet in wallets))
    write(folder, "transactions", LEDGER, (
        (f"{wallet}-{number}", wallet, (START + timedelta(minutes=number)).isoformat(),
         *(("debit", "INVOICE_PAYMENT", "1.1") if number % 10 else ("credit", "PURCHASED_CREDIT_DIRECT", "10")))
        for number in reversed(range(rows // 100)) for wallet in wallets
    ))  # fmt: skip


def invoices(folder, rows):
    """Write invoices, each with a line and a payment; lines and payments stand in another order."""
    numbers = range(rows // 3)
    at = START.isoformat()
    write(folder, "invoices", INVOICES, ((f"i{number}", "acme", "FINALIZED", "usd", at) for number in numbers))
    write(folder, "line_items", LINES, ((f"l{number}", f"i{number}", "Seats", "20") for number in reversed(numbers)))
    paid = ((f"p{number}", f"i{number}", at, "20", "CARD", "SUCCEEDED") for number in reversed(numbers))
    write(folder, "payments", PAYMENTS, paid)


def events(folder, rows):
    """Write events of two customers, one in a hundred sent twice, and a meter that counts them."""
    write(folder, "meters", "external_id,name,event_name,aggregation,field", [("n", "N", "called", "SUM", "n")])
    write(folder, "events", "event_id,external_customer_id,event_name,timestamp,properties", (
        (f"e{number - (number % 100 == 99)}", ("acme", "globex")[number // 2 % 2], "called",
         (START + timedelta(seconds=number)).isoformat(), '{"n": 2.5}')
        for number in range(rows)
    ))  # fmt: skip


def write(folder, noun, head, rows):
    with (folder / f"{noun}.csv").open("w", newline="") as file:
        csv.writer(file).writerow(head.split(","))
        csv.writer(file).writerows(rows)


def peak_kib(folder, database):
    """Import a folder in a process of its own, and return the most memory it held."""
    command = [sys.executable, "-m", "portal_app", "import", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PORTAL_DATABASE_URL": database.url})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss


@pytest.mark.parametrize(
    ("fill", "rows"),
    [(ledgers, 200_000), (invoices, 120_000), (events, 1_000_000)],
    ids=["ledgers", "invoices", "events"],
)
def test_a_hundred_times_the_rows_take_the_same_memory(database: Database, tmp_path, fill, rows):
    peaks = []
    for number in (rows // 100, rows):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "customers.csv").write_text(CUSTOMERS)
        fill(folder, number)
        peaks.append(peak_kib(folder, database))
    assert peaks[1] - peaks[0] < GROWTH_KIB
    with database.reading() as session:
        assert list(all_violations(session)) == []
