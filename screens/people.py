"""The coordination's panel, departments and people."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

from markupsafe import Markup

from core.rules.people import (
    BLOCKING_GAPS,
    CROWD_CAPACITY,
    LINK_LIFETIME,
    NOTE_LIMIT,
    Department,
    DepartmentKind,
    Gap,
    Involvement,
    Member,
    Reachability,
    Role,
    Setup,
    clean_line,
)
from core.rules.pulse import Round
from screens import Keyboard, Press, Screen
from screens.buttons import (
    AskDepartments,
    AskInvite,
    AskInviteMany,
    AskInvolvedOn,
    AskNotNeeded,
    AskRemovePerson,
    AskTopic,
    Button,
    InviteMany,
    OpenMenu,
    Panel,
    RecordInvolved,
    RemoveDepartment,
    RemovePerson,
    RenewLink,
    RevokeMany,
    ShowChannel,
    ShowDepartment,
    ShowDepartments,
    ShowInvolvement,
    ShowOwnStatements,
    ShowPeople,
    ShowPerson,
    ShowPlan,
    ShowRound,
)
from screens.l10n import N_, Texts, lines
from screens.menu import question, role_name, short, standing

PAGE = 8
MOST = 16
"""People of one department that one message has room for, whatever their names."""

WHY_LIMIT = NOTE_LIMIT - 40
"""Room for the words around it."""

T = TypeVar("T")

GAPS = {
    Gap.TOPIC: N_("the topic"),
    Gap.COUNCIL: N_("how the staff council is involved"),
    Gap.PROTECTION: N_("how data protection is involved"),
    Gap.DEPARTMENTS: N_("departments"),
    Gap.COORDINATORS: N_("a second coordinator"),
    Gap.CHANNEL: N_("the coordination channel"),
}
REACHABILITY = {
    Reachability.INVITED: N_("invited, not yet connected"),
    Reachability.CONNECTED: N_("connected"),
    Reachability.BLOCKED: N_("has blocked the bot"),
}


def panel(t: Texts, setup: Setup, running: Round | None, toast: str = "") -> Screen:
    """The coordination on one screen."""
    here = setup.municipality
    place = here.id
    text = lines(
        t("<b>Coordination – {municipality}</b>", municipality=here.name),
        _state(t, setup),
        Markup("\n").join(
            [
                t("What it is about: {topic}", topic=here.topic or t.plain("not recorded yet")),
                t("Staff council: {note}", note=here.council or t.plain("not recorded yet")),
                t("Data protection: {note}", note=here.protection or t.plain("not recorded yet")),
                t("Departments and partners: {n}", n=setup.departments),
                t(
                    "People: {people}, of them connected {connected}, blocked {blocked}",
                    people=setup.people, connected=setup.connected - setup.blocked, blocked=setup.blocked,
                ),
                t("Channel: {title}", title=setup.channel.title if setup.channel else t.plain("none yet")),
                _round_state(t, running, here.zone),
            ]
        ),
    )  # fmt: skip
    keys: Keyboard = (
        (Press(t.plain("What it is about"), AskTopic(place)),),
        (
            Press(t.plain("Staff council"), ShowInvolvement(place, Involvement.COUNCIL)),
            Press(t.plain("Data protection"), ShowInvolvement(place, Involvement.PROTECTION)),
        ),
        (Press(t.plain("Departments"), ShowDepartments(place, 0)), Press(t.plain("People"), ShowPeople(place, 0))),
        (Press(t.plain("Channel"), ShowChannel(place)), Press(t.plain("Pulse round"), ShowRound(place))),
        (
            Press(t.plain("Plan and calendar"), ShowPlan(place)),
            Press(t.plain("Own statements"), ShowOwnStatements(place)),
        ),
        (Press(t.plain("To the menu"), OpenMenu(place)),),
    )
    return Screen(text, keys, toast=toast)


def ask_topic(t: Texts) -> Screen:
    return question(
        t,
        t(
            "What is the cooperation about? Please write it in a few words, for example “Municipal education "
            "management”. It is shown before every pulse."
        ),
    )


def involvement(t: Texts, setup: Setup, which: Involvement) -> Screen:
    place = setup.municipality.id
    council = which is Involvement.COUNCIL
    note = setup.municipality.council if council else setup.municipality.protection
    text = lines(
        t("<b>Involvement of the staff council</b>")
        if council
        else t("<b>Involvement of the data protection officer</b>"),
        t("Recorded: {note}", note=note) if note else t("Nothing is recorded yet. Until then, no round can open."),
        t("What you record now replaces it.")
        if note
        else t("Please record the involvement, or why it is not necessary."),
    )
    keys: Keyboard = (
        (Press(t.plain("Involved as of today"), RecordInvolved(place, which)),),
        (Press(t.plain("Involved on another day …"), AskInvolvedOn(place, which)),),
        (Press(t.plain("Not necessary …"), AskNotNeeded(place, which)),),
        _back(t, place),
    )
    return Screen(text, keys)


def ask_involved_on(t: Texts, example: date) -> Screen:
    return question(t, t("On which day? For example: {example}", example=f"{example:%d.%m.%Y}"))


def ask_not_needed(t: Texts) -> Screen:
    return question(t, t("Why is it not necessary? Please give the reason in a few words."))


def involved_on(t: Texts, day: date) -> str:
    """What is recorded, in the words of whoever recorded it."""
    return t.plain("involved on {day}", day=t.long_date(day))


def not_needed(t: Texts, why: str) -> str:
    return t.plain("not necessary: {why}", why=clean_line(why, WHY_LIMIT))


def removed(t: Texts, name: str) -> str:
    """A toast."""
    return t.plain("Removed: {name}", name=name)


def revoked(t: Texts) -> str:
    """A toast."""
    return t.plain("The link for many no longer works.")


def departments(t: Texts, place: int, listed: Sequence[Department], page: int, toast: str = "") -> Screen:
    shown, turn = _page(t, listed, page, lambda number: ShowDepartments(place, number))
    text = lines(
        t("<b>Departments and partners</b>"),
        t("There are none yet. Add one, or paste a list: one line for each.")
        if not listed
        else t.plural("{n} entry. Press it to invite people.", "{n} entries. Press one to invite people.", len(listed)),
    )
    keys: Keyboard = (
        *((Press(_department_label(t, d), ShowDepartment(place, d.id)),) for d in shown),
        *turn,
        (
            Press(t.plain("Add departments"), AskDepartments(place, DepartmentKind.DEPARTMENT)),
            Press(t.plain("Add partners"), AskDepartments(place, DepartmentKind.PARTNER)),
        ),
        _back(t, place),
    )
    return Screen(text, keys, toast=toast)


def ask_departments(t: Texts, kind: DepartmentKind) -> Screen:
    if kind is DepartmentKind.PARTNER:
        return question(t, t("Please write the external partners (school, agency, association), one line for each."))
    return question(t, t("Please write the departments, one line for each. You can paste a whole list."))


def departments_added(t: Texts, place: int, added: Sequence[str], known: Sequence[str]) -> Screen:
    text = lines(
        t.plural("{n} entry added: {names}", "{n} entries added: {names}", len(added), names=_listed(added))
        if added
        else t("Nothing was added."),
        t("Already there: {names}", names=_listed(known)) if known else "",
    )
    return Screen(text, ((Press(t.plain("Departments"), ShowDepartments(place, 0)),), _back(t, place)))


def department(t: Texts, shown: Department, people: Sequence[Member]) -> Screen:
    place = shown.municipality_id
    seated = any(p.role is Role.REPRESENTATIVE for p in people)
    text = lines(
        t("<b>{name}</b>", name=shown.name),
        t("External partner") if shown.kind is DepartmentKind.PARTNER else "",
        _people_lines(t, people[:MOST]) or t("Nobody is registered here yet."),
        t("Further people: {n}. All of them are listed under “People”.", n=len(people) - MOST)
        if len(people) > MOST
        else "",
    )
    keys: list[tuple[Press, ...]] = [(Press(_person_label(t, p), ShowPerson(place, p.id)),) for p in people[:MOST]]
    if not seated:
        keys.append((Press(t.plain("Invite the contact person"), AskInvite(place, shown.id, Role.REPRESENTATIVE)),))
    keys.append((Press(t.plain("Invite a deputy"), AskInvite(place, shown.id, Role.DEPUTY)),))
    keys.append((Press(t.plain("Invite another person"), AskInvite(place, shown.id, Role.PARTICIPANT)),))
    if not people:
        keys.append((Press(t.plain("Remove this department"), RemoveDepartment(place, shown.id)),))
    keys.append((Press(t.plain("Back"), ShowDepartments(place, 0)),))
    return Screen(text, tuple(keys))


def ask_name(t: Texts, role: Role, department_name: str) -> Screen:
    place = t.plain(N_("{role}, {department}"), role=_next_role(t, role), department=department_name)
    return question(
        t,
        t("Invitation as: {standing}. Please write the first and last name.",
          standing=place if department_name else _next_role(t, role)),
    )  # fmt: skip


def personal_link(t: Texts, person: Member, url: str) -> Screen:
    """A message to pass on, and below it what the coordinator can do next."""
    to_pass_on = lines(
        t("Hello {name}, you are invited to take part in {municipality}: {standing}.", name=person.name,
          municipality=person.municipality, standing=standing(t, person)),
        t("Please open this link in Telegram. It works for {days} days and can be used once:", days=LINK_LIFETIME.days),
        Markup.escape(url),
    )  # fmt: skip
    text = t(
        "Please forward the message above to {name} only. The bot only writes to people who have opened a link.",
        name=person.name,
    )
    back: Button = (
        ShowDepartment(person.municipality_id, person.department_id)
        if person.department_id
        else ShowPeople(person.municipality_id, 0)
    )
    keys = ((Press(t.plain("Back"), back),), _back(t, person.municipality_id))
    return Screen(text, keys, to_pass_on=to_pass_on)


def ask_crowd_link(t: Texts, place: int) -> Screen:
    text = lines(
        t("<b>Link for many</b>"),
        t(
            "With one link up to {capacity} people can join, as participants only: they take part in the pulse and "
            "have no seat. A link made earlier no longer works then.",
            capacity=CROWD_CAPACITY,
        ),
    )
    keys: Keyboard = (
        (Press(t.plain("Make a new link"), InviteMany(place)),),
        (Press(t.plain("Revoke the present link"), RevokeMany(place)),),
        (Press(t.plain("Back"), ShowPeople(place, 0)),),
    )
    return Screen(text, keys)


def crowd_link(t: Texts, place: int, municipality: str, url: str) -> Screen:
    to_pass_on = lines(
        t("You are invited to take part in {municipality}.", municipality=municipality),
        t("Please open this link in Telegram. It works for {days} days:", days=LINK_LIFETIME.days),
        Markup.escape(url),
    )
    text = t(
        "You can forward the message above. Up to {capacity} people can join with it, as participants only: they take "
        "part in the pulse and have no seat. An earlier link for many no longer works.",
        capacity=CROWD_CAPACITY,
    )
    keys = ((Press(t.plain("Revoke this link"), RevokeMany(place)),), _back(t, place))
    return Screen(text, keys, to_pass_on=to_pass_on)


def everybody(t: Texts, place: int, listed: Sequence[Member], page: int, toast: str = "") -> Screen:
    """The register. It shows who can be reached, never who has answered."""
    shown, turn = _page(t, listed, page, lambda number: ShowPeople(place, number))
    text = lines(t("<b>People</b>"), _people_lines(t, shown, with_department=True))
    keys: Keyboard = (
        *((Press(_person_label(t, p), ShowPerson(place, p.id)),) for p in shown),
        *turn,
        (
            Press(t.plain("Invite somebody to coordinate"), AskInvite(place, 0, Role.COORDINATOR)),
            Press(t.plain("Link for many"), AskInviteMany(place)),
        ),
        _back(t, place),
    )
    return Screen(text, keys, toast=toast)


def person(t: Texts, shown: Member) -> Screen:
    place = shown.municipality_id
    text = lines(
        t("<b>{name}</b>", name=shown.name),
        Markup.escape(standing(t, shown)),
        t("Reachability: {state}", state=t.plain(REACHABILITY[shown.reachability])),
    )
    keys: list[tuple[Press, ...]] = []
    if shown.reachability is Reachability.INVITED:
        keys.append((Press(t.plain("Make a new link"), RenewLink(place, shown.id)),))
    keys.append((Press(t.plain("Remove from the register"), AskRemovePerson(place, shown.id)),))
    back: Button = ShowDepartment(place, shown.department_id) if shown.department_id else ShowPeople(place, 0)
    keys.append((Press(t.plain("Back"), back),))
    return Screen(text, tuple(keys))


def ask_remove(t: Texts, shown: Member) -> Screen:
    text = lines(
        t("Remove <b>{name}</b> ({standing}) from the register?", name=shown.name, standing=standing(t, shown)),
        t(
            "The entry is deleted at once; this cannot be undone. Answers already given in an open round count until "
            "its end; the coordination cannot see them."
        ),
        t("This person belongs to the coordination, which needs at least two people.") if shown.is_coordinator else "",
    )
    keys: Keyboard = (
        (Press(t.plain("Yes, remove"), RemovePerson(shown.municipality_id, shown.id)),),
        (Press(t.plain("No, keep"), ShowPerson(shown.municipality_id, shown.id)),),
    )
    return Screen(text, keys)


def _state(t: Texts, setup: Setup) -> Markup:
    if not setup.gaps:
        return t("The setup is complete.")
    missing = ", ".join(t.plain(GAPS[gap]) for gap in setup.gaps)
    state = t("The setup is <b>incomplete</b>. Still missing: {missing}.", missing=missing)
    return (
        Markup(" ").join([state, t("No round opens without topic, staff council and data protection.")])
        if BLOCKING_GAPS & set(setup.gaps)
        else state
    )


def _round_state(t: Texts, running: Round | None, zone: str) -> Markup:
    if running is None:
        return t("Pulse round: none planned")
    if running.opened_at is None:
        return t("Pulse round: opens {moment}", moment=t.moment(running.opens_at, zone))
    return t("Pulse round: open until {moment}", moment=t.moment(running.closes_at, zone))


def _next_role(t: Texts, role: Role) -> str:
    return t.plain("Deputy") if role is Role.DEPUTY else role_name(t, role)


def _people_lines(t: Texts, people: Sequence[Member], *, with_department: bool = False) -> Markup:
    return Markup("\n").join(
        t("{name} – {standing}: {state}", name=p.name,
          standing=standing(t, p) if with_department else role_name(t, p.role, p.rank),
          state=t.plain(REACHABILITY[p.reachability]))
        for p in people
    )  # fmt: skip


def _person_label(t: Texts, person_: Member) -> str:
    return short(f"{person_.name} ({role_name(t, person_.role, person_.rank)})")


def _department_label(t: Texts, shown: Department) -> str:
    if shown.kind is DepartmentKind.PARTNER:
        return short(t.plain(N_("{name} (partner)"), name=shown.name))
    return short(shown.name)


def _listed(names: Sequence[str]) -> str:
    return short(", ".join(names), 900)


def _page(t: Texts, listed: Sequence[T], page: int, to: Callable[[int], Button]) -> tuple[Sequence[T], Keyboard]:
    """The entries of one page and the keys to the pages beside it; a page that no longer exists is the last one."""
    last = max(0, (len(listed) - 1) // PAGE)
    page = min(page, last)
    back = (Press(t.plain("Previous page"), to(page - 1)),) if page > 0 else ()
    onward = (Press(t.plain("Next page"), to(page + 1)),) if page < last else ()
    return listed[page * PAGE : (page + 1) * PAGE], ((*back, *onward),) if back or onward else ()


def _back(t: Texts, place: int) -> tuple[Press, ...]:
    return (Press(t.plain("To the coordination"), Panel(place)),)
