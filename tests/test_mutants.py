"""What the tests of access and billing are worth: make small mistakes there, and they must turn red."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from portal_app.build import ROOT


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    command = [sys.executable, "tools/mutants", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.long
def test_of_a_hundred_small_mistakes_in_access_and_billing_ninety_are_noticed():
    ran = run()
    assert ran.returncode == 0, ran.stdout + ran.stderr
