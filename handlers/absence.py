"""Being away, and being back."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.actions import absence as deeds
from core.queries import people
from core.rules.refusal import Reason, Refusal
from core.rules.workdays import read_until
from handlers import forms
from handlers.turn import Turn
from screens import Screen
from screens import absence as screens
from screens.buttons import AskAway, ComeBack, GoAway, ShowAbsence, unpacked_day

AWAY = "away"


def away(turn: Turn, words: str) -> Screen:
    """The command: with a date behind it that is the deed, without one the question."""
    return _set(turn, _read(turn, words)) if words else _panel(turn, turn.known_account.away_until)


def show(turn: Turn, _button: ShowAbsence) -> Screen:
    """Also the way back out of the form."""
    forms.done(turn)
    return _panel(turn, turn.known_account.away_until)


def go_away(turn: Turn, button: GoAway) -> Screen:
    return _set(turn, unpacked_day(button.day))


def ask_day(turn: Turn, _button: AskAway) -> Screen:
    return forms.ask(turn, AWAY, screens.ask_day(turn.t, _today(turn) + timedelta(weeks=2)))


def day_given(turn: Turn, _draft: dict[str, Any], text: str) -> Screen:
    return _set(turn, _read(turn, text))


def come_back(turn: Turn, _button: ComeBack) -> Screen:
    deeds.come_back(turn.db, turn.known_account)
    return _panel(turn, None, screens.welcome_back(turn.t))


def _read(turn: Turn, words: str) -> date:
    try:
        return read_until(words, _today(turn))
    except Refusal:
        # The usual words show a date with a time of day, which nobody needs here.
        raise Refusal(Reason.DAY_NOT_UNDERSTOOD) from None


def _set(turn: Turn, until: date) -> Screen:
    deeds.set_away(turn.db, turn.known_account, until, _today(turn))
    forms.done(turn)
    return _panel(turn, until, screens.saved(turn.t))


def _panel(turn: Turn, until: date | None, toast: str = "") -> Screen:
    today = _today(turn)
    return screens.panel(turn.t, turn.member, until if until and until >= today else None, today, toast)


def _today(turn: Turn) -> date:
    here = people.municipality(turn.db, turn.member.municipality_id)
    return turn.now.astimezone(ZoneInfo(here.zone)).date()
