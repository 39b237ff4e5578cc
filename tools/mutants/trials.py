"""Whether tests notice a change: one process forked for each mutant, which runs the tests that reach it.

Most changes are inside a function. For those pytest has everything imported and collected, and has seen which test
runs which line; each child swaps the function's code and runs the tests, the quickest first, until one fails.

What importing runs (constants, defaults, enumerations) has gone into too many places by then. For those the parent
has imported all libraries, but nothing of the portal; each child imports that with the one module changed.
"""

from __future__ import annotations

import gc
import importlib
import importlib.machinery
import importlib.util
import json
import os
import re
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import coverage
import hypothesis
import pytest
from changes import Mutant

ROOT = Path(__file__).parents[2]
QUIET = (
    "-q", "-x", "--tb=no", "-p", "no:cacheprovider", "-p", "no:terminalreporter", "-m", "not long and not browser",
    # Libraries were imported before pytest, and Hypothesis before its plugin would be.
    "-W", "ignore::pytest.PytestAssertRewriteWarning", "-W", "ignore::hypothesis.errors.HypothesisSideeffectWarning",
)  # fmt: skip
NOTHING = -1
"""In the place of a mutant's number: all tests where nothing is changed, which have to pass again."""


def noticed(mutants: Sequence[Mutant], folders: Sequence[str], workers: int) -> list[bool]:
    """Return of each mutant whether a test in `folders` fails, or never ends.

    Raises:
        RuntimeError: the tests fail as it is.
    """
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        watch = _Watch(mutants, workers, Path(file.name))
        pid = _fork(lambda: _pytest(folders, watch))
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
            raise RuntimeError(f"the tests of {' and '.join(folders)} fail without any change: run them")
        told = json.loads(Path(file.name).read_text())
    for name in told["libraries"]:
        with suppress(Exception):
            importlib.import_module(name)
    seen = {int(n): was_noticed for n, was_noticed in told["noticed"].items()}
    unchanged = replace(mutants[0], put=lambda: lambda: None)
    jobs = {NOTHING: _Job(lambda: _try_import(unchanged, list(told["seconds"])), sum(told["seconds"].values()))}
    for n, mutant in enumerate(mutants):
        if n not in seen:
            tests = _at_import(mutant, told["seconds"], told["reaching"])
            seconds = sum(told["seconds"][test] for test in tests)
            jobs[n] = _Job(lambda m=mutant, t=tests: _try_import(m, t), seconds)
    seen |= _each_in_a_fork(jobs, workers)
    if seen[NOTHING]:
        raise RuntimeError("tests fail where nothing is changed: what they notice means nothing")
    return [seen[n] for n in range(len(mutants))]


class _Watch:
    """Inside pytest: runs all tests once, sees what they run, and tries the changes inside functions."""

    def __init__(self, mutants: Sequence[Mutant], workers: int, told: Path) -> None:
        self.mutants, self.workers, self.told = mutants, workers, told
        self.paths = sorted({mutant.path for mutant in mutants})
        self.seconds: dict[str, float] = {}
        self.measured = coverage.Coverage(
            data_file=None, config_file=False, include=[str(ROOT / path) for path in self.paths]
        )
        self.measured.start()

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run every test, then those that reach each mutant."""
        items = {item.nodeid: item for item in session.items}
        for item, following in pairwise([*session.items, None]):
            self._observe(item, following)
        self.measured.stop()
        if session.testsfailed:
            return True
        data = self.measured.get_data()
        lines = {path: data.contexts_by_lineno(str(ROOT / path)) for path in self.paths}
        jobs = {NOTHING: _Job(lambda: _run(session.items, session), sum(self.seconds.values()))}
        for n, mutant in enumerate(self.mutants):
            tests = {test for line in mutant.lines for test in lines[mutant.path].get(line, [])}
            if mutant.function and "" not in tests and mutant.function in _functions(_module(mutant.path)):
                chosen = [items[test] for test in sorted(tests, key=self._cost)]
                seconds = sum(self.seconds[test] for test in tests)
                jobs[n] = _Job(lambda m=mutant, c=chosen: _try_function(m, c, session), seconds)
        reaching = {
            path: sorted({test for tests in of.values() for test in tests if test}) for path, of in lines.items()
        }
        noticed = _each_in_a_fork(jobs, self.workers)
        told = {"noticed": noticed, "seconds": self.seconds, "reaching": reaching, "libraries": _libraries()}
        self.told.write_text(json.dumps(told))
        session.testsfailed = int(noticed[NOTHING])
        return True

    def _observe(self, item: pytest.Item, following: pytest.Item | None) -> None:
        _forget(self.paths)  # what one test left in a cache, the next would not run
        self.measured.switch_context(item.nodeid)
        begun = time.process_time()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        self.seconds[item.nodeid] = time.process_time() - begun
        self.measured.switch_context("")

    def _cost(self, test: str) -> tuple[float, str]:
        return self.seconds[test], test


def _try_function(mutant: Mutant, items: Sequence[pytest.Item], session: pytest.Session) -> int:
    module = _module(mutant.path)
    changed = ModuleType(module.__name__)
    changed.__file__ = module.__file__
    exec(mutant.code(), vars(changed))  # noqa: S102 (our own module)
    function, other = (_functions(of)[mutant.function or ""] for of in (module, changed))
    function.__code__ = other.__code__
    _forget([mutant.path])
    return _run(items, session)


def _run(items: Sequence[pytest.Item], session: pytest.Session) -> int:
    _prepare(items)
    for item, following in pairwise([*items, None]):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return 1
    return 0


def _prepare(items: Sequence[pytest.Item]) -> None:
    """Let tests say that they fail, and no more: looking for the smallest example takes long."""
    for item in items:
        test = getattr(item, "obj", None)
        chosen = getattr(test, "_hypothesis_internal_use_settings", None)
        if chosen is not None:
            phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
            test._hypothesis_internal_use_settings = hypothesis.settings(chosen, phases=phases)  # noqa: SLF001


def _functions(module: ModuleType | type, prefix: str = "") -> dict[str, FunctionType]:
    """Return the functions of a module, and of its classes, by name; those that decorators hold, too."""
    found: dict[str, FunctionType] = {}
    for name, value in vars(module).items():
        if isinstance(value, type) and value.__module__ == getattr(module, "__name__", "") and not prefix:
            found |= _functions(value, f"{name}.")
        function = value.fget if isinstance(value, property) else getattr(value, "__wrapped__", value)
        if isinstance(function, FunctionType) and function.__qualname__ == f"{prefix}{name}":
            found[f"{prefix}{name}"] = function
    return found


def _at_import(mutant: Mutant, seconds: Mapping[str, float], reaching: Mapping[str, list[str]]) -> list[str]:
    """Return the tests for what importing runs: those in files that name the module, then those that run some of it."""
    reach = set(reaching[mutant.path])
    files = {test.partition("::")[0] for test in seconds}
    named = re.compile(rf"\b{Path(mutant.path).stem}\b")
    naming = {file for file in files if named.search((ROOT / file).read_text())}
    place = {test: (test.partition("::")[0] not in naming, test not in reach, seconds[test]) for test in seconds}
    return sorted((test for test in seconds if place[test][:2] != (True, True)), key=lambda test: place[test])


def _try_import(mutant: Mutant, tests: Sequence[str]) -> int:
    sys.meta_path.insert(0, _Changed(mutant))
    return _pytest(sorted({test.partition("::")[0] for test in tests}), _Chosen(tests))


class _Changed(importlib.machinery.SourceFileLoader):
    """Serves one module as it would be with the change."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(_name(mutant.path), str(ROOT / mutant.path))
        self.mutant = mutant

    def find_spec(self, fullname: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        """Answer for that module alone."""
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_code(self, fullname: str) -> CodeType:
        """Return the changed module's code."""
        return self.mutant.code()


class _Chosen:
    """Leaves those tests that were chosen, in their order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self.place = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((item for item in items if item.nodeid in self.place), key=lambda i: self.place[i.nodeid])
        _prepare(items)


def _pytest(tests: Sequence[str], plugin: object) -> int:
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return pytest.main([*QUIET, *tests], plugins=[plugin])


@dataclass(frozen=True, slots=True)
class _Job:
    do: Callable[[], int]
    seconds: float
    """The work it is without a change."""


def _each_in_a_fork(jobs: Mapping[int, _Job], workers: int) -> dict[int, bool]:
    """Do each job in a process of its own; return which of them ended with another code than 0."""
    gc.collect()
    gc.freeze()  # what is there by now, no child has to look through
    ended: dict[int, bool] = {}
    running: dict[int, int] = {}
    waiting = list(reversed(jobs.items()))
    while waiting or running:
        while waiting and len(running) < workers:
            key, job = waiting.pop()
            running[_fork(job.do, allowed=int(5 + 3 * job.seconds))] = key
        pid, status = os.wait()
        ended[running.pop(pid)] = os.waitstatus_to_exitcode(status) != 0
    return ended


def _fork(do: Callable[[], int], *, allowed: int = 0) -> int:
    """Do something in a process of its own, for so many seconds of work if they are given; return its id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        if allowed:
            resource.setrlimit(resource.RLIMIT_CPU, (allowed, allowed))
            resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
            signal.alarm(600 + allowed)  # for one that waits and does nothing
        nothing = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2) if allowed else (1,):
            os.dup2(nothing, stream)
        code = int(do())
    finally:
        os._exit(code)


def _forget(paths: Sequence[str]) -> None:
    for path in paths:
        for kept in vars(_module(path)).values():
            if hasattr(kept, "cache_clear"):
                kept.cache_clear()


def _name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _module(path: str) -> ModuleType:
    return importlib.import_module(_name(path))


def _libraries() -> list[str]:
    """Return what was imported from elsewhere, in that order."""
    specs = {name: getattr(module, "__spec__", None) for name, module in sys.modules.items()}
    origins = {name: spec.origin or "" for name, spec in specs.items() if spec}
    ours = str(ROOT)
    return [name for name, at in origins.items() if at.startswith(sys.prefix) or not at.startswith(ours)]
