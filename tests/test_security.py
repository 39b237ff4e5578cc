"""SECURITY.md says what is tested, and what is tested is in SECURITY.md."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from sabotage import SABOTAGES

from portal_app.build import ROOT

DOCUMENT = (ROOT / "SECURITY.md").read_text()
THREATS = {f"T{number}" for number in range(1, 47)}


def claimed() -> dict[str, set[str]]:
    """Return the files that each row of controls names, by threat."""
    rows = re.findall(r"^\| (T\d+) \|[^|]*\|[^|]*\|([^|]*)\|$", DOCUMENT, re.MULTILINE)
    return {threat: set(re.findall(r"\]\(([^)]+)\)", tests)) for threat, tests in rows}


def marked() -> dict[str, set[str]]:
    """Return the files in which a test carries a threat's number."""
    found = defaultdict(set)
    for path in Path(ROOT / "tests").rglob("test_*.py"):
        for arguments in re.findall(r"@pytest\.mark\.threat\(([^)]*)\)", path.read_text()):
            for threat in re.findall(r"T\d+", arguments):
                found[threat].add(str(path.relative_to(ROOT)))
    return found


def not_claimed() -> list[str]:
    _, _, section = DOCUMENT.partition("## What cannot be claimed")
    return [
        threat for row in re.findall(r"^\| (T[^|]*) \|", section, re.MULTILINE) for threat in re.findall(r"T\d+", row)
    ]


def test_every_control_that_is_claimed_has_its_tests_in_the_files_it_names():
    assert claimed() == {threat: files for threat, files in marked().items() if threat in claimed()}


def test_every_threat_that_a_test_names_is_claimed():
    assert marked().keys() == claimed().keys()


def test_every_known_threat_is_either_claimed_or_said_not_to_be():
    assert sorted([*claimed(), *not_claimed()]) == sorted(THREATS)


def test_every_control_has_a_sabotage():
    covered = {threat for sabotage in SABOTAGES for threat in sabotage.threats}
    assert covered == claimed().keys()


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=str)
def test_a_sabotage_still_finds_what_it_takes_away(sabotage):
    for path, before, _ in sabotage.changes:
        assert (ROOT / path).read_text().count(before) == 1, before
    for test in sabotage.tests:
        path, _, name = test.partition("::")
        assert f"def {name.partition('[')[0]}(" in (ROOT / path).read_text()
