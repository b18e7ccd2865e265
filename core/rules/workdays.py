"""Calendar arithmetic in local wall time: working days, closing times, dates as people write them."""

import re
from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.rules.refusal import Reason, Refusal

OPENING_HOUR = time(9)
CLOSING_HOUR = time(15)
OPEN_WORKING_DAYS = 5
SENDING_FROM = time(9)
SENDING_UNTIL = time(16)
LONGEST_OPEN = timedelta(days=21)
FURTHEST = timedelta(days=366)


@dataclass(frozen=True)
class Periods:
    """First and last days, both included: pauses, in which public holidays have no part."""

    periods: tuple[tuple[date, date], ...] = ()

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and any(first <= day <= last for first, last in self.periods)


@dataclass(frozen=True)
class DaysOff:
    """Public holidays of the Land (of all Länder if it is ""), and closing periods, both ends included."""

    land: str = ""
    periods: tuple[tuple[date, date], ...] = ()

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and (day in _holidays(self.land, day.year, "de") or day in Periods(self.periods))

    def holiday(self, day: date, locale: str) -> str:
        """The name of the public holiday in "de" or "en"; "" if it is none."""
        return _holidays(self.land, day.year, locale).get(day, "")


# The package's own object fills itself year by year while it is asked, which two threads would do into each other;
# hence each year is made by itself.
@lru_cache(maxsize=256)
def _holidays(land: str, year: int, locale: str) -> Mapping[date, str]:
    # With Germany in it the package takes 150 ms to import, more than all other rules together.
    from holidays import country_holidays  # noqa: PLC0415

    language = {"de": "de", "en": "en_US"}[locale]
    return dict(country_holidays("DE", subdiv=land or None, years=year, expand=False, language=language))


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Exactly one instant per local day and time.

    A time that exists twice (autumn) means its first occurrence; one that does not exist (spring) moves on by the
    hour that is missing, because fold=0 reads it with the offset from before the switch.
    """
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def is_working_day(day: date, closed: Container[date] = ()) -> bool:
    """Monday to Friday, unless ``closed`` (public holidays and the municipality's own closing days) names it."""
    return day.isoweekday() <= 5 and day not in closed


def working_day_from(day: date, closed: Container[date] = ()) -> date:
    """``day`` itself or the first working day after it."""
    while not is_working_day(day, closed):
        day += timedelta(days=1)
    return day


def next_monday(today: date) -> date:
    """The Monday after today, never today itself."""
    return today + timedelta(days=8 - today.isoweekday())


def nth_working_day(start: date, n: int, closed: Container[date] = ()) -> date:
    """The nth working day counted from ``start``, which counts itself if it is one."""
    day = working_day_from(start, closed)
    for _ in range(n - 1):
        day = working_day_from(day + timedelta(days=1), closed)
    return day


def sending(moment: datetime, zone: ZoneInfo, closed: Container[date] = ()) -> datetime:
    """``moment`` if people may be written to then, else 09:00 of the next working day (RULES 7)."""
    local = moment.astimezone(zone)
    today = local.date()
    if is_working_day(today, closed) and SENDING_FROM <= local.time() < SENDING_UNTIL:
        return moment.astimezone(UTC)
    first = today if local.time() < SENDING_FROM else today + timedelta(days=1)
    return instant(working_day_from(first, closed), SENDING_FROM, zone)


def closing(
    opens_at: datetime, zone: ZoneInfo, closed: Container[date] = (), days: int = OPEN_WORKING_DAYS
) -> datetime:
    """15:00 on the fifth working day (or the one that ``days`` says), the opening day included (RULES 7).

    Never more than 21 days later, however many days off there are: then on the last working day before.
    """
    opening_day = opens_at.astimezone(zone).date()
    ends = (instant(nth_working_day(opening_day, n, closed), CLOSING_HOUR, zone) for n in range(days, 0, -1))
    latest = opens_at.astimezone(UTC) + LONGEST_OPEN
    return next((at for at in ends if opens_at < at <= latest), latest)


def reminders(
    opens_at: datetime, closes_at: datetime, zone: ZoneInfo, closed: Container[date] = ()
) -> tuple[datetime, ...]:
    """Half-time and the last morning: 09:00 on the middle and on the last working day, at most two (RULES 7).

    Half-time is the third of five working days, and of an even number the first of the second half. No reminder
    comes on the opening day.
    """
    opening_day = opens_at.astimezone(zone).date()
    mornings = []
    day = working_day_from(opening_day, closed)
    while (morning := instant(day, SENDING_FROM, zone)) < closes_at:
        mornings.append((day, morning))
        day = working_day_from(day + timedelta(days=1), closed)
    chosen = {mornings[len(mornings) // 2], mornings[-1]} if mornings else set()
    return tuple(morning for day, morning in sorted(chosen) if day > opening_day)


def extended(opened_at: datetime, closes_at: datetime, zone: ZoneInfo, closed: Container[date] = ()) -> datetime | None:
    """15:00 on the fifth working day after the closing day, or on the last one within 21 days of opening.

    None if there is no later closing.
    """
    day_after = closes_at.astimezone(zone).date() + timedelta(days=1)
    later = (
        instant(nth_working_day(day_after, n, closed), CLOSING_HOUR, zone) for n in range(OPEN_WORKING_DAYS, 0, -1)
    )
    limit = opened_at.astimezone(UTC) + LONGEST_OPEN
    return next((at for at in later if at <= limit), None)


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januar january jan",
            "februar february feb",
            "märz maerz march mär mrz mar",
            "april apr",
            "mai may",
            "juni june jun",
            "juli july jul",
            "august aug",
            "september sept sep",
            "oktober october okt oct",
            "november nov",
            "dezember december dez dec",
        ),
        start=1,
    )
    for name in names.split()
}
_DAY = r"(?P<day>\d{1,2})(?!\d)"
_ORDINAL = r"(?:\.|st|nd|rd|th)?"
_NAME = rf"(?P<month>{'|'.join(_MONTHS)})\.?"
_YEAR = r"(?P<year>\d{4}|\d{2})?"
_TIME = r"(?:\s?,?\s?(?:(?:um|at)\s)?(?<!\d)(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s?(?:uhr|h)?)?"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"{_DAY}\.\s?(?P<month>\d{{1,2}})(?!\d)\.?\s?{_YEAR}{_TIME}",
        rf"{_DAY}{_ORDINAL}\s?(?:of\s)?{_NAME},?\s?{_YEAR}{_TIME}",
        rf"{_NAME}\s?{_DAY}{_ORDINAL},?\s?{_YEAR}{_TIME}",
        rf"(?P<year>\d{{4}})-(?P<month>\d{{1,2}})-{_DAY}(?:[t\s](?P<hour>\d{{1,2}})(?::(?P<minute>\d{{2}}))?)?",
    )
)
_FROM = re.compile(r"^(?:vom|von|from)\s")
_TO = re.compile(r"\s?(?:[-–—]|\bbis(?:\szum)?\b|\bto\b|\buntil\b|\btill\b)\s?")
_UNTIL = re.compile(r"^(?:bis(?:\szum)?|until|till)\s")
_DAY_ALONE = re.compile(r"(\d{1,2})\.?")


def read_date(text: str, today: date) -> tuple[date, time | None]:
    """Read "14.12.", "14.12. 9 Uhr", "14.12.2026 09:30", "14. Dezember", "Dec 14" or "2026-12-14 9:30".

    Without a year the next such day from ``today`` on is meant. Raises DATE_NOT_UNDERSTOOD.
    """
    try:
        written = _parse(_plain(text))
        return written.since(today), written.at
    except ValueError:
        raise Refusal(Reason.DATE_NOT_UNDERSTOOD) from None


def read_until(text: str, today: date) -> date:
    """Read "bis 14.08.", "bis zum 14. August", "until 14 Aug 2027" or just the date; a time is not understood.

    Without a year the next such day from ``today`` on is meant. Raises DATE_NOT_UNDERSTOOD.
    """
    day, at = read_date(_UNTIL.sub("", _plain(text)), today)
    if at is not None:
        raise Refusal(Reason.DATE_NOT_UNDERSTOOD)
    return day


def read_period(text: str, today: date) -> tuple[date, date]:
    """Read "24.12.2026 – 6.1.2027", "24.12. bis 6.1.", "24.–31.12.", "24 Dec to 6 Jan" or one day: first, last.

    Where no year is written the next such end from ``today`` on is meant and the nearest such beginning before it, so
    the period may have begun. Raises DATE_NOT_UNDERSTOOD, PERIOD_BACKWARDS, or DATE_TOO_FAR for more than 366 days.
    """
    plain = _FROM.sub("", _plain(text))
    # A hyphen may also stand inside a date (2026-12-24): what separates is what leaves a date on either side.
    for first, last in [(plain, plain), *((plain[: m.start()], plain[m.end() :]) for m in _TO.finditer(plain))]:
        try:
            start, end = _period(first, last, today)
        except ValueError:
            continue
        if end < start:
            raise Refusal(Reason.PERIOD_BACKWARDS)
        if end - start >= FURTHEST:
            raise Refusal(Reason.DATE_TOO_FAR)
        return start, end
    raise Refusal(Reason.DATE_NOT_UNDERSTOOD)


def _period(first: str, last: str, today: date) -> tuple[date, date]:
    end = _parse(last)
    if alone := _DAY_ALONE.fullmatch(first):
        ends = end.since(today)
        return ends.replace(day=int(alone[1])), ends
    start = _parse(first)
    if (start.at, end.at) != (None, None):
        raise ValueError
    if start.year is not None:
        begins = start.since(today)
        return begins, end.since(begins)
    ends = end.since(today)
    return start.until(ends), ends


def _plain(text: str) -> str:
    # The patterns expect one space at most: with more, a long run of them could keep a search busy for hours.
    return " ".join(text.casefold().split())


@dataclass(frozen=True)
class _Written:
    """A date as far as it is written: the year may be missing, and the day need not exist."""

    year: int | None
    month: int
    day: int
    at: time | None

    def since(self, first: date) -> date:
        """The day; without a year, the next such day from ``first`` on. ValueError if there is none."""
        if self.year is not None:
            return date(self.year, self.month, self.day)
        return min(day for day in self._around(first.year) if day >= first)

    def until(self, last: date) -> date:
        """The last such day up to ``last``, where no year is written. ValueError if there is none."""
        return max(day for day in self._around(last.year) if day <= last)

    def _around(self, middle: int) -> Iterator[date]:
        # Leap days are eight years apart where a century has none.
        for year in range(middle - 8, middle + 9):
            with suppress(ValueError):
                yield date(year, self.month, self.day)


def _parse(text: str) -> _Written:
    match = next((match for form in _FORMS if (match := form.fullmatch(text))), None)
    if match is None:
        raise ValueError
    part = {name: value for name, value in match.groupdict().items() if value}
    year = int(part["year"]) if "year" in part else None
    return _Written(
        year=year + 2000 if year is not None and year < 100 else year,
        month=_MONTHS.get(part["month"]) or int(part["month"]),
        day=int(part["day"]),
        at=time(int(part["hour"]), int(part.get("minute", "0"))) if "hour" in part else None,
    )
