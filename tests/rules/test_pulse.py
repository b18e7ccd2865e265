"""Which statements a round asks, who may answer when, and where somebody goes on."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import questions
from core.rules.pulse import (
    ANSWERS,
    NO_ANSWER,
    Dimension,
    Form,
    ItemRole,
    OwnStatement,
    Round,
    Statement,
    admit,
    compose,
    next_form,
    next_open,
)
from core.rules.refusal import Reason, Refusal

OPENS = datetime(2026, 11, 23, 8, tzinfo=UTC)
CLOSES = datetime(2026, 11, 27, 14, tzinfo=UTC)
SECOND = timedelta(seconds=1)
OPEN = Round(
    id=1, municipality_id=1, number=1, opens_at=OPENS, closes_at=CLOSES, opened_at=OPENS, closing_at=None,
    closed_at=None, cancelled_at=None, minimum=5, invited=12, topic="Bildung",
    form=Form.SHORT, days=5, occurrence=None, answered=None, extended_at=None,
)  # fmt: skip
PLANNED = replace(OPEN, opened_at=None)
CLOSING = replace(OPEN, closing_at=CLOSES)
CLOSED = replace(CLOSING, closed_at=CLOSES)
CANCELLED = replace(OPEN, cancelled_at=OPENS + SECOND)
COUNT = 6


def verdict(round_: Round, now: datetime, position: int = 0, value: int = 3) -> Reason | None:
    try:
        admit(round_, position, COUNT, value, now)
    except Refusal as refusal:
        return refusal.reason
    return None


@pytest.mark.parametrize(
    ("round_", "now", "reason"),
    [
        (OPEN, OPENS, None),
        (OPEN, CLOSES - SECOND, None),
        (OPEN, CLOSES - timedelta(microseconds=1), None),
        (OPEN, CLOSES, Reason.ROUND_OVER),
        (OPEN, CLOSES + SECOND, Reason.ROUND_OVER),
        (PLANNED, OPENS, Reason.NOT_FOUND),
        (PLANNED, CLOSES, Reason.NOT_FOUND),
        (CLOSING, CLOSES - SECOND, Reason.ROUND_OVER),
        (CLOSED, CLOSES + SECOND, Reason.ROUND_OVER),
        (CANCELLED, OPENS + 2 * SECOND, Reason.NOT_FOUND),
    ],
)
def test_an_answer_counts_while_the_round_is_open_and_not_a_second_longer(
    round_: Round, now: datetime, reason: Reason | None
) -> None:
    assert verdict(round_, now) is reason


@pytest.mark.parametrize("position", [-1, COUNT, COUNT + 1, 2**31 - 1])
def test_a_statement_that_the_round_does_not_ask_is_refused(position: int) -> None:
    assert verdict(OPEN, OPENS, position=position) is Reason.STALE_BUTTON


@pytest.mark.parametrize("position", range(COUNT))
@pytest.mark.parametrize("value", [NO_ANSWER, *ANSWERS])
def test_every_statement_takes_every_answer(position: int, value: int) -> None:
    assert verdict(OPEN, OPENS, position=position, value=value) is None


@pytest.mark.parametrize("value", [-1, 6, 7, 100])
def test_an_answer_that_is_not_on_the_scale_is_refused(value: int) -> None:
    assert verdict(OPEN, OPENS, value=value) is Reason.STALE_BUTTON


@pytest.mark.parametrize(
    ("round_", "is_open"), [(PLANNED, False), (OPEN, True), (CLOSING, False), (CLOSED, False), (CANCELLED, False)]
)
def test_the_states_of_a_round(round_: Round, is_open: bool) -> None:
    assert round_.is_open(OPENS) is is_open


def test_a_round_past_its_close_is_not_open_even_before_the_beat_says_so() -> None:
    assert not OPEN.is_open(CLOSES)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(moments, st.integers(-3, 9), st.integers(-3, 9), st.sampled_from([PLANNED, OPEN, CLOSING, CLOSED, CANCELLED]))
def test_what_is_admitted_was_asked_in_an_open_round(now: datetime, position: int, value: int, round_: Round) -> None:
    admitted = verdict(round_, now, position, value) is None
    assert admitted == (round_ is OPEN and now < CLOSES and 0 <= position < COUNT and 0 <= value <= 5)


@pytest.mark.parametrize(
    ("dealt", "count", "position"),
    [
        ([], 6, 0),
        ([0], 6, 1),
        ([0, 1, 2], 6, 3),
        ([1, 2], 6, 0),
        ([0, 2], 6, 1),
        ([0, 1, 2, 3, 4], 6, 5),
        ([5, 4, 3, 2, 1, 0], 6, None),
        ([], 0, None),
        ([7, -1], 2, 0),
    ],
)
def test_somebody_goes_on_at_the_first_open_statement(dealt: list[int], count: int, position: int | None) -> None:
    assert next_open(dealt, count) == position


@given(st.lists(st.integers(-2, 12)), st.integers(0, 10))
def test_going_on_from_one_to_the_next_deals_with_each_statement_once(dealt: list[int], count: int) -> None:
    seen = list(dealt)
    steps = 0
    while (position := next_open(iter(seen), count)) is not None:
        assert position not in seen
        assert 0 <= position < count
        seen.append(position)
        steps += 1
    assert steps == len(set(range(count)) - set(dealt))


def test_a_short_round_asks_the_overall_and_the_concrete_statement_of_each_dimension() -> None:
    asked = compose(questions.bank())
    assert [(s.dimension, s.role) for s in asked] == [
        (dimension, role) for dimension in Dimension for role in (ItemRole.OVERALL, ItemRole.CONCRETE)
    ]


def test_a_long_round_asks_one_rotating_statement_more_in_each_dimension() -> None:
    asked = compose(questions.bank(), Form.LONG)
    assert [(s.dimension, s.role) for s in asked] == [
        (dimension, role)
        for dimension in Dimension
        for role in (ItemRole.OVERALL, ItemRole.CONCRETE, ItemRole.ROTATING)
    ]


def test_composing_keeps_the_order_of_the_bank_and_leaves_rotating_statements_out() -> None:
    bank = [Statement(str(n), Dimension.MUST, role, "", "") for n, role in enumerate([*ItemRole, *reversed(ItemRole)])]
    assert [s.key for s in compose(iter(bank))] == ["0", "1", "4", "5"]


def rotation(
    rounds: int, bank: Callable[[int], Iterable[Statement]], form: Callable[[int], Form] = lambda _: Form.LONG
) -> list[dict[Dimension, str]]:
    """Which rotating statement each round asks, from the first one on; ``bank`` may change from round to round."""
    asked: dict[str, int] = {}
    turns = []
    for number in range(1, rounds + 1):
        chosen = [s for s in compose(bank(number), form(number), asked) if s.role is ItemRole.ROTATING]
        asked |= {s.key: number for s in chosen}
        turns.append({s.dimension: s.key for s in chosen})
    return turns


def own(number: int, dimension: Dimension = Dimension.CAN) -> Statement:
    return OwnStatement(number, 1, dimension, f"Eigene {number}", "", None, True, 1).as_statement()


@pytest.mark.parametrize("dimension", Dimension)
def test_over_many_rounds_each_rotating_statement_comes_in_the_banks_order(dimension: Dimension) -> None:
    order = [s.key for s in questions.bank() if s.dimension is dimension and s.role is ItemRole.ROTATING]
    assert len(order) > 1
    turns = [turn[dimension] for turn in rotation(4 * len(order), lambda _: questions.bank())]
    assert turns == order * 4


def test_short_rounds_move_no_turn_on() -> None:
    def planned(number: int) -> Form:
        return Form.LONG if number % 3 == 0 else Form.SHORT

    turns = rotation(24, lambda _: questions.bank(), planned)
    assert [turn for turn in turns if turn] == rotation(8, lambda _: questions.bank())
    assert [number for number, turn in enumerate(turns, 1) if turn] == list(range(3, 25, 3))


def test_an_own_statement_comes_next_when_it_is_new_and_then_when_it_is_its_turn() -> None:
    bank = questions.bank()
    order = [s.key for s in bank if s.dimension is Dimension.CAN and s.role is ItemRole.ROTATING]
    turns = [t[Dimension.CAN] for t in rotation(12, lambda number: (*bank, own(7)) if number >= 3 else bank)]
    # The bank's own ones that were never asked go first, for among equals its order decides.
    assert turns == [*order, "own:7", *order, "own:7", *order][:12]


def test_an_own_statement_that_joins_late_is_asked_at_once_and_pushes_nobody_out() -> None:
    bank = questions.bank()
    order = [s.key for s in bank if s.dimension is Dimension.CAN and s.role is ItemRole.ROTATING]
    joined = len(order) + 2
    turns = [t[Dimension.CAN] for t in rotation(16, lambda number: (*bank, own(7)) if number >= joined else bank)]
    after = turns[joined - 1 :]
    assert after[0] == "own:7"
    assert set(after[1 : 1 + len(order)]) == set(order)
    assert after[1 + len(order)] == "own:7"


def test_a_retired_statement_vanishes_and_the_others_go_on() -> None:
    def bank(number: int) -> list[Statement]:
        return [own(1), own(2), own(3)] if number <= 4 else [own(1), own(3)]

    turns = [t[Dimension.CAN] for t in rotation(8, bank)]
    assert turns == ["own:1", "own:2", "own:3", "own:1", "own:3", "own:1", "own:3", "own:1"]


def test_own_statements_change_nothing_in_the_other_dimensions_or_in_the_index() -> None:
    bank = questions.bank()
    plain, added = compose(bank, Form.LONG), compose((*bank, own(7, Dimension.WANT)), Form.LONG, {"political_will": 1})
    assert [s for s in plain if s.dimension is not Dimension.WANT] == [
        s for s in added if s.dimension is not Dimension.WANT
    ]
    assert [s for s in added if s.role is not ItemRole.ROTATING] == list(compose(bank))


presence = st.lists(st.tuples(st.integers(1, 20), st.integers(1, 40)), min_size=1, max_size=8)


@given(presence)
def test_no_statement_comes_twice_before_all_others_that_were_there_came(stays: list[tuple[int, int]]) -> None:
    def there(statement: int, number: int) -> bool:
        joined, length = stays[statement]
        return joined <= number < joined + length

    turns = rotation(60, lambda number: [own(s) for s in range(len(stays)) if there(s, number)])
    asked = [turn.get(Dimension.CAN) for turn in turns]
    for key in set(asked) - {None}:
        rounds = [number for number, each in enumerate(asked, 1) if each == key]
        for before, again in pairwise(rounds):
            for other in range(len(stays)):
                if all(there(other, number) for number in range(before, again + 1)) and f"own:{other}" != key:
                    assert f"own:{other}" in asked[before : again - 1]
    for number, key in enumerate(asked, 1):
        assert (key is None) == (not any(there(s, number) for s in range(len(stays))))
        assert key is None or there(int(key.removeprefix("own:")), number)


def test_planned_short_every_third_round_is_long() -> None:
    forms: list[Form] = []
    for _ in range(9):
        forms.append(next_form(Form.SHORT, forms))
    assert forms == [Form.SHORT, Form.SHORT, Form.LONG] * 3


def test_planned_long_every_round_is_long() -> None:
    for before in ([], [Form.SHORT], [Form.SHORT] * 2, [Form.LONG] * 2):
        assert next_form(Form.LONG, before) is Form.LONG


@given(st.lists(st.sampled_from(Form)))
def test_however_it_is_planned_at_most_two_rounds_in_three_are_short(plans: list[Form]) -> None:
    forms: list[Form] = []
    for planned in plans:
        forms.append(next_form(planned, forms))
        # What is longer ago plays no part.
        assert forms[-1] is next_form(planned, forms[-3:-1])
    assert all(Form.LONG in forms[i : i + 3] for i in range(len(forms) - 2))
    # Nothing is made long without need, and nothing short that was planned long.
    for number, (planned, form) in enumerate(zip(plans, forms, strict=True)):
        if planned is not form:
            assert (planned, forms[max(0, number - 2) : number]) == (Form.SHORT, [Form.SHORT] * 2)


def test_an_own_statement_is_read_in_german_where_it_has_no_english_wording() -> None:
    german = OwnStatement(7, 1, Dimension.MUST, "Wir wissen das.", "", None, True, 1)
    both = replace(german, en="We know that.")
    for locale, only, of_both in (("de", "Wir wissen das.", "Wir wissen das."), ("en", german.de, "We know that.")):
        assert german.wording(locale) == german.as_statement().wording(locale) == only
        assert both.wording(locale) == both.as_statement().wording(locale) == of_both
    assert german.as_statement().key == "own:7"


def test_the_question_bank_has_every_statement_in_both_languages_once() -> None:
    bank = questions.bank()
    assert len({s.key for s in bank}) == len(bank)
    for statement in bank:
        assert statement.wording("de") == statement.de != ""
        assert statement.wording("en") == statement.en != ""
        assert statement.de != statement.en
