"""Calendar arithmetic in local wall time: working days, closing times, dates as people write them."""

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.rules.refusal import Reason, Refusal

OPENING_HOUR = time(9)
CLOSING_HOUR = time(15)
OPEN_WORKING_DAYS = 5
FURTHEST = timedelta(days=366)


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Exactly one instant per local day and time.

    A time that exists twice (autumn) means its first occurrence; one that does not exist (spring) moves on by the
    hour that is missing, because fold=0 reads it with the offset from before the switch.
    """
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def is_working_day(day: date, closed: Collection[date] = ()) -> bool:
    """Monday to Friday, unless ``closed`` (public holidays and the municipality's own closing days) names it."""
    return day.isoweekday() <= 5 and day not in closed


def working_day_from(day: date, closed: Collection[date] = ()) -> date:
    """``day`` itself or the first working day after it."""
    while not is_working_day(day, closed):
        day += timedelta(days=1)
    return day


def next_monday(today: date) -> date:
    """The Monday after today, never today itself."""
    return today + timedelta(days=8 - today.isoweekday())


def nth_working_day(start: date, n: int, closed: Collection[date] = ()) -> date:
    """The nth working day counted from ``start``, which counts itself if it is one."""
    day = working_day_from(start, closed)
    for _ in range(n - 1):
        day = working_day_from(day + timedelta(days=1), closed)
    return day


def closing(opens_at: datetime, zone: ZoneInfo, closed: Collection[date] = ()) -> datetime:
    """15:00 on the fifth working day, the opening day included (RULES 7)."""
    opening_day = opens_at.astimezone(zone).date()
    return instant(nth_working_day(opening_day, OPEN_WORKING_DAYS, closed), CLOSING_HOUR, zone)


_GERMAN = re.compile(
    r"""^\s*(?P<day>\d{1,2})\.\s*(?P<month>\d{1,2})\.?\s*(?P<year>\d{4}|\d{2})?
        (?:\s*,?\s*(?:um\s+)?(?<!\d)(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s*(?:uhr|h)?)?\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
_ISO = re.compile(
    r"^\s*(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?:[T\s]+(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?)?\s*$"
)


def read_date(text: str, today: date) -> tuple[date, time | None]:
    """Read "14.12.", "14.12. 9 Uhr", "14.12.2026 09:30" or "2026-12-14 9:30".

    Without a year the next such day from ``today`` on is meant. Raises DATE_NOT_UNDERSTOOD.
    """
    match = _GERMAN.match(text) or _ISO.match(text)
    if match is None:
        raise Refusal(Reason.DATE_NOT_UNDERSTOOD)
    part = {name: int(value) for name, value in match.groupdict().items() if value}
    try:
        at = time(part["hour"], part.get("minute", 0)) if "hour" in part else None
        if "year" in part:
            century = 2000 if part["year"] < 100 else 0
            return date(century + part["year"], part["month"], part["day"]), at
        return next(
            day
            for year in range(today.year, today.year + 9)
            if (day := _existing(year, part["month"], part["day"])) and day >= today
        ), at
    except (ValueError, StopIteration):
        raise Refusal(Reason.DATE_NOT_UNDERSTOOD) from None


def _existing(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
