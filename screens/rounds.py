"""The coordination's view of rounds: planning one by hand, what is open, and what they are told of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from markupsafe import Markup

from core.rules.people import Municipality
from core.rules.pulse import Form, Round, Statement, is_small_circle
from screens import Keyboard, Press, Screen
from screens.buttons import (
    AskRoundDate,
    Choice,
    ExtendRound,
    Panel,
    PlanRound,
    PreviewRound,
    PreviewRoundAt,
    ShowOwnStatements,
    ShowPlan,
    ShowRound,
    UnplanRound,
)
from screens.l10n import N_, Texts, lines
from screens.menu import question

FORMS = {Form.LONG: N_("nine"), Form.SHORT: N_("six (short form)")}


def panel(
    t: Texts,
    here: Municipality,
    running: Round | None,
    longer: datetime | None = None,
    by_plan: datetime | None = None,
    toast: str = "",
) -> Screen:
    """``longer``: until when the open round can be extended now, if it can; ``by_plan``: the plan's next date."""
    if running is None:
        return replace(_nothing_planned(t, here, by_plan), toast=toast)
    if running.opened_at is None:
        return replace(_waiting(t, here, running), toast=toast)
    keys: list[tuple[Press, ...]] = []
    if longer is not None:
        keys.append((Press(t.plain("Keep it open for longer"), ExtendRound(here.id, running.id)),))
    text = lines(
        t("<b>Pulse round {number}</b>", number=running.number),
        t("The round is open until {moment}.", moment=t.moment(running.closes_at, here.zone)),
        t.plural("Invited: {n} person.", "Invited: {n} people.", running.invited),
        _answered(t, running),
        t("Who has answered is visible to nobody."),
        t("The round can be kept open until {moment}, once.", moment=t.moment(longer, here.zone)) if longer else "",
    )
    return Screen(text, (*keys, *_further(t, here.id)), toast=toast)


def ask_date(t: Texts) -> Screen:
    return question(t, t("When should the round open? For example: 14.12. 9:00"))


def preview(
    t: Texts,
    here: Municipality,
    planned: Round,
    statements: Sequence[Statement],
    minute: int,
    shifted: datetime | None = None,
    replaced: datetime | None = None,
    *,
    must_be_long: bool = False,
) -> Screen:
    """What many will get, before anything goes to many; ``replaced``: when the round would have opened until now.

    ``minute`` 0 opens at once. ``shifted``: for "at once" outside the sending hours, when the next ones begin; for a
    later date, what was asked for if that is not what it became. ``must_be_long``: a short form was asked for in vain.
    """
    text = lines(
        t("<b>Preview: pulse round {number}</b>", number=planned.number),
        t("Opens: now") if minute == 0 else t("Opens: {moment}", moment=t.moment(planned.opens_at, here.zone)),
        _shift(t, here, minute, shifted) if shifted else "",
        t("Closes: {moment}", moment=t.moment(planned.closes_at, here.zone)),
        t("This replaces the date planned until now: {moment}.", moment=t.moment(replaced, here.zone))
        if replaced
        else "",
        t("What it is about: {topic}", topic=here.topic),
        t.plural("{n} person is asked.", "{n} people are asked.", planned.invited),
        t("That is not many: with fewer than {minimum} answers nothing will be shown.", minimum=t.count(here.minimum))
        if is_small_circle(planned)
        else "",
        Markup("\n").join(
            t("{n}. {statement}", n=n, statement=s.wording(t.locale)) for n, s in enumerate(statements, 1)
        ),
        t("The last two rounds were short. This one asks all nine statements, so that each has its turn.")
        if must_be_long
        else "",
        t("A round that has begun cannot be stopped.") if minute == 0 else "",
    )
    return Screen(text, _preview_keys(t, here.id, planned.form, minute, must_be_long=must_be_long))


def _preview_keys(t: Texts, place: int, form: Form, minute: int, *, must_be_long: bool) -> Keyboard:
    go = t.plain("Start now and invite everybody") if minute == 0 else t.plain("Plan it like this")
    if form is Form.LONG:
        other = Press(t.plain("Short form with six statements"), PreviewRoundAt(place, minute, Form.SHORT))
    else:
        other = Press(t.plain("All nine statements"), PreviewRoundAt(place, minute, Form.LONG))
    return (
        (Press(go, PlanRound(place, minute, form)),),
        *(() if must_be_long else ((other,),)),
        (Press(t.plain("Back"), ShowRound(place)),),
    )


def planned(t: Texts, here: Municipality, round_: Round) -> Screen:
    if round_.opened_at is None:
        text = t(
            "Round {number} is planned: {moment}.", number=round_.number, moment=t.moment(round_.opens_at, here.zone)
        )
    else:
        text = t("Round {number} has started. The invitations are on their way.", number=round_.number)
    return Screen(text, ((Press(t.plain("Pulse round"), ShowRound(here.id)),), _back(t, here.id)))


def small_circle(t: Texts, here: Municipality, round_: Round) -> Screen:
    """Told to the coordinators when a planned round has opened for only a few."""
    text = lines(
        t("<b>Pulse round {number} has opened</b>", number=round_.number),
        t.plural("{n} person is asked.", "{n} people are asked.", round_.invited),
        t(
            "That is not many: with fewer than {minimum} answers nothing will be shown.",
            minimum=t.count(round_.minimum),
        ),
    )
    return Screen(text, ((Press(t.plain("Pulse round"), ShowRound(here.id)),),))


def extension_offer(t: Texts, here: Municipality, round_: Round, longer: datetime) -> Screen:
    text = lines(
        t("<b>Pulse round {number} closes today</b>", number=round_.number),
        t(
            "Fewer than {minimum} people have taken part so far. If it stays like that, nothing will be shown.",
            minimum=t.count(round_.minimum),
        ),
        t(
            "You can keep the round open until {moment}, once. Everybody invited is told at once ({n}).",
            moment=t.moment(longer, here.zone),
            n=round_.invited,
        ),
    )
    keys: Keyboard = (
        (Press(t.plain("Keep it open for longer"), ExtendRound(here.id, round_.id)),),
        (Press(t.plain("Pulse round"), ShowRound(here.id)),),
    )
    return Screen(text, keys)


def extended(t: Texts) -> str:
    """A toast."""
    return t.plain("The round stays open for longer. Everybody invited is told.")


def withdrawn(t: Texts) -> str:
    """A toast."""
    return t.plain("This date is left out. Nobody was written to.")


def _nothing_planned(t: Texts, here: Municipality, by_plan: datetime | None) -> Screen:
    text = lines(
        t("<b>Pulse round</b>"),
        t("By the plan the next round opens: {moment}.", moment=t.moment(by_plan, here.zone))
        if by_plan
        else t("No round is planned. When should the next one open? You will see a preview first."),
    )
    keys: Keyboard = (
        (Press(t.plain("Start now …"), PreviewRound(here.id, Choice.NOW)),),
        (Press(t.plain("Next working day at 09:00 …"), PreviewRound(here.id, Choice.WORKDAY)),),
        (Press(t.plain("Next Monday at 09:00 …"), PreviewRound(here.id, Choice.MONDAY)),),
        (Press(t.plain("Another day …"), AskRoundDate(here.id)),),
        *_further(t, here.id),
    )
    return Screen(text, keys)


def _waiting(t: Texts, here: Municipality, round_: Round) -> Screen:
    by_plan = round_.occurrence is not None
    text = lines(
        t("<b>Pulse round {number}</b>", number=round_.number),
        t("Opens: {moment}", moment=t.moment(round_.opens_at, here.zone)),
        t("Closes: {moment}", moment=t.moment(round_.closes_at, here.zone)),
        t("Statements: {form}", form=t.plain(FORMS[round_.form])),
        t("This date comes from the plan.") if by_plan else "",
    )
    keys: Keyboard = (
        (Press(t.plain("Start now …"), PreviewRound(here.id, Choice.NOW)),),
        (Press(t.plain("Move it to another day …"), AskRoundDate(here.id)),),
        (
            Press(
                t.plain("Leave this round out") if by_plan else t.plain("Withdraw this plan"),
                UnplanRound(here.id, round_.id),
            ),
        ),
        *_further(t, here.id),
    )
    return Screen(text, keys)


def _answered(t: Texts, round_: Round) -> Markup:
    if round_.answered is None:
        return t("How many people have taken part is shown from three on, and renewed once a day.")
    return t(
        "Taken part so far: {answered} of {invited}. This count is renewed once a day.",
        answered=round_.answered,
        invited=round_.invited,
    )


def _shift(t: Texts, here: Municipality, minute: int, shifted: datetime) -> Markup:
    if minute == 0:
        return t(
            "This is outside the usual hours (working days, 09:00 to 16:00). The invitations go out at once all the "
            "same. The next usual time: {moment}.",
            moment=t.moment(shifted, here.zone),
        )
    return t("Moved: on {moment} nothing is sent (working days, 09:00 to 16:00).", moment=t.moment(shifted, here.zone))


def _further(t: Texts, place: int) -> Keyboard:
    return (
        (
            Press(t.plain("Plan and calendar"), ShowPlan(place)),
            Press(t.plain("Own statements"), ShowOwnStatements(place)),
        ),
        _back(t, place),
    )


def _back(t: Texts, place: int) -> tuple[Press, ...]:
    return (Press(t.plain("To the coordination"), Panel(place)),)
