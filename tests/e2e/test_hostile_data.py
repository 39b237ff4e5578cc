"""Data that would be a script: shown as the text it is, in every column a customer sees."""

import re
from datetime import timedelta

import cast
import pytest
from browsing import open_tab
from playwright.sync_api import expect
from server import running_portal
from usage_cast import add_feature, add_meter, ingest, sent
from usage_world import add_group

from portal_app import clock

PAYLOADS = [
    "<script>window.__xss = 1</script>",
    "<img src=x onerror='window.__xss = 1'>",
    '"><svg onload=window.__xss=1>',
    "javascript:window.__xss=1",
    "{{7*7}}${7*7}`;window.__xss=1;//",
    "</title><iframe srcdoc='<script>parent.__xss=1</script>'>",
    "'-alert(1)-'",
    "\u202eevil\u202c\u0000".replace("\0", ""),
]


@pytest.fixture(scope="module")
def hostile_portal(tmp_path_factory):
    """A portal where every text of customer `acme` is an attack."""

    def fill(session):
        texts = iter(PAYLOADS * 10)
        profile = ("address_line1", "address_line2", "address_city", "address_state", "tax_id", "email")
        acme = cast.add_customer(session, name=next(texts), **{column: next(texts) for column in profile})
        plan = cast.add_plan(session, name=next(texts), description=next(texts))
        cast.add_subscription(session, acme, plan)
        wallet = cast.add_wallet(session, acme, name=next(texts), description=next(texts))
        for index, payload in enumerate(PAYLOADS):
            terms = cast.GrantTerms(payload, priority=1, expires_at=cast.days_ago(-400))
            cast.post(session, wallet, cast.credit("10", cast.days_ago(5), description=payload, grant=terms))
            lines = [cast.Line(payload, cast.Decimal(20))]
            number = f"{payload[:50]}-{index}"
            texts_of_bill = {"description": payload, "tax_name": payload, "payments": [cast.Paid(reference=payload)]}
            cast.add_bill(session, acme, number, lines, tax_rate=cast.Decimal("0.1"), **texts_of_bill)
            use_hostile_feature(session, payload, f"event-{index}")

    with running_portal(tmp_path_factory.mktemp("hostile"), fill=fill) as portal:
        yield portal


def use_hostile_feature(session, payload, event_name):
    group = add_group(session, payload)
    units = {"unit_singular": payload, "unit_plural": payload}
    add_feature(session, add_meter(session, event_name=event_name), payload, group_id=group.id, **units)
    now = clock.utc_now()
    ingest(session, sent(event_name, now - timedelta(minutes=1), event_name, n=5), now=now)


@pytest.mark.threat("T20")
def test_no_name_of_a_feature_ever_runs_in_graph_tooltip_table_or_breakdown(page, hostile_portal):
    open_tab(page, hostile_portal, path="/usage?view=table")
    expect(page.locator("table.twin th").filter(has_text="<script>")).to_have_count(2)
    open_tab(page, hostile_portal, path="/usage")
    expect(page.locator(".scatterlayer .trace").first).to_be_visible()
    box = page.locator(".nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 50)
    page.mouse.move(box["x"] + box["width"] * 0.99, box["y"] + 50)
    tooltip = page.locator(".hoverlayer .legend")
    expect(tooltip).to_contain_text("<img src=x onerror='window.__xss = 1'> : 5")
    page.locator("tr.feature a.cover, tr.member a.cover").first.click()
    expect(page.locator("tr.why")).to_contain_text("1 event, on")
    assert page.evaluate("window.__xss") is None
    assert page.locator("main script, main iframe, main img, main svg a").count() == 0


@pytest.mark.threat("T20")
def test_no_text_of_a_customer_ever_runs(page, hostile_portal):
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    open_tab(page, hostile_portal)
    page.locator(".who").click()
    expect(page.locator("#profile")).to_be_visible()
    page.keyboard.press("Escape")
    for path in ("/credits", "/invoices"):
        open_tab(page, hostile_portal, path=path)
    rows = page.locator("a.cover")
    expect(rows).to_have_count(len(PAYLOADS))
    for index in range(len(PAYLOADS)):
        rows.nth(index).click()
        expect(page.get_by_role("dialog").locator(".kpi")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate("window.__xss") is None
    assert dialogs == []
    assert page.locator("main script, main iframe, main svg:not(.glyph), main img").count() == 0


@pytest.mark.threat("T20")
def test_a_search_that_would_be_a_script_is_only_text(page, hostile_portal):
    open_tab(page, hostile_portal, path="/invoices?q=%3Cscript%3Ewindow.__xss%3D1%3C/script%3E")
    expect(page.locator(".chip").first).to_contain_text(re.compile("<script>"))
    assert page.evaluate("window.__xss") is None


@pytest.mark.threat("T23")
def test_the_pdf_of_a_hostile_number_has_a_harmless_name(page, hostile_portal):
    open_tab(page, hostile_portal, path="/invoices")
    for index in range(3):
        with page.expect_download() as download:
            page.locator("tbody .c-do button").nth(index).click()
        assert re.fullmatch(r"[A-Za-z0-9._-]+\.pdf", download.value.suggested_filename)
