"""The portal's look over REST: read by everyone's front end, set by keys that may do everything."""

import base64
import io

import pytest
from PIL import Image

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
        ({"colour": "red"}, "value.colour: Extra inputs are not permitted"),
        ({"theme": {"primary_colour": "#000000"}}, "value.theme.primary_colour: Extra inputs are not permitted"),
        ({"theme": {"primary_color": "red"}}, "value.theme.primary_color: String should match pattern"),
        ({"theme": {"logo_url": "https://evil.example/logo.png"}}, "value.theme.logo_url: must be a data: URL"),
        ({"theme": {"logo_url": "data:image/png;base64,AAAA"}}, "value.theme.logo_url: must be a data: URL"),
        ({"theme": {"logo_url": data_url("BMP")}}, "value.theme.logo_url: must be a data: URL"),
        ({"theme": {"logo_url": data_url(size=(5000, 5000))}}, "value.theme.logo_url: must be a data: URL"),
        ({"sections": [{"id": "a", "tabs": [{"id": "b", "type": "ads"}]}]}, "value.sections[0].tabs[0].type: Input "),
        ({"sections": [{"id": "a"}, {"id": "a"}]}, "value: a section's id occurs twice"),
        ({"return_url": "javascript:alert(1)"}, "value.return_url: must start with https://"),
        ({"locale": "xx_XX_XX"}, "value.locale: must be a locale such as en_US or de_DE"),
        ({"version": 2}, "value.version: Input should be less than or equal to 1"),
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
