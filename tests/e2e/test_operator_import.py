"""Files brought on the operator's pages: refused, corrected, loaded; and a long check that nobody watches."""

import time
import urllib.request

import pytest
from browsing import NARROW, WIDE, loaded
from desk import enter, fits, grave
from operators import PEOPLE, audited
from playwright.sync_api import expect
from sqlmodel import col, select

from portal_app.access.operator_roles import Role
from portal_app.models.customer import Customer

IMPORT = "/operator/import"
MANY = 60_000


def files(**texts):
    return [{"name": f"{name}.csv", "mimeType": "text/csv", "buffer": text.encode()} for name, text in texts.items()]


def choose(page, **texts):
    page.locator("input[type=file]").set_input_files(files(**texts))


def stored(operator, prefix):
    with operator.database.reading() as session:
        return len(session.exec(select(Customer.id).where(col(Customer.external_id).startswith(prefix))).all())


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_files_are_refused_row_by_row_and_the_corrected_ones_loaded_after_a_look(page, operator, width):
    name = f"import-{width}"
    enter(page, operator, IMPORT)
    assert grave(page) == []
    rows = "".join(f"{name}-{n},Customer,wrong\n" for n in range(60))
    wallets = f"external_id,customer,currency\n{name}-w,{name}-1,USD\n"
    choose(page, customers=f"external_id,name,email\n{rows}", wallets=wallets)
    expect(page.get_by_role("heading", name="60 problems, the first 50 below")).to_be_visible()
    expect(page.locator(".problems tbody tr")).to_have_count(50)
    expect(page.locator(".problems tbody tr").first).to_contain_text("'wrong' is not an e-mail address")
    assert grave(page) == []
    assert fits(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all as CSV").click()
    assert download.value.path().read_text().count("is not an e-mail address") == 60
    page.get_by_role("button", name="Import other files").click()
    choose(page, customers=f"external_id,name,email\n{rows.replace('wrong', '')}", wallets=wallets)
    expect(page.get_by_role("heading", name="Everything is in order")).to_be_visible()
    expect(page.get_by_role("row", name="customers")).to_contain_text("60")
    assert grave(page) == []
    assert fits(page)
    assert stored(operator, f"{name}-") == 0
    page.get_by_role("button", name="Load").click()
    expect(page.get_by_role("heading", name="Everything is loaded")).to_be_visible()
    assert stored(operator, f"{name}-") == 60
    entries = audited(operator.database, "import.checked", "import.loaded")[-3:]
    assert [(actor, action, details["files"]) for actor, action, details in entries] == [
        (f"operator {PEOPLE[Role.ADMIN]}", action, "customers.csv, wallets.csv")
        for action in ("import.checked", "import.checked", "import.loaded")
    ]
    assert entries[-1][2]["rows"] == "customers: 60 new, 0 changed; wallets: 1 new, 0 changed"
    page.get_by_role("button", name="Import other files").click()
    expect(page.locator("input[type=file]")).to_be_visible()


def test_an_import_goes_on_when_its_page_is_closed_and_holds_up_nobody(context, page, operator):
    enter(page, operator, IMPORT)
    choose(page, customers="external_id,name\n" + "".join(f"many-{n},Customer {n}\n" for n in range(MANY)))
    expect(page.get_by_role("heading", name="Checking")).to_be_visible()
    page.close()
    slowest = max(answers_after(operator) for _ in range(5))
    again = context.new_page()
    again.goto(f"{operator.origin}{IMPORT}")
    expect(loaded(again).get_by_role("heading", name="Checking")).to_be_visible()
    assert grave(again) == []
    expect(again.get_by_role("progressbar")).to_be_visible()
    expect(again.get_by_text("a second")).to_be_visible()
    customer = context.new_page()
    customer.goto(f"{operator.origin}/operator")
    expect(loaded(customer).get_by_role("link", name="Acme Corp")).to_be_visible()
    expect(again.get_by_role("heading", name="Everything is in order")).to_be_visible(timeout=60_000)
    expect(again.get_by_role("row", name="customers")).to_contain_text("60,000")
    assert slowest < 60  # no timing is asserted but that it answers
    again.get_by_role("button", name="Import other files").click()
    expect(again.locator("input[type=file]")).to_be_visible()


def answers_after(operator):
    begin = time.monotonic()
    urllib.request.urlopen(f"{operator.origin}/ping", timeout=60).close()  # noqa: S310 (http, by construction)
    return time.monotonic() - begin


def test_who_may_not_import_sees_why_and_no_field(page, operator):
    enter(page, operator, IMPORT, Role.SUPPORT)
    expect(page.get_by_text("Only an admin may import files.")).to_be_visible()
    expect(page.locator("input[type=file]")).to_have_count(0)
