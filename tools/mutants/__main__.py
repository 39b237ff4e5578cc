"""How many small mistakes in `access` and `billing` the tests would notice: `python tools/mutants [FILE…]`."""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections import Counter

from changes import Mutant, mutants
from trials import ROOT, get_known, preload, trials

FOLDERS = {"portal_app/access": "tests/access", "portal_app/billing": "tests/billing"}
LEAST = 90.0


def main() -> int:
    """Try every change, print what went unnoticed and the score; exit code 1 if it is too low."""
    parser = argparse.ArgumentParser(prog="python tools/mutants", description=__doc__)
    parser.add_argument("files", nargs="*", help="modules to change; all of the two packages if none")
    parser.add_argument("--workers", type=int, default=2, help="how many are tried at a time")
    asked = parser.parse_args()
    begun = time.perf_counter()
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    paths = asked.files or [
        str(path.relative_to(ROOT)) for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.py"))
    ]
    tests = list(FOLDERS.values())
    known = get_known(tests, paths)
    preload(known.libraries)
    gc.collect()
    gc.freeze()
    all_ = [mutant for path in paths for mutant in mutants(path, (ROOT / path).read_text())]
    jobs = [(mutant, known.tests_of(mutant, [FOLDERS[mutant.path.rpartition("/")[0]]])) for mutant in all_]
    survived = [mutant for mutant, noticed in trials(jobs, known, asked.workers) if not noticed]
    score = report(all_, survived)
    print(f"{time.perf_counter() - begun:.0f} seconds")  # noqa: T201
    return int(score < LEAST)


def report(tried: list[Mutant], survived: list[Mutant]) -> float:
    """Print the survivors, each file's part and the score, in per cent."""
    order = {id(mutant): place for place, mutant in enumerate(tried)}
    for mutant in sorted(survived, key=lambda one: order[id(one)]):
        print(mutant)  # noqa: T201
    total, left = Counter(one.path for one in tried), Counter(one.path for one in survived)
    for path, count in total.items():
        print(f"{path:<42} {count - left[path]:>4} of {count:>4} {100 * (count - left[path]) / count:6.1f} %")  # noqa: T201
    score = 100 * (len(tried) - len(survived)) / len(tried)
    print(f"noticed: {len(tried) - len(survived)} of {len(tried)}, {score:.1f} % (at least {LEAST:.0f} %)")  # noqa: T201
    return score


if __name__ == "__main__":
    sys.exit(main())
