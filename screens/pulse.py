"""Planning a round, and answering it: one message edited in place; the chosen answer is never written into the chat."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from core.rules.people import Municipality
from core.rules.pulse import ANSWERS, NO_ANSWER, Round, Statement
from core.rules.workdays import is_working_day
from screens import Keyboard, Press, Screen
from screens.buttons import (
    AskRoundDate,
    Choice,
    OpenMenu,
    Panel,
    PlanRound,
    PreviewRound,
    PulseAnswer,
    PulsePrivacy,
    ShowRound,
    ShowStatement,
    StartPulse,
    UnplanRound,
)
from screens.l10n import N_, Texts, lines
from screens.menu import question
from screens.privacy import in_short, short_notice

SMALL_CIRCLE = 8
"""Fewer invited people than this make it likely that nothing can be shown (RULES 4.3)."""

SCALE = {
    1: N_("strongly disagree"),
    2: N_("somewhat disagree"),
    3: N_("partly yes, partly no"),
    4: N_("somewhat agree"),
    5: N_("strongly agree"),
}


def panel(t: Texts, here: Municipality, running: Round | None) -> Screen:
    if running is None:
        return Screen(
            lines(
                t("<b>Pulse round</b>"),
                t("No round is planned. When should the next one open? You will see a preview first."),
            ),
            (
                (Press(t.plain("Start now …"), PreviewRound(here.id, Choice.NOW)),),
                (Press(t.plain("Next working day at 09:00 …"), PreviewRound(here.id, Choice.WORKDAY)),),
                (Press(t.plain("Next Monday at 09:00 …"), PreviewRound(here.id, Choice.MONDAY)),),
                (Press(t.plain("Another day …"), AskRoundDate(here.id)),),
                _back(t, here.id),
            ),
        )
    title = t("<b>Pulse round {number}</b>", number=running.number)
    closes = t("It closes: {moment}", moment=t.moment(running.closes_at, here.zone))
    if running.opened_at is None:
        opens = t("It opens: {moment}", moment=t.moment(running.opens_at, here.zone))
        return Screen(
            lines(title, opens, closes),
            ((Press(t.plain("Withdraw this plan"), UnplanRound(here.id, running.id)),), _back(t, here.id)),
        )
    return Screen(
        lines(
            title,
            t("It is open."),
            closes,
            t.plural("Invited: {n} person.", "Invited: {n} people.", running.invited),
            t("Who has answered is visible to nobody."),
        ),
        (_back(t, here.id),),
    )


def ask_date(t: Texts) -> Screen:
    return question(t, t("When should the round open? For example: 14.12. 9:00"))


def preview(
    t: Texts, here: Municipality, planned: Round, statements: Sequence[Statement], invited: int, minute: int
) -> Screen:
    """What many will get, before anything goes to many; ``minute`` 0 opens at once."""
    text = lines(
        t("<b>Preview: pulse round {number}</b>", number=planned.number),
        t("Opens: now") if minute == 0 else t("Opens: {moment}", moment=t.moment(planned.opens_at, here.zone)),
        t("Closes: {moment}", moment=t.moment(planned.closes_at, here.zone)),
        "" if is_working_day(_day(planned.opens_at, here)) else t("This is not a working day."),
        t("What it is about: {topic}", topic=here.topic),
        t.plural("{n} person is asked.", "{n} people are asked.", invited),
        t(
            "That is not many: with fewer than {minimum} answers nothing will be shown.",
            minimum=t.count(here.minimum),
        )
        if invited < max(SMALL_CIRCLE, here.minimum)
        else "",
        Markup("\n").join(
            t("{n}. {statement}", n=n, statement=s.wording(t.locale)) for n, s in enumerate(statements, 1)
        ),
    )
    keys: Keyboard = (
        (
            Press(
                t.plain("Start now and invite everybody") if minute == 0 else t.plain("Plan it like this"),
                PlanRound(here.id, minute),
            ),
        ),
        (Press(t.plain("Back"), ShowRound(here.id)),),
    )
    return Screen(text, keys)


def planned(t: Texts, here: Municipality, round_: Round) -> Screen:
    if round_.opened_at is None:
        text = t(
            "Round {number} is planned: {moment}.", number=round_.number, moment=t.moment(round_.opens_at, here.zone)
        )
    else:
        text = t("Round {number} has started. The invitations are on their way.", number=round_.number)
    return Screen(text, ((Press(t.plain("Pulse round"), ShowRound(here.id)),), _back(t, here.id)))


def invitation(t: Texts, here: Municipality, round_: Round, count: int) -> Screen:
    """``count`` is the number of statements."""
    text = lines(
        t("<b>Pulse – {municipality}</b>", municipality=here.name),
        t("It is about: {topic}. “We” means all departments involved.", topic=round_.topic),
        t(
            "{n} statements, about one minute. Open until {moment}.",
            n=count,
            moment=t.moment(round_.closes_at, here.zone),
        ),
        short_notice(t),
    )
    keys: Keyboard = (
        (Press(t.plain("Begin"), StartPulse(here.id, round_.id)),),
        (Press(t.plain("Data protection"), PulsePrivacy(here.id, round_.id)),),
    )
    return Screen(text, keys)


def privacy(t: Texts, round_: Round) -> Screen:
    return Screen(in_short(t), ((Press(t.plain("To the statements"), StartPulse(round_.municipality_id, round_.id)),),))


def statement(
    t: Texts, round_: Round, statements: Sequence[Statement], position: int, *, dealt: bool, toast: str = ""
) -> Screen:
    """One statement with its answers. ``dealt`` says that there is an answer, never which."""
    place, number = round_.municipality_id, round_.id
    text = lines(
        t("Statement {n} of {count}", n=position + 1, count=len(statements)),
        t("<b>{statement}</b>", statement=statements[position].wording(t.locale)),
        t("Already answered. Another press replaces your answer.") if dealt else "",
    )
    turn: list[Press] = []
    if position > 0:
        turn.append(Press(t.plain("Back"), ShowStatement(place, number, position - 1)))
    if dealt and position + 1 < len(statements):
        turn.append(Press(t.plain("Next"), ShowStatement(place, number, position + 1)))
    elif dealt:
        turn.append(Press(t.plain("Done"), StartPulse(place, number)))
    keys: Keyboard = (
        *((Press(t.plain(SCALE[value]), PulseAnswer(place, number, position, value)),) for value in reversed(ANSWERS)),
        (Press(t.plain("prefer not to say"), PulseAnswer(place, number, position, NO_ANSWER)),),
        # One row of constant height: the answers do not move under the finger from statement to statement.
        (*turn, Press(t.plain("Data protection"), PulsePrivacy(place, number))),
    )
    return Screen(text, keys, toast=toast)


def thanks(t: Texts, here: Municipality, round_: Round, toast: str = "") -> Screen:
    text = lines(
        t("<b>Thank you!</b> You have gone through all statements."),
        t("You can change your answers until {moment}. The result comes after that.",
          moment=t.moment(round_.closes_at, here.zone)),
    )  # fmt: skip
    return Screen(
        text,
        (
            (Press(t.plain("Look through or change"), ShowStatement(here.id, round_.id, 0)),),
            (Press(t.plain("To the menu"), OpenMenu(here.id)),),
        ),
        toast=toast,
    )


def stored(t: Texts) -> str:
    """The toast after an answer; it does not say which."""
    return t.plain("Saved")


def too_late(t: Texts) -> str:
    """The toast for a press after the close."""
    return t.plain("The round is closed. Your answer no longer counts.")


def over(t: Texts, number: int, toast: str = "") -> Screen:
    text = lines(
        t("<b>Round ended</b>"), t("Round {number} is closed. The result comes in a message of its own.", number=number)
    )
    return Screen(text, toast=toast)


def cancelled(t: Texts, number: int) -> Screen:
    text = lines(
        t("<b>Round cancelled</b>"),
        t(
            "Round {number} had to be cancelled for a technical reason. All answers are deleted, and nothing is shown. "
            "The coordination can start a new round.",
            number=number,
        ),
    )
    return Screen(text)


def nothing_open(t: Texts) -> Screen:
    return Screen(t("No pulse round is open for you at the moment. The bot writes to you when there is one."))


def _day(moment: datetime, here: Municipality) -> date:
    return moment.astimezone(ZoneInfo(here.zone)).date()


def _back(t: Texts, place: int) -> tuple[Press, ...]:
    return (Press(t.plain("To the coordination"), Panel(place)),)
