"""An import as its page shows it: files, what is wrong with them, what they came to, how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from portal_app.display import Display
from portal_app.imports.background import BROKEN_OFF, ImportRecord, Progress, Stage
from portal_app.texts import gettext as _
from portal_app.texts import ngettext

KILOBYTE = 1024


class FileRow(TypedDict):
    """One file that was sent up."""

    name: str
    size: str


class ProblemRow(TypedDict):
    """One thing to correct; the line and the column are empty where the whole file or row is meant."""

    file: str
    line: str
    column: str
    sentence: str


class NounRow(TypedDict):
    """What the rows of one noun came to, or would."""

    noun: str
    added: str
    changed: str
    unchanged: str
    more: str


class ProgressRow(TypedDict):
    """How far it is: in words, in hundredths, and how fast."""

    words: str
    share: int
    rate: str


NO_PROGRESS = ProgressRow(words="", share=0, rate="")


def file_rows(state: ImportRecord, display: Display) -> list[FileRow]:
    """Word the files."""
    return [FileRow(name=name, size=_size(size, display)) for name, size in state.files.items()]


def problem_rows(state: ImportRecord, display: Display) -> list[ProblemRow]:
    """Word the first of what is wrong."""
    return [
        ProblemRow(
            file=one["file"],
            line=display.count(one["line"]) if one["line"] else "",
            column=one["column"],
            sentence=one["sentence"],
        )
        for one in state.problems
    ]


def noun_rows(state: ImportRecord, display: Display) -> list[NounRow]:
    """Word what each noun came to."""
    return [_noun_row(one, display) for one in state.rows]


def progress_row(progress: Progress | None, display: Display) -> ProgressRow:
    """Word how far it is."""
    if progress is None:
        return NO_PROGRESS
    share = min(100, 100 * progress.done // progress.total) if progress.total else 100
    rows = ngettext("{count} row", "{count} rows", progress.rows).format(count=display.count(progress.rows))
    if progress.seconds < 1:
        rate = rows
    else:
        speed = display.count(round(progress.rows / progress.seconds))
        rate = _("{rows}, {speed} a second").format(rows=rows, speed=speed)
    return ProgressRow(words=_stage_words(progress.stage), share=int(share), rate=rate)


def count_of_problems(state: ImportRecord, display: Display) -> str:
    """Say how many things are wrong, and how many of them are on the page."""
    words = ngettext("{count} problem", "{count} problems", state.problem_count)
    found = words.format(count=display.count(state.problem_count))
    if state.problem_count <= len(state.problems):
        return found
    return _("{problems}, the first {shown} below").format(problems=found, shown=display.count(len(state.problems)))


def failure_words(state: ImportRecord) -> str:
    """Say why it ended without a result, and what is to be done."""
    if state.sentence == BROKEN_OFF:
        why = _("It was broken off: the process that did it is no more.")
    else:
        why = _("It could not be done: {reason}").format(reason=state.sentence)
    if state.was != Stage.LOADING:
        return f"{why} {_('Nothing was loaded. Send the files again.')}"
    again = _(
        "Either all rows were loaded, or none; of events, some may be in. "
        "Import the same files again: what is there already stays as it is."
    )
    return f"{why} {again}"


def _noun_row(one: Mapping[str, Any], display: Display) -> NounRow:
    more = {
        _("{count} with other content than before, which stands"): one["conflicts"],
        _("{count} of customers not known yet"): one["unmatched"],
        _("{count} left out by the mapping"): one["left_out"],
    }
    return NounRow(
        noun=one["noun"],
        added=display.count(one["added"]),
        changed=display.count(one["changed"]),
        unchanged=display.count(one["unchanged"]),
        more=", ".join(words.format(count=display.count(count)) for words, count in more.items() if count),
    )


def _stage_words(stage: str) -> str:
    """Translate a stage of the work: `reading customers.csv`, `loading invoices`."""
    verb, _space, what = stage.partition(" ")
    return (_("Reading {what}") if verb == "reading" else _("Loading {what}")).format(what=what)


def _size(size: int, display: Display) -> str:
    if size < KILOBYTE:
        return _("{count} bytes").format(count=display.count(size))
    if size < KILOBYTE**2:
        return _("{count} KB").format(count=display.count(round(size / KILOBYTE)))
    return _("{count} MB").format(count=display.count(round(size / KILOBYTE**2)))
