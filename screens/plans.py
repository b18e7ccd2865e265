"""The plan of the rounds and that of the summaries: what is in force, what comes next, and how to change it."""

from datetime import date

from markupsafe import Markup

from core.rules.people import Municipality
from core.rules.plans import Calendar, Outlook, PeriodKind, Plan, PlanKind, Standing
from core.rules.pulse import Round
from screens import Keyboard, Press, Screen
from screens.buttons import (
    AskDiscardPlan,
    DiscardPlan,
    EditPlan,
    Panel,
    PausePlan,
    ResumePlan,
    SavePlan,
    ShowDigestPlan,
    ShowPeriods,
    ShowPlan,
    ShowSettings,
    SkipDate,
    UndoSkip,
    packed_day,
)
from screens.l10n import Texts, lines
from screens.sketches import dates, in_words, sketch


def overview(
    t: Texts,
    here: Municipality,
    current: Standing | None,
    plan: Plan,
    shown: Outlook,
    calendar: Calendar,
    today: date,
    running: Round | None = None,
    toast: str = "",
) -> Screen:
    """``plan`` is the one in force, or a suggestion; ``running`` an open round, or one that was planned by hand."""
    text = lines(
        t("<b>Plan and calendar</b>"),
        _running(t, here, running),
        t("There is no plan yet. Suggestion:") if current is None else "",
        t("The plan is suspended: no round opens by it. These would be its dates if it went on now.")
        if current and current.is_paused
        else "",
        in_words(t, plan, today),
        dates(t, shown, calendar),
        "" if here.land else t("Please set your Land under “Settings”, so that its public holidays count."),
    )
    keys: Keyboard = (
        *(_suggestion(t, here, plan) if current is None else _steps(t, here, current, shown)),
        (
            Press(t.plain("Pauses"), ShowPeriods(here.id, PeriodKind.PAUSE)),
            Press(t.plain("Settings"), ShowSettings(here.id)),
        ),
        (Press(t.plain("Overview at fixed dates"), ShowDigestPlan(here.id)),),
        (Press(t.plain("To the coordination"), Panel(here.id)),),
    )
    return Screen(text, keys, toast=toast)


def digest_plan(
    t: Texts,
    here: Municipality,
    current: Standing | None,
    plan: Plan,
    shown: Outlook,
    calendar: Calendar,
    today: date,
    *,
    has_channel: bool,
    toast: str = "",
) -> Screen:
    """``plan`` is the one in force, or what is suggested."""
    text = lines(
        t("<b>Overview at fixed dates</b>"),
        t("The result goes to the coordination channel at the end of every round. An overview can come at fixed dates "
          "as well."),
        t("It is switched off. Suggestion:") if current is None else "",
        t("It is suspended. These would be its dates if it went on now.") if current and current.is_paused else "",
        in_words(t, plan, today),
        dates(t, shown, calendar),
        "" if has_channel else t("There is no coordination channel yet; until then nothing is posted."),
    )  # fmt: skip
    keys: Keyboard = (
        *(_suggestion(t, here, plan) if current is None else _changes(t, here, current)),
        (Press(t.plain("Back"), ShowPlan(here.id)),),
    )
    return Screen(text, keys, toast=toast)


def ask_discard(t: Texts, here: Municipality, kind: PlanKind) -> Screen:
    keep: ShowPlan | ShowDigestPlan
    if kind is PlanKind.PULSE:
        text = t(
            "Delete the plan? The round that it has planned goes with it. An open round goes on, and so does one that "
            "was planned by hand."
        )
        yes, keep = t.plain("Yes, delete"), ShowPlan(here.id)
    else:
        text = t("Switch off the overview at fixed dates? Results still come at the end of every round.")
        yes, keep = t.plain("Yes, switch off"), ShowDigestPlan(here.id)
    return Screen(text, ((Press(yes, DiscardPlan(here.id, kind)),), (Press(t.plain("No, keep"), keep),)))


def saved(t: Texts) -> str:
    """A toast."""
    return t.plain("Saved.")


def paused(t: Texts) -> str:
    """A toast."""
    return t.plain("The plan is suspended.")


def resumed(t: Texts) -> str:
    """A toast."""
    return t.plain("The plan goes on.")


def discarded(t: Texts, kind: PlanKind) -> str:
    """A toast."""
    return t.plain("The plan is deleted.") if kind is PlanKind.PULSE else t.plain("Switched off.")


def skipped(t: Texts, day: date) -> str:
    """A toast."""
    return t.plain("Skipped: {day}", day=t.day(day))


def skip_undone(t: Texts, day: date) -> str:
    """A toast."""
    return t.plain("It takes place after all: {day}", day=t.day(day))


def _running(t: Texts, here: Municipality, running: Round | None) -> Markup | str:
    if running is None:
        return ""
    if running.opened_at is None:
        return t(
            "Round {number} is planned by hand: {moment}. The plan goes on after it.",
            number=running.number, moment=t.moment(running.opens_at, here.zone),
        )  # fmt: skip
    return t(
        "Round {number} is open until {moment}. The plan goes on after it.",
        number=running.number, moment=t.moment(running.closes_at, here.zone),
    )  # fmt: skip


def _suggestion(t: Texts, here: Municipality, plan: Plan) -> Keyboard:
    return (
        (Press(t.plain("Save the suggestion"), SavePlan(here.id, sketch(plan))),),
        (Press(t.plain("Change it first …"), EditPlan(here.id, sketch(plan))),),
    )


def _steps(t: Texts, here: Municipality, current: Standing, shown: Outlook) -> Keyboard:
    keys: list[tuple[Press, ...]] = []
    if shown.dues and not current.is_paused:
        following = shown.dues[0]
        label = t.plain("Skip the next round ({day})", day=t.day(following.day))
        keys.append((Press(label, SkipDate(here.id, packed_day(following.on))),))
    if shown.skipped and not current.is_paused:
        label = t.plain("Do not skip after all ({day})", day=t.day(shown.skipped.day))
        keys.append((Press(label, UndoSkip(here.id, packed_day(shown.skipped.on))),))
    return (*keys, *_changes(t, here, current))


def _changes(t: Texts, here: Municipality, current: Standing) -> Keyboard:
    kind = current.plan.kind
    hold = (
        Press(t.plain("Let the plan go on"), ResumePlan(here.id, kind))
        if current.is_paused
        else Press(t.plain("Suspend the plan"), PausePlan(here.id, kind))
    )
    end = t.plain("Delete the plan …") if kind is PlanKind.PULSE else t.plain("Switch off …")
    return (
        (Press(t.plain("Change the plan …"), EditPlan(here.id, sketch(current.plan))),),
        (hold, Press(end, AskDiscardPlan(here.id, kind))),
    )
