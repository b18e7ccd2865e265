"""Own statements: proposed by one, approved by another, announced by a round, asked from the next one on."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import event, select

from core import questions
from core.actions import people, pulse, statements
from core.queries import pulse as pulse_queries
from core.queries import statements as queries
from core.rules.people import Member, Role
from core.rules.pulse import Dimension, Form, ItemRole, OwnStatement, Round, compose
from core.rules.refusal import Reason, Refusal
from core.rules.statements import AT_MOST, WORDING_LIMIT
from core.tables import OwnStatementRow, RoundRow, StatementRow
from tests.actions.town import Town, cells, found, refused, tables, together

TEXT = "Wir informieren uns früh.\nWe tell one another early."


@pytest.fixture
def second(town: Town) -> Member:
    return town.connect(2_002, "Zoe Zweite", Role.COORDINATOR)


def propose(town: Town, text: str = TEXT, by: Member | None = None) -> OwnStatement:
    return town.do(statements.propose, by or town.coordinator, Dimension.CAN, text)


def approved(town: Town, second: Member, text: str = TEXT) -> OwnStatement:
    return town.do(statements.approve, second, propose(town, text).id, town.now)


def own(town: Town) -> tuple[OwnStatement, ...]:
    return town.do(queries.own, town.id)


def round_row(
    town: Town, number: int, keys: Iterable[str] = (), *, opened: bool = True, cancelled: bool = False
) -> int:
    """A past round that asked these rotating statements."""
    with town.database.begin() as db:
        row = RoundRow(
            municipality_id=town.id, number=number, topic="", minimum=5, opens_at=town.now, closes_at=town.now,
            opened_at=town.now if opened else None, closed_at=None if cancelled else town.now,
            cancelled_at=town.now if cancelled else None,
        )  # fmt: skip
        db.add(row)
        db.flush()
        for position, key in enumerate(keys):
            db.add(
                StatementRow(
                    round_id=row.id, position=position, key=key, dimension=Dimension.CAN, role=ItemRole.ROTATING,
                    de="x", en="x",
                )
            )  # fmt: skip
        return row.id


# Proposing


def test_a_proposal_waits_for_another_coordinator(town: Town) -> None:
    proposed = propose(town)
    assert own(town) == (proposed,)
    assert proposed == OwnStatement(
        proposed.id, town.id, Dimension.CAN, "Wir informieren uns früh.", "We tell one another early.",
        town.coordinator.account_id, False, None,
    )  # fmt: skip
    assert propose(town, "  Nur   deutsch. ").en == ""
    assert [s.de for s in own(town)] == ["Wir informieren uns früh.", "Nur deutsch."]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (" \n", Reason.TEXT_EMPTY),
        ("x" * (WORDING_LIMIT + 1), Reason.TEXT_TOO_LONG),
        ("a\nb\nc", Reason.TOO_MANY_LINES),
        (next(s.de for s in questions.bank() if s.dimension is Dimension.MUST), Reason.STATEMENT_KNOWN),
        ("Ganz neu.\n" + questions.bank()[-1].en.upper(), Reason.STATEMENT_KNOWN),
        ("wir informieren  uns früh", Reason.STATEMENT_KNOWN),
        ("Anders.\nWe tell one another early!", Reason.STATEMENT_KNOWN),
    ],
)
def test_what_is_refused_leaves_no_trace(town: Town, text: str, reason: Reason) -> None:
    propose(town)
    before = list(cells(town.database))
    with refused(reason):
        propose(town, text)
    assert list(cells(town.database)) == before


def test_the_longest_statement_fits(town: Town) -> None:
    longest = "ß" * WORDING_LIMIT
    assert propose(town, f"{longest}\n{longest[1:]}x").de == longest


def test_only_so_many_fit_and_a_declined_or_retired_one_makes_room(town: Town, second: Member) -> None:
    kept = [propose(town, f"Aussage Nummer {number}.") for number in range(AT_MOST)]
    with pytest.raises(Refusal) as caught:
        propose(town, "Eine zu viel.")
    assert (caught.value.reason, caught.value.details) == (Reason.TOO_MANY_STATEMENTS, {"limit": AT_MOST})
    town.do(statements.decline, second, kept[0].id)
    propose(town, "Jetzt passt sie.")
    with refused(Reason.TOO_MANY_STATEMENTS):
        propose(town, "Wieder eine zu viel.")
    town.do(statements.approve, second, kept[1].id, town.now)
    town.do(statements.retire, town.coordinator, kept[1].id, town.now)
    propose(town, "Nun wieder.")
    assert len(own(town)) == AT_MOST


def test_what_was_declined_or_retired_may_be_proposed_again_as_a_new_statement(town: Town, second: Member) -> None:
    first = propose(town)
    town.do(statements.decline, second, first.id)
    again = approved(town, second)
    town.do(statements.retire, second, again.id, town.now)
    third = propose(town)
    assert len({first.id, again.id, third.id}) == 3


def test_the_same_statement_proposed_by_two_at_the_same_moment_is_there_once(town: Town, second: Member) -> None:
    done = together(*(partial(propose, town, TEXT, by) for by in (town.coordinator, second, town.coordinator)))
    assert done.count(Reason.STATEMENT_KNOWN) == 2
    assert len(own(town)) == 1


def test_the_last_place_is_given_once(town: Town, second: Member) -> None:
    for number in range(AT_MOST - 1):
        propose(town, f"Aussage Nummer {number}.")
    done = together(*(partial(propose, town, f"Aussage von {by.name}.", by) for by in (town.coordinator, second)))
    assert done.count(Reason.TOO_MANY_STATEMENTS) == 1
    assert len(own(town)) == AT_MOST


# Deciding


def test_a_second_coordinator_approves(town: Town, second: Member) -> None:
    proposed = propose(town)
    assert town.do(statements.approve, second, proposed.id, town.now) == replace(proposed, is_approved=True)
    assert own(town) == (replace(proposed, is_approved=True),)


def test_nobody_approves_their_own_not_even_under_a_second_membership(town: Town, second: Member) -> None:
    proposed = propose(town)
    invited = town.invite("Karla Doppelt", Role.COORDINATOR, town.department("Jugendamt"))
    twice = town.join(invited.token, 1_001)
    assert twice.id != town.coordinator.id
    assert twice.account_id == town.coordinator.account_id
    for actor in (town.coordinator, twice):
        with refused(Reason.NEEDS_ANOTHER_COORDINATOR):
            town.do(statements.approve, actor, proposed.id, town.now)
    assert not own(town)[0].is_approved
    assert town.do(statements.approve, second, proposed.id, town.now).is_approved


def test_declining_deletes_and_so_does_withdrawing(town: Town, second: Member) -> None:
    kept, declined, withdrawn = (propose(town, f"Aussage Nummer {number}.") for number in range(3))
    assert town.do(statements.decline, second, declined.id) == declined
    assert town.do(statements.decline, town.coordinator, withdrawn.id) == withdrawn
    assert own(town) == (kept,)
    with town.database.begin() as db:
        assert len(db.scalars(select(OwnStatementRow)).all()) == 1


def test_what_is_decided_is_not_decided_again(town: Town, second: Member) -> None:
    gone, in_use = propose(town, "Wird abgelehnt."), approved(town, second, "Wird freigegeben.")
    town.do(statements.decline, second, gone.id)
    before = list(cells(town.database))
    for statement in (gone, in_use):
        for actor in (town.coordinator, second):
            with refused(Reason.STATEMENT_DECIDED):
                town.do(statements.approve, actor, statement.id, town.now + timedelta(hours=1))
            with refused(Reason.STATEMENT_DECIDED):
                town.do(statements.decline, actor, statement.id)
    assert list(cells(town.database)) == before


@pytest.mark.parametrize("attempt", range(5))
def test_of_all_who_decide_at_the_same_moment_one_does(town: Town, second: Member, attempt: int) -> None:
    third = town.connect(3_003, "Tina Dritte", Role.COORDINATOR)
    proposed = propose(town)
    deeds = [
        partial(town.do, statements.approve, second, proposed.id, town.now),
        partial(town.do, statements.decline, third, proposed.id),
        partial(town.do, statements.approve, third, proposed.id, town.now),
        partial(town.do, statements.decline, town.coordinator, proposed.id),
    ]
    done = together(*deeds[attempt % 4 :], *deeds[: attempt % 4])
    assert done.count(Reason.STATEMENT_DECIDED) == 3
    (decision,) = (d for d in done if isinstance(d, OwnStatement))
    assert own(town) == ((decision,) if decision.is_approved else ())


def test_a_proposal_outlives_its_proposer_and_anybody_else_decides(town: Town, second: Member) -> None:
    proposed = propose(town, by=second)
    town.do(people.remove, town.coordinator, second.id)
    (left,) = own(town)
    assert left == replace(proposed, proposed_by=None)
    assert town.do(statements.approve, town.coordinator, left.id, town.now).is_approved


# Retiring


def test_a_retired_statement_is_asked_no_more_and_past_rounds_keep_it(town: Town, second: Member) -> None:
    statement = approved(town, second)
    town.do(statements.announce, town.id, 1)
    round_id = round_row(town, 2, [f"own:{statement.id}"])
    before = tables(town.database)["statement"]
    assert town.do(statements.retire, town.coordinator, statement.id, town.now) == replace(statement, announced=1)
    assert own(town) == town.do(queries.askable, town.id, 3) == town.do(queries.announced_in, town.id, 1) == ()
    assert tables(town.database)["statement"] == before
    assert town.do(queries.last_asked, town.id, 3) == {f"own:{statement.id}": 2}
    with refused(Reason.STATEMENT_DECIDED):
        town.do(statements.retire, second, statement.id, town.now)
    with refused(Reason.STATEMENT_DECIDED):
        town.do(queries.statement, town.id, statement.id)
    with town.database.begin() as db:
        assert db.get_one(RoundRow, round_id).number == 2
        assert db.get_one(OwnStatementRow, statement.id).retired_at == town.now


def test_a_mere_proposal_is_not_retired(town: Town, second: Member) -> None:
    proposed = propose(town)
    with refused(Reason.NOT_FOUND):
        town.do(statements.retire, second, proposed.id, town.now)
    assert own(town) == (proposed,)


# Claims


def test_nobody_but_a_coordinator_decides_anything(town: Town, second: Member) -> None:
    somebody = town.connect(3_003)
    proposed, in_use = propose(town), approved(town, second, "Schon in Gebrauch.")
    before = list(cells(town.database))
    for deed in (
        partial(statements.propose, dimension=Dimension.MUST, text="Neu."),
        partial(statements.approve, statement_id=proposed.id, now=town.now),
        partial(statements.decline, statement_id=proposed.id),
        partial(statements.retire, statement_id=in_use.id, now=town.now),
    ):
        with refused(Reason.NOT_A_COORDINATOR), town.database.begin() as db:
            deed(db, somebody)
    assert list(cells(town.database)) == before


def test_another_municipalitys_statements_are_not_there(town: Town, second: Member) -> None:
    other = found(town.database, town.urns, town.now, "Stadt Beispielhausen", 9_001)
    proposed, in_use = propose(town), approved(town, second, "Schon in Gebrauch.")
    before = list(cells(town.database))
    for statement in (proposed, in_use):
        for deed in (
            partial(statements.approve, statement_id=statement.id, now=town.now),
            partial(statements.decline, statement_id=statement.id),
            partial(statements.retire, statement_id=statement.id, now=town.now),
        ):
            with refused(Reason.STATEMENT_DECIDED), town.database.begin() as db:
                deed(db, other.coordinator)
        with refused(Reason.STATEMENT_DECIDED):
            other.do(queries.statement, other.id, statement.id)
    other.do(statements.announce, other.id, 1)
    assert list(cells(town.database)) == before
    # The same wording is no secret between them, and theirs do not count here.
    assert propose(other).municipality_id == other.id
    assert len(own(town)) == 2


def test_whoever_was_removed_meanwhile_decides_nothing(town: Town, second: Member) -> None:
    proposed = propose(town)
    town.do(people.remove, town.coordinator, second.id)
    with refused(Reason.NOT_A_MEMBER):
        town.do(statements.approve, second, proposed.id, town.now)


# Announcing and asking


def test_a_statement_is_asked_after_it_was_announced_and_not_before(town: Town, second: Member) -> None:
    first = approved(town, second)
    propose(town, "Bleibt vorgeschlagen.")

    def keys(number: int) -> list[int]:
        return [s.id for s in town.do(queries.askable, town.id, number)]

    assert keys(1) == keys(99) == []
    town.do(statements.announce, town.id, 5)
    assert [s.id for s in town.do(queries.announced_in, town.id, 5)] == [first.id]
    assert (keys(5), keys(6), keys(7)) == ([], [first.id], [first.id])
    later = approved(town, second, "Kommt später dazu.")
    town.do(statements.announce, town.id, 6)
    town.do(statements.announce, town.id, 6)
    town.do(statements.announce, town.id, 7)
    assert [s.announced for s in own(town)] == [5, None, 6]
    assert (keys(6), keys(7)) == ([first.id], [first.id, later.id])


def test_what_is_retired_before_its_announcement_is_never_announced(town: Town, second: Member) -> None:
    statement = approved(town, second)
    town.do(statements.retire, second, statement.id, town.now)
    before = list(cells(town.database))
    town.do(statements.announce, town.id, 1)
    assert list(cells(town.database)) == before


def test_the_latest_round_is_the_last_that_opened(town: Town) -> None:
    assert town.do(queries.latest_round, town.id) == 0
    round_row(town, 1)
    round_row(town, 3, cancelled=True)
    round_row(town, 4, opened=False, cancelled=True)
    assert town.do(queries.latest_round, town.id) == 3


def test_the_last_turn_counts_whether_long_ago_or_not_but_not_in_a_cancelled_round(town: Town) -> None:
    other = found(town.database, town.urns, town.now, "Stadt Beispielhausen", 9_001)
    round_row(other, 4, ["goals"])
    round_row(town, 1, ["options", "decisions"])
    round_row(town, 2, ["options"])
    round_row(town, 3, ["decisions"], cancelled=True)
    assert town.do(queries.last_asked, town.id, 2) == {"options": 1, "decisions": 1}
    assert town.do(queries.last_asked, town.id, 9) == {"options": 2, "decisions": 1}


def test_the_next_statements_are_the_banks_and_the_own_ones_each_in_turn(town: Town, second: Member) -> None:
    bank = questions.bank()
    rotating = [s.key for s in bank if s.dimension is Dimension.CAN and s.role is ItemRole.ROTATING]
    mine = approved(town, second)
    town.do(statements.announce, town.id, 1)

    def turn(number: int, form: Form = Form.LONG) -> str | None:
        asked = town.do(queries.next_statements, town.id, number, form)
        found_ = [s.key for s in asked if s.dimension is Dimension.CAN and s.role is ItemRole.ROTATING]
        return found_[0] if found_ else None

    assert town.do(queries.next_statements, town.id, 1, Form.SHORT) == compose(bank)
    assert town.do(queries.next_statements, town.id, 1, Form.LONG) == compose(bank, Form.LONG)
    turns = []
    for number in range(1, 13):
        key = turn(number)
        assert key is not None
        assert turn(number, Form.SHORT) is None
        round_row(town, number, [key])
        turns.append(key)
    assert turns == [*rotating, f"own:{mine.id}", *rotating, f"own:{mine.id}", *rotating][:12]
    asked = {s.key: s for s in town.do(queries.next_statements, town.id, 15, Form.LONG)}
    assert f"own:{mine.id}" not in asked
    town.do(statements.retire, second, mine.id, town.now)
    assert all(turn(number) in rotating for number in range(13, 17))


def test_a_round_announces_it_the_next_long_one_asks_it_and_an_open_one_keeps_it(town: Town, second: Member) -> None:
    rotating = [s.key for s in questions.bank() if s.dimension is Dimension.CAN and s.role is ItemRole.ROTATING]
    round_row(town, 1, rotating)
    mine = approved(town, second)
    key = f"own:{mine.id}"

    def opened(at: Town) -> Round:
        planned = at.plan(form=Form.LONG)
        assert at.do(pulse.open_round, at.urns, planned.id, at.now)
        return at.round(planned.id)

    def asked(round_: Round) -> list[str]:
        return [s.key for s in town.do(pulse_queries.statements, round_.id)]

    announcing = opened(town)
    assert [s.id for s in town.do(queries.announced_in, town.id, announcing.number)] == [mine.id]
    assert key not in asked(announcing)
    assert len(asked(announcing)) == 9
    town.close(announcing)
    later = town.at(announcing.closes_at + timedelta(days=3))
    asking = opened(later)
    assert key in asked(asking)
    later.do(statements.retire, second, mine.id, later.now)
    assert key in asked(asking)
    later.close(asking)
    last = opened(town.at(asking.closes_at + timedelta(days=3)))
    assert key not in asked(last)
    assert key in asked(asking)


def test_a_long_history_costs_no_more(town: Town) -> None:
    rotating = [s.key for s in questions.bank() if s.role is ItemRole.ROTATING]

    def cost(number: int) -> tuple[int, int]:
        """Queries, and rows that they give."""
        counted = [0, 0]

        def count(*_: object) -> None:
            counted[0] += 1

        event.listen(town.database.engine, "before_cursor_execute", count)
        try:
            counted[1] = len(town.do(queries.last_asked, town.id, number))
            town.do(queries.next_statements, town.id, number, Form.LONG)
        finally:
            event.remove(town.database.engine, "before_cursor_execute", count)
        return counted[0], counted[1]

    for number in range(1, 6):
        round_row(town, number, rotating)
    few = cost(6)
    for number in range(6, 130):
        round_row(town, number, [f"retired:{number}"])
    round_row(town, 130, rotating)
    assert cost(131) == (few[0], queries.LOOK_BACK - 1 + len(rotating))
