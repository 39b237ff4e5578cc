"""What the logs say: one line of JSON for each record, whatever is in it."""

import json
import logging
import subprocess
import sys
from contextlib import suppress

import pytest
from page import Page
from websockets.exceptions import ConnectionClosed

from portal_app.build import ROOT
from portal_app.web.logs import JsonLines

ORIGIN = "https://billing.northwind.example"
HOSTILE = ("a\nb", 'a\r\n{"level": "error"}', "\x1b[2J\x1b[31mred", "a\u2028b\u2029c\x85d", "\0", "\ud800", "ä", '"}')


def record(message: str, *arguments: object, error: object = None) -> logging.LogRecord:
    return logging.LogRecord("portal_app.x", logging.WARNING, "x.py", 1, message, arguments, error)


@pytest.mark.threat("T22")
@pytest.mark.parametrize("text", HOSTILE)
def test_a_record_is_one_line_that_says_what_was_said(text):
    line = JsonLines().format(record("it was %s", text))
    assert line.isascii()
    assert line.isprintable()
    read = json.loads(line)
    assert (read["message"], read["level"], read["logger"]) == (f"it was {text}", "warning", "portal_app.x")


@pytest.mark.threat("T22")
def test_an_error_is_on_the_same_line():
    try:
        int("first\nsecond")
    except ValueError:
        line = JsonLines().format(record("it failed", error=sys.exc_info()))
    assert line.isprintable()
    assert "Traceback" in json.loads(line)["error"]


@pytest.mark.threat("T22")
def test_in_production_the_server_writes_nothing_else(production, http, knobs):
    knobs.turn("broken", "first\nsecond \x1b[31m")
    http.get("/v1/customer/portal/info", headers={"X-Session-Token": production.token()})
    knobs.back()
    lines = [line for line in production.printed().splitlines() if "second" in line]
    assert lines
    assert all("first\nsecond \x1b[31m" in json.loads(line)["error"] for line in lines)


@pytest.mark.threat("T22")
def test_in_production_no_library_writes_beside_it():
    """Engine.IO and Socket.IO give their loggers handlers of their own, which write an error with all its lines."""
    script = (
        "import logging, socketio; from portal_app.web import logs; logs.install(); "
        "socketio.AsyncServer(async_mode='asgi'); "
        "handlers = {name: logging.getLogger(name).handlers for name in logging.Logger.manager.loggerDict}; "
        "print([name for name, own in handlers.items() if any(type(one) is not logging.NullHandler for one in own)])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.threat("T22")
def test_in_production_nothing_that_a_page_sends_is_a_line_of_its_own(production):
    forged = json.dumps({"at": "now", "level": "info", "logger": "portal_app", "message": "forged"})
    before = len(production.printed())
    for name, payload in (
        ("event", f"x\n{forged}\n"),
        ("client_error", {"message": f"x\n{forged}\n"}),
        (f"x\n{forged}", 1),
    ):
        with Page(production, origin=ORIGIN) as page, suppress(ConnectionClosed):
            page.send_frame("42/_event," + json.dumps([name, payload]))
            page.listen(0.3)
    lines = production.printed()[before:].splitlines()
    assert lines
    assert all(json.loads(line)["message"] != "forged" for line in lines)
