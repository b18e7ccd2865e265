"""What published results give away (RULES 4): seeded attacks on random municipalities, with the rules and without."""

from collections.abc import Callable, Collection, Iterator
from fractions import Fraction
from itertools import combinations_with_replacement, product
from random import Random

import pytest

from core.rules.pulse import ANSWERS, Dimension
from tests.rules.attack import (
    PAIRS,
    STATEMENTS,
    Ballots,
    Puzzle,
    Seen,
    after_leaving,
    by_the_rules,
    draw,
    histories,
    mood,
    without_rules,
)

Publish = Callable[[Ballots, int], Seen]
OVERALL, CONCRETE = dict(PAIRS)[Dimension.MUST]


def exactly(ballots: Ballots, minimum: int) -> Seen:
    return without_rules(ballots)


def people_of(ballots: Ballots) -> list[int]:
    return sorted({person for answered in ballots.values() for person in answered})


def recovered(ballots: Ballots, seen: Seen, knowing: Collection[int] = ()) -> tuple[int, int]:
    """How many answers of the others follow from what was seen and the answers of those ``knowing``, and of how many.

    An answer is recovered when only one value is consistent with everything; people whose answers are unknown look all
    alike, so a statement falls as a whole or not at all. Every real answer must be among the consistent ones.
    """
    hits = total = 0
    for dimension, keys in PAIRS:
        known = {key: [ballots[key][p] for p in knowing if p in ballots[key]] for key in keys}
        puzzle = Puzzle(seen, ballots, dimension, known)
        for key in keys:
            others = [v for p, v in ballots[key].items() if p not in knowing]
            if others:
                consistent = puzzle.answers(key)
                assert set(others) <= consistent
                hits += len(others) * (len(consistent) == 1)
                total += len(others)
    return hits, total


def attacked(seed: int, publish: Publish, colluders: int, towns: int = 60) -> Fraction:
    """The part of the others' answers that is recovered in all rounds of all towns."""
    random, hits, total = Random(seed), 0, 0
    for minimum, rounds in histories(random, towns, 4):
        for ballots in rounds:
            present = people_of(ballots)
            allied = random.sample(present, min(colluders, len(present)))
            found, of = recovered(ballots, publish(ballots, minimum), allied)
            hits, total = hits + found, total + of
    return Fraction(hits, total)


def all_of_size(n: int) -> Iterator[Ballots]:
    """Every possible outcome of one dimension with n answers to both of its statements; the other dimensions empty."""
    for pair in product(combinations_with_replacement(ANSWERS, n), repeat=2):
        yield of(*pair)


def of(overall: Collection[int], concrete: Collection[int]) -> Ballots:
    answers = {OVERALL: dict(enumerate(overall)), CONCRETE: dict(enumerate(concrete))}
    return {s.key: answers.get(s.key, {}) for s in STATEMENTS}


@pytest.mark.parametrize(
    ("publish", "n"),
    [(exactly, 1), (exactly, 2), (exactly, 3), pytest.param(by_the_rules, 5, marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("knows", [0, 1])
def test_the_attacker_misses_nothing(publish: Publish, n: int, knows: int) -> None:
    """Against trying all outcomes: what is published alike, with the same known answers, cannot be told apart."""
    alike: dict[object, list[Ballots]] = {}
    for ballots in all_of_size(n):
        seen = publish(ballots, 5)
        alike.setdefault(tuple(str(part) for part in (seen.indexes, seen.means, seen.shares)), []).append(ballots)
    random = Random(n)
    for group in random.sample(list(alike.values()), min(len(alike), 25)):
        ballots = random.choice(group)
        known = {key: list(ballots[key].values())[:knows] for key in (OVERALL, CONCRETE)}
        puzzle = Puzzle(publish(ballots, 5), ballots, Dimension.MUST, known)
        rests = [[rest_of(other[key].values(), known[key]) for key in (OVERALL, CONCRETE)] for other in group]
        fitting = [(one, other) for one, other in rests if one is not None and other is not None]
        assert puzzle.answers(OVERALL) == {v for one, _ in fitting for v in one}
        assert puzzle.answers(CONCRETE) == {v for _, other in fitting for v in other}


def rest_of(values: Collection[int], known: Collection[int]) -> list[int] | None:
    """The values without the known ones; None where these are not among them."""
    rest = list(values)
    for value in known:
        if value not in rest:
            return None
        rest.remove(value)
    return rest


@pytest.mark.parametrize("seed", range(3))
def test_an_outsider_recovers_nothing(seed: int) -> None:
    """Not one answer in 60 towns with four rounds each, unanimous ones among them.

    As nothing is published about who changed an answer, more rounds tell an outsider nothing more about one of them.
    """
    assert attacked(seed, by_the_rules, colluders=0) == 0


def test_the_index_does_not_tell_what_an_end_hides() -> None:
    """With a plain mean: index 80 at least 77.5, concrete item 55 below 57.5, so the overall one above 97.5: 100."""
    ballots = of([5] * 10, [3] * 9 + [5])
    assert recovered(ballots, by_the_rules(ballots, 5)) == (0, 20)


@pytest.mark.parametrize("seed", range(3))
def test_three_who_pool_their_answers_recover_little(seed: int) -> None:
    """At most 1 in 1000 of the others' answers."""
    assert attacked(seed, by_the_rules, colluders=3) <= Fraction(1, 1000)


@pytest.mark.parametrize("seed", range(3))
def test_three_who_pool_their_answers_recover_little_of_a_small_group(seed: int) -> None:
    """Groups of five and six, every kind of mood: at most 1 %, where the few others are all at one end."""
    random, on, off = Random(seed), [0, 0], [0, 0]
    for _ in range(300):
        n = random.choice((5, 6))
        moods = {s.key: mood(random) for s in STATEMENTS}
        ballots = {key: {p: draw(random, weights) for p in range(n)} for key, weights in moods.items()}
        for totals, seen in ((on, by_the_rules(ballots, 5)), (off, without_rules(ballots))):
            hits, total = recovered(ballots, seen, knowing=(0, 1, 2))
            totals[0] += hits
            totals[1] += total
    assert Fraction(*on) <= Fraction(1, 100)
    assert Fraction(*off) >= Fraction(40, 100)


@pytest.mark.parametrize(("colluders", "least"), [(0, 15), (3, 15)])
def test_without_the_rules_the_same_attacker_recovers_many(colluders: int, least: int) -> None:
    assert attacked(0, exactly, colluders) >= Fraction(least, 100)


def leavers(seed: int, least: int, most: int, publish: Publish) -> Fraction:
    """How often the answer of the one who left is recovered if all others are known to have repeated theirs."""
    random, hits, total = Random(seed), 0, 0
    for _ in range(60):
        n = random.randint(least, most)
        moods = {s.key: mood(random) for s in STATEMENTS}
        before = {key: {p: draw(random, weights) for p in range(n)} for key, weights in moods.items()}
        after = {key: {p: v for p, v in answered.items() if p} for key, answered in before.items()}
        seen_before, seen_after = publish(before, 5), publish(after, 5)
        for dimension, keys in PAIRS:
            puzzles = Puzzle(seen_before, before, dimension), Puzzle(seen_after, after, dimension)
            for key in keys:
                consistent = after_leaving(*puzzles, key)
                assert before[key][0] in consistent
                hits += len(consistent) == 1
                total += 1
    return Fraction(hits, total)


@pytest.mark.parametrize(("least", "most", "at_most"), [(6, 9, 4), (10, 11, 15), (12, 29, 8), (30, 60, 45)])
def test_one_person_leaves_and_nobody_else_thinks_again(least: int, most: int, at_most: int) -> None:
    """The difference of two rounds, for somebody who knows beyond what is published that all others repeated theirs.

    It is nearly as much as to know the answers of all others, which no rounding withstands; fives withstand it mostly,
    whole points do not: from thirty answers on about every third leaver's answer is told.
    """
    assert leavers(1, least, most, by_the_rules) <= Fraction(at_most, 100)
    assert leavers(1, least, most, exactly) == 1
