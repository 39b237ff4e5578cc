"""What a run came to, for the person at the terminal and for the report file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from portal_app.imports.problems import Problem
from portal_app.imports.run import Tally

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run. `problems` are the first of `problem_count`; where there is one, nothing was loaded."""

    tallies: Mapping[str, Tally]
    problems: tuple[Problem, ...]
    problem_count: int
    is_dry: bool
    report_fault: str = ""
    """Why the report could not be written, whatever became of the files."""


def as_text(outcome: Outcome) -> str:
    """Return the outcome for a screen: what is wrong, at most fifty lines of it, or what was loaded.

    If the report could not be written, the last line says so.
    """
    lines = [str(problem) for problem in outcome.problems]
    if outcome.problem_count > len(lines):
        lines.append(f"… and {outcome.problem_count - len(lines):,} more; --report FILE writes them all")
    return "\n".join([*lines, *summary(outcome), *filter(None, [outcome.report_fault])])


def write_report(path: Path, outcome: Outcome, problems: Iterable[Problem]) -> None:
    """Write all problems, one a line, and the summary; into a `.jsonl`, the problems alone, each as an object.

    Raises:
        OSError: the file cannot be written.
    """
    if path.suffix == ".jsonl":
        with path.open("wb") as lines:
            lines.writelines(orjson.dumps(problem) + b"\n" for problem in problems)
        return
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{problem}\n" for problem in problems)
        file.writelines(f"{line}\n" for line in summary(outcome))


def changed(tallies: Mapping[str, Tally]) -> str:
    """Return which nouns have new or changed rows, for the audit log; nothing if none has."""
    return "; ".join(
        f"{name}: {tally.added} new, {tally.changed} changed"
        for name, tally in tallies.items()
        if tally.added or tally.changed
    )


def summary(outcome: Outcome) -> Iterator[str]:
    """Yield what was loaded or would be, noun by noun."""
    count = outcome.problem_count
    if count:
        yield f"{count:,} problem{'s' if count > 1 else ''}; nothing was loaded"
        return
    for name, tally in outcome.tallies.items():
        counts = f"{tally.added:,} new, {tally.changed:,} changed, {tally.unchanged:,} as they were"
        yield f"{name}: {counts}{_more(tally)}"
    yield "everything is in order; nothing was loaded (dry run)" if outcome.is_dry else "everything is loaded"


def _more(tally: Tally) -> str:
    counts = {
        "with other content than before, which stands": tally.conflicts,
        "of customers not known yet": tally.unmatched,
        "left out by the mapping": tally.left_out,
    }
    return "".join(f", {count:,} {words}" for words, count in counts.items() if count)
