"""Which statements a round asks, who may answer when, and where somebody goes on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import questions
from core.rules.pulse import ANSWERS, NO_ANSWER, Dimension, ItemRole, Round, Statement, admit, compose, next_open
from core.rules.refusal import Reason, Refusal

OPENS = datetime(2026, 11, 23, 8, tzinfo=UTC)
CLOSES = datetime(2026, 11, 27, 14, tzinfo=UTC)
SECOND = timedelta(seconds=1)
OPEN = Round(
    id=1, municipality_id=1, number=1, opens_at=OPENS, closes_at=CLOSES, opened_at=OPENS, closing_at=None,
    closed_at=None, cancelled_at=None, minimum=5, invited=12, topic="Bildung",
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


def test_a_round_asks_the_overall_and_the_concrete_statement_of_each_dimension() -> None:
    asked = compose(questions.bank())
    assert [(s.dimension, s.role) for s in asked] == [
        (dimension, role) for dimension in Dimension for role in (ItemRole.OVERALL, ItemRole.CONCRETE)
    ]


def test_composing_keeps_the_order_of_the_bank_and_leaves_rotating_statements_out() -> None:
    bank = [Statement(str(n), Dimension.MUST, role, "", "") for n, role in enumerate([*ItemRole, *reversed(ItemRole)])]
    assert [s.key for s in compose(iter(bank))] == ["0", "1", "4", "5"]


def test_the_question_bank_has_every_statement_in_both_languages_once() -> None:
    bank = questions.bank()
    assert len({s.key for s in bank}) == len(bank)
    for statement in bank:
        assert statement.wording("de") == statement.de != ""
        assert statement.wording("en") == statement.en != ""
        assert statement.de != statement.en
