"""A Screen is what somebody will see: plain data that knows neither Telegram nor the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from screens.buttons import Button
from screens.chart import Chart, to_json
from screens.chart import from_json as chart_from_json


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
class Document:
    """A file: plain data, of which JSON is made when it is sent."""

    name: str
    content: Mapping[str, Any]


Key = Press | Jump
Keyboard = tuple[tuple[Key, ...], ...]


@dataclass(frozen=True)
class Screen:
    """Text in Telegram's HTML, keys in rows, at most one picture, and a toast for the one who pressed (plain text).

    ``protected``: Telegram lets nobody forward or save it. ``to_pass_on``: text of a message of its own, sent before
    this one, that the reader forwards to somebody else. ``document``: a file for whoever asked, never in the outbox.
    """

    text: Markup
    keyboard: Keyboard = ()
    chart: Chart | None = None
    toast: str = ""
    protected: bool = False
    to_pass_on: Markup = Markup()  # noqa: RUF009  (immutable)

    document: Document | None = None

    @property
    def replaces_text(self) -> bool:
        """Whether a text message can be edited into this: it cannot gain a picture, a file or protection."""
        return not (self.chart or self.document or self.protected or self.to_pass_on)


def as_json(screen: Screen) -> dict[str, Any]:
    """The screen as an outbox row keeps it; the picture stays a recipe."""
    return {
        "text": str(screen.text),
        "keyboard": [[_key_to_json(key) for key in row] for row in screen.keyboard],
        "chart": to_json(screen.chart) if screen.chart else None,
        "protected": screen.protected,
    }


def from_json(data: dict[str, Any]) -> Screen:
    return Screen(
        text=Markup(data["text"]),  # noqa: S704  (written by as_json from a screen)
        keyboard=tuple(tuple(_key_from_json(key) for key in row) for row in data["keyboard"]),
        chart=chart_from_json(data["chart"]) if data["chart"] else None,
        protected=data["protected"],
    )


def _key_to_json(key: Key) -> list[str]:
    match key:
        case Press(label, button):
            return ["press", label, button.pack()]
        case Jump(label, payload):
            return ["jump", label, payload]


def _key_from_json(parts: list[str]) -> Key:
    kind, label, value = parts
    if kind == "press":
        return Press(label, Button.unpack(value))
    return Jump(label, value)
