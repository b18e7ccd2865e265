"""ROUTES: every command, button, form, deep link and event on one page, each with the permission it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.rules.people import Permission
from handlers import channels, people, privacy, pulse, start
from handlers.turn import Turn
from screens import Screen, buttons, commands

ANYONE, MEMBER, COORDINATOR = Permission.ANYONE, Permission.MEMBER, Permission.COORDINATOR

Handler = Callable[[Turn, Any], Screen | None]
FormHandler = Callable[[Turn, dict[str, Any], str], Screen]


@dataclass(frozen=True)
class Typed:
    command: commands.Command
    handler: Handler
    permission: Permission


@dataclass(frozen=True)
class Pressed:
    button: type[buttons.Button]
    handler: Handler
    permission: Permission


@dataclass(frozen=True)
class Opened:
    link: type[buttons.DeepLink]
    handler: Handler
    permission: Permission


@dataclass(frozen=True)
class Form:
    name: str
    handler: FormHandler
    permission: Permission


@dataclass(frozen=True)
class Happened:
    """Something in a chat that nobody typed: the bot was added, removed, blocked, unblocked, or the chat moved."""

    event: str
    handler: Handler


TYPED = (
    Typed(commands.START, start.start, ANYONE),
    Typed(commands.MENU, start.menu, MEMBER),
    Typed(commands.PULSE, pulse.current, MEMBER),
    Typed(commands.COORDINATION, people.panel, COORDINATOR),
    Typed(commands.LANGUAGE, start.choose_language, MEMBER),
    Typed(commands.PRIVACY, privacy.notice, ANYONE),
    Typed(commands.CANCEL, start.nothing_open, ANYONE),
    Typed(commands.HELP, start.help_page, ANYONE),
)

PRESSED = (
    Pressed(buttons.OpenMenu, start.menu, MEMBER),
    Pressed(buttons.ChooseMunicipality, start.choose_municipality, MEMBER),
    Pressed(buttons.SwitchMunicipality, start.switch_municipality, MEMBER),
    Pressed(buttons.ChooseLanguage, start.choose_language, MEMBER),
    Pressed(buttons.SetLanguage, start.set_language, MEMBER),
    Pressed(buttons.ShowPrivacy, privacy.notice, ANYONE),
    Pressed(buttons.ShowPrivacyInFull, privacy.full_notice, ANYONE),
    Pressed(buttons.CancelForm, start.cancel, ANYONE),
    Pressed(buttons.Join, start.join, ANYONE),
    Pressed(buttons.ShowInvitation, start.follow_invitation, ANYONE),
    Pressed(buttons.ReadNotice, privacy.notice_for_invited, ANYONE),
    Pressed(buttons.CorrectName, start.ask_own_name, ANYONE),
    Pressed(buttons.JoinAsNamed, start.join_as_named, ANYONE),
    Pressed(buttons.Panel, people.panel, COORDINATOR),
    Pressed(buttons.AskTopic, people.ask_topic, COORDINATOR),
    Pressed(buttons.ShowInvolvement, people.involvement, COORDINATOR),
    Pressed(buttons.RecordInvolved, people.involved_today, COORDINATOR),
    Pressed(buttons.AskInvolvedOn, people.ask_involved_on, COORDINATOR),
    Pressed(buttons.AskNotNeeded, people.ask_not_needed, COORDINATOR),
    Pressed(buttons.ShowDepartments, people.departments, COORDINATOR),
    Pressed(buttons.AskDepartments, people.ask_departments, COORDINATOR),
    Pressed(buttons.ShowDepartment, people.department, COORDINATOR),
    Pressed(buttons.RemoveDepartment, people.remove_department, COORDINATOR),
    Pressed(buttons.AskInvite, people.ask_invite, COORDINATOR),
    Pressed(buttons.ShowPeople, people.everybody, COORDINATOR),
    Pressed(buttons.ShowPerson, people.person, COORDINATOR),
    Pressed(buttons.RenewLink, people.renew_link, COORDINATOR),
    Pressed(buttons.AskRemovePerson, people.ask_remove, COORDINATOR),
    Pressed(buttons.RemovePerson, people.remove, COORDINATOR),
    Pressed(buttons.InviteMany, people.invite_many, COORDINATOR),
    Pressed(buttons.RevokeMany, people.revoke_many, COORDINATOR),
    Pressed(buttons.ShowChannel, channels.guide, COORDINATOR),
    Pressed(buttons.ConfirmChannel, channels.confirm, COORDINATOR),
    Pressed(buttons.DeclineChannel, channels.decline, COORDINATOR),
    Pressed(buttons.ShowRound, pulse.panel, COORDINATOR),
    Pressed(buttons.PreviewRound, pulse.preview, COORDINATOR),
    Pressed(buttons.AskRoundDate, pulse.ask_date, COORDINATOR),
    Pressed(buttons.PlanRound, pulse.plan, COORDINATOR),
    Pressed(buttons.UnplanRound, pulse.unplan, COORDINATOR),
    Pressed(buttons.StartPulse, pulse.start, MEMBER),
    Pressed(buttons.ShowStatement, pulse.show, MEMBER),
    Pressed(buttons.PulseAnswer, pulse.answer, MEMBER),
    Pressed(buttons.PulsePrivacy, pulse.privacy, MEMBER),
)

OPENED = (
    Opened(buttons.JoinLink, start.follow_invitation, ANYONE),
    Opened(buttons.MenuLink, start.menu, MEMBER),
)

FORMS = (
    Form(start.JOIN, start.own_name_given, ANYONE),
    Form("topic", people.topic_given, COORDINATOR),
    Form("involved", people.involved_on_given, COORDINATOR),
    Form("not_needed", people.not_needed_given, COORDINATOR),
    Form("departments", people.departments_given, COORDINATOR),
    Form("invite", people.invite_given, COORDINATOR),
    Form("round", pulse.date_given, COORDINATOR),
)

HAPPENED = (
    Happened("added", channels.added),
    Happened("removed", channels.lost),
    Happened("moved", channels.migrated),
    Happened("unblocked", start.came_back),
    Happened("blocked", start.went_away),
)
