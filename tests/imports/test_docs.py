"""docs/importing.md says what the code does."""

import re
from pathlib import Path

import pytest

from portal_app.imports.mapping import read_mapping
from portal_app.imports.nouns import NOUNS
from tools.import_reference import DOCUMENT, table, with_tables

TEXT = DOCUMENT.read_text(encoding="utf-8")
STRIPE = Path(__file__).parents[2] / "examples" / "import-stripe" / "mapping.toml"


def documented(noun):
    """Return the rows of a noun's table, as dictionaries of cells."""
    section = TEXT.split(f"### {noun}\n")[1].split("\n#")[0]
    head, _, *rows = [
        [cell.strip() for cell in line.strip("|").split(" |")] for line in section.splitlines() if line.startswith("|")
    ]
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.mark.parametrize("noun", NOUNS.values(), ids=lambda noun: noun.name)
def test_every_column_is_documented_as_it_is(noun):
    assert [
        (row["column"], row["required"], row["form"], row["example"], row["an empty cell means"])
        for row in documented(noun.name)
    ] == [
        (f"`{column.name}`", "yes" if column.required else "", column.kind.form, f"`{column.example}`",
         "" if column.required else column.empty or "nothing")
        for column in noun.columns
    ]  # fmt: skip


def test_the_tables_are_those_that_the_tool_writes():
    assert with_tables(TEXT) == TEXT
    assert all(table(noun) in TEXT for noun in NOUNS.values())


def test_every_noun_has_its_file_in_the_first_table():
    files = TEXT.split("## Files")[1].split("## Rules")[0]
    assert set(re.findall(r"`(\w+)`", files.split("Bring those")[0])) == NOUNS.keys()


def test_the_columns_of_stripe_that_are_named_are_those_that_are_mapped():
    section = TEXT.split("### Stripe")[1].split("## How large")[0]
    for noun, title in {"invoices": "Invoices", "payments": "Payments", "customers": "Customers"}.items():
        (listed,) = re.findall(rf"- \*{title}\*: (.*?)[.;]", section, re.DOTALL)
        assert set(re.findall("`([^`]+)`", listed)) == read_mapping(STRIPE).nouns[noun].theirs()


def test_the_mapping_that_is_shown_can_be_read(tmp_path):
    (example,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "mapping.toml").write_text(example)
    mapping = read_mapping(tmp_path / "mapping.toml")
    assert mapping.problems == ()
    assert mapping.nouns.keys() == {"customers", "payments"}
