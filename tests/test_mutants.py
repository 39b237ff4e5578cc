"""What the tests of access and billing are worth: make small mistakes there, and they must turn red."""

from __future__ import annotations

import os
import subprocess
import sys
from textwrap import dedent

import pytest

from portal_app.build import ROOT

LISTED = "import sys, changes; print(*changes.mutants('m.py', sys.argv[1]), sep='\\n')"


def run(*arguments: str, folder: str = ".") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT / folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.long
def test_of_a_hundred_small_mistakes_in_access_and_billing_ninety_are_noticed():
    ran = run("tools/mutants")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_mistake_of_the_usual_kinds_is_made_and_none_that_no_test_could_see():
    text = '''\
        """A docstring."""
        __all__ = ["price"]
        @dataclass(slots=True)
        class Price:
            """Another."""
            text: Literal["a"] = "usd"
        def price(units: int = 1) -> "int":
            logger.info("asked")
            if not units or units in FREE:
                raise ValueError(f"{units} cost nothing")
            total = units * 2
            total -= min(units, LEAST)
            return total if is_exact(_("exact")) else None
    '''
    ran = run("-c", LISTED, dedent(text), folder="tools/mutants")
    assert ran.stdout.splitlines() == [
        "m.py:6: 'usd' → 'XXusd'",
        "m.py:7: 1 → 2",
        "m.py:9: if not units or units in FREE → if True",
        "m.py:9: if not units or units in FREE → if False",
        "m.py:9: not units or units in FREE → not units and units in FREE",
        "m.py:9: not units or units in FREE → units in FREE",
        "m.py:9: not units or units in FREE → not units",
        "m.py:9: not units → units",
        "m.py:9: units in FREE → units not in FREE",
        "m.py:10: raise ValueError(f'{units} cost nothing') → pass",
        "m.py:11: total = units * 2 → pass",
        "m.py:11: units * 2 → units / 2",
        "m.py:11: 2 → 3",
        "m.py:12: total -= min(units, LEAST) → total += min(units, LEAST)",
        "m.py:12: total -= min(units, LEAST) → pass",
        "m.py:12: min → max",
        "m.py:13: return total if is_exact(_('exact')) else None → return None",
        "m.py:13: total if is_exact(_('exact')) else None → total if True else None",
        "m.py:13: total if is_exact(_('exact')) else None → total if False else None",
    ]
