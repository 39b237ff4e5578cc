"""Run every benchmark, or those named: `python -m bench queries pages`."""

import importlib
import pkgutil
import sys
from pathlib import Path

import bench

sys.path.append(str(Path(bench.__path__[0]).parent / "tests"))  # the cast and the running portal


def main() -> None:
    """Run them one after the other, so that none disturbs another."""
    every = [module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_")]
    for name in sys.argv[1:] or every:
        importlib.import_module(f"bench.{name}").run()


main()
