"""When rounds open and when the digest is posted: a plan, what of it may be chosen, and the dates that it makes."""

from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import Enum, StrEnum
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from core.rules.pulse import OPEN_DAYS, Form
from core.rules.recurrence import Cadence, Recurrence, upcoming
from core.rules.refusal import Reason, Refusal
from core.rules.workdays import SENDING_UNTIL, DaysOff, instant

MINIMA = (5, 8, 10, 15)
"""Fewest answers for which a municipality lets anything be shown: never below five (RULES 4.2)."""
PERIODS_AT_MOST = 40
SHOWN = 5
"""So many coming dates are told."""
LOOK_BACK = timedelta(days=31)
"""A date by the rule that is longer ago than this does not come to a later day any more."""
TIME_TO_LOOK = timedelta(days=7)
"""A suggested plan begins so much later: nobody is invited on the next morning by one press."""
A_DAY = timedelta(days=1)


class PlanKind(StrEnum):
    PULSE = "pulse"
    DIGEST = "digest"


class PeriodKind(StrEnum):
    """Days on which the municipality does not work, or on which no round opens."""

    CLOSING = "closing"
    PAUSE = "pause"


class Part(StrEnum):
    """What a coordinator chooses of a plan, in the order in which it is shown."""

    CADENCE = "cadence"
    WEEKDAY = "weekday"
    NTH = "nth"
    HOUR = "hour"
    DAYS = "days"
    FORM = "form"
    START = "start"


class Land(StrEnum):
    """ISO 3166-2 without "DE-"."""

    BW = "BW"
    BY = "BY"
    BE = "BE"
    BB = "BB"
    HB = "HB"
    HH = "HH"
    HE = "HE"
    MV = "MV"
    NI = "NI"
    NW = "NW"
    RP = "RP"
    SL = "SL"
    SN = "SN"
    ST = "ST"
    SH = "SH"
    TH = "TH"


BY_WEEKS = {Cadence.WEEKLY: 1, Cadence.TWO_WEEKS: 2, Cadence.FOUR_WEEKS: 4}
CADENCES = {
    PlanKind.PULSE: (Cadence.TWO_WEEKS, Cadence.FOUR_WEEKS, Cadence.MONTHLY, Cadence.QUARTERLY),
    PlanKind.DIGEST: tuple(Cadence),
}
HOURS = {PlanKind.PULSE: range(9, 14), PlanKind.DIGEST: range(9, 16)}
WEEKDAYS = range(1, 6)
NTHS = range(1, 6)
"""1 to 4, and 5 for the last."""
STARTS = (1, 7, 14, 28)
"""Days from today that are offered as the first possible day."""


@dataclass(frozen=True)
class Plan:
    """What is to happen when. ValueError for a plan that a municipality cannot have."""

    kind: PlanKind
    recurrence: Recurrence
    hour: int
    days: int
    """For how many working days a round is open; 0 for the digest."""
    form: Form

    def __post_init__(self) -> None:
        cadence = self.recurrence.cadence
        if self.hour not in HOURS[self.kind] or cadence not in CADENCES[self.kind]:
            raise ValueError("no such plan")
        if self.days not in open_days(self.kind, cadence) or (self.kind is PlanKind.DIGEST and self.form is Form.LONG):
            raise ValueError("no such plan")

    def at(self, day: date, zone: ZoneInfo) -> datetime:
        return instant(day, time(self.hour), zone)

    def packed(self) -> str:
        """A compact text from which ``unpacked`` makes the plan again; it travels in buttons."""
        r = self.recurrence
        return f"{self.kind[0]}{r.cadence}{r.weekday}{r.nth}{self.hour:02}{self.days:02}{self.form[0]}{r.start:%Y%m%d}"


def unpacked(text: str) -> Plan:
    """Raises STALE_BUTTON for what ``Plan.packed`` would not have written."""
    try:
        kind = next(kind for kind in PlanKind if kind[0] == text[0])
        form = next(form for form in Form if form[0] == text[9])
        start = date.fromisoformat(text[10:])
        recurrence = Recurrence(Cadence(text[1:3]), int(text[3]), int(text[4]), start)
        plan = Plan(kind, recurrence, int(text[5:7]), int(text[7:9]), form)
    except (ValueError, IndexError, StopIteration):
        raise Refusal(Reason.STALE_BUTTON) from None
    if plan.packed() != text:
        raise Refusal(Reason.STALE_BUTTON)
    return plan


def suggested(kind: PlanKind, today: date) -> Plan:
    """A round every four weeks, on a Monday; the digest on the first Monday of the month."""
    start = today + TIME_TO_LOOK
    if kind is PlanKind.PULSE:
        return Plan(kind, Recurrence(Cadence.FOUR_WEEKS, 1, 0, start), 9, 5, Form.LONG)
    return Plan(kind, Recurrence(Cadence.MONTHLY, 1, 1, start), 9, 0, Form.SHORT)


def open_days(kind: PlanKind, cadence: Cadence) -> tuple[int, ...]:
    """For how many working days a round may be open: it must be over before the next one opens."""
    if kind is PlanKind.DIGEST:
        return (0,)
    return tuple(days for days in OPEN_DAYS if days < 5 * BY_WEEKS.get(cadence, 4))


def parts(plan: Plan) -> tuple[Part, ...]:
    """What there is to choose."""
    left_out = {Part.NTH} if plan.recurrence.cadence in BY_WEEKS else set()
    if plan.kind is PlanKind.DIGEST:
        left_out |= {Part.DAYS, Part.FORM}
    return tuple(part for part in Part if part not in left_out)


def choices(plan: Plan, part: Part, today: date) -> tuple[Plan, ...]:
    """The same plan with every choice of one part; of the first possible day a few, for any may be typed."""
    if part not in parts(plan):
        raise Refusal(Reason.STALE_BUTTON)
    return tuple(_choices(plan, part, today))


def _choices(plan: Plan, part: Part, today: date) -> Iterator[Plan]:
    r = plan.recurrence
    match part:
        case Part.CADENCE:
            yield from (_with_cadence(plan, cadence) for cadence in CADENCES[plan.kind])
        case Part.WEEKDAY:
            yield from (replace(plan, recurrence=replace(r, weekday=weekday)) for weekday in WEEKDAYS)
        case Part.NTH:
            yield from (replace(plan, recurrence=replace(r, nth=nth)) for nth in NTHS)
        case Part.HOUR:
            yield from (replace(plan, hour=hour) for hour in HOURS[plan.kind])
        case Part.DAYS:
            yield from (replace(plan, days=days) for days in open_days(plan.kind, r.cadence))
        case Part.FORM:
            yield from (replace(plan, form=form) for form in (Form.SHORT, Form.LONG))
        case Part.START:
            yield from (with_start(plan, today + timedelta(days=days)) for days in STARTS)


def with_start(plan: Plan, start: date) -> Plan:
    return replace(plan, recurrence=replace(plan.recurrence, start=start))


def _with_cadence(plan: Plan, cadence: Cadence) -> Plan:
    r = plan.recurrence
    nth = 0 if cadence in BY_WEEKS else r.nth or 1
    possible = open_days(plan.kind, cadence)
    days = plan.days if plan.days in possible else possible[-1]
    return replace(plan, recurrence=replace(r, cadence=cadence, nth=nth), days=days)


@dataclass(frozen=True)
class Calendar:
    """When a municipality works: its zone, the days on which it does not, and the days on which no round opens."""

    zone: ZoneInfo
    closed: DaysOff
    pauses: Container[date]


@dataclass(frozen=True)
class Period:
    id: int
    first: date
    last: date


@dataclass(frozen=True)
class Standing:
    """A plan that is in force; ``done`` is the last date by the rule that was used or skipped."""

    id: int
    municipality_id: int
    plan: Plan
    done: date
    next_at: datetime | None
    """When the digest is due next."""
    is_paused: bool


@dataclass(frozen=True)
class Due:
    """A date of a plan: ``on`` by the rule, ``day`` and ``at`` as it takes place."""

    on: date
    day: date
    at: datetime

    @property
    def moved(self) -> bool:
        return self.day != self.on


@dataclass(frozen=True)
class Outlook:
    """The next dates, and those between them that a pause leaves out; ``skipped`` is one that a person left out."""

    dues: tuple[Due, ...]
    left_out: tuple[date, ...] = ()
    skipped: Due | None = None


class Lateness(Enum):
    """What is to be done with a digest whose time has come."""

    POST = "post"
    WAIT = "wait"
    MISSED = "missed"


def dues(plan: Plan, calendar: Calendar, after: date) -> Iterator[Due]:
    """The plan's dates later than ``after`` by the rule. Pauses are for rounds; the digest comes all the same."""
    pauses = calendar.pauses if plan.kind is PlanKind.PULSE else ()
    return _dues(plan, calendar, after, pauses)


def _dues(plan: Plan, calendar: Calendar, after: date, pauses: Container[date]) -> Iterator[Due]:
    for occurrence in upcoming(plan.recurrence, after, calendar.closed, pauses):
        yield Due(occurrence.on, occurrence.day, plan.at(occurrence.day, calendar.zone))


def spent(plan: Plan, calendar: Calendar, after: date, now: datetime) -> date:
    """The last date by the rule whose moment has come by ``now``; ``after`` if there is none since.

    Pauses do not count here: what a pause leaves out comes back with the pause's end.
    """
    passed = takewhile(lambda due: due.at <= now, _dues(plan, calendar, after, ()))
    return max((due.on for due in passed), default=after)


def next_round(
    plan: Plan, calendar: Calendar, done: date, used: Collection[date], free_from: datetime, now: datetime
) -> Due | None:
    """The date for which the next round is to be planned.

    Dates that passed while another round was open (until ``free_from``) or while the program was down are skipped.
    One of today that is late by hours still counts, as long as people may be written to today.
    """
    today, clock = now.astimezone(calendar.zone).date(), now.astimezone(calendar.zone).time()

    def counts(due: Due) -> bool:
        is_late_today = due.day == today and clock < SENDING_UNTIL
        return due.on not in used and due.at >= free_from and (due.at >= now or is_late_today)

    return next((due for due in dues(plan, calendar, done) if counts(due)), None)


def outlook(plan: Plan, calendar: Calendar, after: date, used: Collection[date], since: datetime) -> Outlook:
    """The next dates later than ``since`` whose date by the rule is later than ``after`` and not ``used``.

    What a pause leaves out is told from ``since`` on: the plan may have passed over it already.
    """
    coming = tuple(islice((due for due in dues(plan, calendar, after) if due.at > since and due.on not in used), SHOWN))
    if not coming:
        return Outlook(())
    paused = left_out(plan, calendar, since.date() - LOOK_BACK, coming[-1].on)
    return Outlook(coming, tuple(due.on for due in paused if due.at > since and due.on not in used))


def left_out(plan: Plan, calendar: Calendar, after: date, until: date) -> tuple[Due, ...]:
    """The dates by the rule later than ``after`` up to ``until`` that a pause leaves out."""
    kept = {due.on for due in takewhile(lambda due: due.on <= until, dues(plan, calendar, after))}
    unpaused = takewhile(lambda due: due.on <= until, _dues(plan, calendar, after, ()))
    return tuple(due for due in unpaused if due.on not in kept)


def lateness(due_at: datetime, may_send_at: datetime, now: datetime) -> Lateness:
    """A digest that is late by more than a day is not posted any more; one that comes at night waits for the day."""
    if now - due_at > A_DAY:
        return Lateness.MISSED
    return Lateness.WAIT if may_send_at > now else Lateness.POST
