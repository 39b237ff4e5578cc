"""Rows of CSV and JSON Lines, each with the line it begins on."""

import pytest

from portal_app.imports import reader
from portal_app.imports.reader import BadFile, open_file


@pytest.fixture
def rows(tmp_path):
    def read(content, name="customers.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with open_file(path) as file:
            return [(record.line, record.cells, record.objections) for record in file.records]

    return read


def cells(found):
    return [(line, tuple(row.values())) for line, row, _ in found]


def test_a_row_is_its_cells_by_column(rows):
    assert rows("a,b\n1,2\n") == [(2, {"a": "1", "b": "2"}, ())]


def test_a_byte_order_mark_is_not_part_of_the_first_column(rows):
    assert rows(b"\xef\xbb\xbfa,b\r\n1,2\r\n") == [(2, {"a": "1", "b": "2"}, ())]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_ending_will_do(rows, end):
    assert cells(rows(f"a,b{end}1,2{end}3,4")) == [(2, ("1", "2")), (3, ("3", "4"))]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_header_tells_the_delimiter(rows, delimiter):
    assert cells(rows("a,b,c\n1,2,3\n".replace(",", delimiter))) == [(2, ("1", "2", "3"))]


def test_line_numbers_stay_exact_after_cells_of_several_lines(rows):
    text = 'a,b\r\n"one\r\ntwo\r\nthree",1\r\n\r\n"x\n\ny",2\r\nz,3\r\n'
    assert cells(rows(text)) == [(2, ("one\r\ntwo\r\nthree", "1")), (6, ("x\n\ny", "2")), (9, ("z", "3"))]


def test_blank_lines_and_rows_without_any_cell_are_passed_over(rows):
    assert cells(rows("\n  \na,b\n\n,\n1,2\n , \n3,4\n\n")) == [(6, ("1", "2")), (8, ("3", "4"))]


def test_quotes_commas_and_spaces_in_cells(rows):
    assert cells(rows('a,b\n"say ""hi"", please", x \n')) == [(2, ('say "hi", please', "x"))]


def test_a_row_of_another_length_is_one_objection(rows):
    assert rows("a,b\n1\n1,2,3\n") == [
        (2, {}, (("", "has 1 cells, but the header has 2"),)),
        (3, {}, (("", "has 3 cells, but the header has 2"),)),
    ]


def test_a_quote_that_never_closes_ends_the_reading_where_it_opens(rows):
    with pytest.raises(BadFile, match="a quote that opens in the row of line 3 is never closed") as refused:
        rows('a,b\n1,2\n3,"4\n5,6\n')
    assert refused.value.line == 3
    with pytest.raises(BadFile, match="as if a quote in this row were never closed") as refused:
        rows('a,b\n1,2\n3,"4\n5,"6"\n')
    assert refused.value.line == 3


def test_text_after_a_closing_quote_ends_the_reading(rows):
    with pytest.raises(BadFile, match="is not CSV from here on") as refused:
        rows('a,b\n1,"2"3\n')
    assert refused.value.line == 2


def test_two_columns_of_one_name_are_refused(rows):
    with pytest.raises(BadFile, match="two columns are called 'a'"):
        rows("a,b,a\n1,2,3\n")


@pytest.mark.parametrize("content", ["", "\n\n", b"\xef\xbb\xbf", ",,,\n", " ; ;\n\n", '""'])
def test_an_empty_file_has_no_header(rows, content):
    with pytest.raises(BadFile, match="is empty: its first line should name the columns"):
        rows(content)


def test_a_header_alone_is_no_row(rows):
    assert rows("a,b\n") == []


def test_utf_16_is_said_to_be_it(rows):
    with pytest.raises(BadFile, match="is UTF-16: save it as UTF-8"):
        rows("a,b\n1,2\n".encode("utf-16"))


def test_bytes_that_are_no_utf_8_stay_in_their_cell(rows):
    assert rows(b"a,b\ncaf\xe9,2\n3,4\n") == [(2, {"a": "caf\udce9", "b": "2"}, ()), (3, {"a": "3", "b": "4"}, ())]


def test_a_line_without_an_end_is_not_read_into_memory(rows, monkeypatch):
    monkeypatch.setattr(reader, "MAX_LINE", 100)
    with pytest.raises(BadFile, match="is longer than 100 characters") as refused:
        rows("a,b\n1,2\n" + "x" * 1000)
    assert refused.value.line == 3


def test_a_cell_larger_than_a_page_of_text_ends_the_reading(rows):
    with pytest.raises(BadFile, match="field larger than field limit") as refused:
        rows('a,b\n1,2\n"' + "x\n" * 200_000)
    assert refused.value.line == 3


@pytest.mark.parametrize("name", ["customers.jsonl", "customers.ndjson"])
def test_json_lines_are_one_object_a_line(rows, name):
    text = '{"a": "x", "b": 1.50}\n\n{"a": null, "c": true}\r\n'
    assert rows(text, name) == [(1, {"a": "x", "b": "1.50"}, ()), (3, {"a": "", "c": "true"}, ())]


def test_numbers_of_json_keep_every_digit(rows):
    text = '{"a": 12345678901.123456789012, "b": 1e3, "c": -0.000001, "d": 1e400}'
    assert rows(text, "x.jsonl") == [
        (1, {"a": "12345678901.123456789012", "b": "1000", "c": "-0.000001", "d": "1E+400"}, ())
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"a": 1', "is not JSON"),
        ("not json", "is not JSON"),
        ('{"a": NaN}', "NaN is not a number"),
        ('{"a": -Infinity}', "-Infinity is not a number"),
        ('{"a": 1, "a": 2}', "a key is given twice"),
        ('{"a": 1e99999999999999999999}', "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1, 2]", "is not a JSON object"),
        ('"text"', "is not a JSON object"),
    ],
)
def test_a_line_that_is_no_object_is_one_objection(rows, line, problem):
    (number, found, ((column, sentence),)), following = rows(f'{line}\n{{"a": "2"}}\n', "x.jsonl")
    assert (number, found, column) == (1, {}, "")
    assert problem in sentence
    assert following == (2, {"a": "2"}, ())


def test_a_list_or_object_is_no_value_of_a_column(rows):
    assert rows('{"a": [1], "b": {"c": 1}, "d": "2"}', "x.jsonl") == [
        (1, {"d": "2"}, (("a", "is not a single value"), ("b", "is not a single value")))
    ]
