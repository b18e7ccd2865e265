"""From a tally to what may be published (RULES 1 and 4), and what published values say (RULES 2 and 3)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, StrEnum, auto
from fractions import Fraction
from functools import cache
from itertools import accumulate, combinations, takewhile
from math import factorial, floor, sqrt
from statistics import median

from core.rules.pulse import Dimension, ItemRole, Statement

SMALLEST_GROUP = 5
SMALL_GROUP = 12
ITEMS_FROM = 10
SHARES_FROM = 20
WHOLE_POINTS_FROM = 30
STEP = 5
LOW_END, HIGH_END = 10, 90
AGREES_FROM = 4
LIMITED_BELOW = Fraction(60, 100)
MARKED_CHANGE = Fraction(20, 100)
TREND_FROM, TREND_OVER = 6, 12
LEAST_CHANGE = 5
STABLE_WITHIN = 10
WORD_TAIL = Fraction(25, 1000)
INTERVAL_TAIL = Fraction(50, 1000)
LEAST_GAP = 5
GAP_SQUARED_TIMES_N = Fraction(164, 100) ** 2 * Fraction(15, 10) * Fraction(8, 10) * 29**2


class Code(StrEnum):
    """How a published value is to be read: as it is, or as an end that hides how extreme it was."""

    EXACT = ""
    BELOW = "<"
    FROM = "≥"
    ABOVE = ">"
    """Only for shares of agreement."""


@dataclass(frozen=True)
class Figure:
    """One published number from 0 to 100 (points, a share in per cent), rounded and coded, with the n it rests on."""

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


@dataclass(frozen=True)
class Result:
    """All that remains of a closed round; ``participation`` is None when fewer than the minimum took part."""

    round_id: int
    number: int
    closed_on: date
    participation: Participation | None
    minimum: int
    invited: int
    """The circle as it was frozen when the round opened, absent people included."""
    figures: Mapping[Dimension, Figure]
    """A dimension that is missing here is "nicht ausgewiesen"."""
    items: Mapping[str, Figure] = field(default_factory=dict)
    """Statement key → its mean, of all who answered it."""
    shares: Mapping[str, Figure] = field(default_factory=dict)
    """Statement key → share of agreement, per cent."""
    statements: tuple[Statement, ...] = ()
    """As the round asked them."""


@dataclass(frozen=True)
class Tally:
    """What the urn held at the close: values 1..5 per statement key, and how many people gave at least one."""

    values: Mapping[str, Sequence[int]]
    took_part: int


def margin(n: int) -> float:
    """Half the width of the 90 % interval, in points: 1.64·√(0.8·29²/n)."""
    return 1.64 * sqrt(0.8 * 29**2 / n)


def index(tally: Tally, statements: Collection[Statement], dimension: Dimension) -> tuple[Fraction, int]:
    """The dimension's index (0..100) and its n; n is 0 where one of its two statements has no answer.

    A mean beyond an end enters as that end: beside the other item's mean the index would otherwise tell what an end
    hides. Only where both are below the low end is the index below it too.
    """
    means, counts = [], []
    for statement in statements:
        if statement.dimension is dimension and statement.role is not ItemRole.ROTATING:
            values = tally.values.get(statement.key, ())
            counts.append(len(values))
            means.append(_mean(values))
    n = min(counts, default=0)
    if any(mean >= LOW_END for mean in means):
        means = [min(max(mean, Fraction(LOW_END)), Fraction(HIGH_END)) for mean in means]
    return (sum(means, Fraction(0)) / len(means) if n else Fraction(0)), n


def disclose(score: Fraction, n: int, minimum: int) -> Figure | None:
    """The score as it may be published, or None: gate, then ends, then rounding half up."""
    if n < max(minimum, SMALLEST_GROUP):
        return None
    if score < LOW_END:
        return Figure(LOW_END, Code.BELOW, n)
    if score >= HIGH_END:
        return Figure(HIGH_END, Code.FROM, n)
    return Figure(_rounded(score, n), Code.EXACT, n)


def figures(tally: Tally, statements: Collection[Statement], minimum: int) -> dict[Dimension, Figure]:
    """Every dimension that may be shown."""
    shown = {d: disclose(*index(tally, statements, d), minimum) for d in Dimension}
    return {dimension: figure for dimension, figure in shown.items() if figure is not None}


def participation(tally: Tally, base: int, minimum: int) -> Participation | None:
    """None when fewer than the minimum took part: then not even the count is kept."""
    if tally.took_part < max(minimum, SMALLEST_GROUP):
        return None
    return Participation(tally.took_part, max(base, tally.took_part))


def single_items(tally: Tally, statements: Collection[Statement], minimum: int) -> dict[str, Figure]:
    """Statement key → its mean, of every statement that may be shown by itself."""
    shown = {}
    for statement in statements:
        values = tally.values.get(statement.key, ())
        if figure := disclose(_mean(values), len(values), max(minimum, ITEMS_FROM)):
            shown[statement.key] = figure
    return shown


def agreement(tally: Tally, statements: Collection[Statement], minimum: int) -> dict[str, Figure]:
    """Statement key → share of those who agree (4 or 5) in per cent; here exactly 90 is shown as it is."""
    shown = {}
    for statement in statements:
        values = tally.values.get(statement.key, ())
        if (n := len(values)) >= max(minimum, SHARES_FROM):
            share = Fraction(100 * sum(value >= AGREES_FROM for value in values), n)
            if share < LOW_END:
                shown[statement.key] = Figure(LOW_END, Code.BELOW, n)
            elif share > HIGH_END:
                shown[statement.key] = Figure(HIGH_END, Code.ABOVE, n)
            else:
                shown[statement.key] = Figure(_rounded(share, n), Code.EXACT, n)
    return shown


def changed_markedly(now: Result, before: Result) -> bool:
    """Whether comparing the two rounds is of limited use, by the rate or by the circle of those invited (RULES 1)."""
    if now.participation is None or before.participation is None:
        return False
    moved = abs(now.invited - before.invited)
    by_rate = abs(now.participation.rate - before.participation.rate) >= MARKED_CHANGE
    return by_rate or (moved > 0 and moved >= MARKED_CHANGE * before.invited)


def _mean(values: Sequence[int]) -> Fraction:
    """In points; 0 where there is no answer."""
    return Fraction(25 * sum(v - 1 for v in values), len(values)) if values else Fraction(0)


def _rounded(number: Fraction, n: int) -> int:
    """Half up, to fives in a group below thirty."""
    step = 1 if n >= WHOLE_POINTS_FROM else STEP
    return step * floor(number / step + Fraction(1, 2))


@dataclass(frozen=True)
class Published:
    """One published value of a series; an end counts as its bound ("< 10" as 10, "≥ 90" as 90)."""

    on: date
    figure: Figure
    wording: tuple[str, ...]
    """Of the statement or statements that the value rests on: another wording starts another series."""


class State(Enum):
    TOO_EARLY = auto()
    RISING = auto()
    FALLING = auto()
    MAYBE_RISING = auto()
    MAYBE_FALLING = auto()
    STABLE = auto()
    UNCLEAR = auto()


@dataclass(frozen=True)
class Trend:
    """What a series says. ``points`` is the size of its change since ``since``, to the nearest 5; 0 while too early."""

    state: State
    rounds: int
    points: int
    since: date


def trend(series: Sequence[Published]) -> Trend:
    """The word for a series of at least one value, oldest first, no two on one day (RULES 2)."""
    if not series:
        raise ValueError("a series without a value has no trend")
    same = list(takewhile(lambda published: published.wording == series[-1].wording, reversed(series)))[::-1]
    now, one_round_ago = same[-TREND_OVER:], same[-TREND_OVER - 1 : -1]
    rounds, since = len(now), now[0].on
    if rounds < TREND_FROM:
        return Trend(State.TOO_EARLY, rounds, 0, since)
    changes = _changes(now)
    size = abs(Fraction(median(changes)))
    points = STEP * floor(size / STEP + Fraction(1, 2))
    return Trend(_state(_candidate(now), _candidate(one_round_ago), changes, rounds), rounds, points, since)


def bottleneck(figures: Mapping[Dimension, Figure]) -> Dimension | None:
    """The dimension that is clearly the lowest of the three; None also where one is not shown (RULES 3)."""
    if len(figures) < len(Dimension):
        return None
    lowest, second, _ = sorted(figures, key=lambda dimension: figures[dimension].value)
    gap = figures[second].value - figures[lowest].value
    n = min(figure.n for figure in figures.values())
    return lowest if gap >= LEAST_GAP and gap**2 * n >= GAP_SQUARED_TIMES_N else None


def _state(candidate: int, one_round_ago: int, changes: Sequence[Fraction], rounds: int) -> State:
    if candidate:
        confirmed = candidate == one_round_ago
        if candidate > 0:
            return State.RISING if confirmed else State.MAYBE_RISING
        return State.FALLING if confirmed else State.MAYBE_FALLING
    least, most = _interval(changes, rounds)
    return State.STABLE if least >= -STABLE_WITHIN and most <= STABLE_WITHIN else State.UNCLEAR


def _candidate(series: Sequence[Published]) -> int:
    """1 for a rise, -1 for a fall that Mann–Kendall finds significant and Theil–Sen large enough, else 0."""
    if len(series) < TREND_FROM:
        return 0
    pairs = combinations((published.figure.value for published in series), 2)
    score = sum((later > earlier) - (later < earlier) for earlier, later in pairs)
    change = Fraction(median(_changes(series)))
    if abs(score) < _critical(len(series), WORD_TAIL) or abs(change) < LEAST_CHANGE:
        return 0
    return 1 if change > 0 else -1


def _changes(series: Sequence[Published]) -> list[Fraction]:
    """What each pair's slope makes over the whole span of the series, in points, ascending; the median is Δ."""
    span = (series[-1].on - series[0].on).days
    return sorted(
        Fraction((later.figure.value - earlier.figure.value) * span, (later.on - earlier.on).days)
        for earlier, later in combinations(series, 2)
    )


def _interval(changes: Sequence[Fraction], rounds: int) -> tuple[Fraction, Fraction]:
    """The 90 % interval of Δ: the Mth smallest and the Mth largest of the N changes.

    M = (N − C)/2 with C = k − 2 and k the least number that S reaches by chance in at most 5 % (Sen 1968; Hollander
    & Wolfe, Nonparametric Statistical Methods, section 9.3). S of the series minus a slope b counts the pairs steeper
    than b less those flatter, so |S| < k, which holds in at least 90 %, says that b lies between these two.
    """
    m = (len(changes) - _critical(rounds, INTERVAL_TAIL) + 2) // 2
    return changes[m - 1], changes[-m]


@cache
def _critical(rounds: int, tail: Fraction) -> int:
    """The least s with P(S ≥ s) ≤ ``tail`` when every order of the values is as likely (Kendall's exact distribution).

    Ties make large |S| rarer still, so that with rounded values the true probability lies below ``tail``.
    """
    orders = [1]
    """How many orders have so many inversions; a further value adds from none to one per value before it."""
    for size in range(2, rounds + 1):
        orders = [sum(orders[max(0, k - size + 1) : k + 1]) for k in range(len(orders) + size - 1)]
    pairs = len(orders) - 1
    rare = sum(Fraction(total, factorial(rounds)) <= tail for total in accumulate(orders))
    return pairs - 2 * (rare - 1)
