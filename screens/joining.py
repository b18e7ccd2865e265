"""Joining by an invitation: what it promises, under which name, and the welcome."""

from markupsafe import Markup

from core.rules.people import Invitation, Member
from screens import Keyboard, Press, Screen
from screens.buttons import Button, CorrectName, Join, JoinAsNamed, OpenMenu, Panel, ReadNotice, Token
from screens.l10n import Texts, lines
from screens.menu import question, role_name, standing
from screens.privacy import short_notice


def invitation(t: Texts, invited: Invitation, token: Token, known: Member | None = None) -> Screen:
    """What a link promises; joining takes one press, or the name first where we do not know it.

    ``known``: who this account is already, so that nobody takes somebody else's invitation by mistake.
    """
    text = lines(
        _promise(t, invited, invited.name),
        t(
            "This Telegram account is already registered: {name}, {standing}. If the invitation is for somebody else, "
            "please pass the link on.",
            name=known.name,
            standing=standing(t, known),
        )
        if known
        else "",
    )
    notice = (Press(t.plain("Read the full notice"), ReadNotice(token)),)
    if not invited.name:
        return Screen(text, ((Press(t.plain("Enter my name and join"), CorrectName(token)),), notice))
    keys: Keyboard = (
        (Press(t.plain("Yes, that is me – join"), Join(token)),),
        (Press(t.plain("Correct my name"), CorrectName(token)),),
        notice,
    )
    return Screen(text, keys)


def invitation_as_named(t: Texts, invited: Invitation, name: str) -> Screen:
    text = lines(_promise(t, invited, name), t("If the name is not right yet, simply write it again."))
    return Screen(text, ((Press(t.plain("Yes, that is me – join"), JoinAsNamed()),),))


def ask_own_name(t: Texts) -> Screen:
    return question(t, t("Please write your first and last name as it should appear in the register."))


def joining_cancelled(t: Texts) -> Screen:
    return Screen(t("Cancelled. To join after all, please open the invitation link again."))


def joined(t: Texts, member: Member) -> Screen:
    text = lines(
        t("Welcome, {name}!", name=member.name),
        t(
            "You belong to <b>{municipality}</b>: {standing}.",
            municipality=member.municipality,
            standing=standing(t, member),
        ),
        t("Next, press “To the coordination”: there you see what is still to be set up.")
        if member.is_coordinator
        else t("The bot writes to you when there is something to answer. You need not do anything until then."),
    )
    first: Button = Panel(member.municipality_id) if member.is_coordinator else OpenMenu(member.municipality_id)
    label = t.plain("To the coordination") if member.is_coordinator else t.plain("To the menu")
    return Screen(text, ((Press(label, first),),))


def already_joined(t: Texts, member: Member) -> Screen:
    return Screen(
        t("You already belong to <b>{municipality}</b>: {standing}.", municipality=member.municipality,
          standing=standing(t, member)),
        ((Press(t.plain("To the menu"), OpenMenu(member.municipality_id)),),),
    )  # fmt: skip


def _promise(t: Texts, invited: Invitation, name: str) -> Markup:
    facts = [
        t("What it is about: {topic}", topic=invited.topic) if invited.topic else "",
        t("Department: {department}", department=invited.department) if invited.department else "",
        t("Role: {role}", role=role_name(t, invited.role, invited.rank)),
        t("Name: <b>{name}</b>", name=name) if name else "",
    ]
    return lines(
        t("You are invited to take part in <b>{municipality}</b>.", municipality=invited.municipality),
        Markup("\n").join(fact for fact in facts if fact),
        short_notice(t),
    )
