"""The round: its statements, its states, who may answer when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.rules.refusal import Reason, Refusal

ANSWERS = (1, 2, 3, 4, 5)
NO_ANSWER = 0


class Dimension(StrEnum):
    MUST = "must"
    WANT = "want"
    CAN = "can"


class ItemRole(StrEnum):
    OVERALL = "overall"
    CONCRETE = "concrete"
    ROTATING = "rotating"


@dataclass(frozen=True)
class Statement:
    """One statement of the question bank, in every language that the bank has."""

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

    def is_open(self, now: datetime) -> bool:
        """Whether an answer given now counts; the plan decides, even when the closing beat is late."""
        return self.opened_at is not None and self.closing_at is None and not self.cancelled_at and now < self.closes_at


def compose(bank: Iterable[Statement]) -> tuple[Statement, ...]:
    """The six statements that every round asks, in the bank's order: per dimension overall and concrete."""
    return tuple(statement for statement in bank if statement.role is not ItemRole.ROTATING)


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
