"""Planning a round, and answering it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core import questions
from core.actions import pulse as deeds
from core.queries import people, pulse
from core.rules.people import Municipality
from core.rules.pulse import Round, Statement, compose, next_open
from core.rules.refusal import Reason, Refusal
from core.rules.workdays import OPENING_HOUR, instant, next_monday, read_date, working_day_from
from handlers import forms
from handlers.turn import Turn
from screens import Screen
from screens import pulse as screens
from screens.buttons import (
    AskRoundDate,
    Choice,
    PlanRound,
    PreviewRound,
    PulseAnswer,
    PulsePrivacy,
    ShowRound,
    ShowStatement,
    StartPulse,
    UnplanRound,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def panel(turn: Turn, _button: ShowRound) -> Screen:
    return _panel(turn)


def preview(turn: Turn, button: PreviewRound) -> Screen:
    here = _here(turn)
    if button.choice is Choice.NOW:
        return _preview(turn, here, 0)
    today = turn.now.astimezone(ZoneInfo(here.zone)).date()
    day = working_day_from(today + timedelta(days=1)) if button.choice is Choice.WORKDAY else next_monday(today)
    return _preview(turn, here, _minute(instant(day, OPENING_HOUR, ZoneInfo(here.zone))))


def ask_date(turn: Turn, _button: AskRoundDate) -> Screen:
    return forms.ask(turn, "round", screens.ask_date(turn.t), municipality=turn.member.municipality_id)


def date_given(turn: Turn, _draft: dict[str, Any], text: str) -> Screen:
    here = _here(turn)
    zone = ZoneInfo(here.zone)
    day, at = read_date(text, turn.now.astimezone(zone).date())
    opens_at = instant(day, at or OPENING_HOUR, zone)
    if opens_at <= turn.now:
        raise Refusal(Reason.DATE_IN_THE_PAST)
    forms.done(turn)
    return _preview(turn, here, _minute(opens_at))


def plan(turn: Turn, button: PlanRound) -> Screen:
    opens_at = EPOCH + button.minute * MINUTE if button.minute else turn.now
    if button.minute and opens_at <= turn.now:
        raise Refusal(Reason.DATE_IN_THE_PAST)
    round_ = deeds.plan(turn.db, turn.member, opens_at, turn.now)
    if opens_at <= turn.now:
        deeds.open_round(turn.db, turn.urns, round_.id, turn.now)
        round_ = pulse.round_of(turn.db, round_.municipality_id, round_.id)
    return screens.planned(turn.t, _here(turn), round_)


def unplan(turn: Turn, button: UnplanRound) -> Screen:
    deeds.unplan(turn.db, turn.member, button.round)
    return _panel(turn)


def current(turn: Turn, _words: str) -> Screen:
    """The statement where this person left off, in the round open now."""
    running = pulse.running(turn.db, turn.member.municipality_id)
    if running is None or not running.is_open(turn.now):
        return screens.nothing_open(turn.t)
    return _resume(turn, running)


def start(turn: Turn, button: StartPulse) -> Screen:
    return _resume(turn, _round(turn, button.round))


def show(turn: Turn, button: ShowStatement) -> Screen:
    round_ = _round(turn, button.round)
    statements = pulse.statements(turn.db, round_.id)
    if button.position >= len(statements):
        raise Refusal(Reason.STALE_BUTTON)
    if not round_.is_open(turn.now):
        return _over(turn, round_)
    dealt = _dealt(turn, round_, statements)
    return screens.statement(turn.t, round_, statements, button.position, dealt=button.position in dealt)


def answer(turn: Turn, button: PulseAnswer) -> Screen:
    """Store the answer and go on to the next statement."""
    try:
        round_, statements, dealt = deeds.answer(
            turn.db, turn.urns, turn.known_account, button.municipality, button.round, button.position, button.value,
            turn.now,
        )  # fmt: skip
    except Refusal as refusal:
        if refusal.reason is Reason.ROUND_OVER:
            return _over(turn, _round(turn, button.round), toast=screens.too_late(turn.t))
        raise
    saved = screens.stored(turn.t)
    following = button.position + 1
    if following == len(statements):
        return _left_off(turn, round_, statements, dealt, saved)
    return screens.statement(turn.t, round_, statements, following, dealt=following in dealt, toast=saved)


def privacy(turn: Turn, button: PulsePrivacy) -> Screen:
    return screens.privacy(turn.t, _round(turn, button.round))


def _panel(turn: Turn) -> Screen:
    return screens.panel(turn.t, _here(turn), pulse.running(turn.db, turn.member.municipality_id))


def _preview(turn: Turn, here: Municipality, minute: int) -> Screen:
    opens_at = EPOCH + minute * MINUTE if minute else turn.now
    expected = deeds.foresee(turn.db, turn.member, opens_at, turn.now)
    invited = len(pulse.invitable(turn.db, here.id))
    return screens.preview(turn.t, here, expected, compose(questions.bank()), invited, minute)


def _resume(turn: Turn, round_: Round) -> Screen:
    if not round_.is_open(turn.now):
        return _over(turn, round_)
    statements = pulse.statements(turn.db, round_.id)
    return _left_off(turn, round_, statements, _dealt(turn, round_, statements))


def _left_off(turn: Turn, round_: Round, statements: tuple[Statement, ...], dealt: set[int], toast: str = "") -> Screen:
    position = next_open(dealt, len(statements))
    if position is None:
        return screens.thanks(turn.t, _here(turn), round_, toast)
    return screens.statement(turn.t, round_, statements, position, dealt=False, toast=toast)


def _dealt(turn: Turn, round_: Round, statements: tuple[Statement, ...]) -> set[int]:
    return deeds.dealt(turn.db, turn.urns, turn.known_account, round_, len(statements), turn.now)


def _over(turn: Turn, round_: Round, toast: str = "") -> Screen:
    if round_.cancelled_at is not None:
        return screens.cancelled(turn.t, round_.number)
    return screens.over(turn.t, round_.number, toast)


def _round(turn: Turn, round_id: int) -> Round:
    return pulse.round_of(turn.db, turn.member.municipality_id, round_id)


def _here(turn: Turn) -> Municipality:
    return people.municipality(turn.db, turn.member.municipality_id)


def _minute(moment: datetime) -> int:
    return (moment - EPOCH) // MINUTE
