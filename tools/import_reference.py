"""Write the tables of docs/importing.md anew from the column maps: `python -m tools.import_reference`."""

from __future__ import annotations

from pathlib import Path

from portal_app.imports.columns import Column, Noun
from portal_app.imports.nouns import NOUNS

DOCUMENT = Path(__file__).parent.parent / "docs" / "importing.md"
HEAD = ("column", "required", "what it is", "form", "example", "an empty cell means")


def table(noun: Noun) -> str:
    """Return the columns of one file as a Markdown table."""
    rows = [HEAD, ("---",) * len(HEAD), *map(_row, noun.columns)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def with_tables(text: str) -> str:
    """Return the document with the table of each noun between its two marks."""
    for noun in NOUNS.values():
        begin, end = f"<!-- columns of {noun.name} -->\n", "<!-- end -->"
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}{table(noun)}\n{end}{rest.partition(end)[2]}"
    return text


def _row(column: Column) -> tuple[str, ...]:
    required = "yes" if column.required else ""
    empty = "" if column.required else column.empty or "nothing"
    return f"`{column.name}`", required, column.meaning, column.kind.form, f"`{column.example}`", empty


if __name__ == "__main__":
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
