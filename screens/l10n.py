"""Text, plurals, dates and numbers for one reader; the language is an argument, never a global."""

from datetime import date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations
from markupsafe import Markup

LOCALES = ("de", "en")
FOLDER = Path(__file__).parent.parent / "locale"
_BABEL_NAMES = {"de": "de", "en": "en_GB"}


def N_(message: str) -> str:  # noqa: N802  (gettext's customary name)
    """Mark a message that is translated later."""
    return message


def locale_for(language_code: str | None) -> str:
    """The language in which we speak to somebody whose Telegram speaks ``language_code``."""
    return "de" if not language_code or language_code.lower().startswith("de") else "en"


@cache
def texts(locale: str) -> "Texts":
    """The texts of one language, read from its .po file once."""
    with (FOLDER / locale / "LC_MESSAGES" / "dreiklang.po").open("rb") as file:
        catalogue = read_po(file, locale=locale)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Texts(locale, Translations(compiled))


class Texts:
    """Speaks one language. Calling it gives Telegram's HTML, in which every value is escaped."""

    def __init__(self, locale: str, translations: Translations) -> None:
        self.locale = locale
        self._translations = translations
        self._babel = _BABEL_NAMES[locale]

    def __call__(self, message: str, **values: object) -> Markup:
        return Markup(self._translations.ugettext(message)).format(**values)  # noqa: S704  (our own catalogue)

    def plural(self, one: str, many: str, n: int, **values: object) -> Markup:
        message = self._translations.ungettext(one, many, n)
        return Markup(message).format(n=n, **values)  # noqa: S704  (our own catalogue)

    def plain(self, message: str, **values: object) -> str:
        """For places without HTML: keys, toasts, the chart."""
        return str(self._translations.ugettext(message)).format(**values)

    def number(self, value: float) -> str:
        return format_decimal(value, locale=self._babel)

    def count(self, n: int) -> str:
        """A small number as German and English write it in a sentence; the smallest minimum is one."""
        return self.plain(N_("five")) if n == 5 else self.number(n)

    def day(self, moment: datetime | date, zone: str = "Europe/Berlin") -> str:
        """In words: «Mo., 23. November 2026» or «Mon, 23 November 2026»."""
        return format_date(
            _local(moment, zone), "EEE, d. MMMM y" if self.locale == "de" else "EEE, d MMMM y", self._babel
        )

    def long_date(self, day: date) -> str:
        """In words: «23. November 2026» or «23 November 2026»."""
        return format_date(day, "long", self._babel)

    def month(self, moment: datetime | date) -> str:
        """In short: «Nov. 26» or «Nov 26»."""
        return format_date(moment, "MMM yy", self._babel)

    def month_in_full(self, day: date) -> str:
        """In a sentence: «März 2026» or «March 2026»."""
        return format_date(day, "MMMM y", self._babel)

    def moment(self, at: datetime, zone: str) -> str:
        """In words: «Mo., 23. November 2026, 15:00 Uhr» or «Mon, 23 November 2026, 15:00»."""
        return self.plain(N_("{day}, {clock}"), day=self.day(at, zone), clock=self._hour(at, zone))

    def clock(self, at: datetime, zone: str) -> str:
        """The time of day alone: «15:00 Uhr» or «15:00»."""
        return self.plain(N_("{clock}"), clock=self._hour(at, zone))

    def _hour(self, at: datetime, zone: str) -> str:
        return format_time(at.astimezone(ZoneInfo(zone)), "HH:mm", locale=self._babel)


def lines(*parts: Markup | str) -> Markup:
    """Join paragraphs with one empty line between them; empty ones are left out."""
    return Markup("\n\n").join(part for part in parts if part)


def _local(moment: datetime | date, zone: str) -> datetime | date:
    return moment.astimezone(ZoneInfo(zone)) if isinstance(moment, datetime) else moment


__all__ = ["LOCALES", "N_", "Texts", "lines", "locale_for", "texts"]
