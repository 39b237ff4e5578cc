"""What Import says: the files that were sent up, how far it is with them, and what came of it."""

from __future__ import annotations

from asyncio import sleep, to_thread
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import reflex as rx

from portal_app import clock
from portal_app.database import current_database
from portal_app.errors import PortalError
from portal_app.imports.background import AT_WORK, ImportRecord, Progress, Stage, current_import, discard, start
from portal_app.ui.addresses import address
from portal_app.ui.operator.addresses import IMPORT
from portal_app.ui.operator.gate import Desk, DeskStatus
from portal_app.ui.operator.imports.rows import (
    NO_PROGRESS,
    FileRow,
    NounRow,
    ProblemRow,
    ProgressRow,
    count_of_problems,
    failure_words,
    file_rows,
    noun_rows,
    problem_rows,
    progress_row,
)
from portal_app.ui.operator.told import told

LOOKED_EVERY_SECONDS = 1.0
FRESH = "fresh"
"""The stage of a page with nothing on it: no files were sent up, or they were put away."""


class ImportState(Desk):
    """The finished texts of an import, whoever began it."""

    stage: str = FRESH
    is_at_work: bool = False
    upload: str = ""
    by: str = ""
    at: str = ""
    files: list[FileRow] = []
    problems: list[ProblemRow] = []
    problem_count: str = ""
    report_to: str = ""
    nouns: list[NounRow] = []
    failure: str = ""
    progress: ProgressRow = NO_PROGRESS
    refused: str = ""
    is_loaded: bool = False
    _shown: tuple[ImportRecord | None, Progress | None] | None = None

    @rx.event
    @told
    async def load(self) -> None:
        """Show where the import is that was begun last, if there is one."""
        self.refused = ""
        await self._look()

    @rx.event(background=True, supersedes=True)
    async def follow(self) -> None:
        """Keep the page true while it is open: the import goes on by itself, and others may begin one."""
        connection = self._connection
        while True:
            await sleep(LOOKED_EVERY_SECONDS)
            async with self:
                if not connection or self._connection != connection or not self._is_here():
                    return
                await self._confirm()
                if self._principal is None or self.status != DeskStatus.OPEN.value:
                    return
                await self._look()

    @rx.event
    @told
    async def check(self) -> None:
        """Check what was sent up, and load nothing."""
        await self._look()
        await self._try(start, self.upload, Stage.CHECKING, self._who().actor, clock.utc_now())

    @rx.event
    @told
    async def load_files(self) -> None:
        """Load the files that this page says are good, and no others."""
        await self._try(start, self.upload, Stage.LOADING, self._who().actor, clock.utc_now())

    @rx.event
    @told
    async def put_away(self) -> None:
        """Forget the files and what came of them."""
        await self._try(discard)

    async def _try(self, act: Callable[..., None], *arguments: Any) -> None:
        self.refused = ""
        try:
            await to_thread(act, current_database().url, *arguments)
        except PortalError as error:
            self.refused = str(error)
        await self._look()

    async def _look(self) -> None:
        """Say how it is now; nothing is sent to a page that says so already."""
        found, progress = await to_thread(current_import, current_database().url, clock.utc_now())
        if (found, progress) == self._shown:
            return
        self._shown, display = (found, progress), self._display()
        self.progress = progress_row(progress, display)
        self.stage = found.stage.value if found else FRESH
        self.is_at_work = found is not None and found.stage in AT_WORK
        self.upload = found.id if found else ""
        self.by, self.at = (
            (found.actor.removeprefix("operator "), display.moment(found.stage_at)) if found else ("", "")
        )
        self.files = file_rows(found, display) if found else []
        self.problems = problem_rows(found, display) if found else []
        self.problem_count = count_of_problems(found, display) if found else ""
        self.report_to = address("/operator/files/import-report.csv", upload=self.upload)
        self.nouns = noun_rows(found, display) if found else []
        self.failure = failure_words(found) if found and found.stage is Stage.FAILED else ""
        self.is_loaded = True

    def _is_here(self) -> bool:
        return urlsplit(str(self.router.url)).path.rstrip("/") == IMPORT
