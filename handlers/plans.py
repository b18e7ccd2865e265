"""The coordination's plan of rounds and summaries, and the calendar that they go by."""

from datetime import date, timedelta
from typing import Any

from core.actions import plans as deeds
from core.queries import people, plans, pulse
from core.rules.people import Municipality
from core.rules.plans import Period, PeriodKind, Plan, PlanKind, choices, suggested, unpacked, with_start
from core.rules.refusal import Reason, Refusal
from core.rules.workdays import FURTHEST, read_date, read_period
from handlers import forms
from handlers.turn import Turn
from screens import Screen, settings, sketches
from screens import plans as screens
from screens.buttons import (
    AskDiscardPlan,
    AskPeriod,
    AskStart,
    ChoosePart,
    DiscardPlan,
    EditPlan,
    PausePlan,
    RemovePeriod,
    RestorePeriod,
    ResumePlan,
    SavePlan,
    SetChannelLanguage,
    SetLand,
    SetMinimum,
    ShowChannelLanguage,
    ShowDigestPlan,
    ShowLands,
    ShowMinimum,
    ShowPeriods,
    ShowPlan,
    ShowSettings,
    SkipDate,
    UndoSkip,
    unpacked_day,
)

# The plans


def overview(turn: Turn, _button: ShowPlan) -> Screen:
    return _overview(turn, PlanKind.PULSE)


def digest_plan(turn: Turn, _button: ShowDigestPlan) -> Screen:
    return _overview(turn, PlanKind.DIGEST)


def edit(turn: Turn, button: EditPlan) -> Screen:
    return _editor(turn, unpacked(button.sketch))


def choose(turn: Turn, button: ChoosePart) -> Screen:
    plan = unpacked(button.sketch)
    return sketches.choices(turn.t, _here(turn), plan, button.part, choices(plan, button.part, _today(turn)))


def ask_start(turn: Turn, button: AskStart) -> Screen:
    unpacked(button.sketch)
    question = sketches.ask_start(turn.t, _today(turn) + timedelta(weeks=3))
    return forms.ask(turn, "plan_start", question, municipality=turn.member.municipality_id, sketch=button.sketch)


def start_given(turn: Turn, draft: dict[str, Any], text: str) -> Screen:
    today = _today(turn)
    start, _ = read_date(text, today)
    if start < today:
        raise Refusal(Reason.DATE_IN_THE_PAST)
    if start - today > FURTHEST:
        raise Refusal(Reason.DATE_TOO_FAR)
    forms.done(turn)
    return _editor(turn, with_start(unpacked(draft["sketch"]), start))


def save(turn: Turn, button: SavePlan) -> Screen:
    plan = unpacked(button.sketch)
    deeds.save(turn.db, turn.member, plan, turn.now)
    return _overview(turn, plan.kind, screens.saved(turn.t))


def pause(turn: Turn, button: PausePlan) -> Screen:
    deeds.pause(turn.db, turn.member, button.kind, turn.now)
    return _overview(turn, button.kind, screens.paused(turn.t))


def resume(turn: Turn, button: ResumePlan) -> Screen:
    deeds.resume(turn.db, turn.member, button.kind, turn.now)
    return _overview(turn, button.kind, screens.resumed(turn.t))


def skip(turn: Turn, button: SkipDate) -> Screen:
    gone = deeds.skip(turn.db, turn.member, unpacked_day(button.day), turn.now)
    return _overview(turn, PlanKind.PULSE, screens.skipped(turn.t, gone.day))


def undo_skip(turn: Turn, button: UndoSkip) -> Screen:
    back = deeds.undo_skip(turn.db, turn.member, unpacked_day(button.day), turn.now)
    return _overview(turn, PlanKind.PULSE, screens.skip_undone(turn.t, back.day))


def ask_discard(turn: Turn, button: AskDiscardPlan) -> Screen:
    return screens.ask_discard(turn.t, _here(turn), button.kind)


def discard(turn: Turn, button: DiscardPlan) -> Screen:
    deeds.discard(turn.db, turn.member, button.kind, turn.now)
    return _overview(turn, button.kind, screens.discarded(turn.t, button.kind))


# The calendar


def show_settings(turn: Turn, _button: ShowSettings) -> Screen:
    return _settings(turn)


def show_periods(turn: Turn, button: ShowPeriods) -> Screen:
    return _periods(turn, button.kind)


def ask_period(turn: Turn, button: AskPeriod) -> Screen:
    first, last = _example(button.kind, _today(turn))
    question = settings.ask_period(turn.t, button.kind, first, last)
    return forms.ask(turn, "period", question, municipality=turn.member.municipality_id, kind=button.kind)


def period_given(turn: Turn, draft: dict[str, Any], text: str) -> Screen:
    try:
        first, last = read_period(text, _today(turn))
    except Refusal as refusal:
        if refusal.reason is Reason.DATE_NOT_UNDERSTOOD:
            raise Refusal(Reason.PERIOD_NOT_UNDERSTOOD) from None
        raise
    screen = _add_period(turn, PeriodKind(draft["kind"]), first, last)
    forms.done(turn)
    return screen


def remove_period(turn: Turn, button: RemovePeriod) -> Screen:
    kind, removed = deeds.remove_period(turn.db, turn.member, button.period, turn.now)
    return _periods(turn, kind, removed, settings.removed(turn.t, removed))


def restore_period(turn: Turn, button: RestorePeriod) -> Screen:
    return _add_period(turn, button.kind, unpacked_day(button.first), unpacked_day(button.last))


def lands(turn: Turn, _button: ShowLands) -> Screen:
    return settings.lands(turn.t, _here(turn))


def set_land(turn: Turn, button: SetLand) -> Screen:
    deeds.set_land(turn.db, turn.member, button.land, turn.now)
    return _settings(turn, settings.land_set(turn.t, button.land))


def minimum(turn: Turn, _button: ShowMinimum) -> Screen:
    return settings.minimum(turn.t, _here(turn))


def set_minimum(turn: Turn, button: SetMinimum) -> Screen:
    deeds.set_minimum(turn.db, turn.member, button.minimum)
    return _settings(turn, settings.saved(turn.t))


def channel_language(turn: Turn, _button: ShowChannelLanguage) -> Screen:
    return settings.channel_language(turn.t, _here(turn))


def set_channel_language(turn: Turn, button: SetChannelLanguage) -> Screen:
    deeds.set_channel_locale(turn.db, turn.member, button.locale)
    return _settings(turn, settings.saved(turn.t))


def _overview(turn: Turn, kind: PlanKind, toast: str = "") -> Screen:
    here, today = _here(turn), _today(turn)
    days, current = plans.calendar(turn.db, here.id), plans.standing(turn.db, here.id, kind)
    plan = current.plan if current else suggested(kind, today)
    shown = plans.outlook(turn.db, here.id, plan, turn.now)
    if kind is PlanKind.DIGEST:
        has_channel = people.coordination_channel(turn.db, here.id) is not None
        return screens.digest_plan(
            turn.t, here, current, plan, shown, days, today, has_channel=has_channel, toast=toast
        )  # fmt: skip
    running = pulse.running(turn.db, here.id)
    if current and running == plans.made_by(turn.db, current):
        running = None
    return screens.overview(turn.t, here, current, plan, shown, days, today, running, toast)


def reopen(turn: Turn, sketch: str) -> Screen:
    """The editor again, after a question that was cancelled."""
    return _editor(turn, unpacked(sketch))


def _editor(turn: Turn, plan: Plan) -> Screen:
    here = _here(turn)
    shown = plans.outlook(turn.db, here.id, plan, turn.now)
    return sketches.editor(turn.t, here, plan, shown, plans.calendar(turn.db, here.id), _today(turn))


def _settings(turn: Turn, toast: str = "") -> Screen:
    closing = plans.periods(turn.db, turn.member.municipality_id, PeriodKind.CLOSING, _today(turn))
    return settings.settings(turn.t, _here(turn), closing, toast)


def _periods(turn: Turn, kind: PeriodKind, removed: Period | None = None, toast: str = "") -> Screen:
    listed = plans.periods(turn.db, turn.member.municipality_id, kind, _today(turn))
    return settings.periods(turn.t, _here(turn), kind, listed, removed, toast)


def _add_period(turn: Turn, kind: PeriodKind, first: date, last: date) -> Screen:
    deeds.add_period(turn.db, turn.member, kind, first, last, turn.now)
    return _periods(turn, kind, toast=settings.added(turn.t, first, last))


def _example(kind: PeriodKind, today: date) -> tuple[date, date]:
    """The next turn of the year, or the next summer."""
    if kind is PeriodKind.CLOSING:
        return date(today.year, 12, 24), date(today.year, 12, 31)
    year = today.year + (today.month > 7)
    return date(year, 7, 20), date(year, 8, 28)


def _here(turn: Turn) -> Municipality:
    return people.municipality(turn.db, turn.member.municipality_id)


def _today(turn: Turn) -> date:
    return turn.now.astimezone(plans.calendar(turn.db, turn.member.municipality_id).zone).date()
