"""The round: its statements, its states, who may answer when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from core.rules import workdays
from core.rules.refusal import Reason, Refusal

ANSWERS = (1, 2, 3, 4, 5)
NO_ANSWER = 0
SMALL_CIRCLE = 8
"""Fewer invited people than this make it likely that nothing can be shown (RULES 4.3)."""
REMINDER_SLOTS = (1000, 1001)
"""Where the urn keeps, per voter, that the first and second reminder were sent; far above every statement's place."""
SHORT_IN_A_ROW = 2
COUNTED_FROM = 3
"""Fewer people than these who took part are no count that anybody sees while the round is open (RULES 4.1)."""
LOOK_HOUR = time(9)
OPEN_DAYS = (3, 5, 8, 10)
"""For how many working days a plan may keep a round open; never beyond 21 days."""


class Dimension(StrEnum):
    MUST = "must"
    WANT = "want"
    CAN = "can"


class ItemRole(StrEnum):
    OVERALL = "overall"
    CONCRETE = "concrete"
    ROTATING = "rotating"


class Form(StrEnum):
    """How many statements a round has: three or two per dimension."""

    LONG = "long"
    SHORT = "short"


@dataclass(frozen=True)
class Statement:
    """One statement of the question bank or a municipality's own, in every language that there is."""

    key: str
    dimension: Dimension
    role: ItemRole
    de: str
    en: str

    def wording(self, locale: str) -> str:
        return self.de if locale == "de" else self.en


@dataclass(frozen=True)
class Round:
    id: int
    municipality_id: int
    number: int
    opens_at: datetime
    closes_at: datetime
    opened_at: datetime | None
    closing_at: datetime | None
    closed_at: datetime | None
    cancelled_at: datetime | None
    minimum: int
    invited: int
    topic: str
    """What "we" is about, as it read when the round opened."""
    form: Form
    days: int
    """For how many working days it is open."""
    occurrence: date | None
    """The date by the plan's rule; None for a round that a person dated."""
    answered: int | None
    """How many had taken part when the count was last renewed; None below three."""
    extended_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Whether an answer given now counts; the plan decides, even when the closing beat is late."""
        return self.opened_at is not None and self.closing_at is None and not self.cancelled_at and now < self.closes_at


@dataclass(frozen=True)
class OwnStatement:
    """A municipality's own rotating statement; ``announced`` is the number of the round whose invitation named it."""

    id: int
    municipality_id: int
    dimension: Dimension
    de: str
    en: str
    proposed_by: int | None
    """The account of the coordinator who wrote it; None once that account is gone."""
    is_approved: bool
    announced: int | None

    def wording(self, locale: str) -> str:
        return self.de if locale == "de" or not self.en else self.en

    def as_statement(self) -> Statement:
        return Statement(f"own:{self.id}", self.dimension, ItemRole.ROTATING, self.de, self.en or self.de)


def next_form(planned: Form, before: Sequence[Form]) -> Form:
    """The short form at most two rounds in three; ``before`` are the forms of the last rounds, newest last."""
    lately = before[-SHORT_IN_A_ROW:]
    if planned is Form.SHORT and len(lately) == SHORT_IN_A_ROW and all(form is Form.SHORT for form in lately):
        return Form.LONG
    return planned


def compose(
    bank: Iterable[Statement], form: Form = Form.SHORT, asked: Mapping[str, int] | None = None
) -> tuple[Statement, ...]:
    """What a round asks: per dimension overall, concrete and, in the long form, the rotating one whose turn it is.

    ``asked`` tells for rotating statements the number of the last round that asked them. Whose turn is longest ago
    comes next, one never asked before all others, and among equals the bank's order decides.
    """
    statements, asked = tuple(bank), asked or {}
    chosen: list[Statement] = []
    for dimension in Dimension:
        own = [s for s in statements if s.dimension is dimension]
        chosen += [s for s in own if s.role is not ItemRole.ROTATING]
        rotating = [s for s in own if s.role is ItemRole.ROTATING]
        if form is Form.LONG and rotating:
            chosen.append(min(rotating, key=lambda s: asked.get(s.key, 0)))
    return tuple(chosen)


def admit(round_: Round, position: int, count: int, value: int, now: datetime) -> None:
    """Raise unless ``value`` for statement ``position`` (from 0) may go into the urn now."""
    if round_.opened_at is None or round_.cancelled_at is not None:
        raise Refusal(Reason.NOT_FOUND)
    if not round_.is_open(now):
        raise Refusal(Reason.ROUND_OVER)
    if not 0 <= position < count or value not in (NO_ANSWER, *ANSWERS):
        raise Refusal(Reason.STALE_BUTTON)


def next_open(dealt: Iterable[int], count: int) -> int | None:
    """The first statement not yet dealt with; None when all are."""
    seen = set(dealt)
    return next((position for position in range(count) if position not in seen), None)


def next_look(now: datetime, zone: ZoneInfo) -> datetime:
    """When the coordinators' count of answers is renewed next: once a day."""
    return workdays.instant(now.astimezone(zone).date() + timedelta(days=1), LOOK_HOUR, zone)


def may_extend(round_: Round, now: datetime, zone: ZoneInfo) -> bool:
    """Whether the day has come on which a round may be extended: its last one, and once only."""
    last_day = round_.closes_at.astimezone(zone).date()
    return round_.extended_at is None and round_.is_open(now) and now.astimezone(zone).date() == last_day


def is_small_circle(round_: Round) -> bool:
    return round_.invited < max(SMALL_CIRCLE, round_.minimum)
