"""docs/api.md: every example runs, from top to bottom, and there is one for every operation."""

import json
import re
import shlex
from dataclasses import dataclass

import callers
import pytest
import schemathesis
from api.operations import all_operations

from portal_app.api.app import create_api
from portal_app.api.openapi import document
from portal_app.build import ROOT
from portal_app.commands.usage_writer import close_current_writer

PAGE = (ROOT / "docs" / "api.md").read_text()
EXAMPLE = re.compile(r"^(curl .+?)\n# (\d{3})((?: [A-Z_]+=\S+)*)$", re.MULTILINE | re.DOTALL)
NOT_IMPLEMENTED = re.findall(r"^- `([A-Z]+) (/v1/[^`]+)`", PAGE.partition("## Not implemented")[2], re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """One curl of the page: what it sends, the status it says, and what it calls parts of the answer."""

    command: str
    status: int
    names: dict[str, str]

    def arguments(self, known):
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


def examples():
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL):
        for command, status, names in EXAMPLE.findall(block):
            yield Example(command, int(status), dict(name.split("=", 1) for name in names.split()))


def part_of(answer, path):
    """Return what `.items[0].id` means in an answer."""
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        answer = answer[name] if name else answer[int(index)]
    return answer


def operation_of(method, path):
    """Return the operation a request is of: the one with the fewest blanks that fits."""
    fitting = [
        one
        for one in all_operations()
        if one.method == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one.path), path.partition("?")[0])
    ]
    return min(fitting, key=lambda one: len(one.parameters))


@pytest.fixture
def ran(sqlite_database):
    """Run the page: each operation with its answer."""
    api = create_api()
    known = {"PORTAL": "", "KEY": f"x-api-key: {callers.program_with(api, sqlite_database).headers['x-api-key']}"}
    client, done = callers.stranger(api), []
    for example in examples():
        method, address, headers, body = example.arguments(known)
        answer = client.request(method, address, headers=headers, json=body)
        assert (example.command, answer.status_code, answer.text) == (example.command, example.status, answer.text)
        known |= {name: part_of(answer.json(), path) for name, path in example.names.items()}
        if "SESSION" in known:
            known["TOKEN"] = f"X-Session-Token: {known['SESSION']}"
        done.append((operation_of(method, address), answer))
    yield done
    close_current_writer()


def test_every_example_answers_as_it_says_and_as_the_api_describes(ran):
    schema = schemathesis.openapi.from_dict(document(create_api()))
    for operation, answer in ran:
        schema[operation.path][operation.method].validate_response(answer)


def test_every_operation_has_an_example_or_is_said_to_be_missing(ran):
    missing = {(method, path.replace("{id}", "{wallet_id}")) for method, path in NOT_IMPLEMENTED}
    shown = {(operation.method, operation.path) for operation, _ in ran}
    assert shown | missing == {(one.method, one.path) for one in all_operations()}
    assert shown & missing == set()


def test_the_document_in_the_repository_is_the_one_that_is_served():
    kept = json.loads((ROOT / "docs" / "openapi.json").read_text())
    assert kept == json.loads(json.dumps(document(create_api()))), "run `make openapi`"
