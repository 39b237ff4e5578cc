"""How many small mistakes in `access` and `billing` the tests would notice: `python tools/mutants [FILE…]`."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from changes import mutants
from trials import ROOT, noticed

PACKAGES = ("portal_app/access", "portal_app/billing")
TESTS = ("tests/access", "tests/billing")
"""The tests that have to notice: their packages' own, which are quick."""
LEAST = 90.0


def main() -> int:
    """Try every change, print what went unnoticed and the score; exit code 1 if it is too low."""
    parser = argparse.ArgumentParser(prog="python tools/mutants", description=__doc__)
    parser.add_argument("files", nargs="*", help="modules to change; all of the two packages if none")
    parser.add_argument("--workers", type=int, default=2, help="how many changes are tried at a time")
    asked = parser.parse_args()
    begun = time.perf_counter()
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    paths = asked.files or [
        str(path.relative_to(ROOT)) for package in PACKAGES for path in sorted((ROOT / package).glob("*.py"))
    ]
    tried = [mutant for path in paths for mutant in mutants(path, (ROOT / path).read_text())]
    results = noticed(tried, TESTS, asked.workers)
    survived = [mutant for mutant, was_noticed in zip(tried, results, strict=True) if not was_noticed]
    for mutant in survived:
        print(mutant)  # noqa: T201
    total, left = Counter(one.path for one in tried), Counter(one.path for one in survived)
    for path, count in total.items():
        print(f"{path:<42} {count - left[path]:>4} of {count:>4} {100 * (1 - left[path] / count):6.1f} %")  # noqa: T201
    score = 100 * (1 - len(survived) / len(tried))
    seconds = time.perf_counter() - begun
    print(f"noticed: {len(tried) - len(survived)} of {len(tried)}, {score:.1f} % in {seconds:.0f} s")  # noqa: T201
    return int(score < LEAST)


if __name__ == "__main__":
    sys.exit(main())
