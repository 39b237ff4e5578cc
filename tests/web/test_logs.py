"""What the logs say: one line of JSON for each record, whatever is in it."""

import json
import logging
import sys

import pytest

from portal_app.web.logs import JsonLines

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
