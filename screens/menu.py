"""The menu, the language, the help: where everybody starts."""

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from core.rules.people import Member, Municipality, Role
from core.rules.pulse import Round
from screens import Keyboard, Press, Screen
from screens.buttons import (
    CancelForm,
    ChooseLanguage,
    ChooseMunicipality,
    Locale,
    OpenMenu,
    Panel,
    SetLanguage,
    ShowAbsence,
    ShowPrivacy,
    ShowResults,
    StartPulse,
    SwitchMunicipality,
)
from screens.commands import ALL
from screens.l10n import N_, Texts, lines

ROLES = {
    Role.COORDINATOR: N_("Coordination"),
    Role.REPRESENTATIVE: N_("Contact person"),
    Role.PARTICIPANT: N_("Participating person"),
}


def role_name(t: Texts, role: Role, rank: int = 0) -> str:
    """For example «Stellvertretung 2»; deputies are numbered."""
    return t.plain(N_("Deputy {rank}"), rank=rank) if role is Role.DEPUTY else t.plain(ROLES[role])


def standing(t: Texts, member: Member) -> str:
    """Role and department in one line."""
    role = role_name(t, member.role, member.rank)
    return t.plain(N_("{role}, {department}"), role=role, department=member.department) if member.department else role


def home(
    t: Texts,
    place: Municipality,
    member: Member,
    members: Sequence[Member],
    open_round: Round | None,
    away_until: date | None = None,
) -> Screen:
    """The menu of one municipality; ``members`` are all of this account's, wherever."""
    here = [m for m in members if m.municipality_id == member.municipality_id]
    text = lines(
        t("<b>{municipality}</b>", municipality=member.municipality),
        Markup("\n").join(Markup.escape(standing(t, m)) for m in here),
        t("A pulse round is open until {moment}.", moment=t.moment(open_round.closes_at, place.zone))
        if open_round
        else t("Nothing to do at the moment. The bot writes to you when there is something."),
        t("Away until {day}.", day=t.day(away_until)) if away_until else "",
    )
    keys: list[tuple[Press, ...]] = []
    if open_round:
        keys.append((Press(t.plain("Answer the pulse"), StartPulse(member.municipality_id, open_round.id)),))
    keys.append((Press(t.plain("Results"), ShowResults(member.municipality_id, 0)),))
    if any(m.is_coordinator for m in here):
        keys.append((Press(t.plain("Coordination"), Panel(member.municipality_id)),))
    if len({m.municipality_id for m in members}) > 1:
        keys.append((Press(t.plain("Another municipality"), ChooseMunicipality()),))
    keys.append((Press(t.plain("Absence"), ShowAbsence()), Press(t.plain("Language"), ChooseLanguage())))
    keys.append((Press(t.plain("Data protection"), ShowPrivacy()),))
    return Screen(text, tuple(keys))


def short(label: str, limit: int = 60) -> str:
    return label if len(label) <= limit else label[: limit - 1] + "…"


def municipalities(t: Texts, members: Sequence[Member]) -> Screen:
    names = {m.municipality_id: m.municipality for m in members}
    keys = tuple((Press(short(name), SwitchMunicipality(place)),) for place, name in names.items())
    return Screen(t("Which municipality would you like to open?"), keys)


def languages(t: Texts, member: Member | None) -> Screen:
    choice = (Press("Deutsch", SetLanguage(Locale.DE)), Press("English", SetLanguage(Locale.EN)))
    back = ((Press(t.plain("To the menu"), OpenMenu(member.municipality_id)),),) if member else ()
    return Screen(t("In which language should the bot speak to you?"), (choice, *back))


def welcome_stranger(t: Texts) -> Screen:
    return Screen(
        lines(
            t("<b>Dreiklang</b> supports cooperation across departments in municipalities."),
            t(
                "To take part you need a personal invitation link. You get it from the coordination of your "
                "municipality."
            ),
        )
    )


def help_page(t: Texts, member: Member | None, *, coordinates: bool) -> Screen:
    """The commands that this reader can use, by their names in the reader's language."""
    listed = Markup("\n").join(
        Markup("/{} – {}").format(command.name(t.locale), t.plain(command.about))
        for command in ALL
        if coordinates or not command.for_coordinators
    )
    back: Keyboard = ((Press(t.plain("To the menu"), OpenMenu(member.municipality_id)),),) if member else ()
    return Screen(lines(t("These commands are always understood:"), listed), back)


def question(t: Texts, text: Markup) -> Screen:
    """Ask for a typed answer."""
    return Screen(text, ((Press(t.plain("Cancel"), CancelForm()),),))


def cancelled(t: Texts) -> str:
    """A toast."""
    return t.plain("Cancelled. Nothing was changed.")


def nothing_open(t: Texts, member: Member | None) -> Screen:
    back: Keyboard = ((Press(t.plain("To the menu"), OpenMenu(member.municipality_id)),),) if member else ()
    return Screen(t("No entry is open any more."), back)
