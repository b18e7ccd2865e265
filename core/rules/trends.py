"""Scores, margins and disclosure (RULES 1 and 4): from a tally to what may be published."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from math import floor, sqrt

from core.rules.pulse import Dimension, ItemRole, Statement

SMALLEST_GROUP = 5
SMALL_GROUP = 12
WHOLE_POINTS_FROM = 30
LOW_END, HIGH_END = 10, 90
LIMITED_BELOW = Fraction(60, 100)
MARKED_CHANGE = Fraction(20, 100)


class Code(StrEnum):
    """How a published value is to be read: as it is, or as an end that hides how extreme it was."""

    EXACT = ""
    BELOW = "<"
    FROM = "≥"


@dataclass(frozen=True)
class Figure:
    """One published number: points from 0 to 100, rounded and coded, with the n that it rests on."""

    value: int
    code: Code
    n: int

    @property
    def margin(self) -> float:
        return margin(self.n)


@dataclass(frozen=True)
class Participation:
    """How many of those who could took part."""

    took_part: int
    base: int

    @property
    def rate(self) -> Fraction:
        return Fraction(self.took_part, self.base) if self.base else Fraction(0)

    @property
    def is_limited(self) -> bool:
        return self.rate < LIMITED_BELOW

    def changed_markedly(self, before: "Participation") -> bool:
        """Whether comparing with the round ``before`` is of limited use (RULES 1)."""
        circle = Fraction(abs(self.base - before.base), before.base) if before.base else Fraction(1)
        return abs(self.rate - before.rate) >= MARKED_CHANGE or circle >= MARKED_CHANGE


@dataclass(frozen=True)
class Result:
    """All that remains of a closed round; ``participation`` is None when fewer than the minimum took part."""

    round_id: int
    number: int
    closed_on: date
    participation: Participation | None
    minimum: int
    figures: Mapping[Dimension, Figure]
    """A dimension that is missing here is "nicht ausgewiesen"."""


@dataclass(frozen=True)
class Tally:
    """What the urn held at the close: values 1..5 per statement key, and how many people gave at least one."""

    values: Mapping[str, Sequence[int]]
    took_part: int


def margin(n: int) -> float:
    """Half the width of the 90 % interval, in points: 1.64·√(0.8·29²/n)."""
    return 1.64 * sqrt(0.8 * 29**2 / n)


def index(tally: Tally, statements: Collection[Statement], dimension: Dimension) -> tuple[Fraction, int]:
    """The dimension's exact index (0..100) and its n; n is 0 where one of its two statements has no answer."""
    means, counts = [], []
    for statement in statements:
        if statement.dimension is dimension and statement.role is not ItemRole.ROTATING:
            values = tally.values.get(statement.key, ())
            counts.append(len(values))
            means.append(Fraction(25 * sum(v - 1 for v in values), len(values)) if values else Fraction(0))
    n = min(counts, default=0)
    return (sum(means, Fraction(0)) / len(means) if n else Fraction(0)), n


def disclose(score: Fraction, n: int, minimum: int) -> Figure | None:
    """The score as it may be published, or None: gate, then ends, then rounding half up."""
    if n < max(minimum, SMALLEST_GROUP):
        return None
    if score < LOW_END:
        return Figure(LOW_END, Code.BELOW, n)
    if score >= HIGH_END:
        return Figure(HIGH_END, Code.FROM, n)
    step = 1 if n >= WHOLE_POINTS_FROM else 5
    return Figure(step * floor(score / step + Fraction(1, 2)), Code.EXACT, n)


def figures(tally: Tally, statements: Collection[Statement], minimum: int) -> dict[Dimension, Figure]:
    """Every dimension that may be shown."""
    shown = {d: disclose(*index(tally, statements, d), minimum) for d in Dimension}
    return {dimension: figure for dimension, figure in shown.items() if figure is not None}


def participation(tally: Tally, base: int, minimum: int) -> Participation | None:
    """None when fewer than the minimum took part: then not even the count is kept."""
    if tally.took_part < max(minimum, SMALLEST_GROUP):
        return None
    return Participation(tally.took_part, max(base, tally.took_part))
