"""Plans of rounds and digests: what is possible, how it travels in a button, and which dates come of it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rules.plans import (
    CADENCES,
    HOURS,
    SHOWN,
    Calendar,
    Land,
    Lateness,
    Part,
    Plan,
    PlanKind,
    choices,
    dues,
    lateness,
    left_out,
    next_round,
    open_days,
    outlook,
    parts,
    spent,
    suggested,
    unpacked,
    with_start,
)
from core.rules.pulse import OPEN_DAYS, Form
from core.rules.recurrence import Cadence, Recurrence
from core.rules.refusal import Reason, Refusal
from core.rules.workdays import LONGEST_OPEN, DaysOff, Periods, closing
from screens import buttons

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
LONG_AGO = TODAY - timedelta(days=31)
PLAIN = Calendar(BERLIN, DaysOff("BB"), Periods())
NEVER = datetime.min.replace(tzinfo=UTC)
FRIDAYS = Plan(PlanKind.PULSE, Recurrence(Cadence.FOUR_WEEKS, 5, 0, date(2026, 12, 4)), 9, 5, Form.SHORT)
"""4 December, 1 January (a holiday), 29 January, 26 February, 26 March (Good Friday), …"""


def at(day: date, hour: int) -> datetime:
    """Local time in Berlin."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=BERLIN)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    kind = draw(st.sampled_from(PlanKind))
    cadence = draw(st.sampled_from(CADENCES[kind]))
    by_month = cadence in {Cadence.MONTHLY, Cadence.QUARTERLY}
    recurrence = Recurrence(
        cadence, draw(st.integers(1, 5)), draw(st.integers(1, 5)) if by_month else 0,
        draw(st.dates(date(2020, 1, 1), date(2099, 12, 31))),
    )  # fmt: skip
    form = Form.SHORT if kind is PlanKind.DIGEST else draw(st.sampled_from(Form))
    days = draw(st.sampled_from(open_days(kind, cadence)))
    return Plan(kind, recurrence, draw(st.sampled_from(HOURS[kind])), days, form)


# A plan in a button


@given(plans())
def test_a_plan_comes_back_as_it_was_packed_and_fits_into_a_button(plan: Plan) -> None:
    packed = plan.packed()
    assert unpacked(packed) == plan
    button = buttons.SavePlan(buttons.LARGEST, buttons.Sketch(packed))
    assert buttons.Button.unpack(button.pack()) == button


@given(st.one_of(st.from_regex(buttons._SKETCH, fullmatch=True), st.text(max_size=20)))
def test_whatever_stands_in_a_button_is_a_possible_plan_or_refused(text: str) -> None:
    try:
        plan = unpacked(text)
    except Refusal as refusal:
        assert refusal.reason is Reason.STALE_BUTTON  # noqa: PT017
    else:
        assert plan.packed() == text
        assert plan.hour in HOURS[plan.kind]
        assert plan.days in open_days(plan.kind, plan.recurrence.cadence)


@pytest.mark.parametrize(
    "text",
    [
        "", "p", "p4w100905s2026113", "p4w100905s20261130x", "p4w100905s20261131", "p4w100905s20260229",
        "x4w100905s20261130", "p9w100905s20261130", "p4w600905s20261130", "p4w000905s20261130", "p4w110905s20261130",
        "p1m100905s20261130", "p1m160905s20261130", "p4w100805s20261130", "p4w101405s20261130", "p4w100904s20261130",
        "p2w100910s20261130", "p1w100903s20261130", "p4w100905x20261130", "d1m111605s20261130", "d1m110905s20261130",
        "d1m110900l20261130", "p4w100905s2026-W48", "p4w100905s٢0261130", "p4w10+905s20261130",
    ],
)  # fmt: skip
def test_an_impossible_plan_is_a_stale_button(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        unpacked(text)
    assert refused.value.reason is Reason.STALE_BUTTON


@pytest.mark.parametrize("kind", PlanKind)
def test_what_is_suggested_is_possible_and_leaves_time_to_look(kind: PlanKind) -> None:
    plan = suggested(kind, TODAY)
    assert unpacked(plan.packed()) == plan
    first = next(dues(plan, PLAIN, LONG_AGO))
    assert first.day - TODAY >= timedelta(days=7)


def test_the_default_is_every_four_weeks_on_mondays_at_nine_for_five_working_days() -> None:
    plan = suggested(PlanKind.PULSE, TODAY)
    assert plan.recurrence.rule == "FREQ=WEEKLY;INTERVAL=4;BYDAY=MO"
    assert (plan.hour, plan.days, plan.form) == (9, 5, Form.LONG)


def test_the_lands_are_the_ones_whose_holidays_are_known() -> None:
    assert len(Land) == 16
    assert all(date(2026, 10, 3) in DaysOff(land) for land in Land)


# What may be chosen


def test_a_round_is_over_before_the_next_one_opens() -> None:
    assert open_days(PlanKind.PULSE, Cadence.TWO_WEEKS) == (3, 5, 8)
    for cadence in (Cadence.FOUR_WEEKS, Cadence.MONTHLY, Cadence.QUARTERLY):
        assert open_days(PlanKind.PULSE, cadence) == OPEN_DAYS


@given(plans(), st.sampled_from(Part))
def test_every_choice_is_a_possible_plan_that_differs_in_what_was_asked_for(plan: Plan, part: Part) -> None:
    if part not in parts(plan):
        with pytest.raises(Refusal):
            choices(plan, part, TODAY)
        return
    options = choices(plan, part, TODAY)
    assert len(set(options)) == len(options) > 1
    for option in options:
        assert unpacked(option.packed()) == option
        assert option.kind is plan.kind
    if part is not Part.START:
        assert plan in options


def test_a_shorter_cadence_takes_the_longest_time_that_it_allows() -> None:
    ten = replace(FRIDAYS, days=10)
    by_cadence = {plan.recurrence.cadence: plan for plan in choices(ten, Part.CADENCE, TODAY)}
    assert by_cadence[Cadence.TWO_WEEKS].days == 8
    assert by_cadence[Cadence.MONTHLY].days == 10
    assert by_cadence[Cadence.MONTHLY].recurrence.nth == 1
    last = by_cadence[Cadence.QUARTERLY]
    assert {plan.recurrence.nth for plan in choices(last, Part.NTH, TODAY)} == {1, 2, 3, 4, 5}
    assert [plan.recurrence.nth for plan in choices(last, Part.CADENCE, TODAY)] == [0, 0, 1, 1]


# Dates


def test_a_date_on_a_holiday_moves_and_keeps_its_hour() -> None:
    first = list(islice(dues(FRIDAYS, PLAIN, LONG_AGO), 5))
    assert [(due.on, due.day) for due in first] == [
        (date(2026, 12, 4), date(2026, 12, 4)),
        (date(2027, 1, 1), date(2027, 1, 4)),
        (date(2027, 1, 29), date(2027, 1, 29)),
        (date(2027, 2, 26), date(2027, 2, 26)),
        (date(2027, 3, 26), date(2027, 3, 30)),
    ]
    assert [due.moved for due in first] == [False, True, False, False, True]
    assert [due.at.astimezone(BERLIN).hour for due in first] == [9] * 5
    assert first[3].at.hour == 8
    assert first[4].at.hour == 7


def test_the_nearest_dates_are_shown_with_what_a_pause_leaves_out() -> None:
    pause = Periods(((date(2027, 1, 25), date(2027, 2, 26)),))
    seen = outlook(FRIDAYS, replace(PLAIN, pauses=pause), LONG_AGO, (), NOW)
    assert len(seen.dues) == SHOWN
    assert [due.on for due in seen.dues[:3]] == [date(2026, 12, 4), date(2027, 1, 1), date(2027, 3, 26)]
    assert seen.left_out == (date(2027, 1, 29), date(2027, 2, 26))


def test_what_was_used_or_lies_behind_is_not_shown() -> None:
    since = at(date(2027, 1, 29), 9)
    seen = outlook(FRIDAYS, PLAIN, LONG_AGO, {date(2027, 2, 26)}, since)
    assert seen.dues[0].on == date(2027, 3, 26)
    assert seen.left_out == ()


def test_a_pause_of_more_than_ten_years_leaves_no_date() -> None:
    forever = replace(PLAIN, pauses=Periods(((date(2026, 1, 1), date(2040, 1, 1)),)))
    assert outlook(FRIDAYS, forever, LONG_AGO, (), NOW).dues == ()
    assert next_round(FRIDAYS, forever, LONG_AGO, (), NEVER, NOW) is None


def test_the_digest_comes_in_a_pause_too() -> None:
    digest = replace(suggested(PlanKind.DIGEST, TODAY))
    paused = replace(PLAIN, pauses=Periods(((date(2026, 11, 1), date(2027, 2, 1)),)))
    assert next(dues(digest, paused, LONG_AGO)).day == date(2026, 12, 7)
    assert left_out(digest, paused, LONG_AGO, date(2027, 2, 1)) == ()


def test_spent_is_what_has_come_by_now_whatever_a_pause_says() -> None:
    paused = replace(PLAIN, pauses=Periods(((date(2026, 12, 1), date(2026, 12, 10)),)))
    opening = at(date(2026, 12, 4), 9)
    assert spent(FRIDAYS, paused, LONG_AGO, opening - timedelta(seconds=1)) == LONG_AGO
    assert spent(FRIDAYS, paused, LONG_AGO, opening) == date(2026, 12, 4)
    assert spent(FRIDAYS, PLAIN, LONG_AGO, at(date(2027, 1, 3), 20)) == date(2026, 12, 4)
    assert spent(FRIDAYS, PLAIN, LONG_AGO, at(date(2027, 1, 4), 9)) == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at(date(2026, 12, 3), 23), date(2026, 12, 4)),
        (at(date(2026, 12, 4), 9), date(2026, 12, 4)),
        (at(date(2026, 12, 4), 15), date(2026, 12, 4)),
        (at(date(2026, 12, 4), 16), date(2027, 1, 1)),
        (at(date(2026, 12, 5), 9), date(2027, 1, 1)),
        (at(date(2027, 1, 4), 12), date(2027, 1, 1)),
        (at(date(2027, 1, 5), 9), date(2027, 1, 29)),
    ],
)
def test_a_late_date_counts_until_four_on_its_day(now: datetime, expected: date) -> None:
    due = next_round(FRIDAYS, PLAIN, LONG_AGO, (), NEVER, now)
    assert due is not None
    assert due.on == expected


def test_a_date_that_passed_while_a_round_was_open_is_skipped() -> None:
    now = at(date(2026, 12, 4), 15)
    due = next_round(FRIDAYS, PLAIN, LONG_AGO, (), now, now)
    assert due is not None
    assert due.on == date(2027, 1, 1)


def test_a_date_is_used_once_even_if_the_plan_begins_anew() -> None:
    due = next_round(FRIDAYS, PLAIN, LONG_AGO, {date(2026, 12, 4), date(2027, 1, 1)}, NEVER, NOW)
    assert due is not None
    assert due.on == date(2027, 1, 29)


# Closing


def test_a_round_closes_at_three_on_its_last_working_day() -> None:
    opens_at = at(date(2026, 12, 4), 9)
    assert closing(opens_at, BERLIN, PLAIN.closed) == at(date(2026, 12, 10), 15)
    assert closing(opens_at, BERLIN, PLAIN.closed, 10) == at(date(2026, 12, 17), 15)


def test_no_round_is_open_for_more_than_21_days_however_long_it_is_closed() -> None:
    weeks_off = replace(PLAIN, closed=DaysOff("BB", ((date(2026, 12, 21), date(2027, 1, 8)),)))
    opens_at = at(date(2026, 12, 14), 9)
    ends = closing(opens_at, BERLIN, weeks_off.closed, 10)
    assert ends == at(date(2026, 12, 18), 15)


@given(plans(), st.dates(date(2026, 1, 1), date(2030, 1, 1)))
def test_a_round_by_plan_ends_within_21_days_and_before_the_next_one(plan: Plan, day: date) -> None:
    if plan.kind is PlanKind.DIGEST:
        return
    first, second = islice(dues(with_start(plan, day), PLAIN, day), 2)
    ends = closing(first.at, BERLIN, PLAIN.closed, plan.days)
    assert first.at < ends <= first.at + LONGEST_OPEN
    if plan.days <= 5:
        assert ends < second.at


# The digest's lateness


def test_a_digest_is_posted_waits_for_the_day_or_has_been_missed() -> None:
    due_at = at(date(2026, 12, 7), 9)
    assert lateness(due_at, due_at, due_at) is Lateness.POST
    evening, morning = at(date(2026, 12, 7), 20), at(date(2026, 12, 8), 9)
    assert lateness(due_at, morning, evening) is Lateness.WAIT
    assert lateness(due_at, morning, morning) is Lateness.POST
    later = morning + timedelta(seconds=1)
    assert lateness(due_at, later, later) is Lateness.MISSED
    assert lateness(due_at, morning, at(date(2026, 12, 20), 20)) is Lateness.MISSED
