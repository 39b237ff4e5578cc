"""Derived keys: one per purpose and deployment."""

import pytest

from portal_app.access.keys import Purpose, derive_key

SECRET = "q7Zt0vYw3sLr8Nf2Xk5Jb9Hd6Gc1Pm4U"


@pytest.mark.threat("T3")
def test_every_purpose_and_every_deployment_has_a_key_of_its_own():
    made = {derive_key(secret, purpose) for secret in (SECRET, SECRET[::-1]) for purpose in Purpose}
    assert len(made) == 2 * len(Purpose)
    assert all(len(key) == 32 and SECRET.encode() not in key for key in made)


def test_derivation_never_changes_for_what_is_stored_depends_on_it():
    assert {purpose.name: derive_key(SECRET, purpose).hex()[:16] for purpose in Purpose} == {
        "API_KEYS": "7d21c563fb9ab112",
        "DOWNLOADS": "e91dbcc91e626b26",
        "COOKIES": "4057b07716f57ec8",
        "DEVELOPMENT_PASSWORD": "17a9a4dccb635d97",
    }
