import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import create_engine, delete, select, text, update

from core import questions
from core.actions import people, pulse
from core.queries import pulse as queries
from core.queries import trends
from core.rules.people import Account, Role
from core.rules.pulse import Dimension, Form, ItemRole, Round
from core.rules.refusal import Reason, Refusal
from core.rules.trends import Code, Figure, Participation, Result
from core.tables import FigureRow, InviteeRow, MunicipalityRow, OutboxRow, RoundRow, StatementRow
from core.urn import Urns
from tests.actions.town import MICROSECOND, Town, cells, found, refused, tables, together

ALL_FOURS = (4, 4, 4, 4, 4, 4)
FRIDAY_AT_THREE = datetime.fromisoformat("2026-11-27T15:00:00+01:00")


# Planning


def test_a_planned_round_takes_topic_minimum_and_closing_time_from_the_municipality(town: Town) -> None:
    opens_at = datetime.fromisoformat("2026-11-24T09:00:00+01:00")
    planned = town.plan(opens_at)
    assert (planned.number, planned.topic, planned.minimum, planned.invited) == (1, "Frühe Hilfen", 5, 0)
    assert planned.opens_at == opens_at
    assert planned.closes_at == datetime.fromisoformat("2026-11-30T15:00:00+01:00")
    assert planned.opened_at is None
    assert not planned.is_open(opens_at)


def test_what_is_foreseen_is_what_is_planned_and_leaves_no_trace(town: Town) -> None:
    opens_at = town.now + timedelta(days=3)
    before = tables(town.database)
    foreseen = town.do(pulse.foresee, town.coordinator, opens_at, Form.SHORT, town.now)
    assert tables(town.database) == before
    planned = town.plan(opens_at)
    assert (foreseen.id, foreseen.number, foreseen.opens_at, foreseen.closes_at) == (
        0,
        planned.number,
        planned.opens_at,
        planned.closes_at,
    )


def test_a_round_in_the_past_is_one_now(town: Town) -> None:
    assert town.plan(town.now - timedelta(days=9)).opens_at == town.now


@pytest.mark.parametrize("field", ["topic", "council", "protection"])
def test_no_round_before_the_setup_is_complete(town: Town, field: str) -> None:
    with town.database.begin() as db:
        db.execute(update(MunicipalityRow).values({field: ""}))
    for deed in (pulse.foresee, pulse.plan):
        with refused(Reason.SETUP_INCOMPLETE):
            town.do(deed, town.coordinator, town.now, Form.LONG, town.now)


def test_one_round_at_a_time_from_planning_to_the_count(town: Town) -> None:
    planned = town.plan(town.now + timedelta(hours=1))
    town.do(pulse.open_round, town.urns, planned.id, planned.opens_at)
    with refused(Reason.ROUND_RUNNING):
        town.plan()
    running = town.round(planned.id)
    town.do(pulse.begin_close, planned.id, running.closes_at)
    with refused(Reason.ROUND_RUNNING):
        town.plan()
    town.do(pulse.count, town.urns, planned.id, running.closes_at)
    second = town.plan(running.closes_at)
    assert second.number == 2

    # Another municipality has rounds of its own.
    other = found(town.database, town.urns, town.now, "Landkreis Nachbarland", 2_001)
    assert other.plan().number == 1


def test_planning_twice_at_the_same_moment_plans_one_round(town: Town) -> None:
    done = together(*[town.plan] * 4)
    assert len({planned.id for planned in done if isinstance(planned, Round)}) == 1
    with town.database.begin() as db:
        assert len(db.scalars(select(RoundRow)).all()) == 1


def test_a_waiting_round_is_moved_not_doubled(town: Town) -> None:
    waiting = town.plan(town.now + timedelta(days=2))
    moved = town.plan(town.now + timedelta(days=9), Form.LONG)
    assert (moved.id, moved.number, moved.form) == (waiting.id, waiting.number, Form.LONG)
    assert moved.opens_at == waiting.opens_at + timedelta(days=7)
    assert moved.closes_at == waiting.closes_at + timedelta(days=7)


@pytest.mark.parametrize(
    ("asked_for", "opens_at"),
    [
        ("2026-11-28T11:00:00+01:00", "2026-11-30T09:00:00+01:00"),
        ("2026-11-25T22:30:00+01:00", "2026-11-26T09:00:00+01:00"),
        ("2026-12-25T09:00:00+01:00", "2026-12-28T09:00:00+01:00"),
    ],
    ids=["Saturday", "at night", "Christmas"],
)
def test_a_round_for_later_opens_in_the_sending_hours(town: Town, asked_for: str, opens_at: str) -> None:
    planned = town.plan(datetime.fromisoformat(asked_for))
    assert planned.opens_at == datetime.fromisoformat(opens_at)


def test_a_year_ahead_is_too_far(town: Town) -> None:
    with refused(Reason.DATE_TOO_FAR):
        town.plan(town.now + timedelta(days=367))
    assert town.plan(town.now + timedelta(days=365))


def test_no_round_without_anybody_to_ask(town: Town) -> None:
    with town.database.begin() as db:
        db.execute(text("UPDATE member SET account_id = NULL"))
    with refused(Reason.NOBODY_TO_INVITE):
        town.plan()


def test_only_a_coordinator_plans_and_unplans(town: Town) -> None:
    member = town.connect(2_002)
    planned = town.plan()
    for deed in (pulse.foresee, pulse.plan):
        with refused(Reason.NOT_A_COORDINATOR):
            town.do(deed, member, town.now, Form.LONG, town.now)
    with refused(Reason.NOT_A_COORDINATOR):
        town.do(pulse.unplan, member, planned.id)


def test_a_planned_round_can_be_taken_back_once_and_its_number_is_given_again(town: Town) -> None:
    planned = town.plan(town.now + timedelta(hours=1))
    town.do(pulse.unplan, town.coordinator, planned.id)
    with refused(Reason.ROUND_NOT_PLANNED):
        town.do(pulse.unplan, town.coordinator, planned.id)
    assert not town.do(pulse.open_round, town.urns, planned.id, planned.opens_at)
    again = town.plan(town.now + timedelta(hours=2))
    # Its id is not: buttons in old messages name it.
    assert (again.number, again.id > planned.id) == (1, True)


def test_an_open_round_or_another_municipalitys_cannot_be_taken_back(town: Town) -> None:
    other = found(town.database, town.urns, town.now, "Landkreis Nachbarland", 2_001)
    mine, theirs = town.open(), other.plan(town.now + timedelta(hours=1))
    for round_ in (mine, theirs):
        with refused(Reason.ROUND_NOT_PLANNED):
            town.do(pulse.unplan, town.coordinator, round_.id)
    assert other.round(theirs.id) == theirs


def test_a_round_is_opened_or_taken_back_but_never_both(town: Town) -> None:
    def opening(round_id: int) -> bool:
        return town.do(pulse.open_round, town.urns, round_id, town.now)

    def taking_back(round_id: int) -> bool:
        town.do(pulse.unplan, town.coordinator, round_id)
        return True

    for _ in range(6):
        planned = town.plan()
        opened, taken = together(partial(opening, planned.id), partial(taking_back, planned.id))
        assert (opened, taken) in {(True, Reason.ROUND_NOT_PLANNED), (False, True)}
        assert town.urns.exists(planned.id) == (opened is True)
        if opened is True:
            town.close(town.round(planned.id))


# Opening


def test_opening_freezes_who_is_asked_and_what(town: Town) -> None:
    staff = town.staff(3)
    # A second seat is not a second ballot, and somebody who is only invited is not asked.
    town.connect(5_001, role=Role.REPRESENTATIVE, department=town.department("Jugendamt"))
    town.invite("Nie Gekommen")
    with town.database.begin() as db:
        db.execute(update(MunicipalityRow).values(minimum=7))
    round_ = town.open()
    assert (round_.invited, round_.minimum, round_.topic) == (4, 7, "Frühe Hilfen")
    assert (round_.opened_at, round_.opens_at, round_.closes_at) == (town.now, town.now, FRIDAY_AT_THREE)
    assert _invited(town, round_) == {town.coordinator.account_id, *(account.id for account in staff)}

    # Whatever changes now is for the next round.
    newcomer = town.account(town.connect(6_001))
    town.do(people.set_topic, town.coordinator, "Neues Thema")
    with town.database.begin() as db:
        db.execute(update(MunicipalityRow).values(minimum=9))
    assert town.round(round_.id) == round_
    with refused(Reason.NOT_INVITED):
        town.answer(newcomer, round_, 0, 3)
    with refused(Reason.NOT_INVITED):
        town.dealt(newcomer, round_)
    town.close(round_)
    following = town.open()
    assert (following.invited, following.minimum, following.topic) == (5, 9, "Neues Thema")
    town.answer(newcomer, following, 0, 3)


def test_the_statements_are_those_of_the_bank_and_stay_as_they_were(town: Town) -> None:
    round_ = town.open()
    asked = town.do(queries.statements, round_.id)
    assert [(s.dimension, s.role) for s in asked] == [
        (dimension, role) for dimension in Dimension for role in (ItemRole.OVERALL, ItemRole.CONCRETE)
    ]
    in_bank = {s.key: s for s in questions.bank()}
    assert all(in_bank[s.key] == s for s in asked)
    with town.database.begin() as db:
        db.execute(update(StatementRow).where(StatementRow.position == 0).values(de="Anderer Wortlaut"))
    # What is asked comes from the round, not from the bank of the day.
    statements = town.answer(town.account(town.coordinator), round_, 0, 3)
    assert statements[0].de == "Anderer Wortlaut"


def test_a_late_opening_moves_the_closing(town: Town) -> None:
    planned = town.plan(town.now + timedelta(hours=1))
    tuesday_night = datetime.fromisoformat("2026-11-24T23:00:00+01:00")
    assert town.do(pulse.open_round, town.urns, planned.id, tuesday_night)
    opened = town.round(planned.id)
    assert planned.closes_at == FRIDAY_AT_THREE
    assert opened.opened_at == tuesday_night
    assert opened.closes_at == datetime.fromisoformat("2026-11-30T15:00:00+01:00")


def test_a_round_that_nobody_can_answer_any_more_is_cancelled(town: Town) -> None:
    planned = town.plan(town.now + timedelta(hours=1))
    with town.database.begin() as db:
        db.execute(text("UPDATE member SET account_id = NULL"))
    assert town.do(pulse.open_round, town.urns, planned.id, planned.opens_at)
    cancelled = town.round(planned.id)
    assert cancelled.cancelled_at == planned.opens_at
    assert cancelled.opened_at is None
    assert not town.urns.exists(planned.id)
    assert not town.do(pulse.open_round, town.urns, planned.id, planned.opens_at)
    # It is no obstacle to the next.
    assert town.do(queries.running, town.id) is None
    town.beat(planned.opens_at + timedelta(days=30))
    assert town.round(planned.id) == cancelled


def test_a_round_opens_once_however_many_open_it(town: Town) -> None:
    town.staff(2)
    planned = town.plan()
    done = together(*[partial(town.do, pulse.open_round, town.urns, planned.id, town.now)] * 6)
    assert sorted(map(str, done)) == ["False"] * 5 + ["True"]
    assert len(_invited(town, planned)) == 3
    assert len(town.do(queries.statements, planned.id)) == 6
    town.answer(town.account(town.coordinator), planned, 0, 3)
    assert not town.do(pulse.open_round, town.urns, planned.id, town.now)
    assert town.urns.count(planned.id).values == {0: [3]}


# Answering


def test_an_answer_is_in_the_urn_and_the_last_one_counts(town: Town) -> None:
    account, other = town.staff(2)
    round_ = town.open()
    assert town.dealt(account, round_) == set()
    town.answer(account, round_, 0, 1)
    town.answer(account, round_, 0, 5)
    town.answer(account, round_, 0, 4)
    town.answer(account, round_, 3, 2)
    town.answer(other, round_, 0, 4)
    assert town.dealt(account, round_) == {0, 3}
    assert town.dealt(other, round_) == {0}
    counted = town.urns.count(round_.id)
    assert counted.values == {0: [4, 4], 3: [2]}
    assert counted.voters == 2


def test_no_answer_is_dealt_with_but_has_no_value(town: Town) -> None:
    account, other = town.staff(2)
    round_ = town.open()
    town.answer(account, round_, 0, 0)
    town.answer(other, round_, 0, 5)
    town.answer(other, round_, 0, 0)
    assert town.dealt(account, round_) == town.dealt(other, round_) == {0}
    counted = town.urns.count(round_.id)
    assert (counted.values, counted.voters) == ({}, 0)
    town.answer(account, round_, 0, 2)
    assert town.urns.count(round_.id).values == {0: [2]}


def test_the_last_microsecond_counts_and_the_closing_time_does_not(town: Town) -> None:
    account = town.account(town.coordinator)
    round_ = town.open()
    town.at(round_.closes_at - MICROSECOND).answer(account, round_, 0, 3)
    for late in (round_.closes_at, round_.closes_at + MICROSECOND):
        # The closing beat has not come yet.
        with refused(Reason.ROUND_OVER):
            town.at(late).answer(account, round_, 1, 3)
        with refused(Reason.ROUND_OVER):
            town.at(late).dealt(account, round_)
    assert town.urns.count(round_.id).values == {0: [3]}


def test_nothing_is_admitted_once_the_closing_has_begun_whatever_the_clock_says(town: Town) -> None:
    account = town.account(town.coordinator)
    round_ = town.open()
    town.answer(account, round_, 0, 3)
    town.do(pulse.begin_close, round_.id, round_.closes_at)
    for step in (pulse.count, pulse.destroy):
        with refused(Reason.ROUND_OVER):
            town.answer(account, round_, 0, 4)
        town.do(step, town.urns, round_.id, round_.closes_at)
    with refused(Reason.ROUND_OVER):
        town.answer(account, round_, 0, 4)


def test_a_closing_before_its_time_does_nothing(town: Town) -> None:
    round_ = town.open()
    town.do(pulse.begin_close, round_.id, round_.closes_at - MICROSECOND)
    assert town.round(round_.id) == round_


def test_only_who_was_asked_answers_and_only_what_was_asked(town: Town) -> None:
    round_ = town.open()
    stranger = town.account(town.connect(6_001))
    account = town.account(town.coordinator)
    with refused(Reason.NOT_INVITED):
        town.answer(stranger, round_, 0, 3)
    for position, value in ((6, 3), (-1, 3), (0, 6), (0, -1)):
        with refused(Reason.STALE_BUTTON):
            town.answer(account, round_, position, value)
    assert town.urns.count(round_.id).values == {}


def test_another_municipalitys_round_is_not_there(town: Town) -> None:
    other = found(town.database, town.urns, town.now, "Landkreis Nachbarland", 2_001)
    both = town.account(town.connect(7_777))
    other.connect(7_777)
    mine, theirs = town.open(), other.open()
    with refused(Reason.NOT_FOUND):
        town.answer(both, theirs, 0, 3)
    with refused(Reason.NOT_FOUND):
        other.answer(both, mine, 0, 3)
    with refused(Reason.NOT_INVITED):
        other.answer(town.account(town.coordinator), theirs, 0, 3)
    other.answer(both, theirs, 0, 3)
    assert town.urns.count(mine.id).values == {}
    assert town.dealt(both, mine) == set()
    assert other.dealt(both, theirs) == {0}


def test_a_round_that_is_only_planned_or_cancelled_is_not_answered(town: Town) -> None:
    account = town.account(town.coordinator)
    planned = town.plan(town.now + timedelta(hours=1))
    with refused(Reason.NOT_FOUND):
        town.answer(account, planned, 0, 3)
    town.do(pulse.open_round, town.urns, planned.id, town.now)
    town.urns.destroy(planned.id)
    # A round without its urn is over for who presses, even before the beat has noticed.
    with refused(Reason.ROUND_OVER):
        town.answer(account, planned, 0, 3)
    with refused(Reason.ROUND_OVER):
        town.dealt(account, town.round(planned.id))
    town.beat()
    with refused(Reason.NOT_FOUND):
        town.answer(account, planned, 0, 3)


# Closing


def test_the_close_stores_exactly_what_is_published(town: Town) -> None:
    round_ = town.open_with(
        [(5, 4, 1, 1, 3, 2), (5, 4, 1, 1, 3, 2), (5, 5, 1, 2, 3, 0), (5, 5, 1, 1, 4, 0), (5, 4, 1, 1, 0, 0)]
    )
    before = tables(town.database)
    town.do(pulse.begin_close, round_.id, round_.closes_at)
    town.do(pulse.count, town.urns, round_.id, round_.closes_at)
    town.do(pulse.destroy, town.urns, round_.id, round_.closes_at)

    # must (90 for 100, + 85) / 2 = 87.5; want (0 + 5) / 2 = 2.5; can has only two answers to one of its statements.
    after = tables(town.database)
    assert [name for name in after if after[name] != before[name]] == ["figure", "round"]
    with town.database.begin() as db:
        figures = {(f.kind, f.subject, f.value, f.code, f.n) for f in db.scalars(select(FigureRow))}
        row = db.scalars(select(RoundRow)).one()
        assert (row.took_part, row.base, row.invited) == (5, 6, 6)
        assert (row.closing_at, row.closed_at, row.destroyed_at) == (round_.closes_at,) * 3
    assert figures == {("dimension", "must", 90, "", 5), ("dimension", "want", 10, "<", 5)}
    assert _results(town) == (
        Result(round_.id, 1, round_.closes_at.date(), Participation(5, 6), 5, 6,
               {Dimension.MUST: Figure(90, Code.EXACT, 5), Dimension.WANT: Figure(10, Code.BELOW, 5)},
               statements=town.do(queries.statements, round_.id)),
    )  # fmt: skip
    assert not town.urns.exists(round_.id)


def test_values_are_rounded_to_five_below_thirty_answers_and_to_one_from_there(town: Town) -> None:
    # One answer of 4 among threes: 50 + 25 / n, on both statements of a dimension.
    staff = town.staff(30)
    for number, value in ((29, 50), (30, 51)):
        round_ = town.open()
        for account in staff[:number]:
            for position in range(2):
                town.urns.put(round_.id, pulse.voter(round_, account.id), position, 4 if account == staff[0] else 3)
        town.close(round_)
        assert _results(town)[-1].figures == {Dimension.MUST: Figure(value, Code.EXACT, number)}


def test_with_fewer_than_five_nothing_is_stored_not_even_how_many(town: Town) -> None:
    """Nobody, four, or four and one who ticked nothing: three rounds of which the same is known."""
    staff = town.staff(5)
    known = []
    for answers in ([], [ALL_FOURS] * 4, [*[ALL_FOURS] * 4, (0,) * 6]):
        round_ = town.open()
        for account, values in zip(staff, answers, strict=False):
            town.answers(account, round_, values)
        town.close(round_)
        with town.database.begin() as db:
            row = db.get_one(RoundRow, round_.id)
            assert row.destroyed_at is not None
            known.append({**vars(row), "id": 0, "number": 0, "form": "", "_sa_instance_state": None})
            assert db.scalars(select(FigureRow)).all() == []
    assert known[0] == known[1] == known[2]
    assert (known[0]["took_part"], known[0]["base"]) == (None, None)
    assert [(result.participation, result.figures) for result in _results(town)] == [(None, {})] * 3


def test_a_higher_minimum_of_the_municipality_holds(town: Town) -> None:
    with town.database.begin() as db:
        db.execute(update(MunicipalityRow).values(minimum=7))
    town.close(town.open_with([ALL_FOURS] * 6))
    (first,) = _results(town)
    assert (first.participation, first.figures, first.minimum) == (None, {}, 7)


def test_a_result_never_changes_again(town: Town) -> None:
    round_ = town.open_with([ALL_FOURS] * 5)
    town.close(round_)
    before = tables(town.database)
    much_later = round_.closes_at + timedelta(days=5)
    town.do(pulse.begin_close, round_.id, much_later)
    town.do(pulse.count, town.urns, round_.id, much_later)
    assert not town.do(pulse.destroy, town.urns, round_.id, much_later)
    assert not town.do(pulse.open_round, town.urns, round_.id, much_later)
    # Not even an urn that came back could be counted again.
    town.urns.create(round_.id)
    town.urns.put(round_.id, "x", 0, 1)
    town.do(pulse.count, town.urns, round_.id, much_later)
    assert tables(town.database) == before


def test_two_who_close_at_once_close_once(town: Town) -> None:
    round_ = town.open_with([ALL_FOURS] * 5)

    def close() -> bool:
        town.do(pulse.begin_close, round_.id, round_.closes_at)
        town.do(pulse.count, town.urns, round_.id, round_.closes_at)
        return town.do(pulse.destroy, town.urns, round_.id, round_.closes_at)

    done = together(*[close] * 4)
    assert sorted(map(str, done)) == ["False"] * 3 + ["True"]
    (result,) = _results(town)
    assert result.participation == Participation(5, 6)
    assert {f.n for f in result.figures.values()} == {5}
    with town.database.begin() as db:
        assert len(db.scalars(select(FigureRow)).all()) == 3


def test_every_acknowledged_answer_is_in_the_tally_and_none_after(town: Town) -> None:
    """Presses from many threads while the round closes: the tally is what the people were told, no more, no less."""
    staff = town.staff(6)
    for _ in range(3):
        round_ = town.open()
        told = _press_while_closing(town, staff, round_)
        town.do(pulse.count, town.urns, round_.id, round_.closes_at)
        expected: dict[int, Counter[int]] = {}
        for (_, position), value in told.items():
            expected.setdefault(position, Counter())[value] += 1
        counted = town.urns.count(round_.id)
        assert {slot: Counter(values) for slot, values in counted.values.items()} == expected
        assert counted.voters == len({account_id for account_id, _ in told})
        before = _results(town)
        with refused(Reason.ROUND_OVER):
            town.at(round_.closes_at - MICROSECOND).answer(staff[0], round_, 0, 3)
        town.do(pulse.destroy, town.urns, round_.id, round_.closes_at)
        assert _results(town) == before


def _press_while_closing(town: Town, staff: Sequence[Account], round_: Round) -> dict[tuple[int, int], int]:
    """What each person was told is stored, by account and statement."""
    last_moment = town.at(round_.closes_at - MICROSECOND)
    begun = threading.Barrier(len(staff) + 1)
    under_way = threading.Semaphore(0)

    def press(account: Account) -> dict[tuple[int, int], int]:
        told: dict[tuple[int, int], int] = {}
        begun.wait(timeout=60)
        for number in range(10_000):
            position, value = number % 6, 1 + (number + account.id) % 5
            try:
                last_moment.answer(account, round_, position, value)
            except Refusal as refusal:
                if refusal.reason is Reason.ROUND_OVER:
                    return told
                raise
            told[account.id, position] = value
            under_way.release()
        raise AssertionError("the round never closed")

    with ThreadPoolExecutor(len(staff)) as threads:
        pressing = [threads.submit(press, account) for account in staff]
        begun.wait(timeout=60)
        for _ in range(8 * len(staff)):
            assert under_way.acquire(timeout=60)
        town.do(pulse.begin_close, round_.id, round_.closes_at)
        # Nothing comes after this: the same is found when everybody has been turned away.
        at_the_close = town.urns.count(round_.id)
        told = {key: value for one in pressing for key, value in one.result().items()}
    assert town.urns.count(round_.id) == at_the_close
    return told


# Urns that are lost, tampered with, or nobody's


def test_a_round_whose_urn_is_gone_is_cancelled_and_its_people_are_told(town: Town) -> None:
    round_ = town.open_with([ALL_FOURS] * 5)
    town.beat()
    town.urns.destroy(round_.id)
    town.beat()
    cancelled = town.round(round_.id)
    assert cancelled.cancelled_at == town.now
    assert cancelled.closed_at is None
    assert _results(town) == ()
    with town.database.begin() as db:
        assert db.scalars(select(RoundRow.destroyed_at)).one() == town.now
    assert _posted(town, "result") == 6
    assert _posted(town, "summary") == 0
    # It is over: another may begin.
    assert town.plan().number == 2


@pytest.mark.parametrize("hidden", ["key", "db"])
def test_half_an_urn_is_no_urn(town: Town, tmp_path: Path, hidden: str) -> None:
    round_ = town.open_with([ALL_FOURS] * 5)
    town.urns.close()
    (tmp_path / "data" / "urn" / f"{round_.id}.{hidden}").unlink()
    town.beat(round_.closes_at)
    assert town.round(round_.id).cancelled_at == round_.closes_at
    assert list((tmp_path / "data" / "urn").iterdir()) == []


def test_a_round_of_five_days_ago_closes_when_the_bot_comes_back(town: Town) -> None:
    round_ = town.open_with([ALL_FOURS] * 5)
    late = round_.closes_at + timedelta(days=5)
    town.beat(late)
    assert town.round(round_.id).closed_at == late
    assert _results(town)[0].participation == Participation(5, 6)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE ballot SET sealed = zeroblob(length(sealed)) WHERE bid = (SELECT min(bid) FROM ballot)",
        "UPDATE ballot SET sealed = substr(sealed, 1, length(sealed) - 1) WHERE bid = (SELECT min(bid) FROM ballot)",
        "UPDATE ballot SET sealed = substr(sealed, 1, 5) WHERE bid = (SELECT min(bid) FROM ballot)",
        "UPDATE ballot SET sealed = x'' WHERE bid = (SELECT min(bid) FROM ballot)",
        "UPDATE ballot SET bid = randomblob(32) WHERE bid = (SELECT min(bid) FROM ballot)",
        "UPDATE ballot SET sealed = (SELECT max(sealed) FROM ballot)",
        "INSERT INTO ballot SELECT urn, randomblob(32), sealed FROM ballot LIMIT 1",
        "DROP TABLE ballot",
    ],
)
def test_a_round_whose_ballots_were_tampered_with_is_cancelled(town: Town, tmp_path: Path, tampering: str) -> None:
    round_ = town.open_with([ALL_FOURS] * 5)
    town.urns.close()
    engine = create_engine(f"sqlite:///{tmp_path / 'data' / 'urn' / f'{round_.id}.db'}")
    with engine.begin() as connection:
        connection.execute(text(tampering))
    engine.dispose()
    town.beat(round_.closes_at)
    assert town.round(round_.id).cancelled_at == round_.closes_at
    assert _results(town) == ()
    assert _posted(town, "result") == 6
    assert list((tmp_path / "data" / "urn").iterdir()) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("contents", [b"", b"this is not a database " * 200])
def test_a_round_whose_urn_is_no_database_is_cancelled(town: Town, tmp_path: Path, contents: bytes) -> None:
    round_ = town.open_with([ALL_FOURS] * 5)
    town.urns.close()
    (tmp_path / "data" / "urn" / f"{round_.id}.db").write_bytes(contents)
    town.beat(round_.closes_at)
    assert town.round(round_.id).cancelled_at == round_.closes_at
    assert list((tmp_path / "data" / "urn").iterdir()) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_round_whose_key_was_exchanged_is_cancelled(town: Town, tmp_path: Path) -> None:
    round_ = town.open_with([ALL_FOURS] * 5)
    town.urns.close()
    (tmp_path / "data" / "urn" / f"{round_.id}.key").write_bytes(bytes(32))
    town.beat(round_.closes_at)
    assert town.round(round_.id).cancelled_at == round_.closes_at


def test_urns_of_no_open_round_are_destroyed_at_a_start_and_others_kept(town: Town, tmp_path: Path) -> None:
    account = town.account(town.coordinator)
    planned = town.plan(town.now + timedelta(hours=1))
    other = found(town.database, town.urns, town.now, "Landkreis Nachbarland", 2_001)
    kept = other.open()
    other.answer(other.account(other.coordinator), kept, 0, 3)
    for orphan in (planned.id, 4_711):
        town.urns.create(orphan)
        town.urns.put(orphan, "somebody", 0, 1)
    town.urns.close()
    restarted = Urns(tmp_path / "data" / "urn")
    (tmp_path / "data" / "urn" / "815.db-wal").write_bytes(b"left by a crash")
    town.do(pulse.destroy_orphans, restarted)
    assert restarted.known() == {kept.id}
    assert restarted.count(kept.id).values == {0: [3]}
    restarted.close()
    # The round that was about to open still does.
    assert town.do(pulse.open_round, town.urns, planned.id, planned.opens_at)
    town.at(planned.opens_at).answer(account, planned, 0, 3)
    assert town.urns.count(planned.id).values == {0: [3]}


# People who leave


def test_who_is_removed_in_mid_round_leaves_the_ballots_in(town: Town) -> None:
    staff = town.staff(5)
    round_ = town.open()
    for account in staff:
        town.answers(account, round_, ALL_FOURS)
    leaving = next(member for member in town.members() if member.account_id == staff[0].id)
    town.do(people.remove, town.coordinator, leaving.id)
    assert staff[0].id not in _invited(town, round_)
    with refused(Reason.NOT_INVITED):
        town.answer(staff[0], round_, 0, 1)
    town.close(round_)
    (result,) = _results(town)
    assert result.participation == Participation(5, 6)
    assert {figure.n for figure in result.figures.values()} == {5}


def test_who_comes_back_in_mid_round_is_a_newcomer(town: Town) -> None:
    member = town.connect(6_001)
    account = town.account(member)
    round_ = town.open()
    town.answer(account, round_, 0, 5)
    town.do(people.remove, town.coordinator, member.id)
    back = town.account(town.connect(6_001))
    assert back.id != account.id
    with refused(Reason.NOT_INVITED):
        town.answer(back, round_, 0, 1)
    assert town.urns.count(round_.id).values == {0: [5]}


def test_a_removed_invitee_hears_nothing_of_the_end(town: Town) -> None:
    staff = town.staff(5)
    round_ = town.open()
    town.beat()
    leaving = next(member for member in town.members() if member.account_id == staff[0].id)
    town.do(people.remove, town.coordinator, leaving.id)
    town.beat(round_.closes_at)
    assert _posted(town, "result") == 5
    assert staff[0].telegram_id not in [value for _, value in cells(town.database)]


def test_nobody_but_the_invitees_table_says_who_was_asked(town: Town) -> None:
    """And it goes with the round, not with an answer: dealing with everything changes no row."""
    account = town.account(town.coordinator)
    round_ = town.open()
    with town.database.begin() as db:
        asked = [(row.account_id, row.told_at, row.ended_at) for row in db.scalars(select(InviteeRow))]
    assert asked == [(account.id, None, None)]
    town.answers(account, round_, ALL_FOURS)
    with town.database.begin() as db:
        assert [(row.account_id, row.told_at, row.ended_at) for row in db.scalars(select(InviteeRow))] == asked
        db.execute(delete(RoundRow))
        assert db.scalars(select(InviteeRow)).all() == []


def _invited(town: Town, round_: Round) -> set[int | None]:
    with town.database.begin() as db:
        return set(db.scalars(select(InviteeRow.account_id).where(InviteeRow.round_id == round_.id)))


def _results(town: Town) -> tuple[Result, ...]:
    return town.do(trends.results, town.id)


def _posted(town: Town, kind: str) -> int:
    with town.database.begin() as db:
        return len(db.scalars(select(OutboxRow.id).where(OutboxRow.kind == kind)).all())
