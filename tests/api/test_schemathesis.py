"""Generated requests for every operation: nothing fails inside, and every answer is one that is described (C1)."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import callers
import cast
import pytest
import schemathesis
from api.documented import Done, is_missing, run_page
from api.operations import Operation, all_operations, described
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portal_app import clock
from portal_app.api.app import create_api
from portal_app.commands.usage_writer import close_current_writer
from portal_app.database import Database

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
EXAMPLES = 6
MANY = int(os.environ.get("PORTAL_TEST_EXAMPLES", "5000"))
"""Requests for each operation, on each database: 5,000 take hours."""


@dataclass
class World:
    """The objects that docs/api.md makes, and what was answered about them."""

    pages: list[Done]
    schema: Any
    database: Database
    key: str
    ids: dict[str, list[str]]
    answered: dict[Operation, Counter[int]] = field(default_factory=dict)

    def token(self) -> str:
        """Mint a session of one hour: many more requests take longer than that."""
        return cast.mint(self.database, "example", now=clock.utc_now()).token

    def guide(self, case: Any, operation: Operation, dice: Random) -> None:
        """Let a generated request get further than the first check: often with ids and fields that are good."""
        for name in operation.parameters:
            if dice.random() < 0.8:
                case.path_parameters[name] = dice.choice(self.ids[name])
        good = [one for one in self.pages if one.operation == operation]
        if good and dice.random() < 0.7:
            example = dice.choice(good)
            if isinstance(case.body, dict) and isinstance(example.body, dict):
                kept = {name: value for name, value in case.body.items() if dice.random() < 0.3}
                case.body = example.body | kept
            case.query = dict(case.query or {}) | dict(parse_qsl(urlsplit(example.address).query))

    def fuzz(self, operation: Operation, examples: int) -> None:
        """Send generated requests to one operation, with its credential and without."""
        answered = self.answered.setdefault(operation, Counter())
        credential = {"X-Session-Token": self.token()} if operation.is_portal else {"x-api-key": self.key}

        @settings(max_examples=examples, database=None, phases=[Phase.generate],
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(
            case=self.schema[operation.path][operation.method].as_strategy(),
            dice=st.randoms(note_method_calls=False, use_true_random=False),
        )
        def send(case, dice):
            self.guide(case, operation, dice)
            case.headers.clear()  # generated credentials are refused as none is
            refusal = case.call()
            assert refusal.status_code == 401 or "holds a NUL character" in refusal.text, (
                case.path_parameters,
                refusal.text,
            )
            answer = case.call(headers=credential)
            case.validate_response(answer, checks=CHECKS)
            answered[answer.status_code] += 1

        send()

    def fuzz_all(self, examples: int) -> str:
        """Send generated requests to every operation, and say what was answered how often."""
        operations = [one for one in all_operations() if not refuses_always(one)]
        failed: list[Exception] = []
        for operation in sorted(operations, key=lambda one: (not one.is_portal, one.method == "DELETE")):
            try:
                self.fuzz(operation, examples)
            except Exception as problem:  # noqa: BLE001 (hours of requests are not lost to the first one that fails)
                problem.add_note(f"{operation}, after {self.answered[operation].total()} requests")
                failed.append(problem)
        if failed:
            raise ExceptionGroup(f"{len(failed)} of {len(operations)} operations", failed)
        total = sum(self.answered.values(), Counter())
        good = [operation for operation, seen in self.answered.items() if any(status < 300 for status in seen)]
        return (
            f"generated requests: {total.total()} with a credential, {dict(total)}, in {len(good)} of {len(operations)}"
            f" operations with a 2xx; {total.total()} without: all refused"
        )

    def never_good(self) -> list[str]:
        """Name the operations that answered no 2xx, neither to what was generated nor to the page's examples."""
        of_page = {one.operation for one in self.pages if one.answer.status_code < 300}
        return [
            str(operation)
            for operation, seen in self.answered.items()
            if operation not in of_page and not any(status < 300 for status in seen)
        ]


def refuses_always(operation: Operation) -> bool:
    """Tell whether no request whatsoever is answered with success."""
    return is_missing(operation) or (operation.is_portal and operation.method == "PUT")


def ids_of(pages: list[Done]) -> dict[str, list[str]]:
    """Return what stood in the addresses of the page, by the names of parameters."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for one in pages:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", one.operation.path)
        match = re.fullmatch(pattern, one.address.partition("?")[0])
        for name, value in match.groupdict().items():
            found[name].add(value)
    return {name: sorted(values) for name, values in found.items()}


@pytest.fixture
def world(request):
    database = request.getfixturevalue(getattr(request, "param", "sqlite_database"))
    api = create_api()
    schema = schemathesis.openapi.from_dict(described())
    schema.app = api
    pages = run_page(api, database)
    key = callers.program_with(api, database).headers["x-api-key"]
    yield World(pages, schema, database, key, ids_of(pages))
    close_current_writer()


def test_nothing_fails_every_answer_is_described_and_every_operation_can_be_good(world, capsys):
    said = world.fuzz_all(EXAMPLES)
    with capsys.disabled():
        print(f"\n{said}")  # noqa: T201 (a count to see)
    assert world.never_good() == []


@pytest.mark.long
@pytest.mark.parametrize("world", ["sqlite_database", "postgres_database"], indirect=True)
def test_nothing_fails_in_many_more(world, capsys, tally):
    said = world.fuzz_all(MANY)
    with capsys.disabled():
        print(f"\n{said}")  # noqa: T201 (a count to see)
    tally("C1 generated requests", 2 * sum(world.answered.values(), Counter()).total(), 0)
