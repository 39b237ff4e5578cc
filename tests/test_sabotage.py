"""Take each control away, one after the other, and see that its tests turn red."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sabotage import SABOTAGES

from portal_app.build import ROOT

COPIED = ("portal_app", "assets", "alembic", "tests")
FILES = ("rxconfig.py", "pyproject.toml", "alembic.ini", "requirements.txt", "SECURITY.md", "CHANGELOG.md")
STAMP = "from portal_app import build, settings; print(build.digest(settings.get_settings()), end='')"


@pytest.mark.long
@pytest.mark.parametrize("sabotage", SABOTAGES, ids=str)
def test_without_a_control_its_tests_are_red(sabotage, tmp_path):
    copy = a_copy(tmp_path)
    for path, before, after in sabotage.changes:
        text = (copy / path).read_text()
        assert before in text
        (copy / path).write_text(text.replace(before, after))
    pretend_pages_are_current(copy)
    ran = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *sabotage.tests)
    assert ran.returncode == 1, ran.stdout[-3000:]  # 1 is red; anything else means that nothing was tested
    assert " failed" in ran.stdout


def a_copy(folder: Path) -> Path:
    """Copy the sources and the compiled pages, without what compiling them needs."""
    ignore = shutil.ignore_patterns("node_modules", "__pycache__")
    for name in (*COPIED, os.environ["REFLEX_WEB_WORKDIR"], "reflex.lock"):
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    return folder


def pretend_pages_are_current(copy: Path) -> None:
    """Stamp the compiled pages with the changed sources: none of the changes is in a page."""
    stamp = copy / os.environ["REFLEX_WEB_WORKDIR"] / "build.stamp"
    if stamp.exists():
        stamp.write_text(run(copy, "-c", STAMP).stdout)


def run(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
