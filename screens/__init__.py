"""A Screen is what somebody will see: plain data that knows neither Telegram nor the database."""

from dataclasses import dataclass

from markupsafe import Markup

from screens.buttons import Button
from screens.chart import Chart


@dataclass(frozen=True)
class Press:
    """A key that comes back to us as a button's payload."""

    label: str
    button: Button


@dataclass(frozen=True)
class Jump:
    """A key that opens the private chat with the bot at ``payload`` (a deep link; the sender knows the bot's name)."""

    label: str
    payload: str


@dataclass(frozen=True)
class Link:
    """A key that opens a web address."""

    label: str
    url: str


Key = Press | Jump | Link
Keyboard = tuple[tuple[Key, ...], ...]


@dataclass(frozen=True)
class Screen:
    """Text in Telegram's HTML, keys in rows, at most one picture, and a toast for the one who pressed (plain text)."""

    text: Markup
    keyboard: Keyboard = ()
    chart: Chart | None = None
    toast: str = ""
