"""What comes again: rules as in RFC 5545, days that move, pauses, and nine o'clock on either side of a switch."""

from collections.abc import Container
from datetime import date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from core.rules.plans import Land
from core.rules.recurrence import Cadence, Occurrence, Recurrence, upcoming
from core.rules.workdays import SENDING_FROM, DaysOff, Periods, instant, is_working_day

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 11, 23)
BEFORE = MONDAY - timedelta(1)
EVERY_MONDAY = Recurrence(Cadence.WEEKLY, 1, 0, MONDAY)

untimed = settings(deadline=None)  # the first question about holidays imports their package
days = st.dates(date(2020, 1, 1), date(2045, 1, 1))
weekly = st.builds(
    Recurrence,
    st.sampled_from([Cadence.WEEKLY, Cadence.TWO_WEEKS, Cadence.FOUR_WEEKS]),
    st.integers(1, 5),
    st.just(0),
    days,
)
monthly = st.builds(
    Recurrence, st.sampled_from([Cadence.MONTHLY, Cadence.QUARTERLY]), st.integers(1, 5), st.integers(1, 5), days
)
recurrences = weekly | monthly
periods = st.lists(st.tuples(days, st.integers(0, 40)).map(lambda p: (p[0], p[0] + timedelta(p[1]))), max_size=8).map(
    tuple
)
days_off = st.builds(DaysOff, st.sampled_from(("", *Land)), periods)


def first(recurrence: Recurrence, n: int, after: date = date.min) -> list[date]:
    return list(islice(recurrence.days(after), n))


@pytest.mark.parametrize(
    ("cadence", "weekday", "nth", "rule", "expected"),
    [
        (Cadence.WEEKLY, 1, 0, "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO", ["2026-11-23", "2026-11-30", "2026-12-07"]),
        (Cadence.WEEKLY, 3, 0, "FREQ=WEEKLY;INTERVAL=1;BYDAY=WE", ["2026-11-25", "2026-12-02", "2026-12-09"]),
        (Cadence.TWO_WEEKS, 2, 0, "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", ["2026-11-24", "2026-12-08", "2026-12-22"]),
        (Cadence.FOUR_WEEKS, 1, 0, "FREQ=WEEKLY;INTERVAL=4;BYDAY=MO", ["2026-11-23", "2026-12-21", "2027-01-18"]),
        (Cadence.FOUR_WEEKS, 5, 0, "FREQ=WEEKLY;INTERVAL=4;BYDAY=FR", ["2026-11-27", "2026-12-25", "2027-01-22"]),
        (Cadence.MONTHLY, 1, 1, "FREQ=MONTHLY;INTERVAL=1;BYDAY=1MO", ["2026-12-07", "2027-01-04", "2027-02-01"]),
        (Cadence.MONTHLY, 4, 2, "FREQ=MONTHLY;INTERVAL=1;BYDAY=2TH", ["2026-12-10", "2027-01-14", "2027-02-11"]),
        (Cadence.MONTHLY, 1, 4, "FREQ=MONTHLY;INTERVAL=1;BYDAY=4MO", ["2026-11-23", "2026-12-28", "2027-01-25"]),
        (Cadence.MONTHLY, 1, 5, "FREQ=MONTHLY;INTERVAL=1;BYDAY=-1MO", ["2026-11-30", "2026-12-28", "2027-01-25"]),
        (Cadence.QUARTERLY, 1, 1, "FREQ=MONTHLY;INTERVAL=3;BYDAY=1MO", ["2026-12-07", "2027-03-01", "2027-06-07"]),
        (Cadence.QUARTERLY, 2, 3, "FREQ=MONTHLY;INTERVAL=3;BYDAY=3TU", ["2026-12-15", "2027-03-16", "2027-06-15"]),
        (Cadence.QUARTERLY, 5, 5, "FREQ=MONTHLY;INTERVAL=3;BYDAY=-1FR", ["2026-11-27", "2027-02-26", "2027-05-28"]),
    ],
)
def test_each_cadence(cadence: Cadence, weekday: int, nth: int, rule: str, expected: list[str]) -> None:
    recurrence = Recurrence(cadence, weekday, nth, MONDAY)
    assert recurrence.rule == rule
    assert Recurrence.read(rule, MONDAY) == recurrence
    assert [day.isoformat() for day in first(recurrence, 3)] == expected


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (date(2026, 11, 22), date(2026, 11, 23)),
        (date(2026, 11, 23), date(2026, 11, 23)),
        (date(2026, 11, 24), date(2026, 11, 30)),  # four weeks are counted from the first Monday, not from this week's
        (date(2026, 11, 29), date(2026, 11, 30)),
        (date(2026, 11, 30), date(2026, 11, 30)),
    ],
)
def test_the_first_such_day_from_the_start_on_begins_the_series(start: date, expected: date) -> None:
    every_four_weeks = Recurrence(Cadence.FOUR_WEEKS, 1, 0, start)
    assert first(every_four_weeks, 2) == [expected, expected + timedelta(28)]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (date.min, "2026-11-23"),
        (date(2026, 11, 22), "2026-11-23"),
        (date(2026, 11, 23), "2026-12-21"),  # strictly later
        (date(2026, 12, 20), "2026-12-21"),
        (date(2026, 12, 21), "2027-01-18"),
        (date(2036, 11, 23), "2036-12-08"),
    ],
)
def test_days_are_later_than_asked_for(after: date, expected: str) -> None:
    assert first(Recurrence(Cadence.FOUR_WEEKS, 1, 0, MONDAY), 1, after) == [date.fromisoformat(expected)]


@given(recurrences)
def test_a_rule_is_read_as_it_was_written(recurrence: Recurrence) -> None:
    assert Recurrence.read(recurrence.rule, recurrence.start) == recurrence


def test_there_are_65_rules() -> None:
    rules = {
        Recurrence(cadence, weekday, nth, MONDAY).rule
        for cadence in Cadence
        for weekday in range(1, 6)
        for nth in ((0,) if cadence.endswith("w") else (1, 2, 3, 4, 5))
    }
    assert len(rules) == 3 * 5 + 2 * 5 * 5


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;BYDAY=MO",
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO",
        "FREQ=WEEKLY;INTERVAL=4;BYDAY=SA",
        "FREQ=WEEKLY;INTERVAL=4;BYDAY=1MO",
        "FREQ=WEEKLY;INTERVAL=4;BYDAY=MO;COUNT=3",
        "FREQ=WEEKLY;INTERVAL=4;BYDAY=MO,TU",
        "FREQ=MONTHLY;INTERVAL=1;BYDAY=MO",
        "FREQ=MONTHLY;INTERVAL=1;BYDAY=5MO",
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO",
        "FREQ=DAILY;INTERVAL=1;BYDAY=MO",
        "RRULE:FREQ=WEEKLY;INTERVAL=4;BYDAY=MO",
        "freq=weekly;interval=4;byday=mo",
        " FREQ=WEEKLY;INTERVAL=4;BYDAY=MO",
        "0 9 * * 1",
    ],
)
def test_no_other_rule_is_read(rule: str) -> None:
    with pytest.raises(ValueError, match="not a rule of ours"):
        Recurrence.read(rule, MONDAY)


@pytest.mark.parametrize(
    ("cadence", "weekday", "nth"),
    [
        (Cadence.WEEKLY, 0, 0),
        (Cadence.WEEKLY, 6, 0),
        (Cadence.WEEKLY, 1, 1),
        (Cadence.FOUR_WEEKS, 1, 5),
        (Cadence.MONTHLY, 1, 0),
        (Cadence.MONTHLY, 1, 6),
        (Cadence.MONTHLY, 1, -1),
        (Cadence.QUARTERLY, 6, 1),
    ],
)
def test_what_does_not_exist_cannot_be_made(cadence: Cadence, weekday: int, nth: int) -> None:
    with pytest.raises(ValueError, match="no such recurrence"):
        Recurrence(cadence, weekday, nth, MONDAY)


@given(recurrences, st.integers(-400, 400))
def test_the_days_are_those_of_the_written_rule(recurrence: Recurrence, offset: int) -> None:
    after = recurrence.start + timedelta(offset)
    found = first(recurrence, 20, after)
    assert all(day > after and day >= recurrence.start for day in found)
    assert all(day.isoweekday() == recurrence.weekday for day in found)
    assert all(earlier < later for earlier, later in pairwise(found))
    [begins] = first(recurrence, 1)
    assert begins - recurrence.start < timedelta(7 if recurrence.nth == 0 else 42)
    whole = rrulestr(recurrence.rule, dtstart=datetime.combine(begins, time()))
    assert found == [moment.date() for moment in islice((m for m in whole if m.date() > after), 20)]


YEAR_END = DaysOff("BB", ((date(2026, 12, 24), date(2027, 1, 1)),))
SUMMER = Periods(((date(2027, 6, 24), date(2027, 8, 7)),))


@pytest.mark.parametrize(
    ("recurrence", "after", "pauses", "expected"),
    [
        (  # 28 December would come to 4 January, which has an occurrence of its own
            EVERY_MONDAY,
            date(2026, 12, 14),
            (),
            [("2026-12-21", "2026-12-21"), ("2027-01-04", "2027-01-04"), ("2027-01-11", "2027-01-11")],
        ),
        (  # the same choice from within
            EVERY_MONDAY,
            date(2026, 12, 28),
            (),
            [("2027-01-04", "2027-01-04")],
        ),
        (
            Recurrence(Cadence.FOUR_WEEKS, 5, 0, MONDAY),
            BEFORE,
            (),
            [("2026-11-27", "2026-11-27"), ("2026-12-25", "2027-01-04"), ("2027-01-22", "2027-01-22")],
        ),
        (
            Recurrence(Cadence.QUARTERLY, 1, 1, date(2027, 4, 1)),
            BEFORE,
            SUMMER,
            [("2027-04-05", "2027-04-05"), ("2027-10-04", "2027-10-04")],
        ),
        (  # what falls on a public holiday moves, what falls into a pause does not take place
            Recurrence(Cadence.MONTHLY, 4, 1, date(2027, 5, 1)),
            BEFORE,
            Periods(((date(2027, 6, 3), date(2027, 6, 3)),)),
            [("2027-05-06", "2027-05-07"), ("2027-07-01", "2027-07-01")],
        ),
        (  # Easter Monday
            Recurrence(Cadence.MONTHLY, 1, 5, date(2027, 3, 1)),
            BEFORE,
            (),
            [("2027-03-29", "2027-03-30"), ("2027-04-26", "2027-04-26")],
        ),
        (  # the summer pause, both ends included
            Recurrence(Cadence.FOUR_WEEKS, 4, 0, date(2027, 5, 27)),
            BEFORE,
            SUMMER,
            [("2027-05-27", "2027-05-27"), ("2027-08-19", "2027-08-19")],
        ),
        (  # moved out of the year's end into a pause
            Recurrence(Cadence.FOUR_WEEKS, 5, 0, MONDAY),
            BEFORE,
            {date(2027, 1, 4)},
            [("2026-11-27", "2026-11-27"), ("2027-01-22", "2027-01-22")],
        ),
        (  # a pause over the day by the rule only
            Recurrence(Cadence.FOUR_WEEKS, 5, 0, MONDAY),
            BEFORE,
            {date(2026, 12, 25)},
            [("2026-11-27", "2026-11-27"), ("2027-01-22", "2027-01-22")],
        ),
        (  # two Fridays come to the same Monday: the later one stays
            Recurrence(Cadence.WEEKLY, 5, 0, MONDAY),
            date(2026, 12, 11),
            (),
            [("2026-12-18", "2026-12-18"), ("2027-01-01", "2027-01-04"), ("2027-01-08", "2027-01-08")],
        ),
        (  # unless it is left out
            Recurrence(Cadence.WEEKLY, 5, 0, MONDAY),
            date(2026, 12, 11),
            {date(2027, 1, 1)},
            [("2026-12-18", "2026-12-18"), ("2026-12-25", "2027-01-04"), ("2027-01-08", "2027-01-08")],
        ),
    ],
)
def test_what_falls_on_no_working_day_moves_and_what_is_in_a_pause_is_left_out(
    recurrence: Recurrence, after: date, pauses: Container[date], expected: list[tuple[str, str]]
) -> None:
    found = list(islice(upcoming(recurrence, after, YEAR_END, pauses), len(expected)))
    assert [(o.on.isoformat(), o.day.isoformat()) for o in found] == expected


def test_an_occurrence_knows_whether_it_has_moved() -> None:
    assert not Occurrence(MONDAY, MONDAY).moved
    assert Occurrence(MONDAY, MONDAY + timedelta(1)).moved


def test_a_pause_that_never_ends_ends_the_search() -> None:
    assert list(upcoming(EVERY_MONDAY, BEFORE, (), Periods(((date.min, date.max),)))) == []
    assert list(upcoming(EVERY_MONDAY, date.min, (), Periods(((date.min, date.max),)))) == []
    pause = Periods(((date(2026, 12, 1), date.max),))
    assert list(upcoming(EVERY_MONDAY, BEFORE, (), pause)) == [
        Occurrence(MONDAY, MONDAY),
        Occurrence(date(2026, 11, 30), date(2026, 11, 30)),
    ]


@pytest.mark.parametrize(("until", "found"), [(date(2036, 11, 16), True), (date(2036, 11, 17), False)])
def test_ten_years_are_waited_for(until: date, found: bool) -> None:
    after_the_pause = list(islice(upcoming(EVERY_MONDAY, MONDAY, (), Periods(((MONDAY, until),))), 1))
    assert bool(after_the_pause) is found


def test_a_series_that_goes_on_has_no_end() -> None:
    [*_, last] = islice(upcoming(EVERY_MONDAY, BEFORE, ()), 1001)
    assert last.on == MONDAY + timedelta(weeks=1000)


@untimed
@given(recurrences, days, days_off, st.builds(Periods, periods))
def test_upcoming(recurrence: Recurrence, after: date, closed: DaysOff, pauses: Periods) -> None:
    found = list(islice(upcoming(recurrence, after, closed, pauses), 12))
    assert len(found) == 12
    for o in found:
        assert o.on > after
        assert o.on >= recurrence.start
        assert o.day >= o.on
        assert o.moved is (o.on in closed)
        assert is_working_day(o.day, closed)
        assert not any(is_working_day(o.on + timedelta(i), closed) for i in range((o.day - o.on).days))
        assert o.on not in pauses
        assert o.day not in pauses
        assert instant(o.day, SENDING_FROM, BERLIN).astimezone(BERLIN).time() == time(9)
    assert all(earlier.on < later.on and earlier.day < later.day for earlier, later in pairwise(found))
    # whoever goes on from any of them gets the same
    assert list(islice(upcoming(recurrence, found[3].on, closed, pauses), 8)) == found[4:]


@given(recurrences, days)
def test_without_closing_days_and_pauses_all_take_place(recurrence: Recurrence, after: date) -> None:
    assert list(islice(upcoming(recurrence, after, ()), 10)) == [
        Occurrence(on, on) for on in first(recurrence, 10, after)
    ]


@pytest.mark.parametrize(
    ("start", "moments"),
    [
        (date(2027, 3, 22), ["2027-03-22T08:00+00:00", "2027-03-29T07:00+00:00"]),
        (date(2026, 10, 19), ["2026-10-19T07:00+00:00", "2026-10-26T08:00+00:00"]),
    ],
)
def test_nine_stays_nine_on_either_side_of_a_switch(start: date, moments: list[str]) -> None:
    series = islice(upcoming(Recurrence(Cadence.WEEKLY, 1, 0, start), date.min, ()), 2)
    assert [instant(o.day, SENDING_FROM, BERLIN) for o in series] == [datetime.fromisoformat(at) for at in moments]
