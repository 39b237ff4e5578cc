"""Moments as files write them: one meaning, or refused."""

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.imports.instants import read_instant
from portal_app.imports.problems import BadCell

BERLIN, CALIFORNIA, SAMOA = ZoneInfo("Europe/Berlin"), ZoneInfo("America/Los_Angeles"), ZoneInfo("Pacific/Apia")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-06T12:00:00Z", datetime(2026, 1, 6, 12, tzinfo=UTC)),
        ("2026-01-06T12:00Z", datetime(2026, 1, 6, 12, tzinfo=UTC)),
        ("2026-01-06 12:00:00+00:00", datetime(2026, 1, 6, 12, tzinfo=UTC)),
        ("2026-01-06 12:00:00 UTC", datetime(2026, 1, 6, 12, tzinfo=UTC)),
        ("2026-01-06T12:00:00+05:45", datetime(2026, 1, 6, 6, 15, tzinfo=UTC)),
        ("2026-01-06T12:00:00-0330", datetime(2026, 1, 6, 15, 30, tzinfo=UTC)),
        ("2026-01-06T12:00:00+01", datetime(2026, 1, 6, 11, tzinfo=UTC)),
        ("2026-01-06T12:00:00.5Z", datetime(2026, 1, 6, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-01-06T12:00:00.123456789Z", datetime(2026, 1, 6, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("1969-07-20T20:17:40Z", datetime(1969, 7, 20, 20, 17, 40, tzinfo=UTC)),
        ("1900-01-01T00:00:00Z", datetime(1900, 1, 1, tzinfo=UTC)),
        ("9000-12-31T23:59:59Z", datetime(9000, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_moment_with_an_offset_needs_no_zone(text, moment):
    assert read_instant(text, None) == moment
    assert read_instant(text, BERLIN) == moment


@pytest.mark.parametrize("text", ["2026-01-06T12:00:00", "2026-01-06 12:00", "2026-01-06"])
def test_a_naive_moment_is_refused_unless_its_zone_is_named(text):
    with pytest.raises(BadCell, match=r"has no time zone: end it in Z or an offset, or set timezone in mapping\.toml"):
        read_instant(text, None)


def test_a_naive_moment_is_read_in_the_zone_that_is_named():
    assert read_instant("2026-01-06 12:00", BERLIN) == datetime(2026, 1, 6, 11, tzinfo=UTC)
    assert read_instant("2026-07-06 12:00", BERLIN) == datetime(2026, 7, 6, 10, tzinfo=UTC)


def test_an_abbreviation_alone_does_not_name_a_zone():
    with pytest.raises(BadCell, match="names a zone that is not unique, PST"):
        read_instant("2012-02-19 12:01:33 PST", None)


def test_an_abbreviation_must_be_that_of_the_zone_at_the_time():
    assert read_instant("2012-02-19 12:01:33 PST", CALIFORNIA) == datetime(2012, 2, 19, 20, 1, 33, tzinfo=UTC)
    with pytest.raises(BadCell, match="in America/Los_Angeles is not PDT"):
        read_instant("2012-02-19 12:01:33 PDT", CALIFORNIA)


def test_an_hour_that_comes_twice_must_be_told_apart():
    with pytest.raises(BadCell, match="happened twice in America/Los_Angeles: give it an offset"):
        read_instant("2026-11-01 01:30", CALIFORNIA)
    assert read_instant("2026-11-01 01:30 PDT", CALIFORNIA) == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    assert read_instant("2026-11-01 01:30 PST", CALIFORNIA) == datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


def test_an_hour_that_a_clock_change_skipped_is_refused():
    with pytest.raises(BadCell, match="was skipped by a clock change in Europe/Berlin"):
        read_instant("2026-03-29 02:30", BERLIN)


def test_a_day_alone_begins_at_local_midnight():
    assert read_instant("2026-01-06", BERLIN) == datetime(2026, 1, 5, 23, tzinfo=UTC)


def test_a_due_day_ends_with_its_last_second():
    assert read_instant("2026-01-06", BERLIN, whole_day=True) == datetime(2026, 1, 6, 22, 59, 59, tzinfo=UTC)
    assert read_instant("2026-03-29", BERLIN, whole_day=True) == datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2026-02-30T00:00Z", "does not exist"),
        ("2026-01-06T24:00Z", "does not exist"),
        ("2026-01-06T23:59:60Z", "does not exist"),
        ("2011-12-30 12:00", "was skipped by a clock change"),
        ("0001-01-01T00:00+14:00", "does not exist"),
        ("1899-12-31T23:59:59Z", "is outside the years 1900 to 9000"),
        ("9999-12-31T23:59:59Z", "leave the cell empty"),
        ("9999-12-31", "leave the cell empty"),
        ("0001-01-01", "does not exist"),
        ("06.01.2026", "such as 2026-01-06T12:00:00Z: write the year first, 2026-01-06 or 2026-06-01"),
        ("25/11/2026 14:00", "write the year first, 2026-11-25$"),
        ("05/05/2026", "write the year first, 2026-05-05$"),
        ("45/45/2026", "is not a time such as 2026-01-06T12:00:00Z$"),
        ("20260106T120000Z", "is not a time such as"),
        ("1767700800", "is not a time such as"),
        ("2026-01-06T12:00:00+25:00", "is not a time such as"),
        ("\u0662026-01-06T12:00Z", "is not a time such as"),
        ("yesterday", "is not a time such as"),
        ("", "is not a time such as"),
    ],
)
def test_what_is_no_moment_is_said_to_be_none(text, problem):
    with pytest.raises(BadCell, match=problem):
        read_instant(text, SAMOA)


@given(st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=st.timezones()))
def test_what_is_written_with_an_offset_comes_back(moment):
    written = moment.isoformat()
    if moment.utcoffset().total_seconds() % 60 == 0:
        assert read_instant(written, None) == moment.astimezone(UTC)


@given(st.text(alphabet="0123456789-:TZ +.PSDT", max_size=30), st.sampled_from([None, BERLIN, SAMOA]), st.booleans())
def test_no_text_makes_it_fail_otherwise(text, zone, whole_day):
    with contextlib.suppress(BadCell):
        assert read_instant(text, zone, whole_day=whole_day).tzinfo is UTC
