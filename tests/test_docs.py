"""What the documents promise is there."""

import re
from pathlib import Path

import pytest
import typer.main

from portal_app.build import ROOT
from portal_app.cli import app
from portal_app.settings import Settings

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
DOCUMENTS = [ROOT / "README.md", *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def variables_of_settings():
    for name, field in Settings.model_fields.items():
        yield str(field.validation_alias or f"PORTAL_{name.upper()}")


def test_every_setting_is_documented_and_nothing_else_is():
    documented = re.findall(r"^\| `([A-Z_]+)` \|", OPERATIONS, re.MULTILINE)
    assert sorted(documented) == sorted(variables_of_settings())


def test_every_command_is_documented():
    commands = typer.main.get_command(app).commands
    for name, command in commands.items():
        for words in [f"{name} {sub}" for sub in getattr(command, "commands", ())] or [name]:
            assert re.search(rf"`{words}[` ]", OPERATIONS), words


@pytest.mark.parametrize("document", sorted({*DOCUMENTS}), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (document.parent / target).exists(), target


TARGETS = ("help", "setup", "run", "demo", "check", "test", "test-long", "e2e", "bench", "screenshots", "fix", "lock")


@pytest.mark.parametrize("target", [*TARGETS, "migration"])
def test_every_target_of_make_says_what_it_does(target):
    assert re.search(rf"^{target}:.*## \S", (ROOT / "Makefile").read_text(), re.MULTILINE)
