"""docs/api.md: every example runs, from top to bottom, and there is one for every operation."""

import json

import callers
import pytest
import schemathesis
from api.documented import NOT_IMPLEMENTED, is_missing, run_page
from api.operations import all_operations, described

from portal_app.api.app import create_api
from portal_app.build import ROOT
from portal_app.commands.usage_writer import close_current_writer


@pytest.fixture
def ran(sqlite_database):
    yield run_page(create_api(), sqlite_database)
    close_current_writer()


def test_every_example_answers_as_it_says_and_as_the_api_describes(ran):
    schema = schemathesis.openapi.from_dict(described())
    for one in ran:
        schema[one.operation.path][one.operation.method].validate_response(one.answer)


def test_every_operation_has_an_example_or_is_said_to_be_missing(ran):
    missing = {one for one in all_operations() if is_missing(one)}
    shown = {one.operation for one in ran}
    assert shown | missing == set(all_operations())
    assert shown & missing == set()
    assert len(missing) == len(NOT_IMPLEMENTED)


def test_what_is_missing_says_so(sqlite_database):
    program = callers.program_with(create_api(), sqlite_database)
    for operation in [one for one in all_operations() if is_missing(one)]:
        answer = program.request(operation.method, operation.at())
        assert (answer.status_code, answer.json()["code"]) == (501, "not_implemented")


READS = ("/search", "/query", "/analytics", "/usage", "/usage/meter")


def test_every_operation_describes_every_status_it_can_answer():
    for operation in all_operations():
        statuses = {400, 401, 429, 500, 503}
        statuses |= {413, 415} if "requestBody" in operation.described else set()
        statuses |= {404} if operation.parameters and not is_missing(operation) else set()
        if not operation.is_portal:
            statuses |= {403}
            writes = operation.method != "GET" and not operation.path.endswith(READS) and not is_missing(operation)
            adds = operation.path.startswith(("/v1/events", "/v1/customers/portal/"))  # which never meet another write
            statuses |= {409} if writes and not adds else set()
        described_statuses = {int(status) for status in operation.described["responses"]}
        assert (str(operation), statuses - described_statuses) == (str(operation), set())


def test_the_document_in_the_repository_is_the_one_that_is_served():
    kept = json.loads((ROOT / "docs" / "openapi.json").read_text())
    assert kept == described(), "run `make openapi`"
