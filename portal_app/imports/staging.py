"""The first half of a run: read every file into the scratch file, cell by cell, and report what cannot be used."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from portal_app.imports.columns import Values
from portal_app.imports.kinds import Reading
from portal_app.imports.problems import BadCell, Problem, did_you_mean, quoted
from portal_app.imports.progress import OnProgress, Step
from portal_app.imports.reader import BadFile, OpenFile, Record, open_file
from portal_app.imports.scratch import Scratch, StagedRow
from portal_app.imports.sources import Source

STEP_ROWS = 1000
ENOUGH_NAMES = 1000
"""So many names of a file are remembered, for suggestions: objects of JSON may each have others."""


def stage(source: Source, scratch: Scratch, on_progress: OnProgress) -> int:
    """Read one source into the scratch file, and return how many rows its mapping left out.

    Nothing is raised for what the file holds.
    """
    staging = _Staging(source, scratch, Reading(source.zone))
    try:
        with open_file(source.path, source.nested()) as file:
            staging.read(file, on_progress)
    except BadFile as fault:
        scratch.lossy.add(source.noun.name)
        scratch.report(Problem(source.file, fault.line, "", str(fault)))
    except OSError as fault:
        scratch.lossy.add(source.noun.name)
        scratch.report(Problem(source.file, None, "", f"cannot be read: {fault.strerror}"))
    return staging.left_out


@dataclass(slots=True)
class _Staging:
    source: Source
    scratch: Scratch
    reading: Reading
    reported: set[str] = field(default_factory=set[str])
    """Columns whose presence or absence has been reported for the whole file."""
    left_out: int = 0
    unseen: set[str] | None = None
    """Columns of theirs that no line of JSON had so far; None: there is a header, or a line could not be read."""
    seen: set[str] = field(default_factory=set[str])
    """Columns that some line of JSON had."""

    def read(self, file: OpenFile, on_progress: OnProgress) -> None:
        if file.header is not None:
            self._check_header(file.header, file.header_line)
        elif self.source.mapping:
            self.unseen = set(self.source.mapping.theirs())
        size = self.source.path.stat().st_size
        rows = 0
        for rows, record in enumerate(file.records, start=1):
            self._see(record)
            self._stage(record)
            if rows % STEP_ROWS == 0:
                on_progress(Step(f"reading {self.source.file}", file.bytes_read(), size, rows))
        if rows and self.unseen:
            self._report_missing(self.unseen, self.seen, None)
        on_progress(Step(f"reading {self.source.file}", size, size, rows))

    def _check_header(self, header: tuple[str, ...], line: int) -> None:
        if self.source.mapping:
            self._report_missing(self.source.mapping.theirs() - set(header), header, line)
        else:
            self._check_names(header, line)
        self._check_required(self.source.mapping.columns if self.source.mapping else header, line)

    def _see(self, record: Record) -> None:
        """Note which columns a line of JSON has, also one that is left out."""
        if self.unseen is None:
            return
        unreadable = dict(record.objections)
        if "" in unreadable:  # nobody knows which columns it has
            self.unseen = None
            return
        for names in (record.cells.keys(), unreadable.keys()):
            self.unseen -= names
            if len(self.seen) < ENOUGH_NAMES:
                self.seen |= names

    def _report_missing(self, missing: Iterable[str], there: Iterable[str], line: int | None) -> None:
        for theirs in sorted(missing):
            sentence = f"mapping.toml names the column {quoted(theirs)}, which is not there"
            self._report(line, "", sentence + did_you_mean(theirs, there))

    def _check_names(self, names: Iterable[str], line: int) -> None:
        known = self.source.noun.by_name
        for name in names:
            if name not in known and name not in self.reported:
                self.reported.add(name)
                near = did_you_mean(name, known)
                self._report(line, "", f"{quoted(name)} is not a column of {self.source.noun.name}{near}")

    def _check_required(self, names: Iterable[str], line: int) -> None:
        for name in [column.name for column in self.source.noun.columns if column.required]:
            if name not in names:
                self.reported.add(name)
                self._report(line, name, "this column is missing")

    def _stage(self, record: Record) -> None:
        unread = {name: sentence for name, sentence in record.objections if self._asks_for(name)}
        if self.source.mapping and not unread and not self.source.mapping.takes(record.cells):
            self.left_out += 1
            return
        self.reading.line = record.line
        for column, sentence in unread.items():
            self._report(record.line, column, sentence)
        if "" in unread:
            self.scratch.lossy.add(self.source.noun.name)
            return
        cells, unmapped, made = self._ours(record)
        values, objections = self._read_cells(cells, unread | unmapped, made)
        for column, sentence in (unmapped | objections).items():
            self._report(record.line, self.source.label(column), sentence)
        complete = all(cells.get(column.name) for column in self.source.noun.columns if column.required)
        self._keep(values, record.line, bad=bool(unread or unmapped or objections or not complete))

    def _asks_for(self, name: str) -> bool:
        """Tell whether a column of the file, or the row as a whole, matters: a mapping leaves some alone."""
        return not name or self.source.mapping is None or name in self.source.mapping.theirs()

    def _ours(self, record: Record) -> tuple[Mapping[str, str], dict[str, str], set[str]]:
        """Return a row's cells by our names, what is wrong with those not mapped, and which the mapping has made."""
        if self.source.mapping is None:
            self._check_names([*record.cells, *dict(record.objections)], record.line)
            return record.cells, {}, set()
        cells: dict[str, str] = {}
        objections: dict[str, str] = {}
        made: set[str] = set()
        for name, rule in self.source.mapping.columns.items():
            if not rule.speaks_of(record.cells):
                continue
            try:
                cells[name], is_theirs = rule.read(record.cells, self.reading)
                if not is_theirs:
                    made.add(name)
            except BadCell as fault:
                objections[name] = str(fault)
        return cells, objections, made

    def _read_cells(
        self, cells: Mapping[str, str], unusable: Mapping[str, str], made: Collection[str]
    ) -> tuple[Values, dict[str, str]]:
        values: Values = {}
        objections: dict[str, str] = {}
        for column in self.source.noun.columns:
            cell = cells.get(column.name)
            if cell:
                self.reading.is_made = column.name in made
                try:
                    values[column.name] = column.kind.parse(cell, self.reading)
                except BadCell as fault:
                    objections[column.name] = str(fault)
            elif column.required:
                if column.name not in self.reported and column.name not in unusable:
                    objections[column.name] = "is required"
            elif cell is not None:
                values[column.name] = column.default
        return values, objections

    def _keep(self, values: Values, line: int, *, bad: bool) -> None:
        key = values.pop(self.source.noun.key, None)
        if key is None:
            self.scratch.lossy.add(self.source.noun.name)
            return
        earlier = self.scratch.add(StagedRow(self.source, line, key, values, bad=bad))
        if earlier is not None:
            self._report(line, self.source.label(self.source.noun.key), f"{quoted(key)} is on line {earlier} already")

    def _report(self, line: int | None, column: str, sentence: str) -> None:
        self.scratch.report(Problem(self.source.file, line, column, sentence))
