"""Scores, margins and disclosure (RULES 1 and 4)."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rules.pulse import Dimension, ItemRole, Statement
from core.rules.trends import (
    Code,
    Figure,
    Participation,
    Result,
    Tally,
    agreement,
    changed_markedly,
    disclose,
    figures,
    index,
    margin,
    participation,
    single_items,
)

SIX = tuple(
    Statement(f"{dimension}-{role}", dimension, role, "", "")
    for dimension in Dimension
    for role in (ItemRole.OVERALL, ItemRole.CONCRETE)
)
ROTATING = tuple(
    Statement(f"{dimension}-{ItemRole.ROTATING}", dimension, ItemRole.ROTATING, "", "") for dimension in Dimension
)
NOTHING = (Fraction(0), 0)
answers = st.lists(st.integers(1, 5), max_size=60)
scores = st.fractions(0, 100)
sizes = st.integers(0, 400)
minima = st.integers(0, 40)


def must(overall: list[int], concrete: list[int], *rotating: int) -> Tally:
    values = {SIX[0].key: overall, SIX[1].key: concrete, ROTATING[0].key: list(rotating)}
    return Tally(values, max(len(overall), len(concrete)))


@pytest.mark.parametrize(("value", "points"), [(1, 0), (2, 25), (3, 50), (4, 75), (5, 90)])
def test_an_answer_is_worth_its_points(value: int, points: int) -> None:
    assert index(must([value], [value]), SIX, Dimension.MUST) == (Fraction(points), 1)


@pytest.mark.parametrize(
    ("overall", "concrete", "score", "n"),
    [
        ([5, 5, 5, 5, 5], [1, 1, 1, 1, 1], Fraction(50), 5),
        ([5], [1, 1, 1, 1, 1], Fraction(50), 1),  # the mean of means: the larger statement does not weigh more
        ([1, 2], [1, 1, 2], Fraction(25, 2) / 2 + Fraction(10) / 2, 2),  # beyond an end counts as the end
        ([1, 1, 2], [1, 2, 2], Fraction(10) / 2 + Fraction(50, 3) / 2, 3),
        ([1, 1, 2], [1, 1, 2], Fraction(25, 3), 3),  # unless both are below
        ([5, 5, 5], [4, 5, 5], Fraction(90), 3),
        ([5, 5, 5], [4, 4, 5], Fraction(90) / 2 + Fraction(250, 3) / 2, 3),
        ([], [5, 5], Fraction(0), 0),
        ([5, 5], [], Fraction(0), 0),
        ([], [], Fraction(0), 0),
    ],
)
def test_the_index_is_the_exact_mean_of_two_means(
    overall: list[int], concrete: list[int], score: Fraction, n: int
) -> None:
    assert index(must(overall, concrete), SIX, Dimension.MUST) == (score, n)


def test_a_rotating_statement_never_enters_the_index() -> None:
    with_rotating = index(must([3] * 5, [3] * 5, 5, 5, 5), (*SIX, *ROTATING), Dimension.MUST)
    assert with_rotating == (Fraction(50), 5)
    assert index(Tally({ROTATING[0].key: [5] * 9}, 9), ROTATING, Dimension.MUST) == NOTHING


def test_a_dimension_takes_only_its_own_statements() -> None:
    tally = must([5] * 5, [5] * 5)
    assert index(tally, SIX, Dimension.WANT) == NOTHING
    assert index(Tally({}, 0), (), Dimension.MUST) == NOTHING


@given(answers, answers)
def test_the_index_lies_on_the_scale_and_n_is_the_smaller(overall: list[int], concrete: list[int]) -> None:
    score, n = index(must(overall, concrete), SIX, Dimension.MUST)
    assert n == min(len(overall), len(concrete))
    assert 0 <= score <= 100


@given(st.lists(st.integers(1, 4), min_size=1), st.lists(st.integers(1, 4), min_size=1), st.randoms())
def test_a_higher_answer_raises_the_index_and_order_does_not_matter(
    overall: list[int], concrete: list[int], random: object
) -> None:
    score, _ = index(must(overall, concrete), SIX, Dimension.MUST)
    assert index(must([overall[0] + 1, *overall[1:]], concrete), SIX, Dimension.MUST)[0] >= score
    assert index(must(sorted(overall), sorted(concrete)), SIX, Dimension.MUST)[0] == score
    mirrored = index(must([6 - v for v in overall], [6 - v for v in concrete]), SIX, Dimension.MUST)[0]
    assert min(max(mirrored, Fraction(10)), Fraction(90)) == 100 - min(max(score, Fraction(10)), Fraction(90))


@pytest.mark.parametrize(("n", "points"), [(5, 19.0), (8, 15.0), (12, 12.3), (20, 9.5), (50, 6.0)])
def test_the_margins_of_the_rules(n: int, points: float) -> None:
    assert round(margin(n), 1) == points
    assert Figure(50, Code.EXACT, n).margin == margin(n)


@given(st.integers(1, 5000))
def test_more_answers_mean_a_smaller_margin(n: int) -> None:
    assert 0 < margin(n + 1) < margin(n)
    assert margin(4 * n) == pytest.approx(margin(n) / 2)


@pytest.mark.parametrize(
    ("n", "minimum", "is_shown"),
    [
        (0, 5, False),
        (4, 5, False),
        (5, 5, True),
        (4, 0, False),  # a municipality may raise the minimum, never lower it
        (4, 3, False),
        (5, 3, True),
        (5, 8, False),
        (7, 8, False),
        (8, 8, True),
        (9, 10, False),
        (10, 10, True),
    ],
)
def test_the_gate(n: int, minimum: int, is_shown: bool) -> None:
    assert (disclose(Fraction(50), n, minimum) is not None) is is_shown


@pytest.mark.parametrize(
    ("score", "value", "code"),
    [
        ("0", 10, Code.BELOW),
        ("9", 10, Code.BELOW),
        ("9999/1000", 10, Code.BELOW),  # would round to 10: the end is coded first
        ("10", 10, Code.EXACT),
        ("12", 10, Code.EXACT),
        ("12499/1000", 10, Code.EXACT),
        ("25/2", 15, Code.EXACT),  # half goes up
        ("35/2", 20, Code.EXACT),  # also where Python's round would go down to the even number
        ("45/2", 25, Code.EXACT),
        ("55", 55, Code.EXACT),
        ("87", 85, Code.EXACT),
        ("175/2", 90, Code.EXACT),
        ("89999/1000", 90, Code.EXACT),
        ("90", 90, Code.FROM),
        ("100", 90, Code.FROM),
    ],
)
@pytest.mark.parametrize("n", [5, 29])
def test_a_small_group_is_rounded_to_fives_after_its_ends_are_coded(score: str, value: int, code: Code, n: int) -> None:
    assert disclose(Fraction(score), n, 5) == Figure(value, code, n)


@pytest.mark.parametrize(
    ("score", "value", "code"),
    [
        ("0", 10, Code.BELOW),
        ("9999/1000", 10, Code.BELOW),
        ("10", 10, Code.EXACT),
        ("10499/1000", 10, Code.EXACT),
        ("21/2", 11, Code.EXACT),
        ("23/2", 12, Code.EXACT),
        ("25/2", 13, Code.EXACT),  # Python's round would give 12
        ("89499/1000", 89, Code.EXACT),
        ("179/2", 90, Code.EXACT),
        ("90", 90, Code.FROM),
    ],
)
@pytest.mark.parametrize("n", [30, 31, 300])
def test_a_large_group_is_rounded_to_whole_points(score: str, value: int, code: Code, n: int) -> None:
    assert disclose(Fraction(score), n, 5) == Figure(value, code, n)


@given(scores, sizes, minima)
def test_nothing_is_published_below_the_gate_or_finer_than_the_rules_allow(
    score: Fraction, n: int, minimum: int
) -> None:
    figure = disclose(score, n, minimum)
    assert (figure is None) == (n < 5 or n < minimum)
    if figure is None:
        return
    assert type(figure.value) is int
    assert figure.n == n
    assert 10 <= figure.value <= 90
    assert figure.value % (5 if n < 30 else 1) == 0
    assert (figure.code is Code.BELOW) == (score < 10)
    assert (figure.code is Code.FROM) == (score >= 90)
    if figure.code is Code.EXACT:
        assert abs(figure.value - score) <= (Fraction(5, 2) if n < 30 else Fraction(1, 2))


@given(scores, scores, st.integers(5, 100))
def test_a_higher_score_is_never_published_lower(one: Fraction, other: Fraction, n: int) -> None:
    low, high = disclose(min(one, other), n, 5), disclose(max(one, other), n, 5)
    assert low is not None
    assert high is not None
    order = [Code.BELOW, Code.EXACT, Code.FROM]
    assert (order.index(low.code), low.value) <= (order.index(high.code), high.value)


def test_only_dimensions_with_enough_answers_are_shown() -> None:
    tally = Tally(
        {
            SIX[0].key: [4] * 5,
            SIX[1].key: [4] * 5,
            SIX[2].key: [4] * 9,
            SIX[3].key: [4] * 4,
            SIX[4].key: [1] * 6,
            SIX[5].key: [1] * 7,
        },
        9,
    )
    assert figures(tally, SIX, 5) == {
        Dimension.MUST: Figure(75, Code.EXACT, 5),
        Dimension.CAN: Figure(10, Code.BELOW, 6),
    }
    assert figures(tally, SIX, 6) == {Dimension.CAN: Figure(10, Code.BELOW, 6)}
    assert figures(Tally({}, 0), SIX, 5) == {}


@given(st.fixed_dictionaries({s.key: answers for s in SIX}), minima)
def test_figures_are_what_is_disclosed_of_each_index(values: dict[str, list[int]], minimum: int) -> None:
    tally = Tally(values, 9)
    shown = figures(tally, SIX, minimum)
    for dimension in Dimension:
        assert shown.get(dimension) == disclose(*index(tally, SIX, dimension), minimum)


@pytest.mark.parametrize(
    ("took_part", "base", "minimum", "expected"),
    [
        (0, 12, 5, None),
        (4, 12, 5, None),
        (5, 12, 5, Participation(5, 12)),
        (4, 12, 3, None),
        (7, 12, 8, None),
        (8, 12, 8, Participation(8, 12)),
        (13, 12, 5, Participation(13, 13)),  # somebody who counts as absent took part after all
    ],
)
def test_participation_is_kept_from_the_minimum_on(
    took_part: int, base: int, minimum: int, expected: Participation | None
) -> None:
    assert participation(Tally({}, took_part), base, minimum) == expected


@pytest.mark.parametrize(
    ("took_part", "base", "is_limited"),
    [(6, 10, False), (3, 5, False), (59, 100, True), (60, 100, False), (599, 1000, True), (0, 0, True), (1, 1, False)],
)
def test_under_sixty_per_cent_is_limited_and_sixty_is_not(took_part: int, base: int, is_limited: bool) -> None:
    assert Participation(took_part, base).is_limited is is_limited


def closed(took_part: Participation | None, invited: int) -> Result:
    return Result(1, 1, date(2026, 1, 30), took_part, 5, invited, {})


@pytest.mark.parametrize(
    ("before", "now", "is_marked"),
    [
        ((50, 100, 100), (70, 100, 100), True),  # exactly 20 points
        ((50, 100, 100), (69, 100, 100), False),
        ((70, 100, 100), (50, 100, 100), True),
        ((70, 100, 100), (51, 100, 100), False),
        ((60, 100, 100), (72, 120, 120), True),  # exactly 20 per cent more people, the same rate
        ((60, 100, 100), (71, 119, 119), False),
        ((60, 100, 100), (48, 80, 80), True),
        ((60, 100, 100), (49, 81, 81), False),
        ((60, 100, 100), (60, 100, 100), False),
        ((60, 100, 100), (60, 100, 120), True),  # as many more absent as were invited in addition: a new circle
        ((60, 100, 120), (48, 80, 120), False),  # many absent, yet the same circle
        ((3, 10, 10), (5, 10, 10), True),  # 0.5 - 0.3 < 0.2 in binary fractions
        ((5, 5, 0), (5, 5, 1), True),
        ((5, 5, 0), (5, 5, 0), False),
    ],
)
def test_a_marked_change_begins_at_twenty_points_or_a_fifth_of_the_circle(
    before: tuple[int, int, int], now: tuple[int, int, int], is_marked: bool
) -> None:
    earlier, later = (closed(Participation(took_part, base), invited) for took_part, base, invited in (before, now))
    assert changed_markedly(later, earlier) is is_marked


def test_where_participation_is_not_kept_nothing_is_said_about_its_change() -> None:
    many, nobody_says = closed(Participation(50, 100), 100), closed(None, 10)
    assert not changed_markedly(many, nobody_says)
    assert not changed_markedly(nobody_says, many)
    assert not changed_markedly(nobody_says, nobody_says)


@given(st.integers(5, 300), st.integers(0, 300), st.integers(0, 300))
def test_nothing_has_changed_beside_itself_and_the_rate_lies_between_none_and_all(
    took_part: int, more: int, absent: int
) -> None:
    same = Participation(took_part, took_part + more)
    result = closed(same, took_part + more + absent)
    assert not changed_markedly(result, result)
    assert 0 < same.rate <= 1


ONE = SIX[:1]
KEY = SIX[0].key


def of(values: list[int]) -> Tally:
    return Tally({KEY: values}, len(values))


@pytest.mark.parametrize(
    ("n", "minimum", "is_shown"),
    [(0, 5, False), (9, 5, False), (10, 5, True), (10, 0, True), (10, 10, True), (10, 11, False), (11, 11, True)],
)
def test_a_single_item_is_shown_from_ten_answers_on(n: int, minimum: int, is_shown: bool) -> None:
    assert single_items(of([3] * n), ONE, minimum) == ({KEY: Figure(50, Code.EXACT, n)} if is_shown else {})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1] * 10, Figure(10, Code.BELOW, 10)),
        ([5, *[1] * 9], Figure(10, Code.EXACT, 10)),
        ([2, 2, *[1] * 10], Figure(10, Code.BELOW, 12)),
        ([5, *[2, 3] * 5], Figure(45, Code.EXACT, 11)),  # 43.18
        ([3, *[2] * 9], Figure(30, Code.EXACT, 10)),  # 27.5 goes up
        ([5] * 9 + [1], Figure(90, Code.FROM, 10)),
        ([5] * 26 + [1] * 3, Figure(90, Code.EXACT, 29)),  # 89.66
        ([5] * 26 + [1] * 4, Figure(87, Code.EXACT, 30)),  # 86.67
    ],
)
def test_a_single_item_is_coded_and_rounded_like_a_dimension(values: list[int], expected: Figure) -> None:
    assert single_items(of(values), ONE, 5) == {KEY: expected}


@given(st.fixed_dictionaries({s.key: answers for s in (*SIX, *ROTATING)}), minima)
def test_single_items_are_what_is_disclosed_of_each_mean(values: dict[str, list[int]], minimum: int) -> None:
    shown = single_items(Tally(values, 60), (*SIX, *ROTATING), minimum)
    for key, given_answers in values.items():
        n = len(given_answers)
        assert (key in shown) == (n >= 10 and n >= minimum)
        if key in shown:
            mean = Fraction(sum(25 * (v - 1) for v in given_answers), n)
            assert shown[key] == disclose(mean, n, 5)


@pytest.mark.parametrize(
    ("n", "minimum", "is_shown"),
    [(0, 5, False), (19, 5, False), (20, 5, True), (20, 0, True), (20, 20, True), (20, 21, False), (21, 21, True)],
)
def test_a_share_is_shown_from_twenty_answers_on(n: int, minimum: int, is_shown: bool) -> None:
    shown = {KEY: Figure(90, Code.ABOVE, n)} if is_shown else {}
    assert agreement(of([4] * n), ONE, minimum) == shown


@pytest.mark.parametrize(
    ("agreeing", "n", "value", "code"),
    [
        (0, 20, 10, Code.BELOW),
        (1, 20, 10, Code.BELOW),
        (2, 20, 10, Code.EXACT),  # exactly 10
        (2, 21, 10, Code.BELOW),  # 9.52 would round to 10: the end is coded first
        (3, 29, 10, Code.EXACT),  # 10.34
        (3, 24, 15, Code.EXACT),  # 12.5 goes up
        (18, 20, 90, Code.EXACT),  # exactly 90
        (19, 21, 90, Code.ABOVE),  # 90.48
        (26, 29, 90, Code.EXACT),  # 89.66
        (20, 20, 90, Code.ABOVE),
        (16, 29, 55, Code.EXACT),
        (17, 30, 57, Code.EXACT),  # 56.67, from thirty on in whole numbers
        (2, 30, 10, Code.BELOW),
        (3, 30, 10, Code.EXACT),
        (27, 30, 90, Code.EXACT),
        (28, 30, 90, Code.ABOVE),
        (21, 200, 11, Code.EXACT),  # 10.5 goes up
        (179, 200, 90, Code.EXACT),
        (181, 200, 90, Code.ABOVE),
    ],
)
def test_a_share_is_coded_at_its_ends_and_rounded(agreeing: int, n: int, value: int, code: Code) -> None:
    values = [4 + i % 2 for i in range(agreeing)] + [1 + i % 3 for i in range(n - agreeing)]
    assert agreement(of(values), ONE, 5) == {KEY: Figure(value, code, n)}


@given(st.lists(st.integers(1, 5), min_size=20, max_size=120))
def test_a_share_says_no_more_than_the_rules_allow(values: list[int]) -> None:
    n, agreeing = len(values), sum(v in (4, 5) for v in values)
    figure = agreement(of(values), ONE, 5)[KEY]
    assert type(figure.value) is int
    assert (figure.code is Code.BELOW) == (10 * agreeing < n)
    assert (figure.code is Code.ABOVE) == (10 * agreeing > 9 * n)
    assert figure.code is not Code.FROM
    assert figure.value % (5 if n < 30 else 1) == 0
    if figure.code is Code.EXACT:
        assert 10 <= figure.value <= 90
        assert abs(figure.value - Fraction(100 * agreeing, n)) <= (Fraction(5, 2) if n < 30 else Fraction(1, 2))


def test_a_statement_that_nobody_was_asked_is_shown_nowhere() -> None:
    assert single_items(Tally({}, 40), SIX, 5) == {}
    assert agreement(Tally({}, 40), SIX, 5) == {}
    assert single_items(of([3] * 40), (), 5) == {}
