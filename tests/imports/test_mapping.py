"""mapping.toml: columns of another product's files."""

import pytest

from portal_app.imports.scratch import Scratch
from portal_app.imports.sources import find_sources
from portal_app.imports.staging import stage

MAPPING = """
timezone = "Europe/Berlin"

[customers]
file = "people.csv"
columns.external_id = "id"
columns.name = { from = ["Company", "Full Name"], value = "Unknown" }
columns.status = { from = "State", words = { open = "published", Closed = "archived" } }
columns.timezone = { value = "Europe/Berlin" }
"""


@pytest.fixture
def staged(folder):
    """Write files, read them, and return what has come of them: values by key, and what is wrong."""

    def run(**files):
        for name, text in files.items():
            (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
        sources, problems = find_sources(folder)
        with Scratch(sources) as scratch:
            for problem in problems:
                scratch.report(problem)
            left_out = [stage(source, scratch, lambda _step: None) for source in sources]
            rows = {
                row.key: row.values for source in sources for batch in scratch.batches(source.noun) for row in batch
            }
            return rows, [str(problem) for problem in scratch.problems()], left_out

    return run


def test_their_columns_become_ours(staged):
    people = "id,Company,Full Name,State,Notes\n1,Acme Corp,Ada,OPEN,x\n2,,Grace,closed,y\n3,,,published,z\n"
    rows, problems, left_out = staged(mapping__toml=MAPPING, people__csv=people)
    assert problems == []
    assert left_out == [0]
    assert {key: (row["name"], row["status"], row["timezone"]) for key, row in rows.items()} == {
        "1": ("Acme Corp", "published", "Europe/Berlin"),
        "2": ("Grace", "archived", "Europe/Berlin"),
        "3": ("Unknown", "published", "Europe/Berlin"),
    }


def test_a_problem_names_our_column_and_theirs(staged):
    _, problems, _ = staged(mapping__toml=MAPPING, people__csv="id,Company,Full Name,State\n1,Acme,,archive\n")
    assert problems == [
        "people.csv:2: status (State): 'archive' is not one of published, archived, deleted (did you mean archived?)"
    ]


def test_one_file_may_hold_several_nouns(staged):
    mapping = """
    [plans]
    file = "all.csv"
    columns = { external_id = "id", name = "plan" }
    [customers]
    file = "all.csv"
    columns = { external_id = "id", name = "who" }
    """
    rows, problems, _ = staged(mapping__toml=mapping, all__csv="id,plan,who\n1,Base,Acme\n")
    assert problems == []
    assert rows["1"]["name"] == "Base"


def test_unmapped_nouns_may_lie_beside_the_mapping(staged):
    rows, problems, _ = staged(
        mapping__toml=MAPPING,
        people__csv="id,Company,Full Name,State\n1,Acme,,open\n",
        plans__csv="external_id,name\nbase,Plan Base\n",
    )
    assert problems == []
    assert rows.keys() == {"1", "base"}


def test_only_the_rows_that_are_meant_are_taken(staged):
    mapping = MAPPING + 'only = { State = ["open", "closed"], Company = "*" }\n'
    people = "id,Company,Full Name,State\n1,Acme,,open\n2,,Ada,open\n3,Globex,,gone\n4,Initech,,closed\n"
    rows, problems, left_out = staged(mapping__toml=mapping, people__csv=people)
    assert problems == []
    assert rows.keys() == {"1", "4"}
    assert left_out == [2]


PAID = """
[payments]
file = "charges.csv"
columns.external_id = "id"
columns.invoice = "invoice"
columns.created_at = "when"
columns.method = { value = "CARD" }
columns.payment_status = { value = "SUCCEEDED" }
columns.amount = { from = "cents", minor_units = "cur" }
columns.currency = "cur"
"""
CHARGES = "id,invoice,when,cents,cur\n"


@pytest.mark.parametrize(
    ("cents", "currency", "amount"), [("12345", "USD", "123.45"), ("12345", "jpy", "12345"), ("12345", "KWD", "12.345")]
)
def test_minor_units_are_those_of_the_currency(staged, cents, currency, amount):
    rows, problems, _ = staged(mapping__toml=PAID, charges__csv=f"{CHARGES}1,i,2026-01-06T12:00Z,{cents},{currency}\n")
    assert problems == []
    assert str(rows["1"]["amount"]) == amount


@pytest.mark.parametrize(
    ("cents", "currency", "problem"),
    [
        ("123.5", "USD", "'123.5' is not a whole number of minor units"),
        ("many", "USD", "'many' is not a number such as 1234.5"),
        ("100", "FRF", "'frf' in cur is not a currency in use (ISO 4217)"),
    ],
)
def test_minor_units_that_cannot_be_counted_are_refused(staged, cents, currency, problem):
    _, problems, _ = staged(mapping__toml=PAID, charges__csv=f"{CHARGES}1,i,2026-01-06T12:00Z,{cents},{currency}\n")
    assert problems[0] == f"charges.csv:2: amount (cents): {problem}"


@pytest.mark.parametrize(
    ("cents", "quantity", "problem"),
    [
        ("1250", "2,5", ""),
        ("1.250.000", "2,5", ""),
        ("1,250", "2.5", "amount (cents): 1,250 could be 1250 or 1.250: write it without a thousands separator"),
        ("1.000", "2,5", "quantity (qty): 2,5 has a decimal comma, but line 2 has a decimal point"),
    ],
)
def test_what_the_mapping_computes_or_says_gives_no_decimal_mark_away(staged, cents, quantity, problem):
    mapping = """
    [line_items]
    file = "lines.csv"
    columns.external_id = "id"
    columns.invoice = "id"
    columns.display_name = "id"
    columns.amount = { from = "cents", minor_units = "cur" }
    columns.quantity = "qty"
    columns.discount = { value = "0.5" }
    columns.credits_applied = { from = "qty", words = { "2,5" = "1.25", "2.5" = "1,25" } }
    """
    _, problems, _ = staged(mapping__toml=mapping, lines__csv=f'id,cents,cur,qty\n1,"{cents}",USD,"{quantity}"\n')
    assert problems == ([f"lines.csv:2: {problem}"] if problem else [])


def test_times_without_an_offset_are_in_the_zone_that_is_named(staged):
    rows, problems, _ = staged(
        mapping__toml='timezone = "Europe/Berlin"\n' + PAID, charges__csv=f"{CHARGES}1,i,2026-01-06 12:00,1,USD\n"
    )
    assert problems == []
    assert rows["1"]["created_at"].isoformat() == "2026-01-06T11:00:00+00:00"


@pytest.mark.parametrize(
    ("mapping", "problem"),
    [
        ("timezone = 'Europe/Berln'", "timezone: 'Europe/Berln' is not an IANA time zone (did you mean Europe/Berlin"),
        ("[customer]", "customer: is neither timezone nor a noun (did you mean customers?)"),
        ("[plans]\nfile = 'p.csv'", "plans.columns: is required"),
        ("[plans]\nfile = 'p.csv'\ncolumns = { nme = 'x' }", "plans.columns.nme: is not a column of plans"),
        ("[plans]\nfile = 'p.csv'\ncolumns = { name = 7 }", "plans.columns.name: must be"),
        ("[plans]\nfile = 'p.csv'\ncolumns = { name = { form = 'x' } }", "plans.columns.name.form: is not a field"),
        ("[plans]\nfile = 'plan.csv'\ncolumns = {}", "plans.file: there is no file plan.csv (did you mean p.csv?)"),
        ("[plans]\nfile = 'p.txt'\ncolumns = {}", "plans.file: p.txt is neither CSV nor JSON Lines"),
        ("[plans", "cannot be read: "),
        ("timezone = ['UTC']", "timezone: \"['UTC']\" is not an IANA time zone"),
        ("timezone = " + "[" * 5000, "cannot be read: "),
        ("timezone = 5", "timezone: '5' is not an IANA time zone"),
        ("customers = 3", "customers: must be"),
    ],
)  # fmt: skip
def test_a_mapping_that_is_wrong_says_where(staged, mapping, problem):
    _, problems, _ = staged(mapping__toml=mapping, p__csv="id,name\n", p__txt="")
    assert any(line.startswith(f"mapping.toml: {problem}") for line in problems), problems


def test_a_mapping_may_begin_with_a_byte_order_mark(staged):
    _, problems, _ = staged(mapping__toml="\ufeff" + MAPPING, people__csv="id,Company,Full Name,State\n1,Acme,,open\n")
    assert problems == []


def test_a_column_of_theirs_that_is_not_there_is_named(staged):
    _, problems, _ = staged(mapping__toml=MAPPING, people__csv="id,Company,Name,State\n")
    assert problems == [
        "people.csv:1: mapping.toml names the column 'Full Name', which is not there (did you mean Name?)"
    ]


def test_a_required_column_of_ours_must_be_mapped(staged):
    mapping = "[customers]\nfile = 'people.csv'\ncolumns = { external_id = 'id' }"
    _, problems, _ = staged(mapping__toml=mapping, people__csv="id\n1\n")
    assert problems == ["people.csv:1: name: this column is missing"]


def test_a_file_that_no_table_reads_is_a_mistake(staged):
    _, problems, _ = staged(mapping__toml=MAPPING, people__csv="id,Company,Full Name,State\n", more__csv="x\n")
    assert problems == ["more.csv: is not a file that can be imported; no table of mapping.toml reads it"]


PEOPLE = MAPPING.replace("people.csv", "people.jsonl") + 'columns.tax_id = "taxid"\n'
PERSON = '{"id": 1, "Company": "Acme", "Full Name": "", "State": "open", "tax_id": "DE1", "tags": ["a"]}\n'


def test_a_column_of_theirs_that_no_line_of_json_has_is_named(staged):
    mapping = PEOPLE + 'only = { stat = ["open"] }\n'
    _, problems, _ = staged(mapping__toml=mapping, people__jsonl=PERSON + '{"id": 2, "Taxed": true}\n')
    assert problems == [
        "people.jsonl: mapping.toml names the column 'stat', which is not there (did you mean State?)",
        "people.jsonl: mapping.toml names the column 'taxid', which is not there (did you mean tax_id?)",
    ]


def test_a_column_that_some_line_of_json_has_is_there_even_if_that_holds_no_text_or_is_left_out(staged):
    mapping = PEOPLE.replace("taxid", "tags") + 'only = { State = "open", gone = "" }\n'
    _, problems, left_out = staged(mapping__toml=mapping, people__jsonl=PERSON + '{"gone": "x"}\n')
    assert problems == ["people.jsonl:1: tags: is not a single value"]
    assert left_out == [1]


def test_nothing_is_said_of_columns_where_a_line_of_json_cannot_be_read_or_there_is_none(staged):
    mapping = MAPPING.replace("people.csv", "people.jsonl")
    _, problems, _ = staged(mapping__toml=mapping, people__jsonl='{"id": 1, "Company": "Acme", "Stat\n')
    assert [problem.partition(": is not JSON")[0] for problem in problems] == ["people.jsonl:1"]
    assert staged(people__jsonl="")[1] == []


def test_what_a_line_of_json_does_not_say_is_left_alone_unless_the_mapping_has_a_value_for_it(staged):
    people = PERSON + '{"id": 2, "Full Name": "Globex"}\n' + '{"id": 3, "tax_id": null}\n'
    mapping = PEOPLE.replace("taxid", "tax_id") + 'columns.email = { from = "mail", value = "" }\n'
    rows, problems, _ = staged(mapping__toml=mapping, people__jsonl=people + '{"id": 4, "mail": "a@b"}\n')
    assert problems == []
    assert {key: row.get("tax_id", "left alone") for key, row in rows.items()} == {
        "1": "DE1", "2": "left alone", "3": "", "4": "left alone",
    }  # fmt: skip
    assert {key: row["name"] for key, row in rows.items()} == {
        "1": "Acme", "2": "Globex", "3": "Unknown", "4": "Unknown",
    }  # fmt: skip
    assert [row.get("email") for row in rows.values()] == ["", "", "", "a@b"]
