"""Being away: the day is chosen or written; nobody asks for a reason."""

from datetime import date, timedelta

from core.rules.people import Member
from screens import Press, Screen
from screens.buttons import AskAway, ComeBack, GoAway, OpenMenu, ShowAbsence, packed_day
from screens.l10n import N_, Texts, lines

FRIDAY = 5
WEEKS = {
    1: N_("One week: until {day}"),
    2: N_("Two weeks: until {day}"),
    3: N_("Three weeks: until {day}"),
}


def panel(t: Texts, member: Member, until: date | None, today: date, toast: str = "") -> Screen:
    """``until`` is the last day of an absence, None for somebody who is there."""
    if until is None:
        text = lines(
            t("<b>Absence</b>"),
            t(
                "How long are you away? Until then the bot does not remind you of pulse rounds. Invitations and "
                "results still come, and you can answer at any time."
            ),
            t("Nobody asks for a reason, and afterwards it is forgotten."),
        )
    else:
        text = lines(
            t("<b>Absence</b>"),
            t("You are away until {day}, this day included.", day=t.day(until)),
            t("Until then the bot does not remind you. You can answer all the same. A new day replaces this one."),
        )
    back = ((Press(t.plain("I am back"), ComeBack()),),) if until else ()
    keys = (
        *back,
        (_until(t, N_("Until {day}"), next_friday(today)),),
        *((_until(t, label, today + timedelta(weeks=weeks)),) for weeks, label in WEEKS.items()),
        (Press(t.plain("Name another day …"), AskAway()),),
        (Press(t.plain("To the menu"), OpenMenu(member.municipality_id)),),
    )
    return Screen(text, keys, toast=toast)


def ask_day(t: Texts, example: date) -> Screen:
    """Asked for in writing; the way back is the absence itself."""
    text = t("Until which day are you away? For example: until {day}", day=f"{example:%d.%m.}")
    return Screen(text, ((Press(t.plain("Back"), ShowAbsence()),),))


def saved(t: Texts) -> str:
    """A toast."""
    return t.plain("Saved")


def welcome_back(t: Texts) -> str:
    """A toast."""
    return t.plain("Welcome back. Your absence is deleted.")


def next_friday(today: date) -> date:
    """The Friday after today, never today itself."""
    return today + timedelta(days=(FRIDAY - today.isoweekday() - 1) % 7 + 1)


def _until(t: Texts, label: str, day: date) -> Press:
    return Press(t.plain(label, day=t.day(day)), GoAway(packed_day(day)))
