"""Answering a round."""

from core.actions import pulse as deeds
from core.queries import people, pulse
from core.rules.people import Municipality
from core.rules.pulse import Round, Statement, next_open
from core.rules.refusal import Reason, Refusal
from handlers.turn import Turn
from screens import Screen
from screens import pulse as screens
from screens.buttons import PulseAnswer, PulsePrivacy, ShowStatement, StartPulse


def current(turn: Turn, _words: str) -> Screen:
    """The statement where this person left off, in the round open now."""
    running = pulse.running(turn.db, turn.member.municipality_id)
    if running is None or not running.is_open(turn.now):
        return screens.nothing_open(turn.t, turn.member.municipality_id)
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
