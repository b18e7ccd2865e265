"""Trend words and the bottleneck (RULES 2 and 3)."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rules.pulse import Dimension
from core.rules.trends import Code, Figure, Published, State, Trend, bottleneck, trend

FIRST = date(2026, 1, 30)
MONTH = timedelta(days=28)
CORE = ("Ich bin motiviert.", "Ich kann mich auf Zusagen verlassen.")
EARLIER = ("Ich bin motiviert.", "Zusagen werden eingehalten.")
CRITICAL = {6: 13, 7: 15, 8: 18, 9: 20, 10: 23, 11: 27, 12: 30}
FOUND = (State.RISING, State.MAYBE_RISING, State.FALLING, State.MAYBE_FALLING)
MIRROR = {
    State.RISING: State.FALLING,
    State.FALLING: State.RISING,
    State.MAYBE_RISING: State.MAYBE_FALLING,
    State.MAYBE_FALLING: State.MAYBE_RISING,
}


def series(*values: int, wording: tuple[str, ...] = CORE, after: int = 0) -> list[Published]:
    """One value every four weeks, the first one ``after`` rounds after FIRST."""
    return [Published(FIRST + (after + i) * MONTH, Figure(v, Code.EXACT, 14), wording) for i, v in enumerate(values)]


def with_score(rounds: int, score: int) -> list[int]:
    """As many different values whose later-minus-earlier signs add up to ``score``, the disorder spread evenly."""
    ranks, inversions = list(range(rounds)), (rounds * (rounds - 1) // 2 - score) // 2
    while inversions:
        for i in range(rounds - 1):
            if inversions and ranks[i] < ranks[i + 1]:
                ranks[i], ranks[i + 1] = ranks[i + 1], ranks[i]
                inversions -= 1
    return [10 + 7 * rank for rank in ranks]


@st.composite
def histories(draw: st.DrawFn) -> list[Published]:
    """Up to sixteen rounds at uneven distances, in fives or whole points, possibly in a new wording from some round."""
    value = draw(st.sampled_from((st.integers(2, 18).map(lambda step: 5 * step), st.integers(10, 90))))
    values = draw(st.lists(value, min_size=1, max_size=16))
    days = draw(st.lists(st.integers(1, 90), min_size=len(values), max_size=len(values)))
    changed_at = draw(st.just(0) | st.integers(0, len(values) - 1))
    return [
        Published(FIRST + timedelta(days=sum(days[:i])), Figure(v, Code.EXACT, 14), EARLIER if i < changed_at else CORE)
        for i, v in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("values", "state", "points"),
    [
        ((50,), State.TOO_EARLY, 0),
        ((10, 20, 30, 40, 50), State.TOO_EARLY, 0),
        ((10, 20, 30, 40, 50, 60), State.MAYBE_RISING, 50),  # one round before there was no candidate yet
        ((10, 20, 30, 40, 50, 60, 70), State.RISING, 60),
        ((60, 50, 40, 30, 20, 10), State.MAYBE_FALLING, 50),
        ((70, 60, 50, 40, 30, 20, 10), State.FALLING, 60),
        ((20, 10, 30, 40, 50, 60), State.MAYBE_RISING, 50),  # S = 13 of 13
        ((30, 10, 20, 40, 50, 60), State.UNCLEAR, 50),  # S = 11
        ((30, 10, 20, 40, 50, 60, 70), State.MAYBE_RISING, 60),  # 11 one round ago, 17 of 15 now
        ((10, 20, 30, 40, 50, 60, 35), State.RISING, 60),  # 15 of 15
        ((10, 20, 30, 40, 50, 60, 25), State.UNCLEAR, 60),  # 13: a candidate one round ago only
        ((50, 50, 50, 50, 50, 50), State.STABLE, 0),
        ((50, 51, 52, 53, 54, 55), State.MAYBE_RISING, 5),  # Δ is exactly 5
        ((50, 50, 51, 52, 53, 53), State.STABLE, 5),  # S = 13, but Δ = 3.75
        ((50, 51, 53, 54, 56, 57), State.MAYBE_RISING, 10),  # Δ = 7.5
        ((50, 52, 55, 57, 60, 62), State.MAYBE_RISING, 15),  # Δ = 12.5: half goes up
        ((50, 52, 50, 52, 50, 52), State.STABLE, 0),  # the interval ends at exactly 10
        ((50, 53, 50, 53, 50, 53), State.UNCLEAR, 0),
        ((53, 50, 53, 50, 53, 50), State.UNCLEAR, 0),
    ],
)
def test_the_words(values: tuple[int, ...], state: State, points: int) -> None:
    assert trend(series(*values)) == Trend(state, len(values), points, FIRST)


@pytest.mark.parametrize(("rounds", "critical"), CRITICAL.items())
def test_a_candidate_needs_the_critical_score(rounds: int, critical: int) -> None:
    at, below = with_score(rounds, critical), with_score(rounds, critical - 2)
    assert trend(series(*at)).state in FOUND[:2]
    assert trend(series(*below)).state not in FOUND
    assert trend(series(*(100 - v for v in at))).state in FOUND[2:]
    assert trend(series(*(100 - v for v in below))).state not in FOUND


@pytest.mark.parametrize(("late", "state"), [(5, State.STABLE), (2, State.UNCLEAR)])
def test_the_interval_is_measured_over_days(late: int, state: State) -> None:
    """Three pairs rise by 2 points in 28 days; one day more in the span makes that more than 10 points."""
    values = series(50, 52, 50, 52, 50, 52)
    moved = [replace(p, on=p.on + timedelta(days=1)) if i >= late else p for i, p in enumerate(values)]
    assert trend(moved).state is state


def test_days_count_and_not_the_number_of_rounds() -> None:
    """Ten points in a day and nothing in the year before and after."""
    days = (0, 100, 200, 201, 202, 300, 400)
    points = zip(days, (40, 41, 42, 47, 52, 53, 54), strict=True)
    uneven = [Published(FIRST + timedelta(days=day), Figure(v, Code.EXACT, 14), CORE) for day, v in points]
    assert trend(uneven) == Trend(State.RISING, 7, 15, FIRST)
    assert trend(series(40, 41, 42, 47, 52, 53, 54)) == Trend(State.RISING, 7, 15, FIRST)


def test_only_twelve_rounds_count_and_one_more_tells_what_was_said_before() -> None:
    rising = range(20, 80, 5)
    assert trend(series(*rising)) == Trend(State.RISING, 12, 55, FIRST)
    assert trend(series(90, *rising)) == Trend(State.RISING, 12, 55, FIRST + MONTH)
    assert trend(series(90, 90, 90, 90, *rising)) == Trend(State.RISING, 12, 55, FIRST + 4 * MONTH)
    step = (50, 50, 50, 50, 55, 55, 55, 60, 60, 60, 60, 60)
    assert trend(series(50, *step)).state is State.RISING
    assert trend(series(90, *step)).state is State.MAYBE_RISING
    assert trend(series(90, 50, *step)).state is State.RISING


def test_a_new_wording_begins_a_new_series() -> None:
    before = series(10, 20, 30, 40, 50, 60, 70, wording=EARLIER)
    assert trend(before).state is State.RISING
    assert trend([*before, *series(80, after=7)]) == Trend(State.TOO_EARLY, 1, 0, FIRST + 7 * MONTH)
    after = series(10, 20, 30, 40, 50, 60, after=7)
    assert trend([*before, *after]) == Trend(State.MAYBE_RISING, 6, 50, FIRST + 7 * MONTH)
    back = series(75, wording=EARLIER, after=13)
    assert trend([*before, *after, *back]) == Trend(State.TOO_EARLY, 1, 0, FIRST + 13 * MONTH)


def test_an_end_counts_as_its_bound() -> None:
    low = [replace(p, figure=Figure(10, Code.BELOW, 6)) for p in series(*[10] * 6)]
    assert trend(low) == Trend(State.STABLE, 6, 0, FIRST)


def test_without_a_value_there_is_no_trend() -> None:
    with pytest.raises(ValueError, match="without a value"):
        trend([])


@given(histories())
def test_a_mirrored_history_gets_the_mirrored_word(history: list[Published]) -> None:
    word = trend(history)
    mirrored = [replace(p, figure=replace(p.figure, value=100 - p.figure.value)) for p in history]
    assert trend(mirrored) == replace(word, state=MIRROR.get(word.state, word.state))


@given(histories(), st.integers(-9, 9), st.integers(1, 4), st.integers(0, 900))
def test_level_calendar_and_size_of_the_group_do_not_matter(
    history: list[Published], shift: int, stretch: int, delay: int
) -> None:
    moved = [
        replace(
            p,
            on=FIRST + stretch * (p.on - FIRST) + timedelta(days=delay),
            figure=Figure(p.figure.value + shift, Code.FROM, 77),
        )
        for p in history
    ]
    word, other = trend(history), trend(moved)
    assert (other.state, other.points, other.rounds) == (word.state, word.points, word.rounds)


@given(histories())
def test_the_word_rests_on_the_last_rounds_in_one_wording(history: list[Published]) -> None:
    word = trend(history)
    same = [p for p in history if p.wording == history[-1].wording]
    assert word.rounds == min(12, len(same))
    assert word.since == same[-word.rounds].on
    assert word == trend(same[-13:])
    assert word.points % 5 == 0
    assert word.points >= 0
    assert (word.state is State.TOO_EARLY) == (len(same) < 6)
    if word.state in FOUND:
        assert word.points >= 5


@given(histories())
def test_a_word_is_only_said_when_two_rounds_running_agree(history: list[Published]) -> None:
    word, before = trend(history).state, trend(history[:-1]).state if len(history) > 1 else State.TOO_EARLY
    if history[-1].wording != history[max(-2, -len(history))].wording:
        before = State.TOO_EARLY
    up, down = FOUND[:2], FOUND[2:]
    assert (word is State.RISING) == (word in up and before in up)
    assert (word is State.FALLING) == (word in down and before in down)


@given(st.integers(10, 90), st.integers(6, 16))
def test_where_nothing_moves_it_is_stable(value: int, rounds: int) -> None:
    word = trend(series(*[value] * rounds))
    assert (word.state, word.points) == (State.STABLE, 0)


def three(lowest: int, second: int, highest: int, *n: int) -> dict[Dimension, Figure]:
    values = zip(Dimension, (lowest, second, highest), n if len(n) > 1 else n * 3, strict=True)
    return {dimension: Figure(value, Code.EXACT, size) for dimension, value, size in values}


@pytest.mark.parametrize(
    ("n", "gap", "is_named"),
    [
        (5, 20, False),
        (5, 25, True),
        (8, 15, False),
        (8, 20, True),
        (12, 15, False),  # 15.04
        (13, 15, True),
        (20, 10, False),
        (20, 15, True),
        (27, 10, False),  # 10.03
        (28, 10, True),
        (30, 9, False),
        (30, 10, True),
        (50, 7, False),
        (50, 8, True),
        (108, 5, False),  # 5.01
        (109, 5, True),
        (1000, 4, False),
        (1000, 5, True),
    ],
)
def test_the_lowest_is_named_from_the_gap_of_the_rules_on(n: int, gap: int, is_named: bool) -> None:
    assert bottleneck(three(40, 40 + gap, 90, n)) is (Dimension.MUST if is_named else None)


def test_the_smallest_group_decides_how_wide_the_gap_must_be() -> None:
    assert bottleneck(three(40, 50, 60, 50)) is Dimension.MUST
    for n in permutations((8, 50, 50)):
        assert bottleneck(three(40, 50, 60, *n)) is None
        assert bottleneck(three(40, 60, 60, *n)) is Dimension.MUST


def test_no_bottleneck_without_three_values_or_with_two_lowest() -> None:
    figures = three(10, 60, 90, 50)
    assert bottleneck(figures) is Dimension.MUST
    for dimension in Dimension:
        assert bottleneck({d: figure for d, figure in figures.items() if d is not dimension}) is None
    assert bottleneck({}) is None
    assert bottleneck(three(10, 10, 90, 500)) is None


values = st.integers(10, 90)
groups = st.integers(5, 300)


@given(st.tuples(values, values, values), groups)
def test_the_bottleneck_is_the_lowest_whatever_its_name(points: tuple[int, int, int], n: int) -> None:
    lowest, second, _ = sorted(points)
    threshold = max(5, 1.64 * sqrt(1.5 * 0.8 * 29**2 / n))
    named = bottleneck(three(*points, n))
    assert (named is not None) == (second - lowest >= threshold)
    for order in permutations(range(3)):
        dimensions = tuple(Dimension)
        figures = {dimensions[i]: Figure(points[i], Code.EXACT, n) for i in order}
        assert bottleneck(figures) is named
    if named is not None:
        assert points[tuple(Dimension).index(named)] == lowest
