"""Working days, holidays, sending hours, reminders, closing times, both daylight-saving switches, dates as people
write them.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from core.rules.plans import Land
from core.rules.refusal import Reason, Refusal
from core.rules.workdays import (
    LONGEST_OPEN,
    OPENING_HOUR,
    DaysOff,
    Periods,
    closing,
    extended,
    instant,
    is_working_day,
    nth_working_day,
    read_date,
    read_period,
    read_until,
    reminders,
    sending,
    working_day_from,
)

LANDS = tuple(sorted(Land))
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 11, 23)
TODAY = MONDAY
CHRISTMAS = frozenset({date(2026, 12, 25), date(2026, 12, 26), date(2027, 1, 1)})
untimed = settings(deadline=None)  # the first question about holidays imports their package
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
    ("day", "lands"),
    [
        (date(2026, 1, 1), LANDS),
        (date(2026, 1, 6), ("BW", "BY", "ST")),
        (date(2026, 3, 8), ("BE", "MV")),
        (date(2026, 4, 2), ()),
        (date(2026, 4, 3), LANDS),  # Karfreitag
        (date(2026, 4, 4), ()),
        (date(2026, 4, 5), ("BB",)),  # Ostersonntag
        (date(2026, 4, 6), LANDS),  # Ostermontag
        (date(2026, 4, 7), ()),
        (date(2026, 5, 1), LANDS),
        (date(2026, 5, 14), LANDS),  # Himmelfahrt
        (date(2026, 5, 25), LANDS),  # Pfingstmontag
        (date(2026, 6, 4), ("BW", "BY", "HE", "NW", "RP", "SL")),  # Fronleichnam
        (date(2026, 8, 15), ("SL",)),  # Mariä Himmelfahrt: in Bavaria some municipalities' own closing day
        (date(2026, 9, 20), ("TH",)),
        (date(2026, 10, 3), LANDS),
        (date(2026, 10, 31), ("BB", "HB", "HH", "MV", "NI", "SH", "SN", "ST", "TH")),
        (date(2026, 11, 1), ("BW", "BY", "NW", "RP", "SL")),
        (date(2026, 11, 18), ("SN",)),  # Buß- und Bettag
        (date(2026, 12, 24), ()),
        (date(2026, 12, 25), LANDS),
        (date(2026, 12, 26), LANDS),
        (date(2026, 12, 31), ()),
        (date(2027, 3, 26), LANDS),  # Karfreitag: another year, another day
        (date(2027, 4, 3), ()),
    ],
)
def test_each_land_has_its_own_public_holidays(day: date, lands: tuple[str, ...]) -> None:
    assert tuple(land for land in LANDS if day in DaysOff(land)) == lands
    assert (day in DaysOff()) is (lands == LANDS)
    for land in LANDS:
        assert bool(DaysOff(land).holiday(day, "de")) is bool(DaysOff(land).holiday(day, "en")) is (land in lands)


def test_the_lands_are_sixteen_in_order() -> None:
    assert len(set(LANDS)) == 16
    assert list(LANDS) == sorted(LANDS)


@pytest.mark.parametrize(
    ("land", "day", "german", "english"),
    [
        ("", date(2026, 4, 3), "Karfreitag", "Good Friday"),
        ("BB", date(2026, 10, 31), "Reformationstag", "Reformation Day"),
        ("BY", date(2026, 10, 31), "", ""),
        ("SN", date(2026, 11, 18), "Buß- und Bettag", "Repentance and Prayer Day"),
        ("BB", date(2026, 12, 24), "", ""),
    ],
)
def test_a_holiday_has_a_name_in_both_languages(land: str, day: date, german: str, english: str) -> None:
    assert DaysOff(land).holiday(day, "de") == german
    assert DaysOff(land).holiday(day, "en") == english


@pytest.mark.parametrize(
    ("day", "off"),
    [
        (date(2026, 12, 23), False),
        (date(2026, 12, 24), True),
        (date(2026, 12, 28), True),
        (date(2027, 1, 6), True),
        (date(2027, 1, 7), False),
        (date(2027, 2, 7), False),
        (date(2027, 2, 8), True),  # a period of one day
        (date(2027, 2, 9), False),
    ],
)
def test_closing_periods_hold_both_their_ends(day: date, off: bool) -> None:
    days_off = DaysOff("BB", ((date(2026, 12, 24), date(2027, 1, 6)), (date(2027, 2, 8), date(2027, 2, 8))))
    assert (day in days_off) is off
    assert is_working_day(day, days_off) is (not off and day.isoweekday() <= 5)
    assert not days_off.holiday(date(2026, 12, 28), "de")
    assert (day in Periods(days_off.periods)) is off


def test_only_days_are_in_days_off() -> None:
    assert "2026-12-25" not in DaysOff("BB")
    assert "2026-12-25" not in Periods(((date.min, date.max),))
    assert date(2026, 12, 25) not in Periods()


@untimed
@given(st.dates(), st.sampled_from(("", *LANDS)))
@example(date.min, "")
@example(date.max, "BB")
def test_every_day_of_every_year_can_be_asked_for(day: date, land: str) -> None:
    assert (day in DaysOff(land)) is bool(DaysOff(land).holiday(day, "de"))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


EASTER = DaysOff("BB")
YEAR_END = DaysOff("BB", ((date(2026, 12, 24), date(2026, 12, 31)),))


@pytest.mark.parametrize(
    ("moment", "sent"),
    [
        ("2026-11-23T08:59:59.999999", "2026-11-23T09:00"),
        ("2026-11-23T09:00", "2026-11-23T09:00"),
        ("2026-11-23T12:34:56", "2026-11-23T12:34:56"),
        ("2026-11-23T15:59:59.999999", "2026-11-23T15:59:59.999999"),
        ("2026-11-23T16:00", "2026-11-24T09:00"),
        ("2026-11-23T00:00", "2026-11-23T09:00"),
        ("2026-11-23T23:59", "2026-11-24T09:00"),
        ("2026-11-27T16:00", "2026-11-30T09:00"),  # Friday
        ("2026-11-28T12:00", "2026-11-30T09:00"),
        ("2026-11-29T05:00", "2026-11-30T09:00"),
        ("2026-04-02T16:00", "2026-04-07T09:00"),  # over Easter
        ("2026-04-03T12:00", "2026-04-07T09:00"),
        ("2026-04-06T08:00", "2026-04-07T09:00"),
        ("2026-12-23T15:59", "2026-12-23T15:59"),
        ("2026-12-23T16:00", "2027-01-04T09:00"),  # own closing days, New Year, a weekend
        ("2027-03-27T12:00", "2027-03-30T09:00"),  # Easter 2027 falls on the switch
        ("2026-10-23T16:30", "2026-10-26T09:00"),  # over the switch in autumn
        ("2026-10-25T02:30", "2026-10-26T09:00"),
    ],
)
def test_people_are_written_to_in_office_hours(moment: str, sent: str) -> None:
    at = sending(berlin(moment), BERLIN, YEAR_END)
    assert at == berlin(sent)
    assert at.tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "sent"),
    [
        ("2027-03-26T15:30", "2027-03-29T07:00"),  # Friday 16:30 in winter → Monday 09:00 in summer
        ("2027-03-28T00:59", "2027-03-29T07:00"),
        ("2027-03-28T01:00", "2027-03-29T07:00"),
        ("2026-10-23T14:00", "2026-10-26T08:00"),  # Friday 16:00 in summer → Monday 09:00 in winter
        ("2026-10-25T00:30", "2026-10-26T08:00"),
        ("2026-10-25T01:30", "2026-10-26T08:00"),
    ],
)
def test_nine_stays_nine_over_a_switch(moment: str, sent: str) -> None:
    assert sending(utc(moment), BERLIN) == utc(sent)


moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
zones = st.sampled_from([BERLIN, ZoneInfo("UTC"), ZoneInfo("America/New_York"), ZoneInfo("Pacific/Auckland")])
periods = st.lists(
    st.tuples(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(0, 20)).map(
        lambda p: (p[0], p[0] + timedelta(p[1]))
    ),
    max_size=5,
).map(tuple)
days_off = st.builds(DaysOff, st.sampled_from(("", *LANDS)), periods)


@untimed
@given(moments, zones, days_off)
def test_sending_is_later_in_the_window_and_settled(moment: datetime, zone: ZoneInfo, closed: DaysOff) -> None:
    at = sending(moment, zone, closed)
    local = at.astimezone(zone)
    assert at >= moment
    assert is_working_day(local.date(), closed)
    assert time(9) <= local.time() < time(16)
    assert at == moment or local.time() == time(9)
    assert sending(at, zone, closed) == at


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
    ("opens", "days", "closes"),
    [
        ("2026-04-01T09:00", 1, "2026-04-01T15:00"),
        ("2026-04-01T09:00", 2, "2026-04-02T15:00"),
        ("2026-04-01T09:00", 3, "2026-04-07T15:00"),  # after Easter
        ("2026-04-01T09:00", 5, "2026-04-09T15:00"),
        ("2027-03-25T09:00", 2, "2027-03-30T15:00"),  # Easter and the switch
        ("2026-10-22T09:00", 3, "2026-10-26T15:00"),
        ("2026-12-23T09:00", 5, "2027-01-07T15:00"),
    ],
)
def test_a_round_may_take_other_than_five_working_days(opens: str, days: int, closes: str) -> None:
    assert closing(berlin(opens), BERLIN, YEAR_END, days) == berlin(closes)
    if days == 5:
        assert closing(berlin(opens), BERLIN, YEAR_END) == berlin(closes)


@pytest.mark.parametrize(
    ("opens", "closes", "expected"),
    [
        ("2026-11-23T09:00", "2026-11-27T15:00", ("2026-11-25T09:00", "2026-11-27T09:00")),
        ("2026-11-25T09:00", "2026-12-01T15:00", ("2026-11-27T09:00", "2026-12-01T09:00")),
        ("2026-11-23T23:59", "2026-11-27T15:00", ("2026-11-25T09:00", "2026-11-27T09:00")),
        ("2026-11-28T10:00", "2026-12-04T15:00", ("2026-12-02T09:00", "2026-12-04T09:00")),  # opened on a Saturday
        ("2026-11-23T09:00", "2026-11-23T15:00", ()),
        ("2026-11-23T09:00", "2026-11-24T15:00", ("2026-11-24T09:00",)),
        ("2026-11-23T09:00", "2026-11-25T15:00", ("2026-11-24T09:00", "2026-11-25T09:00")),
        ("2026-11-23T09:00", "2026-11-26T15:00", ("2026-11-25T09:00", "2026-11-26T09:00")),
        ("2026-11-23T09:00", "2026-12-04T15:00", ("2026-11-30T09:00", "2026-12-04T09:00")),  # ten working days
        ("2026-11-23T09:00", "2026-11-27T09:00", ("2026-11-25T09:00", "2026-11-26T09:00")),  # closed by 09:00
        ("2026-11-23T09:00", "2026-11-27T09:01", ("2026-11-25T09:00", "2026-11-27T09:00")),
        ("2026-11-23T09:00", "2026-11-28T15:00", ("2026-11-25T09:00", "2026-11-27T09:00")),  # a Saturday
        ("2026-11-28T10:00", "2026-11-29T15:00", ()),
        ("2026-11-28T10:00", "2026-11-30T15:00", ("2026-11-30T09:00",)),
        ("2026-11-23T09:00", "2026-11-20T15:00", ()),
        ("2026-04-01T09:00", "2026-04-09T15:00", ("2026-04-07T09:00", "2026-04-09T09:00")),  # over Easter
        ("2026-12-23T09:00", "2027-01-07T15:00", ("2027-01-05T09:00", "2027-01-07T09:00")),
    ],
)
def test_reminders_come_at_half_time_and_on_the_last_morning(
    opens: str, closes: str, expected: tuple[str, ...]
) -> None:
    assert reminders(berlin(opens), berlin(closes), BERLIN, YEAR_END) == tuple(berlin(at) for at in expected)


@pytest.mark.parametrize(
    ("opens", "closes", "expected"),
    [
        ("2027-03-25T08:00", "2027-03-31T13:00", ("2027-03-29T07:00", "2027-03-31T07:00")),
        ("2026-10-22T07:00", "2026-10-28T14:00", ("2026-10-26T08:00", "2026-10-28T08:00")),
    ],
)
def test_reminders_come_at_nine_after_a_switch_too(opens: str, closes: str, expected: tuple[str, ...]) -> None:
    assert reminders(utc(opens), utc(closes), BERLIN) == tuple(utc(at) for at in expected)


@untimed
@given(moments, st.integers(1, 12), zones, days_off)
def test_reminders_fit_between_opening_and_close(opens: datetime, days: int, zone: ZoneInfo, closed: DaysOff) -> None:
    closes = closing(opens, zone, closed, days)
    assume(closes > opens)
    at = reminders(opens, closes, zone, closed)
    assert len(at) <= 2
    assert list(at) == sorted(set(at))
    assert all(sending(moment, zone, closed) == moment for moment in at)
    assert all(moment.astimezone(zone).date() > opens.astimezone(zone).date() for moment in at)
    assert all(moment < closes for moment in at)
    if days >= 3:
        assert len(at) == 2
        assert at[-1].astimezone(zone).date() == closes.astimezone(zone).date()


@pytest.mark.parametrize(
    ("opened", "closes", "later"),
    [
        ("2026-11-23T09:00", "2026-11-27T15:00", "2026-12-04T15:00"),
        ("2026-11-25T09:00", "2026-12-01T15:00", "2026-12-08T15:00"),
        ("2026-11-23T09:00", "2026-12-04T15:00", "2026-12-11T15:00"),  # a second time
        ("2026-11-23T09:00", "2026-12-11T15:00", None),  # 14 December 15:00 is 21 days and six hours
        ("2026-11-23T15:00", "2026-12-11T15:00", "2026-12-14T15:00"),  # 21 days to the minute
        ("2026-11-23T14:59", "2026-12-11T15:00", None),
        ("2026-11-23T09:00", "2026-12-08T15:00", "2026-12-11T15:00"),  # three working days are left
        ("2026-11-23T09:00", "2026-12-14T15:00", None),
        ("2026-04-01T09:00", "2026-04-09T15:00", "2026-04-16T15:00"),
        ("2026-12-16T09:00", "2026-12-22T15:00", "2027-01-05T15:00"),  # the fifth would be 7 January
        ("2026-12-11T09:00", "2026-12-23T15:00", None),  # closed until the limit
        ("2027-03-11T09:00", "2027-03-25T15:00", "2027-03-31T15:00"),  # Easter, the switch, and the limit
        ("2026-10-19T09:00", "2026-10-23T15:00", "2026-10-30T15:00"),
        ("2026-10-05T15:00", "2026-10-23T15:00", None),  # the switch makes the 21 days an hour too long
        ("2026-10-05T16:00", "2026-10-23T15:00", "2026-10-26T15:00"),
    ],
)
def test_a_round_may_be_extended_by_five_working_days_within_21_days(
    opened: str, closes: str, later: str | None
) -> None:
    at = extended(berlin(opened), berlin(closes), BERLIN, YEAR_END)
    assert at == (berlin(later) if later else None)


@untimed
@given(moments, zones, days_off)
def test_however_often_extended_a_round_ends_within_21_days(opened: datetime, zone: ZoneInfo, closed: DaysOff) -> None:
    closes: datetime | None = closing(opened, zone, closed)
    while closes and (later := extended(opened, closes, zone, closed)):
        assert closes < later <= opened + LONGEST_OPEN
        assert is_working_day(later.astimezone(zone).date(), closed)
        assert later.astimezone(zone).time() == time(15)
        closes = later


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
        ("14 August", date(2027, 8, 14), None),
        ("14. August 2027", date(2027, 8, 14), None),
        ("14. August 27", date(2027, 8, 14), None),
        ("14.August", date(2027, 8, 14), None),
        ("14. Aug. 2027", date(2027, 8, 14), None),
        ("Aug 14", date(2027, 8, 14), None),
        ("August 14th, 2028", date(2028, 8, 14), None),
        ("14th of August 2027", date(2027, 8, 14), None),
        ("1st Dec", date(2026, 12, 1), None),
        ("2nd March", date(2027, 3, 2), None),
        ("May 3rd", date(2027, 5, 3), None),
        ("3. MÄRZ", date(2027, 3, 3), None),
        ("3. Mrz 9 Uhr", date(2027, 3, 3), time(9)),
        ("14. Dezember um 9.30 Uhr", date(2026, 12, 14), time(9, 30)),
        ("14 December at 9:30", date(2026, 12, 14), time(9, 30)),
        ("Dec 14 10:30", date(2026, 12, 14), time(10, 30)),
        ("29. Februar", date(2028, 2, 29), None),
    ],
)
def test_dates_as_people_write_them(text: str, day: date, at: time | None) -> None:
    assert read_date(text, TODAY) == (day, at)


@pytest.mark.parametrize(
    ("names", "month"),
    [
        ("Januar January Jan Jan.", 1),
        ("Februar February Feb Feb.", 2),
        ("März Maerz March Mär Mrz Mar", 3),
        ("April Apr", 4),
        ("Mai May", 5),
        ("Juni June Jun", 6),
        ("Juli July Jul", 7),
        ("August Aug", 8),
        ("September Sept. Sep", 9),
        ("Oktober October Okt Oct", 10),
        ("November Nov", 11),
        ("Dezember December Dez Dec", 12),
    ],
)
def test_months_have_names_in_both_languages(names: str, month: int) -> None:
    for name in names.split():
        for text in (f"9. {name} 2027", f"9 {name} 2027", f"{name} 9, 2027", f"{name.upper()} 9 2027"):
            assert read_date(text, TODAY) == (date(2027, month, 9), None), text


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
        "14.12026",
        "Aug 2027",
        "August",
        "31. Juni",
        "14. Augustus",
        "14 junı",
        "14. August 20271",
        "14.." + " " * 4000 + "12.",
        "14.12." + " " * 4000 + "x",
        "14. August" + " , " * 1000 + "x",
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


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("bis 14.08.", date(2027, 8, 14)),
        ("bis zum 14.8.2027", date(2027, 8, 14)),
        ("Bis zum 14. August", date(2027, 8, 14)),
        ("until 14.08.", date(2027, 8, 14)),
        ("till 14 Aug", date(2027, 8, 14)),
        ("14.8.", date(2027, 8, 14)),
        ("2027-08-14", date(2027, 8, 14)),
        ("bis 23.11.", TODAY),
        ("bis 22.11.", date(2027, 11, 22)),
        ("bis 22.11.2026", date(2026, 11, 22)),
        (" bis  zum  1.1. ", date(2027, 1, 1)),
    ],
)
def test_until_a_day(text: str, day: date) -> None:
    assert read_until(text, TODAY) == day


@pytest.mark.parametrize(
    "text",
    ["", "bis", "bis bis 14.8.", "bis morgen", "bis 32.1.", "bis 14.8. 9 Uhr", "bis14.8.", "ab 14.8.", "14.8. bis"],
)
def test_no_other_until_is_understood(text: str) -> None:
    with pytest.raises(Refusal) as raised:
        read_until(text, TODAY)
    assert raised.value.reason is Reason.DATE_NOT_UNDERSTOOD


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("24.12.2026 – 6.1.2027", date(2026, 12, 24), date(2027, 1, 6)),
        ("24.12. bis 06.01.", date(2026, 12, 24), date(2027, 1, 6)),
        ("24.12.-6.1.", date(2026, 12, 24), date(2027, 1, 6)),
        ("24.12.2026-6.1.", date(2026, 12, 24), date(2027, 1, 6)),
        ("24.12.2027 – 6.1.", date(2027, 12, 24), date(2028, 1, 6)),
        ("24.12. – 6.1.2027", date(2026, 12, 24), date(2027, 1, 6)),
        ("vom 24.12. bis zum 6.1.", date(2026, 12, 24), date(2027, 1, 6)),
        ("24.12.bis 6.1.", date(2026, 12, 24), date(2027, 1, 6)),
        ("24.12.26 — 6.1.27", date(2026, 12, 24), date(2027, 1, 6)),
        ("2026-12-24 - 2027-01-06", date(2026, 12, 24), date(2027, 1, 6)),
        ("2026-12-24 bis 2027-01-06", date(2026, 12, 24), date(2027, 1, 6)),
        ("2026-12-24-2027-01-06", date(2026, 12, 24), date(2027, 1, 6)),
        ("24. Dezember bis 6. Januar", date(2026, 12, 24), date(2027, 1, 6)),
        ("from 24 Dec to 6 Jan", date(2026, 12, 24), date(2027, 1, 6)),
        ("Dec 24 until Jan 6, 2027", date(2026, 12, 24), date(2027, 1, 6)),
        ("1 October to 5 October", date(2027, 10, 1), date(2027, 10, 5)),
        ("24.–31.12.", date(2026, 12, 24), date(2026, 12, 31)),
        ("24-31.12.2026", date(2026, 12, 24), date(2026, 12, 31)),
        ("24. bis 31. Dezember 2026", date(2026, 12, 24), date(2026, 12, 31)),
        ("24.12.", date(2026, 12, 24), date(2026, 12, 24)),
        ("24.12.2026", date(2026, 12, 24), date(2026, 12, 24)),
        ("2026-12-24", date(2026, 12, 24), date(2026, 12, 24)),
        ("22.11.", date(2027, 11, 22), date(2027, 11, 22)),
        ("24.12. – 24.12.", date(2026, 12, 24), date(2026, 12, 24)),
        ("20.11. – 30.11.", date(2026, 11, 20), date(2026, 11, 30)),  # has begun
        ("10.11. – 20.11.", date(2027, 11, 10), date(2027, 11, 20)),  # is over: the next
        ("1.8. – 14.8.2026", date(2026, 8, 1), date(2026, 8, 14)),
        ("1.8. – 14.8.2028", date(2028, 8, 1), date(2028, 8, 14)),
        ("27.2. – 29.2.", date(2028, 2, 27), date(2028, 2, 29)),
        ("1.1.2028 – 31.12.2028", date(2028, 1, 1), date(2028, 12, 31)),  # 366 days
        ("1.1.2027 – 1.1.2028", date(2027, 1, 1), date(2028, 1, 1)),  # 366 days
    ],
)
def test_periods_as_people_write_them(text: str, first: date, last: date) -> None:
    assert read_period(text, TODAY) == (first, last)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("6.1.2027 – 24.12.2026", Reason.PERIOD_BACKWARDS),
        ("2026-12-24 - 2026-12-23", Reason.PERIOD_BACKWARDS),
        ("28.–3.1.", Reason.PERIOD_BACKWARDS),
        ("1.1.2027 – 2.1.2028", Reason.DATE_TOO_FAR),
        ("1.1.2026 – 31.12.2036", Reason.DATE_TOO_FAR),
        ("", Reason.DATE_NOT_UNDERSTOOD),
        ("–", Reason.DATE_NOT_UNDERSTOOD),
        ("24.12. –", Reason.DATE_NOT_UNDERSTOOD),
        ("– 6.1.", Reason.DATE_NOT_UNDERSTOOD),
        ("24.12. 6.1.", Reason.DATE_NOT_UNDERSTOOD),
        ("24.12. 9 Uhr – 6.1.", Reason.DATE_NOT_UNDERSTOOD),
        ("24.12. – 6.1. 9 Uhr", Reason.DATE_NOT_UNDERSTOOD),
        ("24.12. 9-12 Uhr", Reason.DATE_NOT_UNDERSTOOD),
        ("24.12. 9 Uhr", Reason.DATE_NOT_UNDERSTOOD),
        ("24.12. – 32.1.", Reason.DATE_NOT_UNDERSTOOD),
        ("31.-30.11.2026", Reason.DATE_NOT_UNDERSTOOD),
        ("0.-5.1.", Reason.DATE_NOT_UNDERSTOOD),
        ("14-12-2026", Reason.DATE_NOT_UNDERSTOOD),
        ("Weihnachten", Reason.DATE_NOT_UNDERSTOOD),
        ("24.12. – 6.1. – 8.1.", Reason.DATE_NOT_UNDERSTOOD),
        ("-" * 4000, Reason.DATE_NOT_UNDERSTOOD),
        ("1.1.-" * 800, Reason.DATE_NOT_UNDERSTOOD),
    ],
)
def test_no_other_period_is_understood(text: str, reason: Reason) -> None:
    with pytest.raises(Refusal) as raised:
        read_period(text, TODAY)
    assert raised.value.reason is reason


near_periods = st.text(alphabet="0123456789.-–:  bistozumvnrAugDez٣²", max_size=30)


@given(st.text(max_size=60) | near_dates | near_periods, st.dates())
@example("29.2. - 28.2.", date.max)
@example("31.12. - 1.1.", date.max)
@example("1.1. - 31.12.", date.min)
def test_whatever_is_typed_is_a_period_or_a_refusal(text: str, today: date) -> None:
    try:
        first, last = read_period(text, today)
    except Refusal:
        return
    assert timedelta() <= last - first <= timedelta(365)


@given(days, st.integers(0, 365), days)
def test_a_written_period_is_read(first: date, length: int, today: date) -> None:
    last = first + timedelta(length)
    for dash in ("-", " – ", " bis "):
        assert read_period(f"{first:%d.%m.%Y}{dash}{last:%d.%m.%Y}", today) == (first, last)
        assert length == 365 or read_period(f"{first:%d.%m.}{dash}{last:%d.%m.%Y}", today) == (first, last)
        assert read_period(f"{first.isoformat()}{dash}{last.isoformat()}", today) == (first, last)


@given(days, days, st.integers(0, 60))
def test_a_period_without_years_ends_today_or_later(today: date, first: date, length: int) -> None:
    last = first + timedelta(length)
    assume((2, 29) not in {(day.month, day.day) for day in (first, last)})
    begins, ends = read_period(f"{first:%d.%m.} bis {last:%d.%m.}", today)
    assert today <= ends < today + timedelta(366)
    assert (ends - begins).days in {length, length - 1, length + 1}  # 29 February may lie between in one year only
    assert (begins.month, begins.day, ends.month, ends.day) == (first.month, first.day, last.month, last.day)
