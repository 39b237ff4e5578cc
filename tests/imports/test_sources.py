"""Which file of a directory is which noun."""

import pytest

from portal_app.imports.nouns import NOUNS
from portal_app.imports.sources import find_sources


@pytest.fixture
def found(folder):
    def look(*names):
        for name in names:
            (folder / name).write_text("x")
        sources, problems = find_sources(folder)
        return {source.noun.name: source.file for source in sources}, [str(problem) for problem in problems]

    return look


def test_a_file_is_called_like_its_noun(found):
    assert found("customers.csv", "payments.jsonl", "wallets.ndjson") == (
        {"customers": "customers.csv", "wallets": "wallets.ndjson", "payments": "payments.jsonl"},
        [],
    )


def test_what_is_referred_to_is_read_first(found):
    sources, _ = found(*[f"{name}.csv" for name in sorted(NOUNS)])
    order = list(sources)
    for noun in NOUNS.values():
        for column in noun.columns:
            if column.refers_to:
                assert order.index(column.refers_to) < order.index(noun.name)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("invoice.csv", "is not a file that can be imported (did you mean invoices.csv?)"),
        ("Customers.CSV", "is not a file that can be imported (did you mean customers.csv?)"),
        ("customers.xlsx", "is not one of customers.csv, customers.jsonl, customers.ndjson: save it as CSV in UTF-8"),
        ("readme.txt", "is not a file that can be imported"),
        ("taxes.csv", "is not a file that can be imported"),
    ],
)
def test_any_other_file_is_a_mistake(found, name, problem):
    assert found("plans.csv", name) == ({"plans": "plans.csv"}, [f"{name}: {problem}"])


def test_a_folder_in_the_folder_is_a_mistake(found, folder):
    (folder / "customers.csv").mkdir()
    assert found("plans.csv")[1] == ["customers.csv: is not a file that can be imported (did you mean customers.csv?)"]


def test_hidden_files_are_nobodys_business(found):
    assert found(".DS_Store", "plans.csv") == ({"plans": "plans.csv"}, [])


def test_a_noun_has_one_file(found):
    assert found("plans.csv", "plans.jsonl") == (
        {"plans": "plans.csv"},
        ["plans.jsonl: plans.csv holds the plans already"],
    )


def test_an_empty_folder_is_a_mistake(found):
    assert found() == ({}, ["files: holds no file to import"])
