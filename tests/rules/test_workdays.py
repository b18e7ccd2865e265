"""Working days, closing times, both daylight-saving switches, and dates as people write them."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.rules.refusal import Reason, Refusal
from core.rules.workdays import (
    OPENING_HOUR,
    closing,
    instant,
    is_working_day,
    nth_working_day,
    read_date,
    working_day_from,
)

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 11, 23)
TODAY = MONDAY
CHRISTMAS = frozenset({date(2026, 12, 25), date(2026, 12, 26), date(2027, 1, 1)})
days = st.dates(date(2000, 1, 1), date(2100, 1, 1))
closed_days = st.frozensets(st.dates(date(2026, 1, 1), date(2026, 3, 1)), max_size=30)


@pytest.mark.parametrize(
    ("offset", "works"), [(0, True), (1, True), (2, True), (3, True), (4, True), (5, False), (6, False)]
)
def test_monday_to_friday_are_working_days(offset: int, works: bool) -> None:
    day = MONDAY + timedelta(days=offset)
    assert is_working_day(day) is works
    assert not is_working_day(day, {day})


@pytest.mark.parametrize(
    ("start", "n", "closed", "expected"),
    [
        (MONDAY, 1, (), MONDAY),
        (MONDAY, 5, (), date(2026, 11, 27)),
        (MONDAY, 6, (), date(2026, 11, 30)),
        (date(2026, 11, 25), 5, (), date(2026, 12, 1)),
        (date(2026, 11, 28), 1, (), date(2026, 11, 30)),  # Saturday does not count itself
        (date(2026, 11, 28), 5, (), date(2026, 12, 4)),
        (date(2026, 11, 29), 2, (), date(2026, 12, 1)),
        (date(2026, 12, 24), 2, CHRISTMAS, date(2026, 12, 28)),
        (date(2026, 12, 24), 7, CHRISTMAS, date(2027, 1, 5)),
        (date(2026, 12, 25), 1, CHRISTMAS, date(2026, 12, 28)),
    ],
)
def test_the_nth_working_day(start: date, n: int, closed: frozenset[date], expected: date) -> None:
    assert nth_working_day(start, n, closed) == expected


@given(st.dates(date(2026, 1, 1), date(2026, 3, 1)), st.integers(1, 15), closed_days)
def test_between_start_and_the_nth_working_day_there_are_n_working_days(
    start: date, n: int, closed: frozenset[date]
) -> None:
    end = nth_working_day(start, n, closed)
    between = [start + timedelta(days=i) for i in range((end - start).days + 1)]
    assert sum(is_working_day(day, closed) for day in between) == n
    assert is_working_day(end, closed)
    assert working_day_from(start, closed) == nth_working_day(start, 1, closed)


@pytest.mark.parametrize(
    ("opens", "closes"),
    [
        ("2026-11-23T08:00", "2026-11-27T14:00"),  # Monday 09:00 → Friday 15:00
        ("2026-11-23T22:59", "2026-11-27T14:00"),  # Monday 23:59 in Berlin
        ("2026-11-23T23:00", "2026-11-30T14:00"),  # Tuesday 00:00 in Berlin
        ("2026-11-28T08:00", "2026-12-04T14:00"),  # Saturday: the fifth working day from Monday on
        ("2026-03-26T08:00", "2026-04-01T13:00"),  # into summer time: 15:00 stays 15:00
        ("2026-10-22T07:00", "2026-10-28T14:00"),  # out of it
    ],
)
def test_a_round_closes_at_15_on_the_fifth_working_day(opens: str, closes: str) -> None:
    at = closing(datetime.fromisoformat(opens).replace(tzinfo=UTC), BERLIN)
    assert at == datetime.fromisoformat(closes).replace(tzinfo=UTC)
    assert at.astimezone(BERLIN).time() == time(15)


def test_a_closing_day_moves_the_close() -> None:
    opens = instant(date(2026, 12, 23), OPENING_HOUR, BERLIN)
    assert closing(opens, BERLIN, CHRISTMAS).astimezone(BERLIN).date() == date(2026, 12, 30)


@pytest.mark.parametrize(
    ("day", "at", "utc"),
    [
        (date(2026, 3, 28), time(2, 30), "2026-03-28T01:30"),
        (date(2026, 3, 29), time(1, 59), "2026-03-29T00:59"),
        (date(2026, 3, 29), time(2), "2026-03-29T01:00"),  # does not exist: read as 03:00
        (date(2026, 3, 29), time(2, 30), "2026-03-29T01:30"),  # does not exist: read as 03:30
        (date(2026, 3, 29), time(3), "2026-03-29T01:00"),
        (date(2026, 3, 30), time(2, 30), "2026-03-30T00:30"),
        (date(2026, 10, 25), time(1, 59), "2026-10-24T23:59"),
        (date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),  # exists twice: the first
        (date(2026, 10, 25), time(3), "2026-10-25T02:00"),
        (date(2026, 10, 26), time(2, 30), "2026-10-26T01:30"),
    ],
)
def test_a_local_time_is_one_instant_also_on_the_days_of_the_switch(day: date, at: time, utc: str) -> None:
    assert instant(day, at, BERLIN) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_half_past_two_in_spring_reads_half_past_three_on_the_clock() -> None:
    assert instant(date(2026, 3, 29), time(2, 30), BERLIN).astimezone(BERLIN).time() == time(3, 30)


@given(days, st.times())
def test_office_hours_survive_every_switch(day: date, at: time) -> None:
    local = instant(day, at, BERLIN).astimezone(BERLIN)
    if at >= time(3):
        assert (local.date(), local.time()) == (day, at)
    assert abs(local.replace(tzinfo=None) - datetime.combine(day, at)) <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "day", "at"),
    [
        ("14.12.", date(2026, 12, 14), None),
        ("14.12", date(2026, 12, 14), None),
        (" 14. 12. ", date(2026, 12, 14), None),
        ("1.2.", date(2027, 2, 1), None),
        ("01.02.", date(2027, 2, 1), None),
        ("23.11.", date(2026, 11, 23), None),  # today itself
        ("22.11.", date(2027, 11, 22), None),  # yesterday: the next one
        ("14.12.2026", date(2026, 12, 14), None),
        ("14.12.26", date(2026, 12, 14), None),
        ("14.12.00", date(2000, 12, 14), None),
        ("14.12.1999", date(1999, 12, 14), None),
        ("14.12. 9 Uhr", date(2026, 12, 14), time(9)),
        ("14.12. 9:00", date(2026, 12, 14), time(9)),
        ("14.12. 9.30 Uhr", date(2026, 12, 14), time(9, 30)),
        ("14.12. um 10 Uhr", date(2026, 12, 14), time(10)),
        ("14.12., 10:30 uhr", date(2026, 12, 14), time(10, 30)),
        ("14.12. 10:30", date(2026, 12, 14), time(10, 30)),
        ("14.12. 14h", date(2026, 12, 14), time(14)),
        ("14.12.2026 09:30", date(2026, 12, 14), time(9, 30)),
        ("14.12.26 9:30", date(2026, 12, 14), time(9, 30)),
        ("14.12.2026, um 9 Uhr", date(2026, 12, 14), time(9)),
        ("14.12. 0:00", date(2026, 12, 14), time(0)),
        ("14.12. 23:59", date(2026, 12, 14), time(23, 59)),
        ("2026-12-14", date(2026, 12, 14), None),
        ("2026-12-14 9:30", date(2026, 12, 14), time(9, 30)),
        ("2026-12-14T09:30", date(2026, 12, 14), time(9, 30)),
        ("2026-1-5", date(2026, 1, 5), None),
        ("29.2.", date(2028, 2, 29), None),
        ("29.02.2028", date(2028, 2, 29), None),
    ],
)
def test_dates_as_people_write_them(text: str, day: date, at: time | None) -> None:
    assert read_date(text, TODAY) == (day, at)


@pytest.mark.parametrize(
    ("today", "day"),
    [
        (date(2028, 2, 29), date(2028, 2, 29)),
        (date(2028, 3, 1), date(2032, 2, 29)),
        (date(2096, 3, 1), date(2104, 2, 29)),  # 2100 is no leap year
    ],
)
def test_the_next_leap_day(today: date, day: date) -> None:
    assert read_date("29.2.", today) == (day, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "morgen",
        "14",
        "14.",
        "0.12.",
        "32.1.",
        "31.4.",
        "31.04.2026",
        "30.2.",
        "29.2.2027",
        "14.13.",
        "14.0.",
        "2026-13-01",
        "2026-02-30",
        "14.12. 24:00",
        "14.12. 9:60",
        "14.12. 99 Uhr",
        "14/12/2026",
        "12-14-2026",
        "14.12.2026 9:5",
        "14.12.026",
        "14.12.12026",
        "14.12. neun Uhr",
        "14.12. Uhr",
        "am 14.12.",
        "14.12.\x002026",
        "²³.1.",
        "14.12.2026 " * 1000,
    ],
)
def test_anything_else_is_not_understood(text: str) -> None:
    with pytest.raises(Refusal) as raised:
        read_date(text, TODAY)
    assert raised.value.reason is Reason.DATE_NOT_UNDERSTOOD


near_dates = st.text(alphabet="0123456789.-: T\n,uhrUm٣²", max_size=24)


@given(st.text(max_size=60) | near_dates, st.dates())
@example("29.2.", date.max)
@example("31.12.", date.max)
@example("1.1.", date.max)
def test_whatever_is_typed_is_a_date_or_a_refusal(text: str, today: date) -> None:
    try:
        day, at = read_date(text, today)
    except Refusal as refusal:
        assert refusal.reason is Reason.DATE_NOT_UNDERSTOOD  # noqa: PT017  (every other exception is a failure)
        return
    assert isinstance(day, date)
    assert at is None or isinstance(at, time)


@given(days, days, st.times().map(lambda t: t.replace(second=0, microsecond=0)))
def test_what_is_written_is_read(day: date, today: date, at: time) -> None:
    assert read_date(f"{day.day}.{day.month}.{day.year}", today) == (day, None)
    assert read_date(f"{day.day:02}.{day.month:02}.{day.year} {at.hour}:{at.minute:02}", today) == (day, at)
    assert read_date(f"{day.isoformat()} {at:%H:%M}", today) == (day, at)
    assert read_date(f"{day.day}.{day.month}.{day.year % 100:02}", today) == (
        day.replace(year=2000 + day.year % 100),
        None,
    )


@given(days, days)
def test_without_a_year_the_next_such_day_is_meant(day: date, today: date) -> None:
    read, _ = read_date(f"{day.day}.{day.month}.", today)
    assert read >= today
    assert (read.day, read.month) == (day.day, day.month)
    assert (read - today) < timedelta(days=366 if (day.day, day.month) != (29, 2) else 8 * 366)
