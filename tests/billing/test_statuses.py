"""The closed vocabularies are those of the documented API."""

import json
from enum import StrEnum

import pytest

from portal_app.billing import metering, periods, statuses
from portal_app.build import ROOT

DESCRIBED = json.loads((ROOT / "docs" / "openapi.json").read_text())["components"]["schemas"]
WORDS = {
    kind.__name__: kind
    for module in (statuses, metering, periods)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, StrEnum) and kind not in {StrEnum, periods.Preset}
}


@pytest.mark.parametrize("name", sorted(WORDS))
def test_the_words_that_are_stored_and_sent_are_those_of_the_documented_api(name):
    assert [str(word) for word in WORDS[name]] == DESCRIBED[name]["enum"]
