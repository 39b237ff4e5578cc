"""How whoever is looking is shown."""

import pytest

from portal_app.ui.profile import initials_of


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Acme Corp", "AC"),
        ("Acme", "A"),
        ("acme trading & sons", "AS"),
        ("Trident 株式会社", "T株"),
        ("& —", ""),
        ("", ""),
    ],
)
def test_a_name_stands_for_itself_with_the_first_letters_of_its_first_and_last_word(name, initials):
    assert initials_of(name) == initials
