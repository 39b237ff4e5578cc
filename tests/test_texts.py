"""The words people read: all in one catalogue, which is current."""

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from portal_app.build import ROOT
from portal_app.texts import LOCALE_DIR


def test_the_catalogue_holds_every_text_and_nothing_else():
    extracted = {message for _, _, message, *_ in extract_from_dir(ROOT / "portal_app")}
    with (LOCALE_DIR / "portal.pot").open("rb") as file:
        catalogued = {message.id for message in read_po(file) if message.id}
    assert catalogued == extracted, "run `make texts`"
