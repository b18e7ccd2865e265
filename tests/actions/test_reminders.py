"""While a round is open: reminders decided from the urn, the daily count, one extension, and the hours of sending."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, update

from core.actions import people, privacy, pulse, reminders
from core.db import Database
from core.queries import pulse as pulse_queries
from core.rules.people import Account
from core.rules.pulse import Form, Round
from core.rules.refusal import Reason
from core.tables import AccountRow, OutboxRow, RoundRow
from core.urn import Urns
from scheduler.moment import Moment
from scheduler.pulse import invite, next_nudge, withdraw_nudge
from tests.actions.test_urn import ballots, replace
from tests.actions.town import Town, found, refused, tables, together

HALF_TIME = datetime.fromisoformat("2026-11-25T09:00:00+01:00")
LAST_MORNING = datetime.fromisoformat("2026-11-27T09:00:00+01:00")
ALL = (4,) * 6


@pytest.fixture
def town(database: Database, urns: Urns, now: datetime) -> Town:
    return found(database, urns, now)


def rows(town: Town, kind: str) -> list[OutboxRow]:
    with town.database.begin() as db:
        return list(db.scalars(select(OutboxRow).where(OutboxRow.kind == kind).order_by(OutboxRow.id)))


def reminded(town: Town, round_: Round, which: int) -> list[int]:
    """Whom a reminder would go to if it were sent now."""
    chats, place = [], 0
    while nudge := town.do(_nudge, town, round_, which, place):
        place = nudge.place
        if nudge.screen is not None:
            chats.append(nudge.chat_id)
    return chats


def _nudge(db: Any, town: Town, round_: Round, which: int, after: int) -> Any:
    return next_nudge(Moment(db, town.urns, town.now), round_.id, which, after)


def away(town: Town, account: Account, since: datetime, until: datetime) -> None:
    with town.database.begin() as db:
        values = {"away_from": since.date(), "away_until": until.date()}
        db.execute(update(AccountRow).where(AccountRow.id == account.id).values(values))


def chats(accounts: Sequence[Account]) -> list[int]:
    return [account.telegram_id for account in accounts]


def test_one_row_a_round_at_half_time_and_on_the_last_morning(town: Town) -> None:
    town.staff(3)
    round_ = town.open()
    for moment, expected in (
        (HALF_TIME - timedelta(seconds=1), []),
        (HALF_TIME, ["round:1:reminder:1"]),
        (LAST_MORNING - timedelta(seconds=1), ["round:1:reminder:1"]),
        (LAST_MORNING, ["round:1:reminder:1", "round:1:reminder:2"]),
        (round_.closes_at - timedelta(seconds=1), ["round:1:reminder:1", "round:1:reminder:2"]),
    ):
        town.beat(moment)
        posted = rows(town, "reminder")
        assert [row.key for row in posted] == expected
    assert {(row.account_id, row.chat_id) for row in posted} == {(None, 0)}
    assert [row.expires_at for row in posted] == [HALF_TIME.replace(hour=16), round_.closes_at]


def test_only_who_has_not_dealt_with_everything_is_reminded(town: Town) -> None:
    staff = town.staff(6)
    finished, partly, nothing_said, silent, blocked, gone = staff
    round_ = town.open()
    town.answers(finished, round_, ALL)
    town.answers(partly, round_, ALL[:5])
    town.answers(nothing_said, round_, (0,) * 6)
    with town.database.begin() as db:
        db.execute(update(AccountRow).where(AccountRow.id == blocked.id).values(blocked_at=town.now))
    with town.database.begin() as db:
        (member,) = [m for m in town.members() if m.account_id == gone.id]
    town.do(people.remove, town.coordinator, member.id)
    coordinator = town.coordinator.account_id
    with town.database.begin() as db:
        boss = db.get_one(AccountRow, coordinator).telegram_id
    assert reminded(town.at(HALF_TIME), round_, 1) == [boss, *chats([partly, silent])]


@pytest.mark.parametrize(("until", "is_reminded"), [("2026-11-24", True), ("2026-11-25", False), ("2026-12-24", False)])
def test_who_is_away_on_the_day_is_left_out(town: Town, until: str, is_reminded: bool) -> None:
    (one,) = town.staff(1)
    round_ = town.open()
    away(town, one, town.now, datetime.fromisoformat(until))
    assert (one.telegram_id in reminded(town.at(HALF_TIME), round_, 1)) is is_reminded


def test_nobody_is_reminded_twice_of_the_same_nor_after_finishing_nor_after_the_close(town: Town) -> None:
    first, second = town.staff(2)
    round_ = town.open()
    assert len(reminded(town.at(HALF_TIME), round_, 1)) == 3
    assert reminded(town.at(HALF_TIME), round_, 1) == []
    town.answers(first, round_, ALL)
    assert second.telegram_id in reminded(town.at(LAST_MORNING), round_, 2)
    assert reminded(town.at(LAST_MORNING), round_, 2) == []
    third = town.connect(5_099)
    assert third.account_id is not None
    assert reminded(town.at(round_.closes_at), round_, 1) == []


def test_a_reminder_that_was_certainly_not_sent_is_given_back(town: Town) -> None:
    town.staff(2)
    round_ = town.open()
    first = town.do(_nudge, town.at(HALF_TIME), round_, 1, 0)

    def give_back(db: Any) -> None:
        withdraw_nudge(Moment(db, town.urns, HALF_TIME), round_.id, 1, first.place)

    town.do(give_back)
    assert first.chat_id in reminded(town.at(HALF_TIME), round_, 1)


def test_the_mark_of_a_reminder_is_no_answer(town: Town) -> None:
    staff = town.staff(6)
    round_ = town.open()
    for account in staff[:5]:
        town.answers(account, round_, ALL)
    assert len(reminded(town.at(HALF_TIME), round_, 1)) == 2
    assert town.dealt(staff[5], round_) == set()
    assert town.urns.count(round_.id).voters == 5


def test_reminding_writes_nothing_to_the_main_database(town: Town) -> None:
    town.staff(3)
    round_ = town.open()
    before = tables(town.database)
    assert reminded(town.at(HALF_TIME), round_, 1)
    assert tables(town.database) == before


def test_after_an_outage_only_the_latest_and_only_within_the_hours(town: Town) -> None:
    town.staff(2)
    town.open()
    town.beat(HALF_TIME.replace(hour=17))
    assert rows(town, "reminder") == []
    next_morning = HALF_TIME + timedelta(days=1)
    town.beat(next_morning)
    assert [row.key for row in rows(town, "reminder")] == ["round:1:reminder:1"]
    town.beat(LAST_MORNING)
    assert [row.key for row in rows(town, "reminder")] == ["round:1:reminder:1", "round:1:reminder:2"]


def test_down_from_the_opening_to_the_last_morning_reminds_once(town: Town) -> None:
    town.staff(2)
    town.open()
    town.beat(LAST_MORNING + timedelta(hours=1))
    assert [row.key for row in rows(town, "reminder")] == ["round:1:reminder:2"]


# The coordinators' count


def test_the_count_is_renewed_once_a_day_and_shows_nothing_below_three(town: Town) -> None:
    staff = town.staff(4)
    round_ = town.open()

    def seen(moment: datetime) -> int | None:
        town.beat(moment)
        return town.round(round_.id).answered

    first_look = town.now + timedelta(days=1)
    for account in staff[:2]:
        town.answers(account, round_, ALL)
    assert seen(first_look) is None
    town.at(first_look).answer(staff[2], round_, 0, 3)
    assert seen(first_look + timedelta(hours=5)) is None
    assert seen(first_look + timedelta(days=1)) == 3
    # Who says nothing to everything has not taken part.
    town.answers(staff[3], round_, (0,) * 6)
    assert seen(first_look + timedelta(days=2)) == 3


def test_a_round_with_a_forged_ballot_is_not_counted_while_it_is_open(town: Town) -> None:
    round_ = town.open_with([ALL] * 4)
    replace(town.urns, round_.id, {bid: bytes(len(sealed)) for bid, sealed in ballots(town.urns, round_.id).items()})
    town.beat(LAST_MORNING)
    assert (town.round(round_.id).answered, offers(town)) == (None, [])
    town.beat(round_.closes_at)
    assert town.round(round_.id).cancelled_at == round_.closes_at


# Extension


def offers(town: Town) -> list[str]:
    return [row.key for row in rows(town, "notice") if ":offer:" in row.key]


@pytest.mark.parametrize(("answers", "offered"), [(4, True), (5, False)])
def test_an_extension_is_offered_on_the_last_morning_with_fewer_than_five(
    town: Town, answers: int, offered: bool
) -> None:
    round_ = town.open_with([ALL] * answers)
    town.beat(LAST_MORNING - timedelta(days=1))
    assert offers(town) == []
    with refused(Reason.NOT_EXTENDABLE):
        town.do(reminders.extend, town.coordinator, round_.id, LAST_MORNING - timedelta(days=1))
    town.beat(LAST_MORNING)
    assert bool(offers(town)) is offered
    town.beat(LAST_MORNING + timedelta(hours=1))
    assert len(offers(town)) == int(offered)
    if not offered:
        with refused(Reason.NOT_EXTENDABLE):
            town.do(reminders.extend, town.coordinator, round_.id, LAST_MORNING)


def test_an_extension_moves_the_close_once_and_tells_everybody_invited(town: Town) -> None:
    town.staff(2)
    round_ = town.open()
    town.beat()
    assert len(rows(town, "invitation")) == 3
    town.beat(HALF_TIME)
    town.beat(LAST_MORNING)
    longer = town.do(reminders.extend, town.coordinator, round_.id, LAST_MORNING)
    assert longer.closes_at == datetime.fromisoformat("2026-12-04T15:00:00+01:00")
    with refused(Reason.NOT_EXTENDABLE):
        town.do(reminders.extend, town.coordinator, round_.id, longer.closes_at - timedelta(hours=1))
    town.beat(LAST_MORNING)
    assert [row.key for row in rows(town, "invitation")[3:]] == [f"round:1:extension:{n}" for n in (1, 2, 3)]
    town.beat(round_.closes_at)
    assert town.round(round_.id).is_open(round_.closes_at)
    town.beat(longer.closes_at - timedelta(hours=1))
    # Two reminders are the most, however long a round is open.
    assert len(rows(town, "reminder")) == 2
    assert offers(town) == [f"round:1:offer:{town.coordinator.account_id}"]
    town.beat(longer.closes_at)
    assert town.round(round_.id).closed_at == longer.closes_at


def test_only_a_coordinator_of_the_municipality_extends(town: Town) -> None:
    member = town.connect(2_002)
    round_ = town.open()
    town.beat(LAST_MORNING)
    with refused(Reason.NOT_A_COORDINATOR):
        town.do(reminders.extend, member, round_.id, LAST_MORNING)
    other = found(town.database, town.urns, town.now, "Landkreis Nachbarland", 2_001)
    with refused(Reason.NOT_FOUND):
        town.do(reminders.extend, other.coordinator, round_.id, LAST_MORNING)
    assert town.round(round_.id).extended_at is None


# Opening, and the hours of sending


@pytest.mark.parametrize(("others", "warned"), [(6, True), (7, False)])
def test_coordinators_are_warned_when_a_planned_round_opens_for_fewer_than_eight(
    town: Town, others: int, warned: bool
) -> None:
    town.staff(others)
    planned = town.plan(town.now + timedelta(days=1))
    town.beat(planned.opens_at)
    assert town.round(planned.id).invited == others + 1
    assert any(":small:" in row.key for row in rows(town, "notice")) is warned


def test_a_planned_round_that_missed_its_hours_opens_in_the_next(town: Town) -> None:
    planned = town.plan(town.now + timedelta(days=1))
    town.beat(planned.opens_at + timedelta(hours=10))
    assert town.round(planned.id).opened_at is None
    later = planned.opens_at + timedelta(days=1)
    town.beat(later)
    opened = town.round(planned.id)
    assert (opened.opened_at, opened.closes_at) == (later, datetime.fromisoformat("2026-12-01T15:00:00+01:00"))


def test_what_a_person_starts_goes_out_at_once_and_what_is_late_waits_for_the_morning(town: Town) -> None:
    saturday = datetime.fromisoformat("2026-11-28T20:00:00+01:00")
    evening = town.at(saturday)
    round_ = evening.open()
    evening.beat()
    assert [row.due_at for row in rows(town, "invitation")] == [saturday]
    assert round_.closes_at == datetime.fromisoformat("2026-12-04T15:00:00+01:00")
    # Down across the close: the result waits for the next morning.
    town.beat(round_.closes_at + timedelta(hours=8))
    assert town.round(round_.id).closed_at is not None
    assert [row.due_at for row in rows(town, "result")] == [datetime.fromisoformat("2026-12-07T09:00:00+01:00")]


def test_no_round_stays_open_for_more_than_three_weeks(town: Town) -> None:
    planned = town.plan(town.now + timedelta(days=1))
    with town.database.begin() as db:
        db.execute(update(RoundRow).values(days=40))
    town.beat(planned.opens_at)
    assert town.round(planned.id).closes_at == datetime.fromisoformat("2026-12-14T15:00:00+01:00")


# The circle


def test_who_was_away_throughout_is_no_part_of_the_circle_whether_they_took_part_or_not(town: Town) -> None:
    staff = town.staff(9)
    round_ = town.open()
    for account in staff[:5]:
        town.answers(account, round_, ALL)
    for account in (staff[4], staff[5]):
        away(town, account, town.now - timedelta(days=3), round_.closes_at + timedelta(days=3))
    away(town, staff[6], town.now + timedelta(days=1), round_.closes_at)
    away(town, staff[7], town.now, round_.closes_at - timedelta(days=1))
    town.close(round_)
    with town.database.begin() as db:
        row = db.get_one(RoundRow, round_.id)
        assert (row.took_part, row.base, row.invited) == (5, 8, 10)


# Forms and rotation


def test_the_long_form_rotates_in_the_banks_order(town: Town) -> None:
    keys = []
    for _ in range(4):
        planned = town.plan(form=Form.LONG)
        town.do(pulse.open_round, town.urns, planned.id, town.now)
        statements = town.do(pulse_queries.statements, planned.id)
        assert len(statements) == 9
        keys.append([s.key for s in statements if s.role == "rotating"])
        town.close(town.round(planned.id))
    assert keys == [
        ["data_basis", "political_will", "participation"],
        ["stakeholders", "negotiation", "structures"],
        ["options", "goals", "decisions"],
        ["data_basis", "openness", "qualification"],
    ]


def test_of_three_rounds_at_most_two_are_short_also_by_hand(town: Town) -> None:
    forms = []
    for _ in range(6):
        foreseen = town.do(pulse.foresee, town.coordinator, town.now, Form.SHORT, town.now)
        round_ = town.open()
        assert round_.form is foreseen.form
        forms.append((round_.form, len(town.do(pulse_queries.statements, round_.id))))
        town.close(round_)
    assert forms == [(Form.SHORT, 6), (Form.SHORT, 6), (Form.LONG, 9)] * 2


def test_what_is_over_is_left_alone_for_ever(town: Town) -> None:
    round_ = town.open()
    town.beat(round_.closes_at)
    with town.database.begin() as db:
        assert db.get_one(RoundRow, round_.id).settled_at == round_.closes_at
    before = tables(town.database)
    town.beat(round_.closes_at + timedelta(hours=1))
    assert tables(town.database) == before


# What goes wrong in between


def test_the_count_does_not_fall_when_somebody_leaves(town: Town) -> None:
    """A count that falls would tell that whoever has just left had taken part."""
    staff = town.staff(4)
    round_ = town.open()
    for account in staff:
        town.answers(account, round_, ALL)
    town.beat(town.now + timedelta(days=1))
    town.do(privacy.leave, town.urns, staff[0], town.id)
    town.beat(town.now + timedelta(days=2))
    assert town.urns.count(round_.id).voters == 3
    assert town.round(round_.id).answered == 4


def test_a_round_that_opens_while_it_is_being_moved_is_open_as_it_was_or_moved(town: Town) -> None:
    town.staff(2)
    for _ in range(8):
        planned = town.plan(town.now + timedelta(days=1))
        moving = partial(town.plan, town.now + timedelta(days=200), Form.LONG)
        together(moving, partial(town.do, pulse.open_round, town.urns, planned.id, town.now))
        round_ = town.round(planned.id)
        if round_.opened_at is not None:
            assert round_.closes_at - round_.opened_at <= timedelta(days=21) or round_.form is Form.LONG
            assert len(town.do(pulse_queries.statements, round_.id)) == (9 if round_.form is Form.LONG else 6)
            town.do(pulse.begin_close, round_.id, round_.closes_at)
            town.close(round_)
        else:
            town.do(pulse.unplan, town.coordinator, planned.id)


def test_one_round_that_cannot_be_told_of_holds_up_no_other(town: Town) -> None:
    other = found(town.database, town.urns, town.now, "Landkreis Nachbarland", 2_001)
    for place in (town, other):
        place.open()
    with town.database.begin() as db:
        db.execute(update(AccountRow).where(AccountRow.telegram_id == 1_001).values(locale="fr"))
    failed: set[int] = set()

    def tick() -> bool:
        with town.database.begin() as db:
            return invite(Moment(db, town.urns, town.now, failed))

    with pytest.raises(KeyError):
        tick()
    assert tick()
    assert not tick()
    assert [row.chat_id for row in rows(town, "invitation")] == [2_001]


def test_a_plans_date_that_was_missed_for_good_is_left_out_and_a_persons_is_not(town: Town) -> None:
    by_person = town.plan(town.now + timedelta(days=1))
    late = by_person.closes_at + timedelta(days=7)
    town.beat(late)
    assert town.round(by_person.id).opened_at == late
    town.close(town.round(by_person.id))

    by_plan = town.at(late).plan(late + timedelta(days=21))
    with town.database.begin() as db:
        db.execute(update(RoundRow).where(RoundRow.id == by_plan.id).values(occurrence=by_plan.opens_at.date()))
    town.beat(by_plan.closes_at)
    with refused(Reason.NOT_FOUND):
        town.round(by_plan.id)
