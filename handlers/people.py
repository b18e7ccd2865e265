"""The coordination: setup, departments, people and invitations."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.actions import people as deeds
from core.queries import people, pulse
from core.rules.people import Department, DepartmentKind, Involvement, Member, Role, pasted_names
from core.rules.refusal import Reason, Refusal
from core.rules.workdays import read_date
from handlers import forms
from handlers.turn import Turn
from screens import Screen
from screens import people as screens
from screens.buttons import (
    AskDepartments,
    AskInvite,
    AskInviteMany,
    AskInvolvedOn,
    AskNotNeeded,
    AskRemovePerson,
    AskTopic,
    InviteMany,
    JoinLink,
    Panel,
    RecordInvolved,
    RemoveDepartment,
    RemovePerson,
    RenewLink,
    RevokeMany,
    ShowDepartment,
    ShowDepartments,
    ShowInvolvement,
    ShowPeople,
    ShowPerson,
    Token,
)
from screens.l10n import texts


def panel(turn: Turn, _asked: Panel | str) -> Screen:
    return _panel(turn)


def ask_topic(turn: Turn, _button: AskTopic) -> Screen:
    return forms.ask(turn, "topic", screens.ask_topic(turn.t), municipality=turn.member.municipality_id)


def topic_given(turn: Turn, _draft: dict[str, Any], text: str) -> Screen:
    deeds.set_topic(turn.db, turn.member, text)
    forms.done(turn)
    return _panel(turn)


def involvement(turn: Turn, button: ShowInvolvement) -> Screen:
    return screens.involvement(turn.t, people.setup(turn.db, turn.member.municipality_id), button.which)


def involved_today(turn: Turn, button: RecordInvolved) -> Screen:
    here = people.municipality(turn.db, turn.member.municipality_id)
    today = turn.now.astimezone(ZoneInfo(here.zone)).date()
    deeds.record_involvement(turn.db, turn.member, button.which, screens.involved_on(texts(here.locale), today))
    return _panel(turn)


def ask_involved_on(turn: Turn, button: AskInvolvedOn) -> Screen:
    question = screens.ask_involved_on(turn.t, turn.now.date() - timedelta(days=7))
    return forms.ask(turn, "involved", question, municipality=turn.member.municipality_id, which=button.which)


def involved_on_given(turn: Turn, draft: dict[str, Any], text: str) -> Screen:
    here = people.municipality(turn.db, turn.member.municipality_id)
    today = turn.now.astimezone(ZoneInfo(here.zone)).date()
    # Without a year the latest such day is meant.
    day, _ = read_date(text, today - timedelta(days=364))
    if day > today:
        raise Refusal(Reason.DATE_IN_THE_FUTURE)
    note = screens.involved_on(texts(here.locale), day)
    deeds.record_involvement(turn.db, turn.member, Involvement(draft["which"]), note)
    forms.done(turn)
    return _panel(turn)


def ask_not_needed(turn: Turn, button: AskNotNeeded) -> Screen:
    question = screens.ask_not_needed(turn.t)
    return forms.ask(turn, "not_needed", question, municipality=turn.member.municipality_id, which=button.which)


def not_needed_given(turn: Turn, draft: dict[str, Any], text: str) -> Screen:
    here = people.municipality(turn.db, turn.member.municipality_id)
    note = screens.not_needed(texts(here.locale), text)
    deeds.record_involvement(turn.db, turn.member, Involvement(draft["which"]), note)
    forms.done(turn)
    return _panel(turn)


def departments(turn: Turn, button: ShowDepartments) -> Screen:
    return _departments(turn, button.page)


def ask_departments(turn: Turn, button: AskDepartments) -> Screen:
    question = screens.ask_departments(turn.t, button.kind)
    return forms.ask(turn, "departments", question, municipality=turn.member.municipality_id, kind=button.kind)


def departments_given(turn: Turn, draft: dict[str, Any], text: str) -> Screen:
    kind = DepartmentKind(draft["kind"])
    added, known = deeds.add_departments(turn.db, turn.member, pasted_names(text), kind)
    forms.done(turn)
    return screens.departments_added(turn.t, turn.member.municipality_id, added, known)


def department(turn: Turn, button: ShowDepartment) -> Screen:
    shown = _department(turn, button.department)
    return screens.department(turn.t, shown, people.members(turn.db, shown.municipality_id, shown.id))


def remove_department(turn: Turn, button: RemoveDepartment) -> Screen:
    name = deeds.remove_department(turn.db, turn.member, button.department)
    return _departments(turn, 0, screens.removed(turn.t, name))


def ask_invite(turn: Turn, button: AskInvite) -> Screen:
    name = _department(turn, button.department).name if button.department else ""
    return forms.ask(
        turn, "invite", screens.ask_name(turn.t, button.role, name),
        municipality=turn.member.municipality_id, department=button.department, role=button.role,
    )  # fmt: skip


def invite_given(turn: Turn, draft: dict[str, Any], text: str) -> Screen:
    role, department_id = Role(draft["role"]), draft["department"] or None
    person, token = deeds.invite(turn.db, turn.member, role, department_id, text, turn.now)
    forms.done(turn)
    return _personal_link(turn, person, token)


def ask_invite_many(turn: Turn, _button: AskInviteMany) -> Screen:
    return screens.ask_crowd_link(turn.t, turn.member.municipality_id)


def invite_many(turn: Turn, _button: InviteMany) -> Screen:
    token = deeds.invite_many(turn.db, turn.member, turn.now)
    place = turn.member
    return screens.crowd_link(turn.t, place.municipality_id, place.municipality, turn.url(JoinLink(Token(token))))


def revoke_many(turn: Turn, _button: RevokeMany) -> Screen:
    deeds.revoke_many(turn.db, turn.member, turn.now)
    return _everybody(turn, 0, screens.revoked(turn.t))


def everybody(turn: Turn, button: ShowPeople) -> Screen:
    return _everybody(turn, button.page)


def person(turn: Turn, button: ShowPerson) -> Screen:
    return screens.person(turn.t, _member(turn, button.member))


def renew_link(turn: Turn, button: RenewLink) -> Screen:
    return _personal_link(turn, *deeds.renew_link(turn.db, turn.member, button.member, turn.now))


def ask_remove(turn: Turn, button: AskRemovePerson) -> Screen:
    return screens.ask_remove(turn.t, _member(turn, button.member))


def remove(turn: Turn, button: RemovePerson) -> Screen:
    gone = deeds.remove(turn.db, turn.member, button.member)
    return _everybody(turn, 0, screens.removed(turn.t, gone.name))


def _panel(turn: Turn) -> Screen:
    place = turn.member.municipality_id
    return screens.panel(turn.t, people.setup(turn.db, place), pulse.running(turn.db, place))


def _departments(turn: Turn, page: int, toast: str = "") -> Screen:
    place = turn.member.municipality_id
    return screens.departments(turn.t, place, people.departments(turn.db, place), page, toast)


def _everybody(turn: Turn, page: int, toast: str = "") -> Screen:
    place = turn.member.municipality_id
    return screens.everybody(turn.t, place, people.members(turn.db, place), page, toast)


def _department(turn: Turn, department_id: int) -> Department:
    return people.department(turn.db, turn.member.municipality_id, department_id)


def _member(turn: Turn, member_id: int) -> Member:
    return people.member(turn.db, turn.member.municipality_id, member_id)


def _personal_link(turn: Turn, person_: Member, token: str) -> Screen:
    return screens.personal_link(turn.t, person_, turn.url(JoinLink(Token(token))))
