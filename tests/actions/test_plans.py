"""Plans make rounds and digests, each date once: over a year, over outages, and with two who change things at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from core.actions import plans as deeds
from core.actions import pulse as pulse_deeds
from core.db import Database, Session
from core.queries import plans, pulse
from core.rules.people import Role
from core.rules.plans import (
    PERIODS_AT_MOST,
    Land,
    Outlook,
    PeriodKind,
    Plan,
    PlanKind,
    Standing,
    with_start,
)
from core.rules.pulse import Form, Round
from core.rules.recurrence import Cadence, Recurrence
from core.rules.refusal import Reason
from core.tables import OutboxRow, PeriodRow, PlanRow, RoundRow
from core.urn import Urns
from scheduler import plans as beats
from scheduler.moment import Moment
from tests.actions.town import Town, found, refused, together

BERLIN = ZoneInfo("Europe/Berlin")
MONDAYS = Plan(PlanKind.PULSE, Recurrence(Cadence.FOUR_WEEKS, 1, 0, date(2026, 11, 30)), 9, 5, Form.SHORT)
"""30 November, 28 December, 25 January, 22 February, 22 March, …"""
THURSDAYS = replace(MONDAYS, recurrence=Recurrence(Cadence.FOUR_WEEKS, 4, 0, date(2026, 11, 30)))
FIRST, SECOND, THIRD = date(2026, 11, 30), date(2026, 12, 28), date(2027, 1, 25)
FIRST_MONDAY = Plan(PlanKind.DIGEST, Recurrence(Cadence.MONTHLY, 1, 1, date(2026, 12, 1)), 9, 0, Form.SHORT)
MINUTE = timedelta(minutes=1)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """Local time in Berlin."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=BERLIN)


def save(town: Town, plan: Plan = MONDAYS, now: datetime | None = None) -> None:
    town.do(deeds.save, town.coordinator, plan, now or town.now)


def ahead(town: Town, now: datetime | None = None) -> Round | None:
    """Let the beat plan ahead, and see what waits or runs then."""
    _exhaust(beats.plan_ahead, town, now or town.now)
    return town.do(pulse.running, town.id)


def post(town: Town, now: datetime) -> list[str]:
    """Let the beat post digests; the keys of all that were ever posted."""
    _exhaust(beats.post_digest, town, now)
    with town.database.begin() as db:
        return list(db.scalars(select(OutboxRow.key).where(OutboxRow.key.like("digest:%")).order_by(OutboxRow.id)))


def _exhaust(step: Callable[[Moment], bool], town: Town, now: datetime) -> None:
    for _ in range(20):
        with town.database.begin() as db:
            if not step(Moment(db, town.urns, now)):
                return
    raise AssertionError("the beat never ends")


def planned_on(town: Town, now: datetime | None = None) -> date | None:
    round_ = ahead(town, now)
    return None if round_ is None else round_.occurrence


def standing(town: Town, kind: PlanKind = PlanKind.PULSE) -> Standing:
    found_ = town.do(plans.standing, town.id, kind)
    assert found_ is not None
    return found_


def seen(town: Town, plan: Plan = MONDAYS, now: datetime | None = None) -> Outlook:
    return town.do(plans.outlook, town.id, plan, now or town.now)


def days(outlook: Outlook) -> list[date]:
    return [due.day for due in outlook.dues]


def add(town: Town, kind: PeriodKind, first: date, last: date, now: datetime | None = None) -> int:
    town.do(deeds.add_period, town.coordinator, kind, first, last, now or town.now)
    listed = town.do(plans.periods, town.id, kind, first)
    return next(period.id for period in listed if (period.first, period.last) == (first, last))


def rounds(town: Town) -> list[RoundRow]:
    with town.database.begin() as db:
        return list(db.scalars(select(RoundRow).where(RoundRow.municipality_id == town.id).order_by(RoundRow.number)))


def over(town: Town, round_: Round, form: Form | None = None) -> None:
    """The round has opened and is over."""
    town.at(round_.opens_at).do(pulse_deeds.open_round, town.urns, round_.id, round_.opens_at)
    if form is not None:
        with town.database.begin() as db:
            db.get_one(RoundRow, round_.id).form = form
    town.close(town.round(round_.id))


# From a plan to a round


def test_a_saved_plan_becomes_a_round(town: Town) -> None:
    save(town)
    round_ = ahead(town)
    assert round_ is not None
    assert (round_.occurrence, round_.number, round_.opened_at) == (FIRST, 1, None)
    assert round_.opens_at == at(FIRST, 9)
    assert round_.closes_at == at(date(2026, 12, 4), 15)
    assert (round_.form, round_.days, round_.minimum, round_.topic) == (Form.SHORT, 5, 5, "Frühe Hilfen")
    assert days(seen(town))[:3] == [FIRST, SECOND, THIRD]


def test_planning_ahead_again_changes_nothing(town: Town) -> None:
    save(town)
    before = ahead(town)
    assert ahead(town) == before
    assert ahead(town, town.now + timedelta(days=3)) == before
    assert len(rounds(town)) == 1


def test_two_leaders_plan_one_round(town: Town) -> None:
    save(town)

    with town.database.begin() as db:
        plan_id = plans.to_plan(db)
    assert plan_id is not None

    def leader() -> bool:
        return town.do(deeds.plan_ahead, plan_id, town.now)

    assert sorted(map(bool, together(leader, leader, leader))) == [False, False, True]
    assert len(rounds(town)) == 1


def test_the_database_itself_takes_a_date_once(town: Town) -> None:
    save(town)
    first = ahead(town)
    assert first is not None
    over(town, first)

    def again(db: Session) -> None:
        opens_at, closes_at = first.opens_at, first.closes_at
        db.add(
            RoundRow(
                municipality_id=town.id, number=2, topic="", minimum=5, opens_at=opens_at, closes_at=closes_at,
                occurrence=FIRST,
            )
        )  # fmt: skip
        db.flush()

    with pytest.raises(IntegrityError):
        town.do(again)


def test_the_next_round_is_planned_when_the_last_is_over(town: Town) -> None:
    save(town)
    first = ahead(town)
    assert first is not None
    town.at(first.opens_at).do(pulse_deeds.open_round, town.urns, first.id, first.opens_at)
    assert planned_on(town, first.opens_at) == FIRST
    town.close(town.round(first.id))
    assert planned_on(town, first.closes_at) == SECOND


def test_every_third_round_by_a_short_plan_is_long(town: Town) -> None:
    save(town)
    forms = []
    now = town.now
    for _ in range(7):
        round_ = ahead(town, now)
        assert round_ is not None
        forms.append(round_.form)
        over(town, round_)
        now = round_.closes_at
    short, long = Form.SHORT, Form.LONG
    assert forms == [short, short, long, short, short, long, short]


def test_a_plan_waits_for_topic_and_involvement(town: Town) -> None:
    save(town)
    for column in ("topic", "council", "protection"):
        with town.database.begin() as db:
            db.execute(text(f"UPDATE municipality SET {column} = ''"))  # noqa: S608  (a name of ours)
        assert ahead(town) is None
        with refused(Reason.SETUP_INCOMPLETE):
            save(town)
        with town.database.begin() as db:
            db.execute(text(f"UPDATE municipality SET {column} = 'x'"))  # noqa: S608  (same)
    assert planned_on(town) == FIRST


def test_a_plan_that_cannot_be_planned_holds_up_no_other(town: Town) -> None:
    other = found(town.database, town.urns, town.now, "Stadt Beispielhausen", 2_001)
    save(town)
    save(other)
    with town.database.begin() as db:
        db.get_one(PlanRow, standing(town).id).rule = "FREQ=SECONDLY"
    failed: set[int] = set()
    with pytest.raises(ValueError, match="not a rule"), town.database.begin() as db:
        beats.plan_ahead(Moment(db, town.urns, town.now, failed))
    with town.database.begin() as db:
        assert beats.plan_ahead(Moment(db, town.urns, town.now, failed))
    assert town.do(pulse.running, other.id) is not None
    assert town.do(pulse.running, town.id) is None


# A year


@pytest.mark.parametrize(
    ("land", "plan", "moved"),
    [
        (Land.BB, MONDAYS, {date(2027, 5, 17): date(2027, 5, 18)}),
        (Land.BY, with_start(THURSDAYS, date(2026, 12, 10)), {date(2027, 5, 27): date(2027, 5, 28)}),
    ],
    ids=["BB", "BY"],
)
def test_over_a_year_every_round_opens_once_at_nine_on_a_working_day(
    town: Town, land: Land, plan: Plan, moved: dict[date, date]
) -> None:
    town.do(deeds.set_land, town.coordinator, land, town.now)
    save(town, plan)
    for now in _moments(town, timedelta(days=366)):
        town.beat(now)
    opened = [row for row in rounds(town) if row.opened_at is not None]
    local = [row.opened_at.astimezone(BERLIN) for row in opened if row.opened_at]
    assert {(moment.hour, moment.minute) for moment in local} == {(9, 0)}
    assert {moment.utcoffset() for moment in local} == {timedelta(hours=1), timedelta(hours=2)}
    closed = town.do(plans.calendar, town.id).closed
    assert all(moment.isoweekday() <= 5 and moment.date() not in closed for moment in local)
    on = [row.occurrence for row in opened if row.occurrence]
    assert on == [plan.recurrence.start + timedelta(days=28 * n) for n in range(13)]
    assert {day: moment.date() for moment, day in zip(local, on, strict=True) if moment.date() != day} == moved
    assert all(row.closed_at == row.closes_at for row in opened[:-1])


def _moments(town: Town, span: timedelta) -> Iterator[datetime]:
    """Whenever a round opens or closes, from ``now`` on."""
    now = town.now
    while now < town.now + span:
        yield now
        running = town.do(pulse.running, town.id)
        assert running is not None
        now = running.opens_at if running.opened_at is None else running.closes_at


# Outages


def test_a_date_that_the_program_slept_through_is_skipped(town: Town) -> None:
    save(town)
    assert planned_on(town, at(date(2026, 12, 1), 9)) == SECOND


def test_a_date_of_today_is_made_up_for_until_four(town: Town) -> None:
    save(town)
    late = at(FIRST, 12)
    assert planned_on(town, late) == FIRST
    town.beat(late)
    (row,) = rounds(town)
    assert row.opened_at == late
    assert row.closes_at == at(date(2026, 12, 4), 15)


def test_a_date_is_skipped_if_the_day_is_over(town: Town) -> None:
    save(town)
    assert planned_on(town, at(FIRST, 16)) == SECOND


def test_no_round_follows_on_the_heels_of_another(town: Town) -> None:
    """A round by hand closes at three on the very day on which the plan's next one would have opened."""
    save(town)
    with town.database.begin() as db:
        db.get_one(PlanRow, standing(town).id).done = FIRST - timedelta(days=1)
    by_hand = town.at(at(date(2026, 11, 24), 9)).open()
    assert by_hand.closes_at == at(FIRST, 15)
    town.close(by_hand)
    assert planned_on(town, by_hand.closes_at) == SECOND


def test_a_round_that_was_cancelled_is_in_nobodys_way(town: Town) -> None:
    save(town)
    by_hand = town.at(at(date(2026, 11, 24), 9)).open()
    cancelled_at = at(date(2026, 11, 25), 9)
    with town.database.begin() as db:
        db.get_one(RoundRow, by_hand.id).cancelled_at = cancelled_at
    assert planned_on(town, cancelled_at) == FIRST


def test_after_a_restart_the_plan_goes_on(town: Town, urns: Urns) -> None:
    save(town)
    assert planned_on(town) == FIRST
    again = Database(town.database.url.render_as_string(hide_password=False))
    try:
        after = town.again(again, urns)
        assert planned_on(after, town.now + timedelta(days=1)) == FIRST
        assert len(rounds(after)) == 1
    finally:
        again.dispose()


# Skip and undo


def test_a_skipped_date_makes_room_for_the_next_and_can_come_back(town: Town) -> None:
    save(town)
    assert planned_on(town) == FIRST
    assert town.do(deeds.skip, town.coordinator, FIRST, town.now).day == FIRST
    assert planned_on(town) == SECOND
    assert seen(town).skipped is not None
    assert days(seen(town))[0] == SECOND
    assert town.do(deeds.undo_skip, town.coordinator, FIRST, town.now).day == FIRST
    assert planned_on(town) == FIRST
    assert seen(town).skipped is None
    assert days(seen(town))[:2] == [FIRST, SECOND]


def test_skipping_is_undone_last_first(town: Town) -> None:
    save(town)
    for day in (FIRST, SECOND):
        ahead(town)
        town.do(deeds.skip, town.coordinator, day, town.now)
    assert planned_on(town) == THIRD
    with refused(Reason.NOTHING_TO_UNDO):
        town.do(deeds.undo_skip, town.coordinator, FIRST, town.now)
    for day in (SECOND, FIRST):
        town.do(deeds.undo_skip, town.coordinator, day, town.now)
        assert planned_on(town) == day


def test_a_skipped_date_comes_back_only_until_it_would_have_opened(town: Town) -> None:
    save(town)
    town.do(deeds.skip, town.coordinator, FIRST, town.now)
    opening = at(FIRST, 9)
    skipped = seen(town, now=opening - MINUTE).skipped
    assert skipped is not None
    assert skipped.on == FIRST
    assert seen(town, now=opening).skipped is None
    with refused(Reason.NOTHING_TO_UNDO):
        town.do(deeds.undo_skip, town.coordinator, FIRST, opening)
    assert planned_on(town, opening) == SECOND


def test_only_the_next_date_is_skipped_and_only_once(town: Town) -> None:
    save(town)
    ahead(town)
    for day in (SECOND, FIRST - timedelta(days=28), date(2026, 12, 1)):
        with refused(Reason.ROUND_NOT_PLANNED):
            town.do(deeds.skip, town.coordinator, day, town.now)
    town.do(deeds.skip, town.coordinator, FIRST, town.now)
    with refused(Reason.ROUND_NOT_PLANNED):
        town.do(deeds.skip, town.coordinator, FIRST, town.now)


def test_a_withdrawn_round_is_a_skipped_one(town: Town) -> None:
    save(town)
    first = ahead(town)
    assert first is not None
    town.do(pulse_deeds.unplan, town.coordinator, first.id)
    assert planned_on(town) == SECOND
    town.do(deeds.undo_skip, town.coordinator, FIRST, town.now)
    assert planned_on(town) == FIRST


def test_a_skipped_date_stays_so_when_the_hour_changes_and_not_when_the_dates_do(town: Town) -> None:
    save(town)
    town.do(deeds.skip, town.coordinator, FIRST, town.now)
    assert planned_on(town) == SECOND
    save(town, replace(MONDAYS, hour=11))
    assert planned_on(town) == SECOND
    round_ = ahead(town)
    assert round_ is not None
    assert round_.opens_at == at(SECOND, 11)
    save(town, with_start(MONDAYS, FIRST - timedelta(days=7)))
    assert planned_on(town) == FIRST - timedelta(days=7) + timedelta(days=28)


# Change, suspend, delete


def test_a_changed_plan_moves_its_round(town: Town) -> None:
    save(town)
    ahead(town)
    save(town, replace(MONDAYS, hour=13, days=8, form=Form.LONG))
    round_ = ahead(town)
    assert round_ is not None
    assert round_.opens_at == at(FIRST, 13)
    assert (round_.occurrence, round_.days, round_.form) == (FIRST, 8, Form.LONG)
    assert round_.closes_at == at(date(2026, 12, 9), 15)
    save(town, THURSDAYS)
    assert planned_on(town) == date(2026, 12, 3)
    assert len(rounds(town)) == 1


def test_saving_on_the_day_itself_opens_nothing_at_once(town: Town) -> None:
    """The screen says when the first round opens; it must not open while somebody still reads it."""
    save(town, with_start(MONDAYS, FIRST), at(FIRST, 10))
    assert planned_on(town, at(FIRST, 10)) == SECOND
    save(town, replace(MONDAYS, hour=11), at(FIRST, 10))
    assert planned_on(town, at(FIRST, 10)) == SECOND


def test_a_plan_saved_before_its_hour_opens_today(town: Town) -> None:
    save(town, MONDAYS, at(FIRST, 8))
    assert planned_on(town, at(FIRST, 8)) == FIRST


def test_what_is_shown_is_what_happens(town: Town) -> None:
    town.do(deeds.set_land, town.coordinator, Land.BB, town.now)
    now = at(date(2027, 3, 27), 12)
    fridays = replace(MONDAYS, recurrence=Recurrence(Cadence.FOUR_WEEKS, 5, 0, date(2027, 3, 26)))
    shown = seen(town, fridays, now)
    assert days(shown)[0] == date(2027, 3, 30)
    save(town, fridays, now)
    assert seen(town, fridays, now) == shown
    round_ = ahead(town, now)
    assert round_ is not None
    assert (round_.occurrence, round_.opens_at) == (date(2027, 3, 26), shown.dues[0].at)


def test_no_date_is_used_twice_by_a_plan_that_begins_anew(town: Town) -> None:
    save(town)
    first = ahead(town)
    assert first is not None
    over(town, first)
    later = first.closes_at
    town.do(deeds.discard, town.coordinator, PlanKind.PULSE, later)
    save(town, MONDAYS, later)
    assert planned_on(town, later) == SECOND


def test_a_suspended_plan_makes_no_round_until_it_goes_on(town: Town) -> None:
    save(town)
    ahead(town)
    town.do(deeds.pause, town.coordinator, PlanKind.PULSE, town.now)
    assert ahead(town, at(FIRST, 9)) is None
    assert standing(town).is_paused
    later = at(FIRST, 10)
    town.do(deeds.resume, town.coordinator, PlanKind.PULSE, later)
    assert planned_on(town, later) == SECOND
    with refused(Reason.PLAN_GONE):
        town.do(deeds.pause, town.coordinator, PlanKind.DIGEST, town.now)


def test_a_plan_that_goes_on_in_time_has_lost_nothing(town: Town) -> None:
    save(town)
    ahead(town)
    town.do(deeds.pause, town.coordinator, PlanKind.PULSE, town.now)
    town.do(deeds.resume, town.coordinator, PlanKind.PULSE, town.now)
    assert planned_on(town) == FIRST


def test_a_deleted_plan_takes_its_round_with_it(town: Town) -> None:
    save(town)
    ahead(town)
    town.do(deeds.discard, town.coordinator, PlanKind.PULSE, town.now)
    assert ahead(town) is None
    assert town.do(plans.standing, town.id, PlanKind.PULSE) is None
    for deed in (deeds.discard, deeds.pause, deeds.resume):
        with refused(Reason.PLAN_GONE):
            town.do(deed, town.coordinator, PlanKind.PULSE, town.now)
    for skipping in (deeds.skip, deeds.undo_skip):
        with refused(Reason.PLAN_GONE):
            town.do(skipping, town.coordinator, FIRST, town.now)


def test_an_open_round_outlives_its_plan(town: Town) -> None:
    save(town)
    first = ahead(town)
    assert first is not None
    town.at(first.opens_at).do(pulse_deeds.open_round, town.urns, first.id, first.opens_at)
    town.do(deeds.discard, town.coordinator, PlanKind.PULSE, first.opens_at)
    assert town.round(first.id).opened_at is not None


def test_a_round_whose_moment_has_come_is_left_to_open(town: Town) -> None:
    save(town)
    first = ahead(town)
    assert first is not None
    town.do(deeds.set_land, town.coordinator, Land.BY, first.opens_at)
    assert ahead(town, first.opens_at) == first


def test_a_round_that_a_person_dated_stays_whatever_becomes_of_the_plan(town: Town) -> None:
    by_hand = town.plan(town.now + timedelta(days=2))
    save(town)
    assert ahead(town) == by_hand
    assert days(seen(town))[0] == SECOND
    add(town, PeriodKind.PAUSE, town.now.date(), FIRST)
    town.do(deeds.discard, town.coordinator, PlanKind.PULSE, town.now)
    assert ahead(town) == by_hand


def test_a_round_of_the_plan_that_a_person_has_moved_stays_moved(town: Town) -> None:
    save(town)
    ahead(town)
    moved = town.plan(at(date(2026, 12, 2), 9))
    assert moved.occurrence == FIRST
    save(town, replace(MONDAYS, hour=11))
    town.do(deeds.set_land, town.coordinator, Land.BY, town.now)
    assert ahead(town) == moved
    assert seen(town).skipped is None
    assert days(seen(town))[0] == SECOND


def test_the_first_possible_day_is_within_a_year(town: Town) -> None:
    last = town.now.date() + timedelta(days=366)
    save(town, with_start(MONDAYS, last))
    with refused(Reason.DATE_TOO_FAR):
        save(town, with_start(MONDAYS, last + timedelta(days=1)))


# Two coordinators


def test_of_two_who_save_at_once_one_is_last_and_one_round_waits(town: Town) -> None:
    second = town.connect(2_002, "Konrad Koordination", Role.COORDINATOR)
    for _ in range(3):
        done = together(
            lambda: town.do(deeds.save, town.coordinator, MONDAYS, town.now),
            lambda: town.do(deeds.save, second, THURSDAYS, town.now),
            lambda: ahead(town) and None,
        )
        assert done == [None, None, None]
    assert planned_on(town) in {FIRST, date(2026, 12, 3)}
    assert standing(town).plan in {MONDAYS, THURSDAYS}
    assert len(rounds(town)) == 1


def test_two_who_skip_at_once_skip_one_date(town: Town) -> None:
    second = town.connect(2_002, "Konrad Koordination", Role.COORDINATOR)
    save(town)
    ahead(town)
    done = together(
        lambda: town.do(deeds.skip, town.coordinator, FIRST, town.now).on,
        lambda: town.do(deeds.skip, second, FIRST, town.now).on,
    )
    assert sorted(map(str, done)) == sorted([str(FIRST), str(Reason.ROUND_NOT_PLANNED)])
    assert planned_on(town) == SECOND


def test_planning_by_hand_and_by_plan_at_once_makes_one_round(town: Town) -> None:
    save(town)
    done = together(lambda: town.plan(town.now + timedelta(days=1)).id, lambda: (ahead(town), 0)[1])
    assert all(isinstance(result, int) for result in done)
    assert len(rounds(town)) == 1


def test_another_town_sees_and_touches_nothing(town: Town) -> None:
    other = found(town.database, town.urns, town.now, "Stadt Beispielhausen", 2_001)
    save(other)
    theirs = ahead(other)
    assert theirs is not None
    over(other, theirs)
    other.do(deeds.discard, other.coordinator, PlanKind.PULSE, town.now)
    save(town)
    period = add(town, PeriodKind.CLOSING, FIRST, FIRST)
    with refused(Reason.PLAN_GONE):
        other.do(deeds.pause, other.coordinator, PlanKind.PULSE, town.now)
    with refused(Reason.NOT_FOUND):
        other.do(deeds.remove_period, other.coordinator, period, town.now)
    assert planned_on(town) == FIRST
    assert days(seen(town))[0] == FIRST + timedelta(days=1)


# The calendar


def test_a_pause_leaves_a_date_out_and_its_end_brings_it_back(town: Town) -> None:
    save(town)
    assert planned_on(town) == FIRST
    pause = add(town, PeriodKind.PAUSE, FIRST, SECOND)
    assert planned_on(town) == THIRD
    assert seen(town).left_out == (FIRST, SECOND)
    assert seen(town).skipped is None
    town.do(deeds.remove_period, town.coordinator, pause, town.now)
    assert planned_on(town) == FIRST


def test_what_was_skipped_by_hand_stays_so_when_a_pause_comes_and_goes(town: Town) -> None:
    save(town)
    town.do(deeds.skip, town.coordinator, FIRST, town.now)
    assert planned_on(town) == SECOND
    pause = add(town, PeriodKind.PAUSE, SECOND, SECOND)
    assert planned_on(town) == THIRD
    town.do(deeds.remove_period, town.coordinator, pause, town.now)
    assert planned_on(town) == SECOND


def test_a_pause_that_ends_late_brings_back_nothing_that_has_passed(town: Town) -> None:
    save(town)
    pause = add(town, PeriodKind.PAUSE, FIRST, SECOND)
    later = at(FIRST, 10)
    town.do(deeds.remove_period, town.coordinator, pause, later)
    assert planned_on(town, later) == SECOND


def test_closing_days_and_holidays_move_a_round(town: Town) -> None:
    save(town)
    ahead(town)
    closing = add(town, PeriodKind.CLOSING, FIRST, FIRST + timedelta(days=1))
    round_ = ahead(town)
    assert round_ is not None
    assert (round_.occurrence, round_.opens_at) == (FIRST, at(date(2026, 12, 2), 9))
    assert round_.closes_at == at(date(2026, 12, 8), 15)
    town.do(deeds.remove_period, town.coordinator, closing, town.now)
    round_ = ahead(town)
    assert round_ is not None
    assert round_.opens_at == at(FIRST, 9)


def test_the_land_moves_a_round(town: Town) -> None:
    epiphany = replace(MONDAYS, recurrence=Recurrence(Cadence.FOUR_WEEKS, 3, 0, date(2027, 1, 6)))
    save(town, epiphany)
    assert days(seen(town, epiphany))[0] == date(2027, 1, 6)
    town.do(deeds.set_land, town.coordinator, Land.BY, town.now)
    round_ = ahead(town)
    assert round_ is not None
    assert round_.opens_at == at(date(2027, 1, 7), 9)


def test_periods_are_listed_once_and_not_without_limit(town: Town) -> None:
    first = town.now.date() + timedelta(days=10)
    for _ in range(2):
        add(town, PeriodKind.CLOSING, first, first)
    assert len(town.do(plans.periods, town.id, PeriodKind.CLOSING, first)) == 1
    for n in range(1, PERIODS_AT_MOST):
        add(town, PeriodKind.CLOSING, first + timedelta(days=2 * n), first + timedelta(days=2 * n))
    with refused(Reason.TOO_MANY_PERIODS):
        add(town, PeriodKind.CLOSING, first + timedelta(days=1), first + timedelta(days=1))
    add(town, PeriodKind.PAUSE, first, first)
    add(town, PeriodKind.CLOSING, first, first)


def test_a_period_must_be_near_short_and_not_over(town: Town) -> None:
    today = town.now.date()
    year = timedelta(days=366)
    day = timedelta(days=1)
    for first, last, reason in (
        (today, today - day, Reason.PERIOD_BACKWARDS),
        (today - 2 * day, today - day, Reason.DATE_IN_THE_PAST),
        (today + year + day, today + year + day, Reason.DATE_TOO_FAR),
        (today, today + year, Reason.DATE_TOO_FAR),
        (today, date.max, Reason.DATE_TOO_FAR),
    ):
        with refused(reason):
            add(town, PeriodKind.PAUSE, first, last)
    add(town, PeriodKind.PAUSE, today - 30 * day, today)
    add(town, PeriodKind.PAUSE, today + year, today + year)


def test_periods_long_past_are_forgotten(town: Town) -> None:
    add(town, PeriodKind.PAUSE, town.now.date(), town.now.date())
    later = town.now + timedelta(days=61)
    add(town, PeriodKind.PAUSE, later.date(), later.date(), later)
    with town.database.begin() as db:
        assert [row.first for row in db.scalars(select(PeriodRow))] == [later.date()]


def test_the_minimum_is_five_or_more(town: Town) -> None:
    for minimum in (10, 5):
        town.do(deeds.set_minimum, town.coordinator, minimum)
        save(town)
        round_ = ahead(town)
        assert round_ is not None
        town.do(deeds.discard, town.coordinator, PlanKind.PULSE, town.now)
        assert round_.minimum == minimum
    for minimum in (0, 4, 6, 99):
        with refused(Reason.STALE_BUTTON):
            town.do(deeds.set_minimum, town.coordinator, minimum)


# The digest


def test_the_digest_comes_on_its_dates_to_the_channel(town: Town) -> None:
    town.channel(-100_500)
    town.do(deeds.set_land, town.coordinator, Land.BB, town.now)
    save(town, FIRST_MONDAY)
    plan_id = standing(town, PlanKind.DIGEST).id
    first = at(date(2026, 12, 7), 9)
    assert standing(town, PlanKind.DIGEST).next_at == first
    assert post(town, first - timedelta(seconds=1)) == []
    assert post(town, first) == [f"digest:{plan_id}:2026-12-07"]
    now, end = first, first + timedelta(days=366)
    posted: list[str] = []
    while now < end:
        posted = post(town, now)
        next_at = standing(town, PlanKind.DIGEST).next_at
        assert next_at is not None
        assert next_at > now
        assert next_at.astimezone(BERLIN).hour == 9
        now = next_at
    months = [key.split(":")[2][:7] for key in posted]
    assert months == sorted(set(months))
    assert len(months) == 13
    # Easter Monday: the digest comes on the Tuesday, under the Monday's key.
    assert f"digest:{plan_id}:2027-04-05" in posted
    with town.database.begin() as db:
        assert {row.chat_id for row in db.scalars(select(OutboxRow))} == {-100_500}
        assert {row.kind for row in db.scalars(select(OutboxRow))} == {"summary"}


def test_two_leaders_post_one_digest(town: Town) -> None:
    """The second waits until the first has ended, and then finds nothing to post."""
    town.channel(-100_500)
    save(town, FIRST_MONDAY)
    plan_id, due = standing(town, PlanKind.DIGEST).id, at(date(2026, 12, 7), 9)
    with ThreadPoolExecutor(1) as second:
        with town.database.begin() as db:
            assert deeds.take_digest(db, plan_id, due) == date(2026, 12, 7)
            waiting = second.submit(town.do, deeds.take_digest, plan_id, due)
            with pytest.raises(TimeoutError):
                waiting.result(0.3)
        assert waiting.result(30) is None
    assert post(town, due) == []


def test_after_an_outage_no_digest_is_made_up_for(town: Town) -> None:
    town.channel(-100_500)
    weekly = replace(FIRST_MONDAY, recurrence=Recurrence(Cadence.WEEKLY, 1, 0, date(2026, 12, 1)))
    save(town, weekly)
    assert post(town, at(date(2026, 12, 30), 10)) == []
    assert standing(town, PlanKind.DIGEST).next_at == at(date(2027, 1, 4), 9)


def test_a_digest_that_is_late_by_hours_comes_in_the_daytime(town: Town) -> None:
    town.channel(-100_500)
    save(town, FIRST_MONDAY)
    assert post(town, at(date(2026, 12, 7), 21)) == []
    morning = at(date(2026, 12, 8), 9)
    assert standing(town, PlanKind.DIGEST).next_at == morning
    assert len(post(town, morning)) == 1
    assert standing(town, PlanKind.DIGEST).next_at == at(date(2027, 1, 4), 9)
    assert len(post(town, at(date(2027, 1, 4), 14))) == 2


def test_without_a_channel_the_digest_goes_on_in_silence(town: Town) -> None:
    save(town, FIRST_MONDAY)
    assert post(town, at(date(2026, 12, 7), 9)) == []
    assert standing(town, PlanKind.DIGEST).next_at == at(date(2027, 1, 4), 9)


def test_a_suspended_or_deleted_digest_is_not_posted(town: Town) -> None:
    town.channel(-100_500)
    save(town, FIRST_MONDAY)
    town.do(deeds.pause, town.coordinator, PlanKind.DIGEST, town.now)
    assert post(town, at(date(2026, 12, 7), 9)) == []
    later = at(date(2026, 12, 7), 12)
    town.do(deeds.resume, town.coordinator, PlanKind.DIGEST, later)
    assert standing(town, PlanKind.DIGEST).next_at == at(date(2027, 1, 4), 9)
    town.do(deeds.discard, town.coordinator, PlanKind.DIGEST, later)
    assert post(town, at(date(2027, 1, 4), 9)) == []


def test_the_digest_needs_no_setup_and_minds_no_pause(town: Town) -> None:
    with town.database.begin() as db:
        db.execute(text("UPDATE municipality SET topic = ''"))
    add(town, PeriodKind.PAUSE, date(2026, 12, 1), date(2026, 12, 31))
    save(town, FIRST_MONDAY)
    assert standing(town, PlanKind.DIGEST).next_at == at(date(2026, 12, 7), 9)


def test_closing_days_move_the_digest(town: Town) -> None:
    save(town, FIRST_MONDAY)
    closing = add(town, PeriodKind.CLOSING, date(2026, 12, 7), date(2026, 12, 8))
    assert standing(town, PlanKind.DIGEST).next_at == at(date(2026, 12, 9), 9)
    town.do(deeds.remove_period, town.coordinator, closing, town.now)
    assert standing(town, PlanKind.DIGEST).next_at == at(date(2026, 12, 7), 9)


def test_the_digest_speaks_the_channels_language(town: Town) -> None:
    town.channel(-100_500)
    town.do(deeds.set_channel_locale, town.coordinator, "en")
    save(town, FIRST_MONDAY)
    save(town)
    ahead(town, at(date(2026, 12, 5), 9))
    post(town, at(date(2026, 12, 7), 9))
    with town.database.begin() as db:
        screen = db.scalar(select(OutboxRow.screen))
    assert screen is not None
    assert "overview" in screen["text"]
    assert "The next pulse round opens: Mon, 28 December 2026, 09:00" in screen["text"]
