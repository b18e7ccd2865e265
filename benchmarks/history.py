"""Years of rounds at once: a database as it would look, filled in bulk, with ballots that were cast once."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, Connection, Engine, String, case, cast, create_engine, event, func, insert, literal, select
from sqlalchemy.orm import Session, aliased

from bot import schema
from core.actions.outbox import Kind
from core.queries import people, pulse, trends
from core.questions import bank
from core.rules import trends as rules
from core.rules.people import HOME_ZONE, DepartmentKind, Role
from core.rules.plans import PlanKind
from core.rules.pulse import ANSWERS, Form, ItemRole, Statement, compose
from core.rules.recurrence import Cadence, Recurrence
from core.rules.workdays import CLOSING_HOUR, OPEN_WORKING_DAYS, OPENING_HOUR, instant
from core.tables import (
    AccountRow,
    ChannelRow,
    DepartmentRow,
    FigureRow,
    InviteeRow,
    MemberRow,
    MunicipalityRow,
    OutboxRow,
    OutboxState,
    PlanRow,
    RoundRow,
    StatementRow,
    Table,
)
from core.urn import Urns
from screens import Screen, as_json
from screens import pulse as pulse_screens
from screens import trends as trend_screens
from screens.l10n import texts

ROUNDS_A_YEAR = 13
EVERY = timedelta(weeks=4)
NEXT = date(2026, 3, 2)
"""The Monday on which the first round after this history is due."""
FAR = datetime(2100, 1, 1, tzinfo=UTC)
"""Until then nothing is due in the other municipalities."""
OPEN_AMONG = 4
"""One in so many of the other municipalities has an open round; the rest await theirs."""
FIRST_PERSON = 1_000_001
FIRST_CHANNEL = -1_000_000_001

_TOPIC = "Bildungsmanagement"
_DEPARTMENTS = 5
_VOTERS = 30
"""Whose answers make the figures of a past round."""
_ZONE = ZoneInfo(HOME_ZONE)


@dataclass(frozen=True)
class Size:
    years: int
    members: int
    """Of each municipality."""
    places: int
    """Municipalities; the last one is looked at, and its rows lie scattered among those of the others."""

    @property
    def rounds(self) -> int:
        """That each municipality has behind it."""
        return self.years * ROUNDS_A_YEAR

    def person(self, number: int) -> int:
        """Telegram's id of one of the last municipality's people."""
        return FIRST_PERSON + (self.places - 1) * self.members + number % self.members


def fill(url: str, size: Size) -> int:
    """Write the whole history; returns how many rows it has."""
    # Not create_all: in what order the indexes were made decides which of two that seem equal SQLite takes.
    schema.upgrade(url)
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        # A crash would cost nothing here but a new run.
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-200000"):
            connection.execute(f"PRAGMA {pragma}")

    with engine.begin() as connection:
        _add_people(connection, size)
        _add_rounds(connection, size)
        _add_messages(connection, size)
        rows = sum(
            connection.scalar(select(func.count()).select_from(table)) or 0 for table in Table.metadata.sorted_tables
        )
    engine.dispose()
    return rows


def cast_ballots(folder: Path, members: int) -> None:
    """One urn, number 1, in which each member has answered every statement of a long round."""
    urns, chance = Urns(folder), _chance(members)
    urns.create(1)
    event.listen(Engine, "checkout", _unsynced)
    try:
        for member in range(members):
            for slot in range(len(compose(bank(), Form.LONG))):
                urns.put(1, str(member), slot, chance.choice(ANSWERS))
    finally:
        event.remove(Engine, "checkout", _unsynced)
        urns.close()


def _unsynced(connection: Any, _record: object, _proxy: object) -> None:
    # Waiting for the disk after each ballot would take minutes.
    connection.execute("PRAGMA synchronous=OFF")


def _add_people(connection: Connection, size: Size) -> None:
    places, everybody = range(1, size.places + 1), range(size.places * size.members)
    long_ago = _opening(size, 1)
    rows: dict[type[Table], list[dict[str, Any]]] = {
        MunicipalityRow: [
            {
                "id": place, "name": f"Landkreis {place}", "name_key": f"landkreis {place}", "topic": _TOPIC,
                "council": "beteiligt", "protection": "beteiligt", "land": "BB", "created_at": long_ago,
            }
            for place in places
        ],
        DepartmentRow: [
            {"municipality_id": place, "name": f"Amt {n}", "name_key": f"amt {n}", "kind": DepartmentKind.DEPARTMENT}
            for place in places
            for n in range(_DEPARTMENTS)
        ],
        AccountRow: [
            {"id": n + 1, "telegram_id": FIRST_PERSON + n, "locale": "de", "municipality_id": n // size.members + 1}
            for n in everybody
        ],
        MemberRow: [
            {
                "municipality_id": n // size.members + 1, "account_id": n + 1, "name": f"Erika Muster {n}",
                "role": Role.COORDINATOR if n % size.members < 2 else Role.PARTICIPANT,
                "department_id": n // size.members * _DEPARTMENTS + n % _DEPARTMENTS + 1, "created_at": long_ago,
            }
            for n in everybody
        ],
        ChannelRow: [
            {"municipality_id": place, "chat_id": FIRST_CHANNEL - place, "title": "Runde", "confirmed_at": long_ago}
            for place in places
        ],
        PlanRow: [
            _plan(place, kind, long_ago.astimezone(_ZONE).date())
            for place in places
            for kind in (PlanKind.PULSE, PlanKind.DIGEST)
        ],
    }  # fmt: skip
    for table, values in rows.items():
        connection.execute(insert(table), values)


def _plan(place: int, kind: PlanKind, first: date) -> dict[str, Any]:
    """A round every four weeks, and a digest that is not due."""
    is_pulse = kind is PlanKind.PULSE
    recurrence = Recurrence(Cadence.FOUR_WEEKS if is_pulse else Cadence.WEEKLY, 1, 0, first)
    return {
        "municipality_id": place, "kind": kind, "rule": recurrence.rule, "start": first, "minute": 9 * 60,
        "days": OPEN_WORKING_DAYS if is_pulse else 0, "form": Form.LONG if is_pulse else Form.SHORT,
        "done": NEXT - EVERY, "next_at": None if is_pulse else FAR,
    }  # fmt: skip


def _add_rounds(connection: Connection, size: Size) -> None:
    """The past ones in the order in which they took place; then those of the others that are open or planned."""
    places, others, coming = range(1, size.places + 1), range(1, size.places), size.rounds + 1
    past = [_round(size, place, number) | _over(size, number) for number in range(1, coming) for place in places]
    is_open, is_planned = {"closes_at": FAR, "opened_at": _opening(size, coming)}, {"closes_at": FAR, "opens_at": FAR}
    connection.execute(insert(RoundRow), past)
    for place in others:
        state = is_planned if place % OPEN_AMONG else is_open
        connection.execute(insert(RoundRow), _round(size, place, coming) | state)
    for number, asked in enumerate(_asked(size.rounds)):
        round_id = number * size.places + 1
        statements = [
            {"position": n, "key": s.key, "dimension": s.dimension, "role": s.role, "de": s.de, "en": s.en}
            for n, s in enumerate(asked)
        ]
        figures = [
            {"kind": kind, "subject": subject, "value": figure.value, "code": figure.code, "n": figure.n}
            for kind, subject, figure in _figures(number, asked)
        ]
        connection.execute(insert(StatementRow).values(round_id=round_id), statements)
        connection.execute(insert(FigureRow).values(round_id=round_id), figures)
    for table in (StatementRow, FigureRow):
        _copy_to_others(connection, table)
    invited = (
        select(RoundRow.id, MemberRow.account_id, RoundRow.opened_at, RoundRow.destroyed_at)
        .join(MemberRow, MemberRow.municipality_id == RoundRow.municipality_id)
        .where(RoundRow.opened_at.is_not(None))
        .order_by(RoundRow.id)
    )
    connection.execute(insert(InviteeRow).from_select(["round_id", "account_id", "told_at", "ended_at"], invited))


def _copy_to_others(connection: Connection, table: type[StatementRow | FigureRow]) -> None:
    """What the first municipality's rounds have, for the rounds of the same number everywhere else."""
    first, other = aliased(RoundRow), aliased(RoundRow)
    columns = [column for column in table.__table__.columns if column.name not in {"id", "round_id"}]
    same = (
        select(other.id, *columns)
        .join(first, (first.municipality_id == 1) & (first.number == other.number))
        .join(table, table.round_id == first.id)
        .where(other.municipality_id > 1)
        .order_by(other.id)
    )
    connection.execute(insert(table).from_select(["round_id", *(column.name for column in columns)], same))


def _add_messages(connection: Connection, size: Size) -> None:
    """What the last round has left in the outbox: 30 days have not passed since."""
    for kind, screen in _screens(connection, size).items():
        # Those of the others stay: when some go, new ones come.
        ended_at = case((RoundRow.municipality_id == size.places, RoundRow.destroyed_at), else_=FAR)
        about = cast(RoundRow.id, String) + f":{kind}:" + cast(AccountRow.id, String)
        sent = (
            select(
                literal("round:") + about, literal(kind), AccountRow.telegram_id, AccountRow.id, RoundRow.id,
                literal(as_json(screen), JSON), literal(OutboxState.SENT.value), RoundRow.opened_at, ended_at, ended_at,
                InviteeRow.id,
            )
            .join(InviteeRow, InviteeRow.round_id == RoundRow.id)
            .join(AccountRow, AccountRow.id == InviteeRow.account_id)
            .where(RoundRow.number == size.rounds)
        )  # fmt: skip
        columns = ["key", "kind", "chat_id", "account_id", "round_id", "screen", "state", "due_at", "expires_at",
                   "ended_at", "message_id"]  # fmt: skip
        connection.execute(insert(OutboxRow).from_select(columns, sent))


def _screens(connection: Connection, size: Size) -> dict[Kind, Screen]:
    """What everybody got of the last round."""
    t = texts("de")
    with Session(connection) as db:
        here = people.municipality(db, size.places)
        results, history = trends.results(db, here.id), trends.history(db, here.id)
        last = pulse.round_by_id(db, results[-1].round_id)
    return {
        Kind.INVITATION: pulse_screens.invitation(t, here, last, len(results[-1].statements)),
        Kind.EDIT: pulse_screens.over(t, last.number),
        Kind.RESULT: trend_screens.for_member(t, here, results, history),
    }


def _round(size: Size, place: int, number: int) -> dict[str, Any]:
    opens_at = _opening(size, number)
    return {
        "municipality_id": place, "number": number, "topic": _TOPIC, "minimum": 5, "form": Form.LONG,
        "opens_at": opens_at, "occurrence": opens_at.astimezone(_ZONE).date(), "invited": size.members,
    }  # fmt: skip


def _over(size: Size, number: int) -> dict[str, Any]:
    closed_at = instant(_opening(size, number).date() + timedelta(days=OPEN_WORKING_DAYS - 1), CLOSING_HOUR, _ZONE)
    done = dict.fromkeys(("closes_at", "closing_at", "closed_at", "destroyed_at", "settled_at"), closed_at)
    return done | {"opened_at": _opening(size, number), "took_part": size.members, "base": size.members}


def _opening(size: Size, number: int) -> datetime:
    return instant(NEXT - EVERY * (size.rounds + 1 - number), OPENING_HOUR, _ZONE)


def _asked(rounds: int) -> list[tuple[Statement, ...]]:
    """Round by round the statements whose turn it was."""
    asked: dict[str, int] = {}
    found = []
    for number in range(1, rounds + 1):
        found.append(compose(bank(), Form.LONG, asked))
        asked |= {s.key: number for s in found[-1] if s.role is ItemRole.ROTATING}
    return found


def _figures(number: int, asked: tuple[Statement, ...]) -> Iterator[tuple[str, str, rules.Figure]]:
    chance = _chance(number)
    tally = rules.Tally({s.key: chance.choices(ANSWERS, k=_VOTERS) for s in asked}, _VOTERS)
    for kind, published in (
        ("dimension", rules.figures(tally, asked, rules.SMALLEST_GROUP)),
        ("item", rules.single_items(tally, asked, rules.SMALLEST_GROUP)),
        ("share", rules.agreement(tally, asked, rules.SMALLEST_GROUP)),
    ):
        for subject, figure in published.items():
            yield kind, subject, figure


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  (the same history in every run)
