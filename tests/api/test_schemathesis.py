"""Generated requests for every operation: nothing fails inside, and every answer is one that is described (C1)."""

import random
from collections import Counter

import callers
import cast
import pytest
import schemathesis
from api.operations import Operation, all_operations
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlmodel import SQLModel, select

from portal_app import clock
from portal_app.api.app import create_api
from portal_app.api.openapi import document
from portal_app.commands.usage_writer import close_current_writer
from portal_app.database import Database
from portal_app.demo.world import load_demo

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
NOUNS = ("plan", "payment", "wallet", "invoice", "subscription", "feature", "meter", "price", "customer")
OPERATIONS = [one for one in all_operations() if not one.path.endswith("/modify")]
EXAMPLES, MANY = 6, 5000


@pytest.fixture
def database(sqlite_database) -> Database:
    """The demo world, to find real ids in."""
    now = clock.utc_now()
    with sqlite_database.writing() as session:
        load_demo(session, now.date(), now)
    yield sqlite_database
    close_current_writer()


def real_ids(database):
    """What may stand for a parameter so that a request gets somewhere."""
    tables = {mapper.class_.__tablename__: mapper.class_ for mapper in SQLModel._sa_registry.mappers}
    with database.reading() as session:
        ids = {f"{noun}_id": session.exec(select(tables[noun].public_id).limit(20)).all() for noun in NOUNS}
    return ids | {"external_id": ["globex", "tri", "acme"]}


def fuzz(database, operation: Operation, headers, examples: int) -> Counter[int]:
    """Send generated requests to one operation, and return what was answered how often."""
    schema = schemathesis.openapi.from_dict(document(create_api()))
    schema.app = create_api()
    ids, chance, answered = real_ids(database), random.Random(str(operation)), Counter()

    @settings(max_examples=examples, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(case=schema[operation.path][operation.method].as_strategy())
    def send(case):
        for name in operation.parameters:
            if ids.get(name) and chance.random() < 0.7:
                case.path_parameters[name] = chance.choice(ids[name])
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS)
        answered[answer.status_code] += 1

    send()
    return answered


def test_nothing_fails_and_every_answer_is_described(database, capsys):
    with capsys.disabled():
        print(f"\n{fuzz_all(database, EXAMPLES)}")  # noqa: T201 (a count to see)


@pytest.mark.long
def test_nothing_fails_in_many_more(database):
    fuzz_all(database, MANY)


def fuzz_all(database, examples):
    token = cast.mint(database, "acme", now=clock.utc_now()).token
    key = callers.program_with(create_api(), database).headers["x-api-key"]
    total, strangers = Counter(), Counter()
    for operation in sorted(OPERATIONS, key=lambda one: not one.is_portal):  # while Acme is still there
        headers = {"X-Session-Token": token} if operation.is_portal else {"x-api-key": key}
        total += fuzz(database, operation, headers, examples)
        strangers += fuzz(database, operation, {}, 2)
    assert set(strangers) == {401}
    return f"generated requests: {total.total()} with a credential {dict(total)}, {strangers.total()} without: all 401"
