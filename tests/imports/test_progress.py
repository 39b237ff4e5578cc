"""The bar for whoever waits."""

import os
import pty

import pytest

from portal_app.imports import progress
from portal_app.imports.progress import Step, drawn_progress


@pytest.fixture
def drawn(monkeypatch):
    """Tell steps to a bar on a real terminal, and return all that it has drawn."""

    def draw_all(*steps):
        master, slave = pty.openpty()
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "120")
        with os.fdopen(slave, "w") as stderr, os.fdopen(master, "rb", buffering=0) as screen:
            os.set_blocking(screen.fileno(), False)
            monkeypatch.setattr("sys.stderr", stderr)
            with drawn_progress() as draw:
                for step in steps:
                    draw(step)
            return b"".join(iter(lambda: screen.read(4096) or b"", b"")).decode()

    return draw_all


def test_a_run_that_is_over_at_once_draws_nothing(drawn):
    assert drawn(Step("loading customers", 1, 2, 1), Step("loading customers", 2, 2, 2)) == ""


def test_a_run_that_takes_longer_shows_stage_share_rows_rate_and_time_left(drawn, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", -1)
    first, last = Step("loading transactions", 0, 200_000, 0), Step("loading transactions", 50_000, 200_000, 50_000)
    text = drawn(first, last)
    assert "loading transactions" in text
    assert "25%" in text
    assert "50,000 rows, " in text
    assert "/s" in text
    assert "-:--:--" in text


def test_only_the_stage_at_work_is_shown(drawn, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", -1)
    text = drawn(Step("reading customers.csv", 2, 2, 2), Step("loading customers", 1, 2, 1))
    before, _, after = text.rpartition("reading customers.csv")
    assert "loading customers" not in before
    assert "loading customers" in after


def test_nothing_is_drawn_where_nobody_looks(capfd, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", -1)
    with drawn_progress() as draw:
        draw(Step("loading customers", 1, 2, 1))
    assert capfd.readouterr().err == ""
