"""Which tests run which lines, and whether they notice a change: one process forked for each mutant.

The parent has imported all that tests need but the portal itself. Its children import the portal, with one module
changed, and run the tests that reach the change, the quickest first, until one fails.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

import coverage
import pytest
from changes import Mutant

ROOT = Path(__file__).parents[2]
NOT_SO_LONG = "not long and not browser"
NO_TESTS = pytest.ExitCode.NO_TESTS_COLLECTED
QUIET = (
    "-q", "-x", "--tb=no", "--no-header", "--no-summary", "-p", "no:cacheprovider", "-p", "no:terminalreporter",
    # Libraries were imported before pytest, and Hypothesis before its plugin would be.
    "-W", "ignore::pytest.PytestAssertRewriteWarning", "-W", "ignore::hypothesis.errors.HypothesisSideeffectWarning",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """What one run of all the tests showed."""

    seconds: dict[str, float]
    """How long each test takes."""
    lines: dict[str, dict[int, set[str]]]
    """For each file and line, the tests that run it."""
    libraries: list[str]
    """What was imported from elsewhere."""

    def tests_of(self, mutant: Mutant, own: Sequence[str]) -> list[str]:
        """Return the tests that may notice, the quickest first; of what importing runs, those in `own` folders."""
        lines = self.lines.get(mutant.path, {})
        if mutant.lines is not None:
            reaching = set().union(*(lines.get(line, set()) for line in mutant.lines))
            return sorted(reaching, key=self._cost)
        reaching = set().union(*lines.values())
        rest = {test for test in self.seconds if test.startswith(tuple(own))} - reaching
        return [*sorted(reaching, key=self._cost), *sorted(rest, key=self._cost)]

    def _cost(self, test: str) -> tuple[float, str]:
        return self.seconds.get(test, 0.0), test


def get_known(folders: Sequence[str], paths: Sequence[str]) -> Known:
    """Run all tests of `folders` once, and see what they run of the files `paths`.

    Raises:
        RuntimeError: they fail as it is.
    """
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        pid = _fork(lambda: _observe(folders, paths, Path(file.name)))
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code:
            raise RuntimeError(f"the tests of {', '.join(folders)} fail without any change: run them")
        told = json.loads(Path(file.name).read_text())
    lines = {path: {int(n): set(tests) for n, tests in of.items()} for path, of in told["lines"].items()}
    return Known(told["seconds"], lines, told["libraries"])


def preload(libraries: Sequence[str]) -> None:
    """Import what tests will need, once for all children."""
    for name in libraries:
        with suppress(Exception):
            importlib.import_module(name)


def trials(jobs: Sequence[tuple[Mutant, list[str]]], known: Known, workers: int) -> Iterator[tuple[Mutant, bool]]:
    """Yield each mutant as it ends, and whether a test noticed it; what never ends is noticed, too."""
    running: dict[int, Mutant] = {}
    waiting = list(reversed(jobs))
    while waiting or running:
        while waiting and len(running) < workers:
            mutant, tests = waiting.pop()
            if not tests:
                yield mutant, False
                continue
            seconds = sum(known.seconds.get(test, 0.0) for test in tests)
            running[_fork(lambda m=mutant, t=tests, s=seconds: _try(m, t, s))] = mutant
        if running:
            pid, status = os.wait()
            yield running.pop(pid), os.waitstatus_to_exitcode(status) != 0


def _fork(work: Callable[[], int]) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        if not os.environ.get("MUTANTS_SHOW"):
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
        code = int(work())
    finally:
        os._exit(code)


def _run(folders: Sequence[str], plugin: object) -> int:
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return pytest.main([*QUIET, "-m", NOT_SO_LONG, *folders], plugins=[plugin])


def _try(mutant: Mutant, tests: Sequence[str], seconds: float) -> int:
    """Run the tests on the changed module; exit code 0 if none of them fails."""
    allowed = int(10 + 4 * seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, allowed))
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    signal.alarm(6 * allowed)
    sys.meta_path.insert(0, _Changed(mutant))
    code = _run(sorted({test.partition("::")[0] for test in tests}), _Chosen(tests))
    if code == NO_TESTS:
        raise RuntimeError(f"{tests} were not found")
    return code


class _Changed(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Serves one module as it would be with the change."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", "."), str(ROOT / mutant.path))
        self.mutant = mutant

    def find_spec(self, fullname: str, path: object, target: ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self) if fullname == self.name else None

    def get_code(self, fullname: str) -> CodeType:
        return self.mutant.code()


class _Chosen:
    """Leaves those tests that were chosen, in their order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self.place = {test: place for place, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((item for item in items if item.nodeid in self.place), key=lambda i: self.place[i.nodeid])


def _observe(folders: Sequence[str], paths: Sequence[str], told: Path) -> int:
    measured = coverage.Coverage(data_file=None, config_file=False, include=[str(ROOT / path) for path in paths])
    measured.start()
    watch = _Watch(measured, paths)
    code = _run(folders, watch)
    measured.stop()
    data = measured.get_data()
    lines = {
        path: {n: sorted(filter(None, tests)) for n, tests in data.contexts_by_lineno(str(ROOT / path)).items()}
        for path in paths
    }
    told.write_text(json.dumps({"seconds": watch.seconds, "lines": lines, "libraries": list(_libraries())}))
    return code


class _Watch:
    """Names each test to the measurement, and takes its time."""

    def __init__(self, measured: coverage.Coverage, paths: Sequence[str]) -> None:
        self.measured = measured
        self.names = [path.removesuffix(".py").replace("/", ".") for path in paths]
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        # What one test left in a cache, the next would not run.
        for name in self.names:
            for kept in vars(sys.modules.get(name, ModuleType(name))).values():
                if hasattr(kept, "cache_clear"):
                    kept.cache_clear()
        self.measured.switch_context(item.nodeid)
        begun = time.perf_counter()
        ran = yield
        self.seconds[item.nodeid] = time.perf_counter() - begun
        self.measured.switch_context("")
        return ran


def _libraries() -> Iterator[str]:
    for name, module in sorted(sys.modules.items()):
        origin = getattr(getattr(module, "__spec__", None), "origin", None) or ""
        if name != "__main__" and (origin.startswith(sys.prefix) or not origin.startswith(str(ROOT))):
            yield name
