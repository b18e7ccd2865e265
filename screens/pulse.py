"""Answering a round: one message edited in place; the chosen answer is never written into the chat."""

from collections.abc import Sequence

from markupsafe import Markup

from core.rules.people import Municipality
from core.rules.pulse import ANSWERS, NO_ANSWER, Round, Statement
from screens import Keyboard, Press, Screen
from screens.buttons import OpenMenu, PulseAnswer, PulsePrivacy, ShowStatement, StartPulse
from screens.l10n import N_, Texts, lines
from screens.privacy import in_short, short_notice

SCALE = {
    1: N_("strongly disagree"),
    2: N_("somewhat disagree"),
    3: N_("partly yes, partly no"),
    4: N_("somewhat agree"),
    5: N_("strongly agree"),
}


def invitation(t: Texts, here: Municipality, round_: Round, count: int, announced: Sequence[str] = ()) -> Screen:
    """``count`` is the number of statements; ``announced`` are new ones that later rounds will ask."""
    text = lines(
        t("<b>Pulse – {municipality}</b>", municipality=here.name),
        t("It is about: {topic}. “We” means all departments involved.", topic=round_.topic),
        t(
            "{n} statements, about one minute. Open until {moment}.",
            n=count,
            moment=t.moment(round_.closes_at, here.zone),
        ),
        Markup("\n").join(
            [
                t("Newly added by your coordination, from the next round on at the earliest:"),
                *(t("“{statement}”", statement=s) for s in announced),
            ]
        )
        if announced
        else "",
        short_notice(t),
    )
    return Screen(text, _begin(t, round_, t.plain("Begin")))


def extension(t: Texts, here: Municipality, round_: Round, count: int) -> Screen:
    """Goes to everybody who was invited: who has answered is known to nobody."""
    text = lines(
        t("<b>Pulse – {municipality}</b>", municipality=here.name),
        t("The round stays open for longer: until {moment}.", moment=t.moment(round_.closes_at, here.zone)),
        t("It is about: {topic}. “We” means all departments involved.", topic=round_.topic),
        t("If you have gone through all {n} statements, you need not do anything.", n=count),
        t("Taking part is voluntary; not taking part has no disadvantages."),
    )
    return Screen(text, _begin(t, round_, t.plain("To the statements")))


def extended_pointer(t: Texts) -> Screen:
    """What the invitation becomes when a new one is on its way."""
    return Screen(t("The round stays open for longer. Please go on in the newer message below."))


def reminder(t: Texts, here: Municipality, round_: Round, *, last_day: bool) -> Screen:
    closes = t.clock(round_.closes_at, here.zone)
    text = lines(
        t("<b>Reminder: pulse – {municipality}</b>", municipality=here.name),
        t("Not all statements have been dealt with yet. The round closes today at {clock}.", clock=closes)
        if last_day
        else t(
            "Not all statements have been dealt with yet. The round is open until {moment}.",
            moment=t.moment(round_.closes_at, here.zone),
        ),
        t("Taking part is voluntary; not taking part has no disadvantages."),
    )
    return Screen(text, _begin(t, round_, t.plain("To the statements")))


def reminder_pointer(t: Texts) -> Screen:
    """What the invitation becomes when a reminder is on its way: a new message is noticed, an edit is not."""
    return Screen(t("Please go on in the reminder below."))


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


def nothing_open(t: Texts, place: int) -> Screen:
    return Screen(
        t("No pulse round is open for you at the moment. The bot writes to you when there is one."),
        ((Press(t.plain("To the menu"), OpenMenu(place)),),),
    )


def _begin(t: Texts, round_: Round, label: str) -> Keyboard:
    place = round_.municipality_id
    return (
        (Press(label, StartPulse(place, round_.id)),),
        (Press(t.plain("Data protection"), PulsePrivacy(place, round_.id)),),
    )
