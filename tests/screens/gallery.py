"""Every screen and every sentence once, with plain names of a town or with the worst that may come."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from core import questions
from core.rules.people import (
    DEPARTMENTS_AT_ONCE,
    NAME_LIMIT,
    NOTE_LIMIT,
    TOPIC_LIMIT,
    Account,
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
from core.rules.plans import (
    PERIODS_AT_MOST,
    Calendar,
    Land,
    Part,
    Period,
    PeriodKind,
    Plan,
    PlanKind,
    Standing,
    choices,
    outlook,
    parts,
    suggested,
)
from core.rules.privacy import Asked, Holdings, Link, Membership, Message, OpenForm, Proposed
from core.rules.pulse import Dimension, Form, ItemRole, OwnStatement, Round, Statement, compose
from core.rules.recurrence import Cadence, Recurrence
from core.rules.refusal import Reason, Refusal
from core.rules.statements import AT_MOST, Wording
from core.rules.trends import ITEMS_FROM, SHARES_FROM, Code, Figure, Participation, Published, Result
from core.rules.workdays import DaysOff, Periods
from screens import (
    Screen,
    absence,
    channels,
    details,
    digest,
    joining,
    menu,
    people,
    plans,
    privacy,
    pulse,
    refusals,
    settings,
    sketches,
    statements,
    trends,
)
from screens import rounds as round_screens
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
        *_menu(t, town), *_people(t, town), *_department(t, town), *_pulse(t, town), *_rest(t, town), *_trends(t, town),
        *_statements(t, town), *_privacy(t, town), *_plans(t, town), *_settings(t, town),
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
        Reason.TOO_MANY_STATEMENTS: {"limit": AT_MOST},
        Reason.TOO_MANY_PERIODS: {"limit": PERIODS_AT_MOST},
        Reason.CHANNEL_IS_PUBLIC: {"title": town.channel},
        Reason.CHANNEL_IS_TAKEN: {"title": town.channel},
    }
    return {reason: Refusal(reason, **details.get(reason, {})) for reason in Reason}


def here(town: Town) -> Municipality:
    return Municipality(
        town.place, town.municipality, "de", "Europe/Berlin", town.topic, town.note, town.note, 5, "BB"
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
        form=Form.SHORT, days=5, occurrence=None, answered=None, extended_at=None,
    )  # fmt: skip


def setup_of(town: Town) -> Setup:
    return Setup(here(town), 2, town.many, 44, 41, 2, channel_of(town))


def channel_of(town: Town) -> Channel:
    return Channel(town.number, town.place, -1001, town.channel, True)


def result(town: Town, number: int, n: int = 14, **changes: object) -> Result:
    values = {Dimension.MUST: Figure(75, Code.EXACT, n), Dimension.WANT: Figure(60, Code.EXACT, n),
              Dimension.CAN: Figure(45, Code.EXACT, n)}  # fmt: skip
    full = Result(
        round_id=number, number=number, closed_on=date(2026, 1, 30) + timedelta(days=28 * min(number, 12)),
        participation=Participation(31, 44), minimum=5, invited=44, figures=values, statements=STATEMENTS,
    )  # fmt: skip
    return replace(full, **changes)  # type: ignore[arg-type]  # the tests name the fields


RISING = (30, 35, 40, 45, 45, 50, 55, 60, 60, 65, 70, 75)
FALLING = RISING[::-1]
LEVEL = (60, 60, 65, 60, 60, 60, 55, 60, 60, 60, 60, 60)
NOISY = (40, 70, 45, 75, 40, 70, 45, 65, 50, 70, 40, 60)


def rounds(town: Town, must: Sequence[int], want: Sequence[int], can: Sequence[int], n: int = 14) -> list[Result]:
    """The last rounds until the twelfth; a dimension whose values are fewer was shown in the last ones only."""
    made = []
    for number in range(13 - len(must), 13):
        values = {d: v[number - 13] for d, v in zip(Dimension, (must, want, can), strict=True) if len(v) >= 13 - number}
        figures = {dimension: Figure(value, Code.EXACT, n) for dimension, value in values.items()}
        items = {s.key: figures[s.dimension] for s in STATEMENTS if n >= ITEMS_FROM and s.dimension in figures}
        shares = {key: Figure(64, Code.EXACT, n) for key in items} if n >= SHARES_FROM else {}
        made.append(result(town, number, figures=figures, items=items, shares=shares))
    return made


def shown_in(result: Result) -> dict[str, Figure]:
    return {dimension.value: figure for dimension, figure in result.figures.items()} | dict(result.items)


def history_of(results: Sequence[Result]) -> dict[str, tuple[Published, ...]]:
    """As the query finds it."""
    return {
        subject: tuple(
            Published(result.closed_on, figure, (subject,))
            for result in results
            if (figure := shown_in(result).get(subject))
        )
        for subject in (*Dimension, "motivation", "trust")
    }


def _menu(t: Texts, town: Town) -> Iterator[tuple[str, Shown]]:
    place, contact = here(town), member(town)
    lead = member(town, Role.COORDINATOR)
    elsewhere = replace(contact, municipality_id=2, municipality=town.other)
    both = (lead, replace(contact, role=Role.DEPUTY, rank=2), elsewhere)
    yield "menu.home", menu.home(t, place, contact, (contact,), None)
    yield "menu.home: open round, many hats", menu.home(t, place, lead, both, round_of(town))
    yield "menu.home: away", menu.home(t, place, contact, (contact,), None, date(2026, 12, 30))
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
    yield "joining.invitation", joining.invitation(t, named, TOKEN)
    yield "joining.invitation: first coordinator", joining.invitation(t, first, TOKEN)
    yield "joining.invitation: for many", joining.invitation(t, crowd, TOKEN)
    yield "joining.invitation: for somebody known", joining.invitation(t, named, TOKEN, contact)
    yield "joining.joining_cancelled", joining.joining_cancelled(t)
    yield "joining.invitation_as_named", joining.invitation_as_named(t, named, town.second)
    yield "joining.ask_own_name", joining.ask_own_name(t)
    yield "joining.joined", joining.joined(t, contact)
    yield "joining.joined: coordinator", joining.joined(t, lead)
    yield "joining.already_joined", joining.already_joined(t, contact)
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
    yield "people.ask_crowd_link", people.ask_crowd_link(t, town.place)
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
    yield "rounds.panel: none", round_screens.panel(t, place, None)
    yield "rounds.panel: none, by plan", round_screens.panel(t, place, None, by_plan=NOW)
    yield "rounds.panel: planned", round_screens.panel(t, place, ahead)
    by_plan = replace(ahead, occurrence=ahead.opens_at.date(), form=Form.LONG)
    yield "rounds.panel: from the plan", round_screens.panel(t, place, by_plan, toast=round_screens.withdrawn(t))
    yield "rounds.panel: open", round_screens.panel(t, place, round_)
    yield "rounds.panel: counted", round_screens.panel(t, place, replace(round_, answered=town.many))
    late = NOW + 3 * FIVE_DAYS
    yield "rounds.panel: may be extended", round_screens.panel(t, place, round_, late, toast=round_screens.extended(t))
    yield "rounds.ask_date", round_screens.ask_date(t)
    nine = compose(questions.bank(), Form.LONG)
    yield "rounds.preview: now", round_screens.preview(t, place, ahead, STATEMENTS, 0)
    yield "rounds.preview: now, at night", round_screens.preview(t, place, by_plan, nine, 0, NOW, late)
    in_vain = round_screens.preview(t, place, by_plan, nine, 0, must_be_long=True)
    yield "rounds.preview: no third short one", in_vain
    small = replace(by_plan, invited=1)
    yield "rounds.preview: later, few people", round_screens.preview(t, place, small, nine, LARGEST, NOW)
    yield "rounds.planned: later", round_screens.planned(t, place, ahead)
    yield "rounds.planned: now", round_screens.planned(t, place, round_)
    yield "rounds.small_circle", round_screens.small_circle(t, place, replace(round_, invited=town.at_once))
    yield "rounds.extension_offer", round_screens.extension_offer(t, place, round_, late)
    yield "rounds.extended", round_screens.extended(t)
    yield "rounds.withdrawn", round_screens.withdrawn(t)
    yield "pulse.invitation", pulse.invitation(t, place, round_, count)
    yield "pulse.invitation: new ones", pulse.invitation(t, place, round_, count, (town.topic, town.topic))
    yield "pulse.extension", pulse.extension(t, place, round_, count)
    yield "pulse.extended_pointer", pulse.extended_pointer(t)
    yield "pulse.reminder", pulse.reminder(t, place, round_, last_day=False)
    yield "pulse.reminder: last day", pulse.reminder(t, place, round_, last_day=True)
    yield "pulse.reminder_pointer", pulse.reminder_pointer(t)
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
    yield "pulse.nothing_open", pulse.nothing_open(t, town.place)


def _trends(t: Texts, town: Town) -> Iterator[tuple[str, Shown]]:
    place = here(town)
    told = {name: (results, history_of(results)) for name, results in results_of(town).items()}
    for name, (results, history) in told.items():
        yield f"trends.summary: {name}", trends.summary(t, place, results, history)
    usual, nothing = told["rising, level, noisy"], told["nothing shown"]
    picture, text = trends.for_channel(t, place, *usual)
    yield "trends.for_channel: picture", picture
    yield "trends.for_channel: text", text
    yield "trends.for_channel: nothing shown", trends.for_channel(t, place, *nothing)[0]
    yield "trends.for_member", trends.for_member(t, place, *usual)
    yield "trends.for_member: nothing shown", trends.for_member(t, place, *nothing)
    yield "trends.result: newest", trends.result(t, place, *usual, None)
    yield "trends.result: in the middle", trends.result(t, place, *usual, town.number)
    yield "trends.result: the only one", trends.result(t, place, *told["first"], None)
    yield "trends.no_result", trends.no_result(t, place)
    yield "digest.digest", digest.digest(t, place, NOW.date(), *usual, NOW + FIVE_DAYS, None)
    yield "digest.digest: round open", digest.digest(t, place, NOW.date(), *told["all at once"], None, NOW + FIVE_DAYS)
    yield "digest.digest: nothing shown", digest.digest(t, place, NOW.date(), *nothing, None, None)
    yield "digest.digest: no result", digest.digest(t, place, NOW.date(), (), {}, NOW, None)
    yield "details.details", details.details(t, place, usual[0][-1], usual[1])
    yield "details.details: all at once", details.details(t, place, *long_form(town))
    for name in ("first", "falling, perhaps rising, not long enough", "nothing shown"):
        yield f"details.details: {name}", details.details(t, place, told[name][0][-1], told[name][1])
    yield "details.reading", details.reading(t, place)
    yield "details.reading: of an earlier round", details.reading(t, replace(place, minimum=20), town.number)


def results_of(town: Town) -> dict[str, list[Result]]:
    """What has been published, by what it shows."""
    before, n = rounds(town, RISING, FALLING, FALLING)[:-1], town.number
    ends = {Dimension.MUST: Figure(90, Code.FROM, 8), Dimension.CAN: Figure(10, Code.BELOW, 5)}
    low = {d: Figure(value, Code.EXACT, 11) for d, value in zip(Dimension, (75, 30, 75), strict=True)}
    last = result(town, n, closed_on=date(2026, 12, 31))
    at_once = rounds(town, RISING, FALLING, RISING)
    return {
        "first": [result(town, 1)],
        "third round, large group": rounds(town, [75] * 3, [60] * 3, [45] * 3, 50),
        "rising, level, noisy": rounds(town, RISING, LEVEL, NOISY, 50),
        "falling, perhaps rising, not long enough": rounds(town, FALLING, RISING[:6], LEVEL[:3]),
        "all at once": [
            *at_once[:-1], replace(last, participation=Participation(8, 2 * town.many), invited=LARGEST, figures=low)
        ],
        "small group, ends, gap": [*before, replace(last, participation=Participation(8, 20), figures=ends)],
        "nothing shown": [*before, replace(last, participation=None, figures={})],
    }  # fmt: skip


def long_form(town: Town) -> tuple[Result, dict[str, tuple[Published, ...]]]:
    """Nine statements, three of them the municipality's own and as long as may be; one is not shown."""
    own = (Statement(f"own:{d}", d, ItemRole.ROTATING, town.topic, town.topic) for d in Dimension)
    asked = (*STATEMENTS, *own)
    items = {s.key: Figure(90, Code.FROM, 300) for s in asked}
    shares = {s.key: Figure(90, Code.ABOVE, 300) for s in asked} | {"channels": Figure(10, Code.BELOW, 20)}
    *others, last = rounds(town, RISING, FALLING, FALLING)
    del items["shared_problems"], shares["necessity"]
    now = replace(last, number=town.number, statements=asked, items=items, shares=shares)
    return now, history_of([*others, now])


def _statements(t: Texts, town: Town) -> Iterator[tuple[str, Shown]]:
    place, mine, theirs, bank = town.place, 3, 4, questions.bank()
    plain = "Wir informieren uns frühzeitig über neue Vorhaben." if town.many < 10 else town.topic
    english = "We inform one another early about new projects." if town.many < 10 else town.topic
    proposed = OwnStatement(town.number, place, Dimension.CAN, plain, english, mine, False, None)
    approved = replace(proposed, is_approved=True)
    announced = replace(approved, announced=town.number, dimension=Dimension.WANT, en="")
    in_use = replace(approved, announced=town.number - 1, dimension=Dimension.MUST)
    own = (proposed, replace(proposed, proposed_by=theirs), approved, announced, in_use)
    for dimension in Dimension:
        yield f"statements.question_bank: {dimension}", statements.question_bank(t, place, dimension, bank)
        yield f"statements.ask_statement: {dimension}", statements.ask_statement(t, dimension)
    yield "statements.overview", statements.overview(t, place, own, mine, town.number, alone=False)
    yield "statements.overview: none, alone", statements.overview(t, place, (), mine, 0, alone=True)
    full = (own * 3)[:AT_MOST]
    yield "statements.overview: full", statements.overview(t, place, full, mine, town.number, alone=True)
    yield "statements.choose_dimension", statements.choose_dimension(t, place)
    both, question = Wording(plain, english), Wording(plain[:190] + "?", "")
    yield "statements.preview", statements.preview(t, place, Dimension.CAN, both, LARGEST)
    yield "statements.preview: question", statements.preview(t, place, Dimension.WANT, question, LARGEST)
    yield "statements.proposed", statements.proposed(t, proposed, alone=False)
    yield "statements.proposed: alone", statements.proposed(t, proposed, alone=True)
    yield "statements.one: to decide on", statements.one(t, proposed, theirs, 0)
    yield "statements.one: own, alone", statements.one(t, proposed, mine, 0, alone=True)
    yield "statements.one: approved", statements.one(t, approved, theirs, 0, toast=statements.approved(t))
    yield "statements.one: announced", statements.one(t, announced, mine, town.number)
    yield "statements.one: in use", statements.one(t, in_use, mine, town.number)
    yield "statements.ask_retire", statements.ask_retire(t, in_use)
    yield "statements.notice", statements.notice(t, town.municipality, proposed)
    yield "statements.notice_approved", statements.notice_approved(t, town.municipality, approved)
    yield "statements.notice_declined", statements.notice_declined(t, town.municipality, proposed)
    yield "statements.approved", statements.approved(t)
    yield "statements.declined", statements.declined(t)
    yield "statements.withdrawn", statements.withdrawn(t)
    yield "statements.retired", statements.retired(t)


def _privacy(t: Texts, town: Town) -> Iterator[tuple[str, Shown]]:
    contact, lead = member(town), member(town, Role.COORDINATOR)
    elsewhere = replace(contact, municipality_id=2, municipality=town.other)
    yield "privacy.notice", privacy.notice(t, contact)
    yield "privacy.notice: stranger", privacy.notice(t, None)
    yield "privacy.full_notice", privacy.full_notice(t, contact)
    yield "privacy.full_notice: stranger", privacy.full_notice(t, None)
    yield "privacy.notice_for_invited", privacy.notice_for_invited(t, TOKEN)
    yield "privacy.choose_leave", privacy.choose_leave(t, (lead, contact, elsewhere))
    yield "privacy.ask_leave", privacy.ask_leave(t, (contact,), is_last=True)
    participant = member(town, Role.PARTICIPANT)
    yield "privacy.ask_leave: nobody misses them", privacy.ask_leave(t, (participant,), is_last=False)
    yield "privacy.left", privacy.left(t, town.municipality, None)
    yield "privacy.left: still elsewhere", privacy.left(t, town.municipality, elsewhere)
    yield "privacy.left_before", privacy.left_before(t, None)
    yield "privacy.left_before: still elsewhere", privacy.left_before(t, elsewhere)
    yield "privacy.place_free: contact person", privacy.place_free(t, contact)
    yield "privacy.place_free: coordinator", privacy.place_free(t, lead)
    held = holdings_of(town)
    nobody = Holdings(3, None, None, None, (), (), (), (), None)
    yield "privacy.my_data", privacy.my_data(t, held, {town.number: 4}, NOW, contact)
    only_entry = replace(nobody, form=held.form)
    yield "privacy.my_data: only an entry", privacy.my_data(t, only_entry, {}, NOW, None)
    yield "privacy.my_data: stranger", privacy.my_data(t, nobody, {}, NOW, None)
    monday, until = NOW.date(), date(2026, 12, 30)
    yield "absence.panel", absence.panel(t, contact, None, monday)
    yield "absence.panel: away", absence.panel(t, contact, until, monday, absence.saved(t))
    yield "absence.ask_day", absence.ask_day(t, until)
    yield "absence.saved", absence.saved(t)
    yield "absence.welcome_back", absence.welcome_back(t)


PLAN = Plan(PlanKind.PULSE, Recurrence(Cadence.FOUR_WEEKS, 5, 0, date(2026, 12, 4)), 9, 5, Form.SHORT)
BY_MONTH = Plan(PlanKind.DIGEST, Recurrence(Cadence.MONTHLY, 3, 5, date(2026, 12, 1)), 10, 0, Form.SHORT)


def calendar_of(town: Town) -> Calendar:
    """With days off on which dates of the plans fall, and pauses; many of them in a town of many."""
    weeks = range(1, 60 if town.many > 9 else 3)
    pauses = tuple((date(2027, 1, 1) + timedelta(weeks=8 * n),) * 2 for n in weeks)
    zone = ZoneInfo("Europe/Berlin")
    return Calendar(zone, DaysOff("BB", ((date(2027, 3, 31), date(2027, 4, 1)),)), Periods(pauses))


def _plans(t: Texts, town: Town) -> Iterator[tuple[str, Shown]]:
    place, days, today, round_ = here(town), calendar_of(town), NOW.date(), round_of(town)
    long_ago = today - timedelta(days=31)
    rounds_, digests = suggested(PlanKind.PULSE, today), suggested(PlanKind.DIGEST, today)
    seen = outlook(PLAN, days, long_ago, (), NOW)
    skipped = replace(seen, skipped=seen.dues[0], dues=seen.dues[1:])
    shown = outlook(BY_MONTH, days, long_ago, (), NOW)
    first, off = (outlook(plan, days, long_ago, (), NOW) for plan in (rounds_, digests))
    current = Standing(town.number, town.place, PLAN, long_ago, None, is_paused=False)
    posted = replace(current, plan=BY_MONTH)
    nowhere = replace(place, land="")
    yield "plans.overview: none yet", plans.overview(t, nowhere, None, rounds_, first, days, today)
    yield "plans.overview", plans.overview(t, place, current, PLAN, seen, days, today, toast=plans.saved(t))
    yield "plans.overview: skipped, round open", plans.overview(t, place, current, PLAN, skipped, days, today, round_)
    by_hand = replace(round_, opened_at=None)
    yield "plans.overview: planned by hand", plans.overview(t, place, current, PLAN, seen, days, today, by_hand)
    still = replace(current, is_paused=True)
    yield "plans.overview: suspended", plans.overview(t, place, still, PLAN, seen, days, today)
    yield "plans.digest_plan: off", plans.digest_plan(t, place, None, digests, off, days, today, has_channel=False)
    yield "plans.digest_plan", plans.digest_plan(t, place, posted, BY_MONTH, shown, days, today, has_channel=True)
    held = replace(posted, is_paused=True)
    yield (
        "plans.digest_plan: suspended",
        plans.digest_plan(t, place, held, BY_MONTH, shown, days, today, has_channel=True),
    )
    yield "plans.ask_discard: rounds", plans.ask_discard(t, place, PlanKind.PULSE)
    yield "plans.ask_discard: digest", plans.ask_discard(t, place, PlanKind.DIGEST)
    yield "plans.saved", plans.saved(t)
    yield "plans.paused", plans.paused(t)
    yield "plans.resumed", plans.resumed(t)
    for kind in PlanKind:
        yield f"plans.discarded: {kind}", plans.discarded(t, kind)
    yield "plans.skipped", plans.skipped(t, today)
    yield "plans.skip_undone", plans.skip_undone(t, today)
    yield "sketches.editor: rounds", sketches.editor(t, place, PLAN, seen, days, today)
    yield "sketches.editor: digest", sketches.editor(t, place, BY_MONTH, shown, days, today)
    yield "sketches.editor: no date", sketches.editor(t, place, PLAN, replace(seen, dues=(), left_out=()), days, today)
    monthly = next(plan for plan in choices(PLAN, Part.CADENCE, today) if plan.recurrence.cadence is Cadence.MONTHLY)
    for part in parts(monthly):
        yield f"sketches.choices: {part}", sketches.choices(t, place, monthly, part, choices(monthly, part, today))
    yield "sketches.ask_start", sketches.ask_start(t, date(2026, 12, 14))


def _settings(t: Texts, town: Town) -> Iterator[tuple[str, Shown]]:
    place = here(town)
    turn_of_the_year = Period(town.number, date(2026, 12, 24), date(2026, 12, 31))
    bridge = Period(town.number, date(2027, 5, 7), date(2027, 5, 7))
    listed = [turn_of_the_year, bridge] * (PERIODS_AT_MOST // 2 if town.many > 9 else 1)
    yield "settings.settings", settings.settings(t, place, listed, settings.saved(t))
    yield "settings.settings: nothing yet", settings.settings(t, replace(place, land="", locale="en"), [])
    yield "settings.lands", settings.lands(t, place)
    for kind in PeriodKind:
        yield f"settings.periods: {kind}", settings.periods(t, place, kind, listed)
        yield f"settings.periods: {kind}, none", settings.periods(t, place, kind, [])
        yield (
            f"settings.periods: {kind}, one removed",
            settings.periods(t, place, kind, listed[1:], turn_of_the_year, settings.removed(t, turn_of_the_year)),
        )
        yield (
            f"settings.ask_period: {kind}",
            settings.ask_period(t, kind, turn_of_the_year.first, turn_of_the_year.last),
        )
    yield "settings.minimum", settings.minimum(t, place)
    yield "settings.channel_language", settings.channel_language(t, place)
    yield "settings.added", settings.added(t, turn_of_the_year.first, turn_of_the_year.last)
    yield "settings.removed", settings.removed(t, bridge)
    yield "settings.land_set", settings.land_set(t, Land.MV)
    yield "settings.saved", settings.saved(t)


def holdings_of(town: Town) -> Holdings:
    """Of somebody about whom there is a bit of everything."""
    zone, later = "Europe/Berlin", NOW + FIVE_DAYS
    register = Membership(member(town), NOW, zone, (Link(NOW, later, True),))
    closed = replace(round_of(town), id=1, number=1, closed_at=NOW)
    own = Proposed(town.municipality, Dimension.CAN, town.topic, "", NOW, None)
    kinds, states = list(privacy.KINDS), list(privacy.STATES)
    return Holdings(
        telegram_id=5_550_001,
        account=Account(3, 5_550_001, "de", town.place, date(2026, 12, 30)),
        away_from=NOW.date(),
        blocked_at=None,
        memberships=(register,),
        rounds=(
            Asked(closed, town.municipality, zone, 6, NOW, later),
            Asked(round_of(town), town.municipality, zone, 9, NOW, None),
        ),
        proposed=(own,),
        messages=tuple(
            Message(kind, n, state, NOW, None) for n, (kind, state) in enumerate(zip(kinds, states, strict=True))
        ),
        form=OpenForm("join", {"name": town.person}, NOW),
    )


def _rest(t: Texts, town: Town) -> Iterator[tuple[str, Shown]]:
    channel, setup = channel_of(town), setup_of(town)
    yield "channels.guide", channels.guide(t, setup, "dreiklang_bot")
    yield "channels.guide: none yet", channels.guide(t, replace(setup, channel=None), "dreiklang_bot")
    yield "channels.proposal", channels.proposal(t, town.municipality, channel)
    yield "channels.confirmed", channels.confirmed(t, channel)
    yield "channels.declined", channels.declined(t, town.place)
    yield "channels.lost", channels.lost(t, channel)
    for reason, refusal in refusals_of(town).items():
        yield f"refusals.words: {reason.name}", refusals.words(t, refusal)
    yield "refusals.incident", refusals.incident(t, "4F9A2C")
