"""Towns to act in, made by the deeds themselves; and ways to look at everything that an installation holds."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest
from sqlalchemy import Connection

from core.actions import channels, people, pulse
from core.db import Database, Session
from core.queries import people as people_queries
from core.queries import pulse as pulse_queries
from core.rules.people import Account, Channel, Department, DepartmentKind, Involvement, Member, Role
from core.rules.pulse import Form, Round, Statement
from core.rules.refusal import Reason, Refusal
from core.tables import AccountRow, Table
from core.urn import Urns
from scheduler import BEATS
from scheduler.moment import Moment

P = ParamSpec("P")
R = TypeVar("R")

MICROSECOND = timedelta(microseconds=1)


@contextmanager
def refused(reason: Reason) -> Any:
    """The deed inside must be refused, and for this reason."""
    with pytest.raises(Refusal) as caught:
        yield
    assert caught.value.reason is reason


def together(*deeds: Callable[[], R]) -> list[R | Reason]:
    """Do all of it at the same moment, each on a thread of its own; a refusal counts as a result."""
    barrier = threading.Barrier(len(deeds))

    def one(deed: Callable[[], R]) -> R | Reason:
        barrier.wait(timeout=60)
        try:
            return deed()
        except Refusal as refusal:
            return refusal.reason

    with ThreadPoolExecutor(len(deeds)) as threads:
        return [done.result() for done in [threads.submit(one, deed) for deed in deeds]]


@dataclass(frozen=True)
class Invited:
    """Somebody registered by name, with the token of the link that goes to them."""

    member: Member
    token: str


@dataclass(frozen=True)
class Town:
    """One municipality of an installation, seen from its coordinator's desk."""

    database: Database
    urns: Urns
    now: datetime
    coordinator: Member

    @property
    def id(self) -> int:
        return self.coordinator.municipality_id

    def do(self, deed: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """One deed in one transaction."""
        with self.database.begin() as db:
            return deed(db, *args, **kwargs)

    def at(self, now: datetime) -> "Town":
        return replace(self, now=now)

    def again(self, database: Database, urns: Urns) -> "Town":
        """The same town after a restart."""
        return replace(self, database=database, urns=urns)

    # People

    def department(self, name: str) -> Department:
        self.do(people.add_departments, self.coordinator, [name], DepartmentKind.DEPARTMENT)
        return next(d for d in self.do(people_queries.departments, self.id) if d.name == name)

    def invite(self, name: str, role: Role = Role.PARTICIPANT, department: Department | None = None) -> Invited:
        member, token = self.do(
            people.invite, self.coordinator, role, department.id if department else None, name, self.now
        )
        return Invited(member, token)

    def join(self, token: str, telegram_id: int, name: str = "") -> Member:
        return self.do(people.join, people_queries.token_hash(token), telegram_id, "de", name, self.now)

    def connect(
        self, telegram_id: int, name: str = "", role: Role = Role.PARTICIPANT, department: Department | None = None
    ) -> Member:
        """Somebody who is invited by name and has joined."""
        name = name or f"Person {_letters(telegram_id)}"
        return self.join(self.invite(name, role, department).token, telegram_id)

    def staff(self, number: int, first: int = 5_001) -> tuple[Account, ...]:
        """So many connected participants."""
        return tuple(self.account(self.connect(first + i)) for i in range(number))

    def account(self, member: Member) -> Account:
        with self.database.begin() as db:
            row = db.get_one(AccountRow, member.account_id)
            return Account(row.id, row.telegram_id, row.locale, row.municipality_id)

    def members(self) -> tuple[Member, ...]:
        return self.do(people_queries.members, self.id)

    def channel(self, chat_id: int) -> Channel:
        proposed = self.do(channels.propose, self.coordinator, chat_id, "Koordination", is_public=False)
        return self.do(channels.confirm, self.coordinator, proposed.id, self.now)

    # Rounds

    def plan(self, opens_at: datetime | None = None, form: Form = Form.SHORT) -> Round:
        return self.do(pulse.plan, self.coordinator, opens_at or self.now, form, self.now)

    def open(self, opens_at: datetime | None = None) -> Round:
        """A round that is planned and open."""
        planned = self.plan(opens_at)
        assert self.do(pulse.open_round, self.urns, planned.id, self.now)
        return self.round(planned.id)

    def round(self, round_id: int) -> Round:
        return self.do(pulse_queries.round_of, self.id, round_id)

    def answer(self, account: Account, round_: Round, position: int, value: int) -> tuple[Statement, ...]:
        """By a press at this town's ``now``; returns the round's statements."""
        return self.do(pulse.answer, self.urns, account, self.id, round_.id, position, value, self.now)[1]

    def answers(self, account: Account, round_: Round, values: Sequence[int]) -> None:
        for position, value in enumerate(values):
            self.answer(account, round_, position, value)

    def open_with(self, answers: Sequence[Sequence[int]], first: int = 5_001) -> Round:
        """An open round with the complete answers of so many participants; the coordinator has not answered."""
        staff = self.staff(len(answers), first)
        round_ = self.open()
        for account, values in zip(staff, answers, strict=True):
            self.answers(account, round_, values)
        return round_

    def dealt(self, account: Account, round_: Round) -> set[int]:
        return self.do(pulse.dealt, self.urns, account, round_, 6, self.now)

    def close(self, round_: Round) -> None:
        """Close, count and destroy, as the beats do once the round's time has come."""
        self.do(pulse.begin_close, round_.id, round_.closes_at)
        self.do(pulse.count, self.urns, round_.id, round_.closes_at)
        self.do(pulse.destroy, self.urns, round_.id, round_.closes_at)

    def beat(self, now: datetime | None = None) -> None:
        beat(self.database, self.urns, now or self.now)


def found(
    database: Database, urns: Urns, now: datetime, name: str = "Landkreis Musterland", telegram_id: int = 1_001
) -> Town:
    """A municipality with its first coordinator, ready for a round but for people."""
    with database.begin() as db:
        token = people.found(db, name, now)
    with database.begin() as db:
        coordinator = people.join(db, people_queries.token_hash(token), telegram_id, "de", "Karla Koordination", now)
    town = Town(database, urns, now, coordinator)
    town.do(people.set_topic, coordinator, "Frühe Hilfen")
    for which in Involvement:
        town.do(people.record_involvement, coordinator, which, "beteiligt am 2. November 2026")
    return town


def beat(database: Database, urns: Urns, now: datetime) -> None:
    """One tick of every beat, as ``bot.beats`` runs them: each step until it finds nothing more to do."""
    for every in BEATS:
        for step in every.steps:
            while _do(step, database, urns, now):
                pass


def _do(step: Callable[[Moment], bool], database: Database, urns: Urns, now: datetime) -> bool:
    with database.begin() as db:
        return step(Moment(db, urns, now))


def tables(database: Database, *, without: Iterable[str] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, as the driver gives it."""
    with database.engine.connect() as connection:
        return {name: _rows(connection, name, without) for name in sorted(Table.metadata.tables)}


def _rows(connection: Connection, table: str, without: Iterable[str]) -> list[tuple[Any, ...]]:
    columns = [column.name for column in Table.metadata.tables[table].columns if column.name not in set(without)]
    query = f"SELECT {', '.join(columns)} FROM {table} ORDER BY id"  # noqa: S608  (names from our own schema)
    return [tuple(row) for row in connection.exec_driver_sql(query)]


def cells(database: Database) -> Iterable[tuple[str, Any]]:
    """Every value of every row of every table, with the table's name."""
    return ((name, value) for name, rows in tables(database).items() for row in rows for value in row)


def mentions(database: Database, *needles: object) -> set[str]:
    """The tables in which any of these stands anywhere, also inside a longer text."""
    return {name for name, value in cells(database) if any(str(needle) in str(value) for needle in needles)}


def _letters(number: int) -> str:
    """A name must contain a letter, and different people have different names."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))
