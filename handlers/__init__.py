"""ROUTES: every command, button, form, deep link and event on one page, each with the permission it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.rules.people import Permission
from handlers import absence, channels, people, plans, privacy, pulse, rounds, start, statements, trends
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
    keeps_form: bool = False
    """A turn that looks into the urn writes nothing to the database, so it cannot end a form."""


@dataclass(frozen=True)
class Pressed:
    button: type[buttons.Button]
    handler: Handler
    permission: Permission
    ends_form: bool = False
    """Whether it is the last press of a form, which needs what was typed."""


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
    Typed(commands.PULSE, pulse.current, MEMBER, keeps_form=True),
    Typed(commands.COORDINATION, people.panel, COORDINATOR),
    Typed(commands.LANGUAGE, start.choose_language, MEMBER),
    Typed(commands.PRIVACY, privacy.notice, ANYONE),
    Typed(commands.MY_DATA, privacy.my_data, ANYONE, keeps_form=True),
    Typed(commands.LEAVE, privacy.ask_leave, ANYONE),
    Typed(commands.AWAY, absence.away, MEMBER),
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
    Pressed(buttons.ShowMyData, privacy.my_data, ANYONE),
    Pressed(buttons.AskLeave, privacy.ask_leave, ANYONE),
    Pressed(buttons.AskLeaveHere, privacy.ask_leave_here, ANYONE),
    Pressed(buttons.Leave, privacy.leave, ANYONE),
    Pressed(buttons.ShowAbsence, absence.show, MEMBER),
    Pressed(buttons.GoAway, absence.go_away, MEMBER),
    Pressed(buttons.AskAway, absence.ask_day, MEMBER),
    Pressed(buttons.ComeBack, absence.come_back, MEMBER),
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
    Pressed(buttons.AskInviteMany, people.ask_invite_many, COORDINATOR),
    Pressed(buttons.InviteMany, people.invite_many, COORDINATOR),
    Pressed(buttons.RevokeMany, people.revoke_many, COORDINATOR),
    Pressed(buttons.ShowChannel, channels.guide, COORDINATOR),
    Pressed(buttons.ConfirmChannel, channels.confirm, COORDINATOR),
    Pressed(buttons.DeclineChannel, channels.decline, COORDINATOR),
    Pressed(buttons.ShowRound, rounds.panel, COORDINATOR),
    Pressed(buttons.PreviewRound, rounds.preview, COORDINATOR),
    Pressed(buttons.AskRoundDate, rounds.ask_date, COORDINATOR),
    Pressed(buttons.PlanRound, rounds.plan, COORDINATOR),
    Pressed(buttons.UnplanRound, rounds.unplan, COORDINATOR),
    Pressed(buttons.ShowOwnStatements, statements.overview, COORDINATOR),
    Pressed(buttons.ShowQuestionBank, statements.question_bank, COORDINATOR),
    Pressed(buttons.ChooseDimension, statements.choose_dimension, COORDINATOR),
    Pressed(buttons.AskOwnStatement, statements.ask, COORDINATOR),
    Pressed(buttons.ProposeStatement, statements.propose, COORDINATOR, ends_form=True),
    Pressed(buttons.ShowOwnStatement, statements.show, COORDINATOR),
    Pressed(buttons.ApproveStatement, statements.approve, COORDINATOR),
    Pressed(buttons.DeclineStatement, statements.decline, COORDINATOR),
    Pressed(buttons.AskRetireStatement, statements.ask_retire, COORDINATOR),
    Pressed(buttons.RetireStatement, statements.retire, COORDINATOR),
    Pressed(buttons.PreviewRoundAt, rounds.preview_at, COORDINATOR),
    Pressed(buttons.ExtendRound, rounds.extend, COORDINATOR),
    Pressed(buttons.ShowPlan, plans.overview, COORDINATOR),
    Pressed(buttons.ShowDigestPlan, plans.digest_plan, COORDINATOR),
    Pressed(buttons.EditPlan, plans.edit, COORDINATOR),
    Pressed(buttons.ChoosePart, plans.choose, COORDINATOR),
    Pressed(buttons.AskStart, plans.ask_start, COORDINATOR),
    Pressed(buttons.SavePlan, plans.save, COORDINATOR),
    Pressed(buttons.PausePlan, plans.pause, COORDINATOR),
    Pressed(buttons.ResumePlan, plans.resume, COORDINATOR),
    Pressed(buttons.SkipDate, plans.skip, COORDINATOR),
    Pressed(buttons.UndoSkip, plans.undo_skip, COORDINATOR),
    Pressed(buttons.AskDiscardPlan, plans.ask_discard, COORDINATOR),
    Pressed(buttons.DiscardPlan, plans.discard, COORDINATOR),
    Pressed(buttons.ShowSettings, plans.show_settings, COORDINATOR),
    Pressed(buttons.ShowPeriods, plans.show_periods, COORDINATOR),
    Pressed(buttons.AskPeriod, plans.ask_period, COORDINATOR),
    Pressed(buttons.RemovePeriod, plans.remove_period, COORDINATOR),
    Pressed(buttons.RestorePeriod, plans.restore_period, COORDINATOR),
    Pressed(buttons.ShowLands, plans.lands, COORDINATOR),
    Pressed(buttons.SetLand, plans.set_land, COORDINATOR),
    Pressed(buttons.ShowMinimum, plans.minimum, COORDINATOR),
    Pressed(buttons.SetMinimum, plans.set_minimum, COORDINATOR),
    Pressed(buttons.ShowChannelLanguage, plans.channel_language, COORDINATOR),
    Pressed(buttons.SetChannelLanguage, plans.set_channel_language, COORDINATOR),
    Pressed(buttons.StartPulse, pulse.start, MEMBER),
    Pressed(buttons.ShowStatement, pulse.show, MEMBER),
    Pressed(buttons.PulseAnswer, pulse.answer, MEMBER),
    Pressed(buttons.PulsePrivacy, pulse.privacy, MEMBER),
    Pressed(buttons.ShowResults, trends.show, MEMBER),
    Pressed(buttons.ShowDetails, trends.details, MEMBER),
    Pressed(buttons.ExplainResult, trends.explain, MEMBER),
)

OPENED = (
    Opened(buttons.JoinLink, start.follow_invitation, ANYONE),
    Opened(buttons.MenuLink, start.menu, MEMBER),
    Opened(buttons.ResultsLink, trends.show, MEMBER),
    Opened(buttons.ReadingLink, trends.explain, MEMBER),
)

FORMS = (
    Form(start.JOIN, start.own_name_given, ANYONE),
    Form(absence.AWAY, absence.day_given, MEMBER),
    Form("topic", people.topic_given, COORDINATOR),
    Form("involved", people.involved_on_given, COORDINATOR),
    Form("not_needed", people.not_needed_given, COORDINATOR),
    Form("departments", people.departments_given, COORDINATOR),
    Form("invite", people.invite_given, COORDINATOR),
    Form("round", rounds.date_given, COORDINATOR),
    Form("plan_start", plans.start_given, COORDINATOR),
    Form("period", plans.period_given, COORDINATOR),
    Form("statement", statements.given, COORDINATOR),
)

HAPPENED = (
    Happened("added", channels.added),
    Happened("removed", channels.lost),
    Happened("moved", channels.migrated),
    Happened("unblocked", start.came_back),
    Happened("blocked", start.went_away),
)
