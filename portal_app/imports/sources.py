"""Which file of a directory is which noun; every other file is a mistake to be named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from portal_app.imports.columns import Noun
from portal_app.imports.mapping import FILE, MappingFile, NounMapping, read_mapping
from portal_app.imports.nouns import NOUNS
from portal_app.imports.problems import Problem, did_you_mean
from portal_app.imports.reader import SUFFIXES


@dataclass(frozen=True, slots=True)
class Source:
    """One noun and the file its rows come from, as it is or through a mapping."""

    noun: Noun
    path: Path
    mapping: NounMapping | None = None
    zone: ZoneInfo | None = None

    @property
    def file(self) -> str:
        """The file's name."""
        return self.path.name

    def nested(self) -> frozenset[str]:
        """Return the columns of the file that may hold JSON."""
        ours = self.noun.nested
        if self.mapping is None:
            return ours
        rules = self.mapping.columns
        return frozenset(name for column in ours & rules.keys() for name in rules[column].sources)

    def label(self, column: str) -> str:
        """Return a column as the file's reader finds it: our name, and theirs behind it."""
        rule = self.mapping.columns.get(column) if self.mapping else None
        return f"{column} ({', '.join(rule.sources)})" if rule and rule.sources else column


def find_sources(directory: Path) -> tuple[list[Source], list[Problem]]:
    """Return the sources of a directory in loading order, and what is wrong with its files."""
    files = {path.name: path for path in sorted(directory.iterdir()) if not path.name.startswith(".")}
    mapping = read_mapping(files.pop(FILE)) if FILE in files else MappingFile(None, {})
    problems = [*mapping.problems, *_missing(mapping, files)]
    mapped = {
        name: Source(NOUNS[name], files[its.file], its, mapping.zone)
        for name, its in mapping.nouns.items()
        if its.file in files and files[its.file].suffix in SUFFIXES
    }
    unmapped = [path for name, path in files.items() if name not in {its.file for its in mapping.nouns.values()}]
    plain: dict[str, Source] = {}
    for path in unmapped:
        taken = mapped.get(path.stem) or plain.get(path.stem)
        if path.stem not in NOUNS or path.suffix not in SUFFIXES or not path.is_file():
            problems.append(Problem(path.name, None, "", _unknown(path, mapping)))
        elif taken:
            problems.append(Problem(path.name, None, "", f"{taken.file} holds the {path.stem} already"))
        else:
            plain[path.stem] = Source(NOUNS[path.stem], path, zone=mapping.zone)
    found = mapped | plain
    if not found and not problems:
        problems.append(Problem(directory.name, None, "", "holds no file to import"))
    return [found[name] for name in NOUNS if name in found], problems


def _missing(mapping: MappingFile, files: Mapping[str, Path]) -> list[Problem]:
    problems: list[Problem] = []
    for name, its in mapping.nouns.items():
        if its.file not in files:
            sentence = f"there is no file {its.file}{did_you_mean(its.file, files)}"
            problems.append(Problem(FILE, None, f"{name}.file", sentence))
        elif Path(its.file).suffix not in SUFFIXES:
            problems.append(Problem(FILE, None, f"{name}.file", f"{its.file} is neither CSV nor JSON Lines"))
    return problems


def _unknown(path: Path, mapping: MappingFile) -> str:
    if path.stem in NOUNS and path.is_file():
        return f"is not one of {', '.join(path.stem + suffix for suffix in SUFFIXES)}: save it as CSV in UTF-8"
    hint = f"; no table of {FILE} reads it" if mapping.nouns else ""
    return f"is not a file that can be imported{did_you_mean(path.stem, NOUNS, '.csv')}{hint}"
