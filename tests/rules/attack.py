"""An attacker on published results: knows the rules, all that was published and who answered which statement.

Sums are of v − 1 (0..4 per answer), so 25·sum/n is an item's mean. With k people agreeing (3 or 4 each) and the rest
not (0, 1 or 2 each) every whole sum from 3k to 4k + 2(n − k) can occur and no other: that makes the attack exact.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import ceil, floor
from random import Random

from core.rules import trends
from core.rules.pulse import ANSWERS, Dimension, ItemRole, Statement
from core.rules.trends import Code, Figure, Tally, agreement, figures, single_items

STATEMENTS = tuple(
    Statement(f"{dimension}-{role}", dimension, role, "", "")
    for dimension in Dimension
    for role in (ItemRole.OVERALL, ItemRole.CONCRETE)
)
PAIRS = tuple((d, tuple(s.key for s in STATEMENTS if s.dimension is d)) for d in Dimension)
ALL = Fraction(100)

Ballots = Mapping[str, Mapping[int, int]]
"""Statement key → person → answer; who gave none is missing."""


@dataclass(frozen=True)
class Span:
    """Where the true number lies; ``low`` belongs to it unless ``is_above``, ``high`` only if ``is_closed``."""

    low: Fraction
    high: Fraction
    is_above: bool = False
    is_closed: bool = False

    def numerators(self, denominator: int) -> range:
        """The whole numbers that lie inside when divided by ``denominator``."""
        low, high = self.low * denominator, self.high * denominator
        return range(floor(low) + 1 if self.is_above else ceil(low), floor(high) + 1 if self.is_closed else ceil(high))


ANYWHERE = Span(Fraction(0), ALL, is_closed=True)


@dataclass(frozen=True)
class Seen:
    """What the attacker reads from one round; a number that was not published can be ANYWHERE."""

    indexes: Mapping[Dimension, Span]
    means: Mapping[str, Span]
    shares: Mapping[str, Span]
    is_exact: bool = False
    """Whether the indexes are plain means, without the rule for what lies beyond an end."""


def read(figure: Figure, *, is_share: bool = False) -> Span:
    """What RULES 4 say about the number behind a figure."""
    match figure.code:
        case Code.BELOW:
            return Span(Fraction(0), Fraction(10))
        case Code.FROM:
            return Span(Fraction(90), ALL, is_closed=True)
        case Code.ABOVE:
            return Span(Fraction(90), ALL, is_above=True, is_closed=True)
    half = Fraction(1 if figure.n >= trends.WHOLE_POINTS_FROM else trends.STEP, 2)
    low, high = max(figure.value - half, Fraction(10)), figure.value + half
    return Span(low, Fraction(90), is_closed=is_share) if high > 90 else Span(low, high)


def tally_of(ballots: Ballots) -> Tally:
    people = {person for answered in ballots.values() for person in answered}
    return Tally({key: list(answered.values()) for key, answered in ballots.items()}, len(people))


def by_the_rules(ballots: Ballots, minimum: int) -> Seen:
    tally = tally_of(ballots)
    return Seen(
        {d: read(f) for d, f in figures(tally, STATEMENTS, minimum).items()},
        {key: read(f) for key, f in single_items(tally, STATEMENTS, minimum).items()},
        {key: read(f, is_share=True) for key, f in agreement(tally, STATEMENTS, minimum).items()},
    )


def without_rules(ballots: Ballots) -> Seen:
    """Exact numbers of every group, however small."""
    tally = tally_of(ballots)
    means, shares = {}, {}
    for key, values in tally.values.items():
        if values:
            means[key] = _exactly(Fraction(25 * sum(v - 1 for v in values), len(values)))
            shares[key] = _exactly(Fraction(100 * sum(v >= 4 for v in values), len(values)))
    indexes = {
        d: _exactly((means[one].low + means[other].low) / 2)
        for d, (one, other) in PAIRS
        if {one, other} <= means.keys()
    }
    return Seen(indexes, means, shares, is_exact=True)


class Puzzle:
    """One dimension of one round: every combination of sums and agreeing people that what was seen allows.

    ``known`` are answers that the attacker knows for certain, per statement; they are taken out, so that sums, k and n
    are those of the others.
    """

    def __init__(
        self, seen: Seen, ballots: Ballots, dimension: Dimension, known: Mapping[str, Sequence[int]] | None = None
    ) -> None:
        known = known or {}
        self.keys = one, other = dict(PAIRS)[dimension]
        sizes = [max(len(ballots[key]), 1) for key in self.keys]
        gone = {key: sum(v - 1 for v in known.get(key, ())) for key in self.keys}
        self.n = {key: len(ballots[key]) - len(known.get(key, ())) for key in self.keys}
        self.agreeing = {key: self._of_item(seen, key, len(ballots[key]), known.get(key, ())) for key in self.keys}
        unit = 0 if seen.is_exact else sizes[0] * sizes[1]
        scores = seen.indexes.get(dimension, ANYWHERE).numerators(2 * sizes[0] * sizes[1])
        self.sums = {
            (s, other_s)
            for s in self.agreeing[one]
            for other_s in self.agreeing[other]
            if _index(25 * (s + gone[one]) * sizes[1], 25 * (other_s + gone[other]) * sizes[0], unit) in scores
        }

    def _of_item(self, seen: Seen, key: str, n: int, known: Sequence[int]) -> dict[int, set[int]]:
        """Sum of the others → how many of them may agree."""
        if n == 0:
            return {0: {0}}
        means, shares = seen.means.get(key, ANYWHERE).numerators(n), seen.shares.get(key, ANYWHERE).numerators(n)
        gone, gone_agreeing, others = sum(v - 1 for v in known), sum(v >= 4 for v in known), n - len(known)
        counts = [k - gone_agreeing for k in range(n + 1) if 100 * k in shares]
        feasible = {
            s - gone: {k for k in counts if _can_be(s - gone, k, others)} for s in range(4 * n + 1) if 25 * s in means
        }
        return {s: ks for s, ks in feasible.items() if ks}

    def answers(self, key: str) -> set[int]:
        """What somebody whose answer is not known may have answered."""
        position = self.keys.index(key)
        sums = {pair[position] for pair in self.sums}
        return {
            v
            for v in ANSWERS
            if any(_can_be(s - v + 1, k - (v >= 4), self.n[key] - 1) for s in sums for k in self.agreeing[key][s])
        }


def after_leaving(before: Puzzle, after: Puzzle, key: str) -> set[int]:
    """What the one person who left may have answered, if all others gave the same answers as before."""
    position = before.keys.index(key)
    return {left[position] for left in product(ANSWERS, repeat=2) if _fits(before, after, left)}


def _fits(before: Puzzle, after: Puzzle, left: Sequence[int]) -> bool:
    for pair in before.sums:
        rest = (pair[0] - left[0] + 1, pair[1] - left[1] + 1)
        if rest in after.sums and all(
            {k - (v >= 4) for k in before.agreeing[key][s]} & after.agreeing[key][r]
            for key, v, s, r in zip(before.keys, left, pair, rest, strict=True)
        ):
            return True
    return False


def _exactly(number: Fraction) -> Span:
    return Span(number, number, is_closed=True)


def _index(one: int, other: int, unit: int) -> int:
    """Twice the index of two means, all in parts of ``unit``; 0 for the plain mean."""
    low, high = 10 * unit, 90 * unit
    if not unit or (one < low and other < low):
        return one + other
    return min(max(one, low), high) + min(max(other, low), high)


def _can_be(total: int, agreeing: int, n: int) -> bool:
    return 0 <= agreeing <= n and 3 * agreeing <= total <= 2 * n + 2 * agreeing


def histories(random: Random, towns: int, rounds: int) -> Iterator[tuple[int, list[Ballots]]]:
    """Random municipalities: the minimum of each and its rounds, between which one person leaves or joins.

    Groups of 3 to 60, half of them below 20; opinions from divided to unanimous; up to a fifth "keine Angabe"; between
    two rounds nobody, some or all think again.
    """
    for _ in range(towns):
        people = list(range(random.choice((random.randint(3, 19), random.randint(20, 60)))))
        minimum = random.choice((5, 5, 5, 8, 10))
        silent, fickle = random.choice((0.0, 0.0, 0.05, 0.2)), random.choice((0.0, 0.1, 1.0))
        moods = {s.key: mood(random) for s in STATEMENTS}
        ballots: dict[str, dict[int, int]] = {
            key: {p: draw(random, weights) for p in people if random.random() >= silent}
            for key, weights in moods.items()
        }
        history: list[Ballots] = [ballots]
        for number in range(1, rounds):
            leaving = random.choice(people) if random.random() < 0.7 and len(people) > 3 else None
            ballots = {
                key: {
                    p: draw(random, moods[key]) if random.random() < fickle else v
                    for p, v in answered.items()
                    if p != leaving
                }
                for key, answered in ballots.items()
            }
            if leaving is None:
                people.append(1000 + number)
                for key, weights in moods.items():
                    ballots[key][people[-1]] = draw(random, weights)
            else:
                people.remove(leaving)
            history.append(ballots)
        yield minimum, history


def mood(random: Random) -> tuple[float, ...]:
    """Weights of the five answers: unanimous, nearly so, two camps, or anything."""
    kind, favourite = random.randrange(4), random.choice(ANSWERS)
    if kind == 0:
        return tuple(float(v == favourite) for v in ANSWERS)
    if kind == 1:
        return tuple(1.0 if v == favourite else 0.015 for v in ANSWERS)
    if kind == 2:
        return tuple(0.5 if v in (favourite, 6 - favourite) else 0.02 for v in ANSWERS)
    return tuple(random.random() for _ in ANSWERS)


def draw(random: Random, weights: Sequence[float]) -> int:
    return random.choices(ANSWERS, weights)[0]
