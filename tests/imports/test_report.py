"""What a run says on screen."""

from portal_app.imports.problems import Problem, did_you_mean, quoted
from portal_app.imports.report import Outcome, as_text
from portal_app.imports.run import Tally


def test_a_problem_is_one_line_that_editors_can_open():
    assert str(Problem("a.csv", 3, "name", "is required")) == "a.csv:3: name: is required"
    assert str(Problem("a.csv", 3, "", "has 1 cells")) == "a.csv:3: has 1 cells"
    assert str(Problem("a.csv", None, "", "is empty")) == "a.csv: is empty"


def test_problems_beyond_the_first_fifty_are_counted():
    shown = tuple(Problem("a.csv", line, "name", "is required") for line in range(2, 52))
    lines = as_text(Outcome({}, shown, 1234, is_dry=False)).splitlines()
    assert lines[0] == "a.csv:2: name: is required"
    assert lines[50:] == ["… and 1,184 more; --report FILE writes them all", "1,234 problems; nothing was loaded"]


def test_one_problem_is_one_problem():
    assert as_text(Outcome({}, (Problem("a.csv", None, "", "is empty"),), 1, is_dry=False)).splitlines() == [
        "a.csv: is empty",
        "1 problem; nothing was loaded",
    ]


def test_what_was_loaded_is_counted_noun_by_noun():
    tallies = {"customers": Tally(1200, 3, 4), "payments": Tally(0, 0, 1, left_out=7)}
    assert as_text(Outcome(tallies, (), 0, is_dry=False)).splitlines() == [
        "customers: 1,200 new, 3 changed, 4 as they were",
        "payments: 0 new, 0 changed, 1 as they were, 7 left out by the mapping",
        "everything is loaded",
    ]


def test_a_dry_run_says_that_nothing_was_loaded():
    assert as_text(Outcome({}, (), 0, is_dry=True)) == "everything is in order; nothing was loaded (dry run)"


def test_a_suggestion_is_made_only_where_something_is_near():
    assert did_you_mean("Emial", ["email", "name"]) == " (did you mean email?)"
    assert did_you_mean("zzz", ["email", "name"]) == ""


def test_quoted_text_stays_on_one_line():
    assert quoted("a\nb\x1b") == "'a\\nb\\x1b'"
