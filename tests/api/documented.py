"""docs/api.md as a program: its examples in order, each sent as it is written, each with its answer."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import callers
from api.operations import Operation, all_operations
from fastapi import FastAPI
from httpx import Response

from portal_app.build import ROOT
from portal_app.database import Database

PAGE = (ROOT / "docs" / "api.md").read_text()
NOT_IMPLEMENTED = set(re.findall(r"^- `([A-Z]+) (/v1/[^`]+)`", PAGE.partition("## Not implemented")[2], re.MULTILINE))
_EXAMPLE = re.compile(r"^(curl .+?)\n# (\d{3})((?: [A-Z_]+=\S+)*)$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    """One curl of the page: what it sends, the status it says, and what it calls parts of the answer."""

    command: str
    status: int
    names: dict[str, str]

    def request(self, known: dict[str, str]) -> tuple[str, str, dict[str, str], Any]:
        """Return method, address, headers and body, with everything known by name filled in."""
        words = shlex.split(re.sub(r"\$([A-Z_]+)", lambda name: known[name[1]], self.command))[1:]
        method, address, headers, body = "", "", {}, None
        while words:
            word = words.pop(0)
            if word == "-X":
                method = words.pop(0)
            elif word == "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            elif word == "--json":
                body = json.loads(words.pop(0))
            else:
                address = word
        return method or ("GET" if body is None else "POST"), address, headers, body


@dataclass(frozen=True, slots=True)
class Done:
    """An example that was sent."""

    example: Example
    operation: Operation
    address: str
    body: Any
    answer: Response


def examples() -> Iterator[Example]:
    """Yield the page's examples in order."""
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL):
        for command, status, names in _EXAMPLE.findall(block):
            yield Example(command, int(status), dict(name.split("=", 1) for name in names.split()))


def is_missing(operation: Operation) -> bool:
    """Tell whether the page says that an operation is not implemented."""
    return (operation.method, re.sub(r"\{\w+\}", "{id}", operation.path)) in NOT_IMPLEMENTED


def run_page(api: FastAPI, database: Database) -> list[Done]:
    """Send every example, from top to bottom; each must answer the status that it says."""
    known = {"PORTAL": "", "PORTAL_API_KEY": callers.program_with(api, database).headers["x-api-key"]}
    client, done = callers.stranger(api), []
    for example in examples():
        method, address, headers, body = example.request(known)
        answer = client.request(method, address, headers=headers, json=body)
        assert (example.command, answer.status_code, answer.text) == (example.command, example.status, answer.text)
        known |= {name: _part(answer.json(), path) for name, path in example.names.items()}
        done.append(Done(example, _operation(method, address), address, body, answer))
    return done


def _part(answer: Any, path: str) -> str:
    """Return what `.items[0].id` means in an answer."""
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        answer = answer[name] if name else answer[int(index)]
    return answer


def _operation(method: str, address: str) -> Operation:
    """Return the operation a request is of: the one with the fewest blanks that fits."""
    path = address.partition("?")[0]
    fitting = [
        one
        for one in all_operations()
        if one.method == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one.path), path)
    ]
    return min(fitting, key=lambda one: len(one.parameters))
