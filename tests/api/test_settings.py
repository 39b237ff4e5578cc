"""The portal's look over REST: read by everyone's front end, set by keys that may do everything."""

import base64
import io

import pytest
from PIL import Image
from pypdf import PdfReader

from portal_app.database import Database
from portal_app.errors import Unavailable

PATH = "/v1/settings/customer_portal_config"


@pytest.fixture
def database(sqlite_database):
    """One row of JSON: one engine is enough."""
    return sqlite_database


def data_url(kind="PNG", size=(64, 32)):
    drawn = io.BytesIO()
    Image.new("RGB", size, "#0077b2").save(drawn, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(drawn.getvalue()).decode()}"


def test_the_default_is_what_our_own_pages_show(program, acme_portal):
    setting = program.get(PATH).json()
    assert acme_portal.get("/v1/customer/portal/config").json() == setting
    assert (setting["key"], setting["value"]["name"]) == ("customer_portal_config", "Northwind")
    assert [section["id"] for section in setting["value"]["sections"]] == ["overview", "credits", "invoices", "usage"]


def test_keys_that_are_sent_are_replaced_and_the_others_stay(program, acme_portal):
    theme = {"primary_color": "#0077B2"}
    tab = {"id": "list", "type": "invoices", "enabled": True, "order": 1}
    section = {"id": "bills", "label": "Bills", "tabs": [tab]}
    program.put(PATH, json={"value": {"theme": theme}})
    program.put(PATH, json={"value": {"sections": [section]}})
    value = program.put(PATH, json={"value": {"name": "Contoso"}}).json()["value"]
    assert value["theme"] == theme
    assert value["sections"] == [section]
    assert acme_portal.get("/v1/customer/portal/config").json()["value"] == value
    assert program.put(PATH, json={"value": {"theme": None}}).json()["value"]["theme"] == {}


def test_legal_name_theme_and_ranges_are_written_and_read_alike(program, acme_portal):
    graph = {"id": "g", "type": "usage_graph", "usage_graph": {"date_presets": ["1d", "7d"], "default_preset": "1d"}}
    sent = {"legal_name": "Northwind Traders Ltd", "default_theme": "dark", "locale": "de_DE",
            "sections": [{"id": "usage", "tabs": [graph]}]}  # fmt: skip
    value = program.put(PATH, json={"value": sent}).json()["value"]
    assert {key: value[key] for key in sent} == sent
    assert acme_portal.get("/v1/customer/portal/config").json()["value"] == value


def test_the_theme_is_a_script_that_pages_begin_with(program, stranger):
    assert stranger.get("/branding/theme.js").text == 'window.portalTheme = "system";\n'
    program.put(PATH, json={"value": {"default_theme": "dark"}})
    answer = stranger.get("/branding/theme.js")
    assert answer.text == 'window.portalTheme = "dark";\n'
    assert answer.headers["Content-Type"].startswith("text/javascript")


def test_a_database_that_does_not_answer_says_nothing_of_the_theme(stranger, monkeypatch):
    async def unavailable(*_):
        raise Unavailable

    monkeypatch.setattr(Database, "read", unavailable)
    answer = stranger.get("/branding/theme.js")
    assert (answer.status_code, answer.text) == (200, "")


def test_files_are_in_the_operators_language_where_the_customer_has_none(program, acme_id):
    bill = {"external_customer_id": "acme", "currency": "eur", "subtotal": "1234.5", "total": "1234.5",
            "amount_due": "1234.5"}  # fmt: skip
    invoice = program.post("/v1/invoices", json=bill).json()["id"]
    program.put(PATH, json={"value": {"locale": "de_DE"}})
    program.post(f"/v1/invoices/{invoice}/finalize")
    drawn = program.get(f"/v1/invoices/{invoice}/pdf")
    assert "1.234,50" in PdfReader(io.BytesIO(drawn.content)).pages[0].extract_text()


def test_deleting_brings_the_defaults_back(program):
    program.put(PATH, json={"value": {"name": "Contoso"}})
    assert program.delete(PATH).status_code == 200
    assert program.get(PATH).json()["value"]["name"] == "Northwind"
    assert program.delete(PATH).status_code == 200


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_logo_is_drawn_anew_and_shown_to_everyone(program, stranger, kind):
    assert stranger.get("/branding/logo").status_code == 404
    stored = program.put(PATH, json={"value": {"theme": {"logo_url": data_url(kind)}}}).json()["value"]["theme"]
    logo = stranger.get("/branding/logo")
    assert (logo.status_code, logo.headers["Content-Type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(logo.content)).size == (64, 32)
    assert stored["logo_url"] == f"data:image/png;base64,{base64.b64encode(logo.content).decode()}"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"colour": "red"}, "value.colour: is not a field of this"),
        ({"theme": {"primary_colour": "#000000"}}, "value.theme.primary_colour: is not a field of this"),
        ({"theme": {"primary_color": "red"}}, "value.theme.primary_color: must match pattern"),
        ({"theme": {"logo_url": "https://evil.example/logo.png"}}, "value.theme.logo_url: must be a data: URL"),
        ({"theme": {"logo_url": "data:image/png;base64,AAAA"}}, "value.theme.logo_url: must be a data: URL"),
        ({"theme": {"logo_url": data_url("BMP")}}, "value.theme.logo_url: must be a data: URL"),
        ({"theme": {"logo_url": data_url(size=(5000, 5000))}}, "value.theme.logo_url: must be a data: URL"),
        ({"sections": [{"id": "a", "tabs": [{"id": "b", "type": "ads"}]}]}, "value.sections[0].tabs[0].type: must be "),
        ({"sections": [{"id": "a"}, {"id": "a"}]}, "value: a section's id occurs twice"),
        ({"return_url": "javascript:alert(1)"}, "value.return_url: must start with https://"),
        ({"locale": "xx_XX_XX"}, "value.locale: must be a locale such as en_US or de_DE"),
        ({"default_theme": "sepia"}, "value.default_theme: must be 'system', 'light' or 'dark'"),
        ({"legal_name": 5}, "value.legal_name: must be text"),
        (
            {
                "sections": [
                    {
                        "id": "usage",
                        "tabs": [
                            {
                                "id": "g",
                                "type": "usage_graph",
                                "usage_graph": {"date_presets": ["1d"], "default_preset": "7d"},
                            }
                        ],
                    }
                ]
            },
            "value.sections[0].tabs[0].usage_graph: default_preset must be one of date_presets",
        ),
        ({"version": 2}, "value.version: must be less than or equal to 1"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_nothing_is_kept(program, value, message):
    before = program.get(PATH).json()
    answer = program.put(PATH, json={"value": {"name": "Contoso"} | value})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)
    assert program.get(PATH).json() == before


def test_only_keys_that_may_do_everything_change_it(reading_program):
    assert reading_program.get(PATH).status_code == 200
    for method in ("PUT", "DELETE"):
        answer = reading_program.request(method, PATH, json={"value": {}})
        assert (answer.status_code, answer.json()) == (403, {"message": "insufficient permissions"})
