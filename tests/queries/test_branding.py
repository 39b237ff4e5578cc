"""How the operator looks: what is stored over what is set."""

import io
from datetime import timedelta

import cast
import pytest
from PIL import Image
from statements import counted

from portal_app.models.branding import Branding
from portal_app.queries.branding import MAX_LOGO_PIXELS, Operator, branding_of_operator, load_logo
from portal_app.queries.layout import DEFAULT_SECTIONS, tabs_of


@pytest.fixture
def northwind(settings):
    return settings.model_copy(
        update={
            "operator_legal_name": "Northwind Traders Ltd",
            "operator_address": "1 Harbour Road\\n \\nLondon",
            "operator_tax_id": "GB1",
            "operator_locale": "en_GB",
        }
    )


@pytest.fixture
def logo(tmp_path):
    path = tmp_path / "logo.png"
    Image.new("RGB", (4000, 500), "navy").save(path)
    return path


def test_without_stored_branding_the_settings_speak(session, northwind):
    assert branding_of_operator(session, northwind) == Operator(
        name="Northwind",
        legal_name="Northwind Traders Ltd",
        address=("1 Harbour Road", "London"),
        tax_id="GB1",
        support_email="billing@northwind.example",
        return_url="https://northwind.example/account",
        locale="en_GB",
        tabs=tabs_of(DEFAULT_SECTIONS),
    )


def test_stored_values_stand_over_the_settings_one_by_one(session, northwind):
    value = {"name": "Northwind Traders", "address": "Dock 5\nHull", "support_email": "", "default_theme": "dark"}
    session.add(Branding(id=1, value=value, created_at=cast.NOW, updated_at=cast.NOW + timedelta(days=1)))
    operator = branding_of_operator(session, northwind)
    assert (operator.name, operator.address, operator.support_email) == ("Northwind Traders", ("Dock 5", "Hull"), "")
    assert (operator.tax_id, operator.legal_name) == ("GB1", "Northwind Traders Ltd")
    assert operator.theme == "dark"


def test_branding_is_one_statement(session, northwind):
    with counted(session) as statements:
        branding_of_operator(session, northwind)
    assert len(statements) == 1


def test_the_logo_is_drawn_anew_as_a_small_png(session, northwind, logo):
    operator = branding_of_operator(session, northwind.model_copy(update={"operator_logo": logo}))
    drawn = Image.open(io.BytesIO(operator.logo))
    assert (drawn.format, drawn.mode, drawn.size) == ("PNG", "RGBA", (MAX_LOGO_PIXELS, 128))


def test_a_logo_that_has_gone_since_the_start_leaves_the_name(session, northwind, tmp_path, caplog):
    operator = branding_of_operator(session, northwind.model_copy(update={"operator_logo": tmp_path / "gone.png"}))
    assert (operator.name, operator.logo) == ("Northwind", None)
    assert "PORTAL_OPERATOR_LOGO cannot be read any more" in caplog.text


@pytest.mark.threat("T25")
def test_nothing_but_pixels_of_an_image_is_kept(tmp_path):
    path = tmp_path / "logo.jpg"
    exif = Image.Exif()
    exif[0x010E] = "a secret in the description"
    Image.new("RGB", (8, 8)).save(path, exif=exif, comment=b"another one")
    drawn = load_logo(path)
    assert b"secret" not in drawn
    assert b"another" not in drawn


@pytest.mark.parametrize("content", [None, b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_what_is_no_image_is_refused(tmp_path, content):
    path = tmp_path / "logo.svg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OSError, match=r"No such file|cannot identify image file"):
        load_logo(path)
