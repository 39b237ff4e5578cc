"""The house's import contract, as pytest sees it."""

import subprocess
import sys
from pathlib import Path


def test_imports_point_down_the_house():
    # In a process of its own: it configures logging anew, and silences every logger that exists.
    lint = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]
    linted = subprocess.run(lint, capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout + linted.stderr
