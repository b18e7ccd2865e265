"""The coordination plans a round by hand, starts, moves, withdraws or extends it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.actions import pulse as deeds
from core.actions import reminders
from core.queries import people, plans, pulse, statements
from core.rules import workdays
from core.rules.people import Municipality
from core.rules.pulse import Form
from core.rules.refusal import Reason, Refusal
from handlers import forms
from handlers.turn import Turn
from screens import Screen
from screens import rounds as screens
from screens.buttons import (
    AskRoundDate,
    Choice,
    ExtendRound,
    PlanRound,
    PreviewRound,
    PreviewRoundAt,
    ShowRound,
    UnplanRound,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def panel(turn: Turn, _button: ShowRound) -> Screen:
    return _panel(turn)


def preview(turn: Turn, button: PreviewRound) -> Screen:
    here, calendar = _here(turn), plans.calendar(turn.db, turn.member.municipality_id)
    if button.choice is Choice.NOW:
        return _preview(turn, here, 0, _form(turn))
    today = turn.now.astimezone(calendar.zone).date()
    tomorrow = workdays.working_day_from(today + timedelta(days=1), calendar.closed)
    day = tomorrow if button.choice is Choice.WORKDAY else workdays.next_monday(today)
    return _preview(turn, here, _minute(workdays.instant(day, workdays.OPENING_HOUR, calendar.zone)), _form(turn))


def preview_at(turn: Turn, button: PreviewRoundAt) -> Screen:
    return _preview(turn, _here(turn), button.minute, button.form)


def ask_date(turn: Turn, _button: AskRoundDate) -> Screen:
    return forms.ask(turn, "round", screens.ask_date(turn.t), municipality=turn.member.municipality_id)


def date_given(turn: Turn, _draft: dict[str, Any], text: str) -> Screen:
    here = _here(turn)
    zone = ZoneInfo(here.zone)
    day, at = workdays.read_date(text, turn.now.astimezone(zone).date())
    opens_at = workdays.instant(day, at or workdays.OPENING_HOUR, zone)
    if opens_at <= turn.now:
        raise Refusal(Reason.DATE_IN_THE_PAST)
    screen = _preview(turn, here, _minute(opens_at), _form(turn))
    forms.done(turn)
    return screen


def plan(turn: Turn, button: PlanRound) -> Screen:
    opens_at = _moment(turn, button.minute)
    round_ = deeds.plan(turn.db, turn.member, opens_at, button.form, turn.now)
    if button.minute == 0:
        deeds.open_round(turn.db, turn.urns, round_.id, turn.now)
        round_ = pulse.round_of(turn.db, round_.municipality_id, round_.id)
    return screens.planned(turn.t, _here(turn), round_)


def unplan(turn: Turn, button: UnplanRound) -> Screen:
    deeds.unplan(turn.db, turn.member, button.round)
    return _panel(turn, screens.withdrawn(turn.t))


def extend(turn: Turn, button: ExtendRound) -> Screen:
    reminders.extend(turn.db, turn.member, button.round, turn.now)
    return _panel(turn, screens.extended(turn.t))


def _panel(turn: Turn, toast: str = "") -> Screen:
    running = pulse.running(turn.db, turn.member.municipality_id)
    longer = reminders.extendable_until(turn.db, running, turn.now) if running else None
    by_plan = None if running else plans.next_opening(turn.db, turn.member.municipality_id, turn.now)
    return screens.panel(turn.t, _here(turn), running, longer, by_plan, toast)


def _preview(turn: Turn, here: Municipality, minute: int, form: Form) -> Screen:
    asked_for = _moment(turn, minute)
    expected = deeds.foresee(turn.db, turn.member, asked_for, form, turn.now)
    if minute == 0:
        calendar = plans.calendar(turn.db, here.id)
        usual = workdays.sending(turn.now, calendar.zone, calendar.closed)
        shifted = usual if usual > turn.now else None
    else:
        shifted = asked_for if asked_for != expected.opens_at else None
    asked = statements.next_statements(turn.db, here.id, expected.number, expected.form)
    waiting = pulse.running(turn.db, here.id)
    replaced = waiting.opens_at if waiting and waiting.opens_at != expected.opens_at else None
    must_be_long = expected.form is not form
    return screens.preview(turn.t, here, expected, asked, minute, shifted, replaced, must_be_long=must_be_long)


def _form(turn: Turn) -> Form:
    """As the waiting round has it, otherwise all nine."""
    running = pulse.running(turn.db, turn.member.municipality_id)
    return running.form if running else Form.LONG


def _here(turn: Turn) -> Municipality:
    return people.municipality(turn.db, turn.member.municipality_id)


def _moment(turn: Turn, minute: int) -> datetime:
    """Raises DATE_IN_THE_PAST."""
    opens_at = EPOCH + minute * MINUTE if minute else turn.now
    if minute and opens_at <= turn.now:
        raise Refusal(Reason.DATE_IN_THE_PAST)
    return opens_at


def _minute(moment: datetime) -> int:
    return (moment - EPOCH) // MINUTE
