"""Every screen and every sentence once, with plain names of a town or with the worst that may come."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from core import questions
from core.rules.people import (
    DEPARTMENTS_AT_ONCE,
    NAME_LIMIT,
    NOTE_LIMIT,
    TOPIC_LIMIT,
    Channel,
    Department,
    DepartmentKind,
    Invitation,
    Involvement,
    Member,
    Municipality,
    Reachability,
    Role,
    Setup,
)
from core.rules.pulse import Dimension, Round, compose
from core.rules.refusal import Reason, Refusal
from core.rules.trends import Code, Figure, Participation, Result
from screens import Screen, channels, menu, people, privacy, pulse, refusals, trends
from screens.buttons import LARGEST, JoinLink, Token
from screens.l10n import Texts

TOKEN = Token("0123456789abcdef" * 2)
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
FIVE_DAYS = timedelta(days=4, hours=6)
STATEMENTS = compose(questions.bank())
Shown = Screen | str


@dataclass(frozen=True)
class Town:
    """What its people have typed, and how many of everything there are."""

    municipality: str = "Landkreis Musterland"
    other: str = "Stadt Beispielhausen"
    topic: str = "Kommunales Bildungsmanagement"
    note: str = "beteiligt am 16. November 2026"
    person: str = "Anna Müller"
    second: str = "Bülent Yılmaz"
    department: str = "Jugendamt"
    partner: str = "Agentur für Arbeit"
    channel: str = "Koordination Bildung"
    place: int = 1
    number: int = 7
    many: int = 9
    at_once: int = 3


WORST_NAME = ("ß&<" * NAME_LIMIT)[:NAME_LIMIT]
WORST_LINE = ("ß&<" * TOPIC_LIMIT)[:TOPIC_LIMIT]
WORST_WIDE = "𝔄" * NAME_LIMIT
"""Two UTF-16 units each."""


def town_of(name: str, line: str, *, title: str | None = None) -> Town:
    """A town in which everything is called ``name``, at the limits of every number."""
    return Town(
        municipality=name, other=name, topic=line[:TOPIC_LIMIT], note=line[:NOTE_LIMIT], person=name, second=name,
        department=name, partner=name, channel=name if title is None else title, place=LARGEST, number=LARGEST,
        many=300, at_once=DEPARTMENTS_AT_ONCE,
    )  # fmt: skip


WORST = town_of(WORST_NAME, WORST_LINE, title="&" * 255)
WIDE = town_of(WORST_WIDE, "𝔄" * TOPIC_LIMIT, title="𝔄" * 128)


def gallery(t: Texts, town: Town) -> Mapping[str, Shown]:
    """By ``module.function`` or ``module.function: variant``."""
    made: dict[str, Shown] = {}
    for name, shown in (
        *_menu(t, town), *_people(t, town), *_department(t, town), *_pulse(t, town), *_rest(t, town), *_trends(t, town)
    ):  # fmt: skip
        if name in made:
            raise ValueError(f"{name} is in the gallery twice")
        made[name] = shown
    return made


def screens(t: Texts, town: Town) -> Mapping[str, Screen]:
    return {name: shown for name, shown in gallery(t, town).items() if isinstance(shown, Screen)}


def refusals_of(town: Town) -> Mapping[Reason, Refusal]:
    """Each reason with the details that it comes with."""
    details: dict[Reason, dict[str, object]] = {
        Reason.NAME_TOO_LONG: {"limit": 80, "length": 104, "start": town.department[:30]},
        Reason.NAME_TAKEN: {"name": town.municipality},
        Reason.TEXT_TOO_LONG: {"limit": 200, "length": 4096},
        Reason.TOO_MANY_LINES: {"limit": 60, "length": 61},
        Reason.DEPARTMENT_NOT_EMPTY: {"name": town.department},
        Reason.SEAT_TAKEN: {"department": town.department, "name": town.person},
        Reason.ALREADY_CONNECTED: {"name": town.person},
        Reason.LAST_COORDINATOR: {"name": town.person},
        Reason.CHANNEL_IS_PUBLIC: {"title": town.channel},
        Reason.CHANNEL_IS_TAKEN: {"title": town.channel},
    }
    return {reason: Refusal(reason, **details.get(reason, {})) for reason in Reason}


def here(town: Town) -> Municipality:
    return Municipality(
        town.place, town.municipality, "de", "Europe/Berlin", town.topic, town.note, town.note, 5
    )  # fmt: skip


def member(town: Town, role: Role = Role.REPRESENTATIVE, *, rank: int = 0, away: bool = False) -> Member:
    lonely = away or role in {Role.COORDINATOR, Role.PARTICIPANT}
    return Member(
        id=town.number, municipality_id=town.place, municipality=town.municipality,
        department_id=None if lonely else town.number, department="" if lonely else town.department,
        role=role, rank=rank, name=town.person, account_id=3, reachability=Reachability.CONNECTED,
    )  # fmt: skip


def round_of(town: Town) -> Round:
    return Round(
        id=town.number, municipality_id=town.place, number=town.number, opens_at=NOW, closes_at=NOW + FIVE_DAYS,
        opened_at=NOW, closing_at=None, closed_at=None, cancelled_at=None, minimum=5, invited=44, topic=town.topic,
    )  # fmt: skip


def setup_of(town: Town) -> Setup:
    return Setup(here(town), 2, town.many, 44, 41, 2, channel_of(town))


def channel_of(town: Town) -> Channel:
    return Channel(town.number, town.place, -1001, town.channel, True)


def result(town: Town, number: int, n: int = 14, **changes: object) -> Result:
    values = {Dimension.MUST: Figure(75, Code.EXACT, n), Dimension.WANT: Figure(60, Code.EXACT, n),
              Dimension.CAN: Figure(45, Code.EXACT, n)}  # fmt: skip
    full = Result(
        round_id=number, number=number, closed_on=date(2026, 1, 30) + timedelta(days=28 * (number % 12)),
        participation=Participation(31, 44), minimum=5, figures=values,
    )  # fmt: skip
    return replace(full, **changes)  # type: ignore[arg-type]  # the tests name the fields


def _menu(t: Texts, town: Town) -> Iterator[tuple[str, Shown]]:
    place, contact = here(town), member(town)
    lead = member(town, Role.COORDINATOR)
    elsewhere = replace(contact, municipality_id=2, municipality=town.other)
    both = (lead, replace(contact, role=Role.DEPUTY, rank=2), elsewhere)
    yield "menu.home", menu.home(t, place, contact, (contact,), None)
    yield "menu.home: open round, many hats", menu.home(t, place, lead, both, round_of(town))
    yield "menu.municipalities", menu.municipalities(t, both)
    yield "menu.languages", menu.languages(t, contact)
    yield "menu.languages: stranger", menu.languages(t, None)
    yield "menu.welcome_stranger", menu.welcome_stranger(t)
    yield "menu.help_page", menu.help_page(t, contact, coordinates=False)
    yield "menu.help_page: coordinator", menu.help_page(t, lead, coordinates=True)
    yield "menu.help_page: stranger", menu.help_page(t, None, coordinates=False)
    yield "menu.question", menu.question(t, t("<b>{name}</b>", name=town.person))
    yield "menu.cancelled", menu.cancelled(t)
    yield "menu.nothing_open", menu.nothing_open(t, contact)
    yield "menu.nothing_open: stranger", menu.nothing_open(t, None)


def _people(t: Texts, town: Town) -> Iterator[tuple[str, Shown]]:
    named = Invitation(
        1, town.place, town.municipality, town.topic, town.department, Role.DEPUTY, 2, town.person, 5, False
    )
    first = Invitation(1, town.place, town.municipality, "", "", Role.COORDINATOR, 0, "", None, False)
    crowd = replace(first, topic=town.topic, role=Role.PARTICIPANT, for_many=True)
    full = setup_of(town)
    nothing = Setup(replace(here(town), topic="", council="", protection=""), 1, 0, 1, 1, 0, None)
    round_ = round_of(town)
    contact, lead = member(town), member(town, Role.COORDINATOR)
    url = f"https://t.me/dreiklang_bot?start={JoinLink(TOKEN).pack()}"
    yield "people.invitation", people.invitation(t, named, TOKEN)
    yield "people.invitation: first coordinator", people.invitation(t, first, TOKEN)
    yield "people.invitation: for many", people.invitation(t, crowd, TOKEN)
    yield "people.invitation: for somebody known", people.invitation(t, named, TOKEN, contact)
    yield "people.joining_cancelled", people.joining_cancelled(t)
    yield "people.invitation_as_named", people.invitation_as_named(t, named, town.second)
    yield "people.ask_own_name", people.ask_own_name(t)
    yield "people.joined", people.joined(t, contact)
    yield "people.joined: coordinator", people.joined(t, lead)
    yield "people.already_joined", people.already_joined(t, contact)
    yield "people.panel", people.panel(t, full, round_)
    yield "people.panel: planned round", people.panel(t, full, replace(round_, opened_at=None))
    yield "people.panel: nothing yet", people.panel(t, nothing, None)
    yield "people.panel: only the channel is missing", people.panel(t, replace(full, channel=None), None)
    yield "people.ask_topic", people.ask_topic(t)
    yield "people.involvement: council", people.involvement(t, full, Involvement.COUNCIL)
    yield "people.involvement: protection, not yet", people.involvement(t, nothing, Involvement.PROTECTION)
    yield "people.ask_involved_on", people.ask_involved_on(t, date(2026, 11, 16))
    yield "people.ask_not_needed", people.ask_not_needed(t)
    yield "people.involved_on", people.involved_on(t, date(2026, 11, 16))
    yield "people.not_needed", people.not_needed(t, town.note[: people.WHY_LIMIT])
    yield "people.ask_name: deputy", people.ask_name(t, Role.DEPUTY, town.department)
    yield "people.ask_name: coordinator", people.ask_name(t, Role.COORDINATOR, "")
    yield "people.personal_link", people.personal_link(t, contact, url)
    yield "people.personal_link: without department", people.personal_link(t, lead, url)
    yield "people.crowd_link", people.crowd_link(t, town.place, town.municipality, url)
    yield "people.ask_remove", people.ask_remove(t, contact)
    yield "people.removed", people.removed(t, town.person)
    yield "people.revoked", people.revoked(t)


def _department(t: Texts, town: Town) -> Iterator[tuple[str, Shown]]:
    place = town.place
    one = Department(town.number, place, town.department, DepartmentKind.DEPARTMENT)
    partner = Department(town.number, place, town.partner, DepartmentKind.PARTNER)
    listed = [partner if n % 2 else one for n in range(town.many)]
    contact = member(town)
    deputy = replace(contact, role=Role.DEPUTY, rank=1, name=town.second, reachability=Reachability.INVITED)
    blocked = replace(contact, role=Role.PARTICIPANT, reachability=Reachability.BLOCKED)
    staff = [contact, deputy, blocked]
    everyone = [staff[n % 3] for n in range(town.many)]
    names = [town.department] * town.at_once
    yield "people.departments", people.departments(t, place, listed, 0)
    yield "people.departments: second page", people.departments(t, place, listed, 1, toast=t.plain("Cancel"))
    yield "people.departments: none", people.departments(t, place, [], 0)
    yield "people.departments: one", people.departments(t, place, [one], 0)
    yield "people.ask_departments: departments", people.ask_departments(t, DepartmentKind.DEPARTMENT)
    yield "people.ask_departments: partners", people.ask_departments(t, DepartmentKind.PARTNER)
    yield "people.departments_added", people.departments_added(t, place, names, [])
    yield "people.departments_added: one new, rest known", people.departments_added(t, place, names[:1], names[1:])
    yield "people.departments_added: none new", people.departments_added(t, place, [], names)
    yield "people.department", people.department(t, one, everyone if town.many > 9 else staff)
    yield "people.department: partner without people", people.department(t, partner, [])
    yield "people.everybody", people.everybody(t, place, everyone, 0)
    yield "people.everybody: second page", people.everybody(t, place, everyone, 1)
    yield "people.everybody: a page that is gone", people.everybody(t, place, everyone[:3], LARGEST)
    yield "people.person", people.person(t, contact)
    yield "people.person: invited", people.person(t, deputy)
    yield "people.person: blocked", people.person(t, blocked)


def _pulse(t: Texts, town: Town) -> Iterator[tuple[str, Shown]]:
    place, round_ = here(town), round_of(town)
    ahead = replace(round_, opened_at=None)
    count = len(STATEMENTS)
    saved = pulse.stored(t)
    yield "pulse.panel: none", pulse.panel(t, place, None)
    yield "pulse.panel: planned", pulse.panel(t, place, ahead)
    yield "pulse.panel: open", pulse.panel(t, place, round_)
    yield "pulse.ask_date", pulse.ask_date(t)
    yield "pulse.preview: now", pulse.preview(t, place, ahead, STATEMENTS, 44, 0)
    yield "pulse.preview: later, few people", pulse.preview(t, place, ahead, STATEMENTS, 1, LARGEST)
    yield "pulse.planned: later", pulse.planned(t, place, ahead)
    yield "pulse.planned: now", pulse.planned(t, place, round_)
    yield "pulse.invitation", pulse.invitation(t, place, round_, count)
    yield "pulse.privacy", pulse.privacy(t, round_)
    for position in range(count):
        yield f"pulse.statement: {position + 1}", pulse.statement(t, round_, STATEMENTS, position, dealt=False)
    yield "pulse.statement: answered before", pulse.statement(t, round_, STATEMENTS, 1, dealt=True, toast=saved)
    yield "pulse.statement: last, answered", pulse.statement(t, round_, STATEMENTS, count - 1, dealt=True)
    yield "pulse.thanks", pulse.thanks(t, place, round_, saved)
    yield "pulse.stored", saved
    yield "pulse.too_late", pulse.too_late(t)
    yield "pulse.over", pulse.over(t, town.number, pulse.too_late(t))
    yield "pulse.cancelled", pulse.cancelled(t, town.number)
    yield "pulse.nothing_open", pulse.nothing_open(t)


def _trends(t: Texts, town: Town) -> Iterator[tuple[str, Shown]]:
    place, n = here(town), town.number
    year = [result(town, number) for number in range(1, 12)]
    few = Participation(8, 20)
    ends = {Dimension.MUST: Figure(90, Code.FROM, 8), Dimension.CAN: Figure(10, Code.BELOW, 5)}
    hidden = replace(result(town, n), participation=None, figures={})
    yield "trends.for_channel", trends.for_channel(t, place, year)
    yield "trends.summary: first", trends.summary(t, place, [result(town, n)])
    yield "trends.summary: large group", trends.summary(t, place, [*year, result(town, n, 50)])
    small = result(town, n, participation=few, figures=ends)
    yield "trends.summary: small group, ends, gap, changed", trends.summary(t, place, [*year, small])
    yield "trends.summary: nothing shown", trends.summary(t, place, [*year, hidden])


def _rest(t: Texts, town: Town) -> Iterator[tuple[str, Shown]]:
    contact, channel, setup = member(town), channel_of(town), setup_of(town)
    yield "channels.guide", channels.guide(t, setup, "dreiklang_bot")
    yield "channels.guide: none yet", channels.guide(t, replace(setup, channel=None), "dreiklang_bot")
    yield "channels.proposal", channels.proposal(t, town.municipality, channel)
    yield "channels.confirmed", channels.confirmed(t, channel)
    yield "channels.declined", channels.declined(t, town.place)
    yield "channels.lost", channels.lost(t, channel)
    yield "privacy.notice", privacy.notice(t, contact)
    yield "privacy.notice: stranger", privacy.notice(t, None)
    yield "privacy.full_notice", privacy.full_notice(t, contact)
    yield "privacy.full_notice: stranger", privacy.full_notice(t, None)
    yield "privacy.notice_for_invited", privacy.notice_for_invited(t, TOKEN)
    for reason, refusal in refusals_of(town).items():
        yield f"refusals.words: {reason.name}", refusals.words(t, refusal)
    yield "refusals.incident", refusals.incident(t, "4F9A2C")
