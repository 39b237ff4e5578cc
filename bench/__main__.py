"""Run every benchmark, or those named, of a size: `python -m bench queries`, `python -m bench usage_reads 1000000`."""

import importlib
import pkgutil
import sys
from pathlib import Path

import bench
from portal_app.garbage import collect_seldom

sys.path.append(str(Path(bench.__path__[0]).parent / "tests"))  # the cast and the running portal


def main() -> None:
    """Run them one after the other, so that none disturbs another."""
    collect_seldom()
    every = [module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_")]
    sizes = [int(word) for word in sys.argv[1:] if word.isdigit()]
    for name in [word for word in sys.argv[1:] if not word.isdigit()] or every:
        importlib.import_module(f"bench.{name}").run(*sizes)


main()
