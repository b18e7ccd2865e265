"""A plan that is being made: in words, with the dates that it makes and a choice for each of its parts."""

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from core.rules.people import Municipality
from core.rules.plans import Calendar, Due, Outlook, Part, Plan, PlanKind, parts
from core.rules.pulse import Form
from core.rules.recurrence import Cadence
from screens import Keyboard, Press, Screen
from screens.buttons import AskStart, ChoosePart, EditPlan, SavePlan, ShowDigestPlan, ShowPlan, Sketch
from screens.l10n import N_, Texts, lines
from screens.menu import question

CADENCES = {
    Cadence.WEEKLY: N_("every week"),
    Cadence.TWO_WEEKS: N_("every two weeks"),
    Cadence.FOUR_WEEKS: N_("every four weeks"),
    Cadence.MONTHLY: N_("every month"),
    Cadence.QUARTERLY: N_("every three months"),
}
WEEKDAYS = {1: N_("Monday"), 2: N_("Tuesday"), 3: N_("Wednesday"), 4: N_("Thursday"), 5: N_("Friday")}
ON_WEEKDAYS = {
    1: N_("on Mondays"),
    2: N_("on Tuesdays"),
    3: N_("on Wednesdays"),
    4: N_("on Thursdays"),
    5: N_("on Fridays"),
}
NTHS = {
    1: N_("on the first {weekday}"),
    2: N_("on the second {weekday}"),
    3: N_("on the third {weekday}"),
    4: N_("on the fourth {weekday}"),
    5: N_("on the last {weekday}"),
}
FORMS = {
    Form.SHORT: N_("six, and nine in every third round"),
    Form.LONG: N_("nine in every round"),
}
LABELS = {
    Part.CADENCE: N_("How often: {choice}"),
    Part.WEEKDAY: N_("Day: {choice}"),
    Part.NTH: N_("Which one: {choice}"),
    Part.HOUR: N_("Time: {choice}"),
    Part.DAYS: N_("Open for: {choice}"),
    Part.FORM: N_("Statements: {choice}"),
    Part.START: N_("Not before: {choice}"),
}
QUESTIONS = {
    Part.CADENCE: N_("How often?"),
    Part.WEEKDAY: N_(
        "On which day of the week? A date on a public holiday or closing day moves to the next working day."
    ),
    Part.NTH: N_("Which one of the month?"),
    Part.HOUR: N_("At what time?"),
    Part.DAYS: N_(
        "For how many working days is a round open? It closes at 15:00 on the last one, at the latest after 21 days."
    ),
    Part.FORM: N_(
        "How many statements? With the short form of six every third round is long all the same, with nine, so that "
        "every statement has its turn."
    ),
    Part.START: N_("What is the first possible day? The first date of the plan is on it or after it."),
}
FEW = 5
"""So many dates that a pause leaves out are named."""


def editor(t: Texts, here: Municipality, plan: Plan, shown: Outlook, calendar: Calendar, today: date) -> Screen:
    """Nothing is stored before the press on "save"."""
    title = t("<b>Plan of the pulse rounds</b>") if plan.kind is PlanKind.PULSE else t("<b>Overview at fixed dates</b>")
    text = lines(
        title,
        in_words(t, plan, today),
        dates(t, shown, calendar),
        t("Nothing is saved yet. Press a line to change it."),
    )
    keys: Keyboard = (
        *((Press(_label(t, plan, part), ChoosePart(here.id, part, sketch(plan))),) for part in parts(plan)),
        (Press(t.plain("Save it like this"), SavePlan(here.id, sketch(plan))),),
        (Press(t.plain("Back without saving"), _home(here, plan)),),
    )
    return Screen(text, keys)


def choices(t: Texts, here: Municipality, plan: Plan, part: Part, options: Sequence[Plan]) -> Screen:
    """One part of the plan; each choice leads back to the editor."""
    text = lines(t(QUESTIONS[part]), t("Now: {choice}", choice=choice(t, plan, part)))
    keys: list[tuple[Press, ...]] = [
        (Press(capital(choice(t, option, part)), EditPlan(here.id, sketch(option))),) for option in options
    ]
    if part is Part.START:
        keys.append((Press(t.plain("Another day …"), AskStart(here.id, sketch(plan))),))
    keys.append((Press(t.plain("Back"), EditPlan(here.id, sketch(plan))),))
    return Screen(text, tuple(keys))


def ask_start(t: Texts, example: date) -> Screen:
    return question(t, t("What is the first possible day? For example: {example}", example=f"{example:%d.%m.%Y}"))


def sketch(plan: Plan) -> Sketch:
    return Sketch(plan.packed())


def rhythm(t: Texts, plan: Plan) -> str:
    """«alle vier Wochen, montags um 09:00 Uhr», «jeden Monat am ersten Montag um 09:00 Uhr»."""
    r = plan.recurrence
    words = N_("{cadence} {day} at {clock}") if r.nth else N_("{cadence}, {day} at {clock}")
    day = choice(t, plan, Part.NTH) if r.nth else t.plain(ON_WEEKDAYS[r.weekday])
    return t.plain(words, cadence=t.plain(CADENCES[r.cadence]), day=day, clock=choice(t, plan, Part.HOUR))


def in_words(t: Texts, plan: Plan, today: date) -> Markup:
    """The whole plan, read from top to bottom."""
    start = plan.recurrence.start
    facts: list[Markup | str] = [Markup.escape(capital(rhythm(t, plan)))]
    if plan.kind is PlanKind.PULSE:
        facts.append(t("Open: {n} working days, until 15:00 on the last one", n=t.count(plan.days)))
        facts.append(t("Statements: {choice}", choice=choice(t, plan, Part.FORM)))
    if start > today:
        facts.append(t("Not before: {choice}", choice=choice(t, plan, Part.START)))
    return Markup("\n").join(facts)


def dates(t: Texts, shown: Outlook, calendar: Calendar) -> Markup:
    """The next dates, why one has moved, and what a pause leaves out."""
    if not shown.dues:
        return t("There is no date ahead.")
    listed = [t("Next dates:"), *(date_of(t, due, calendar) for due in shown.dues)]
    if shown.left_out:
        days = "; ".join(t.day(day) for day in shown.left_out[:FEW])
        more = len(shown.left_out) - FEW
        listed.append(
            t("Left out because of a pause: {days} and {more} more", days=days, more=more)
            if more > 0
            else t("Left out because of a pause: {days}", days=days)
        )
    if shown.skipped:
        listed.append(t("Skipped: {day}", day=t.day(shown.skipped.day)))
    return Markup("\n").join(listed)


def date_of(t: Texts, due: Due, calendar: Calendar) -> Markup:
    """«Di., 6. April 2027 (verschoben wegen Karfreitag)»."""
    if not due.moved:
        return Markup.escape(t.day(due.day))
    holiday = calendar.closed.holiday(due.on, t.locale)
    if holiday:
        return t("{day} (moved because of {holiday})", day=t.day(due.day), holiday=holiday)
    return t("{day} (moved because of a closing day)", day=t.day(due.day))


def choice(t: Texts, plan: Plan, part: Part) -> str:
    """What the plan has for one part."""
    r = plan.recurrence
    match part:
        case Part.CADENCE:
            said = t.plain(CADENCES[r.cadence])
        case Part.WEEKDAY:
            said = t.plain(WEEKDAYS[r.weekday])
        case Part.NTH:
            said = t.plain(NTHS[r.nth], weekday=t.plain(WEEKDAYS[r.weekday]))
        case Part.HOUR:
            said = t.plain(N_("{hour}:00"), hour=f"{plan.hour:02}")
        case Part.DAYS:
            said = t.plain(N_("{n} working days"), n=t.count(plan.days))
        case Part.FORM:
            said = t.plain(FORMS[plan.form])
        case Part.START:
            said = t.day(r.start)
    return said


def _label(t: Texts, plan: Plan, part: Part) -> str:
    return t.plain(LABELS[part], choice=choice(t, plan, part))


def capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _home(here: Municipality, plan: Plan) -> ShowPlan | ShowDigestPlan:
    return ShowPlan(here.id) if plan.kind is PlanKind.PULSE else ShowDigestPlan(here.id)
