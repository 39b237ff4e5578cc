"""What a page shows and does while a part of what it needs fails, or comes when its reader has gone on."""

import httpx2
from page import ON_LOAD, Page, handler_name


def test_a_search_that_finds_nothing_says_so_though_nobody_can_count_the_invoices(portal, knobs):
    with Page(portal) as page:
        page.boot(portal.token("acme"), "/nowhere").wait_for("open")
        knobs.turn("uncounted")
        page.call(ON_LOAD, "/invoices?q=nobody")
        page.wait_for_data("invoices")
        assert (page.tab("invoices")["rows"], page.tab("invoices")["has_any"]) == ([], True)


def test_a_download_that_cannot_be_looked_up_is_begun_and_the_file_says_why(portal, knobs):
    with Page(portal) as page:
        page.boot(portal.token("acme"), "/invoices").wait_for_data("invoices")
        invoice = page.tab("invoices")["rows"][0]["id"]
        knobs.turn("unavailable")
        page.call(handler_name("invoices", "download"), "/invoices", public_id=invoice)
        page.until(lambda: any(event["name"] == "_download" for event in page.events))
        url = next(event for event in page.events if event["name"] == "_download")["payload"]["url"]
        assert httpx2.get(f"{portal.origin}{url}").status_code == 503


def test_what_was_typed_does_not_lead_back_whoever_has_gone_on_to_another_tab(portal):
    with Page(portal) as page:
        page.boot(portal.token("acme"), "/invoices").wait_for_data("invoices")
        page.call(handler_name("invoices", "search"), "/credits?page=2", text="paid")
        page.call(handler_name("invoices", "search"), "/invoices", text="unpaid")
        page.until(lambda: any(event["name"] == "_redirect" for event in page.events))
        assert [event["payload"]["path"] for event in page.events] == ["/invoices?q=unpaid"]
