"""What comes again: a rule as in RFC 5545, on local days; hours and zones are added where a day becomes a moment."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby

from dateutil.rrule import rrulestr

from core.rules.workdays import working_day_from

LONGEST_GAP = timedelta(days=3653)


class Cadence(StrEnum):
    WEEKLY = "1w"
    TWO_WEEKS = "2w"
    FOUR_WEEKS = "4w"
    MONTHLY = "1m"
    QUARTERLY = "3m"


_STEPS = {
    Cadence.WEEKLY: ("WEEKLY", 1),
    Cadence.TWO_WEEKS: ("WEEKLY", 2),
    Cadence.FOUR_WEEKS: ("WEEKLY", 4),
    Cadence.MONTHLY: ("MONTHLY", 1),
    Cadence.QUARTERLY: ("MONTHLY", 3),
}
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR")
_NTHS = {"WEEKLY": {0: ""}, "MONTHLY": {1: "1", 2: "2", 3: "3", 4: "4", 5: "-1"}}


@dataclass(frozen=True)
class Recurrence:
    """Every so many weeks on a weekday, or every so many months on the nth such weekday.

    ``weekday`` is 1 (Monday) to 5; ``nth`` is 1 to 4, or 5 for the last of the month, and 0 where weeks are counted.
    The first such day from ``start`` on is the first of the series; weeks and months are counted from there, so it
    is also the DTSTART that RFC 5545 asks for. ValueError for what does not exist.
    """

    cadence: Cadence
    weekday: int
    nth: int
    start: date

    def __post_init__(self) -> None:
        frequency, _ = _STEPS[self.cadence]
        if self.weekday not in range(1, 6) or self.nth not in _NTHS[frequency]:
            raise ValueError(f"no such recurrence: {self.cadence}, weekday {self.weekday}, nth {self.nth}")

    @classmethod
    def read(cls, rule: str, start: date) -> "Recurrence":
        """The inverse of ``rule``; ValueError for a rule that we would not have written."""
        for cadence, (frequency, _) in _STEPS.items():
            for weekday in range(1, 6):
                for nth in _NTHS[frequency]:
                    recurrence = cls(cadence, weekday, nth, start)
                    if recurrence.rule == rule:
                        return recurrence
        raise ValueError(f"not a rule of ours: {rule}")

    @property
    def rule(self) -> str:
        """The value of an RRULE as in RFC 5545, e.g. "FREQ=MONTHLY;INTERVAL=3;BYDAY=-1FR"."""
        _, interval = _STEPS[self.cadence]
        return self._every(interval)

    def days(self, after: date) -> Iterator[date]:
        """The rule's own days later than ``after``, without end; none is before ``start``."""
        first = next(iter(rrulestr(self._every(1), dtstart=_midnight(self.start))))
        for moment in rrulestr(self.rule, dtstart=first).xafter(_midnight(after)):
            yield moment.date()

    def _every(self, interval: int) -> str:
        frequency, _ = _STEPS[self.cadence]
        return f"FREQ={frequency};INTERVAL={interval};BYDAY={_NTHS[frequency][self.nth]}{_WEEKDAYS[self.weekday - 1]}"


def _midnight(day: date) -> datetime:
    # dateutil counts in datetimes; without a zone, no switch can move them.
    return datetime.combine(day, time())


@dataclass(frozen=True)
class Occurrence:
    """``on`` is the day by the rule and the occurrence's key; ``day`` is the working day on which it takes place."""

    on: date
    day: date

    @property
    def moved(self) -> bool:
        return self.day != self.on


def upcoming(
    recurrence: Recurrence, after: date, closed: Container[date], pauses: Container[date] = ()
) -> Iterator[Occurrence]:
    """Occurrences with ``on`` later than ``after``; ends after ten years in which all are left out.

    What falls on no working day moves to the next one; what is in a pause, before or after it has moved, is left
    out. Of those that come to the same day the last stays: it has moved least, and the choice is the same for every
    ``after``. To go on, ``after`` is the ``on`` of the last one, for its ``day`` may lie behind the next ``on``.
    """
    for _, same_day in groupby(_unpaused(recurrence, after, closed, pauses), key=lambda occurrence: occurrence.day):
        *_, last = same_day
        yield last


def _unpaused(
    recurrence: Recurrence, after: date, closed: Container[date], pauses: Container[date]
) -> Iterator[Occurrence]:
    latest = max(after, recurrence.start)
    for on in recurrence.days(after):
        if on - latest > LONGEST_GAP:
            return
        day = working_day_from(on, closed)
        if on not in pauses and day not in pauses:
            latest = on
            yield Occurrence(on, day)
