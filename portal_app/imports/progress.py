"""How far a run has come, and the bar that shows it to whoever waits for longer than two seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

PATIENCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Step:
    """A moment of one stage of the work: `done` of `total`, in whatever unit; `rows` counts the stage's rows."""

    stage: str
    done: int
    total: int
    rows: int


OnProgress = Callable[[Step], None]


def ignore(_step: Step) -> None:
    """Show nothing."""


@contextmanager
def drawn_progress() -> Generator[OnProgress]:
    """Yield what draws steps on standard error: after two seconds, and only where a person looks at it."""
    if not sys.stderr.isatty():
        yield ignore
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        _Rate(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    try:
        yield _Drawing(bar).draw
    finally:
        bar.stop()


class _Drawing:
    def __init__(self, bar: Progress) -> None:
        self._bar, self._tasks = bar, dict[str, TaskID]()
        self._begin, self._drawn = time.monotonic(), False

    def draw(self, step: Step) -> None:
        for stage, task in self._tasks.items():
            self._bar.update(task, visible=stage == step.stage)
        if step.stage not in self._tasks:
            self._tasks[step.stage] = self._bar.add_task(step.stage, total=step.total, rows=0)
        self._bar.update(self._tasks[step.stage], completed=step.done, total=step.total, rows=step.rows)
        if not self._drawn and time.monotonic() - self._begin > PATIENCE_SECONDS:
            self._drawn = True
            self._bar.start()


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        rows, seconds = task.fields["rows"], task.elapsed
        return Text(f"{rows:,} rows, {rows / seconds:,.0f}/s" if seconds else f"{rows:,} rows")
