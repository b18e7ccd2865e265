"""Nobody can see from the main database who answered; and after the close nobody can from anything (RULES 5)."""

import base64
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from core.actions import absence, outbox, people, reminders
from core.db import Database, Session
from core.rules.people import Account
from core.rules.pulse import Round
from core.rules.refusal import Refusal
from core.tables import InviteeRow, Table
from core.urn import Urns
from scheduler.moment import Moment
from scheduler.pulse import withdraw_nudge
from tests.actions.conftest import empty
from tests.actions.forensics import Server, all_files, back_up, files_with, secrets_of, traces
from tests.actions.postman import deliver, remind
from tests.actions.saved import Copy, Saved, Scene
from tests.actions.town import Town, found, tables
from tests.postgres import EXISTING, Postgres

CHANNEL = -100_123
ANSWERS = ((4, 4, 5, 3, 2, 1), (5, 4, 4, 4, 0, 0), (3, 3, 3, 3, 3, 3), (1, 2, 3, 4, 5, 0), (5, 5, 5, 5, 5, 5))
DAY_TWO = datetime.fromisoformat("2026-11-24T09:00:00+01:00")
HALF_TIME = datetime.fromisoformat("2026-11-25T09:00:00+01:00")
LAST_MORNING = datetime.fromisoformat("2026-11-27T09:00:00+01:00")
NEXT_DAY = datetime.fromisoformat("2026-11-30T09:00:00+01:00")


@pytest.fixture(params=["urns in files", "urns in postgresql"])
def urn_url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "urns in files" else str(request.getfixturevalue("own_postgres"))


@pytest.fixture
def urns(urn_url: str, tmp_path: Path) -> Iterator[Urns]:
    """In place of the usual ones: also in a database of their own."""
    urns = Urns(tmp_path / "data" / "urn", urn_url)
    yield urns
    urns.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """In place of the usual one: in the data folder, with nothing of earlier tests in it."""
    file = tmp_path / "data" / "dreiklang.db"
    file.parent.mkdir()
    if request.param == "sqlite":
        file.write_bytes(migrated_sqlite.read_bytes())
        database = Database(f"sqlite:///{file}")
    else:
        database = Database(request.getfixturevalue("reused_postgres").url.render_as_string(hide_password=False))
        empty(database)
    yield database
    database.dispose()


# Before the close: the main database is blind


def footprint(database: Database, urn_url: str) -> Mapping[str, object]:
    """All that the main database holds, down to the traces of writing that no query usually shows."""
    if database.is_sqlite:
        file = Path(database.url.database or "")
        assert file.with_name(f"{file.name}-wal").stat().st_size
        return {name: file.with_name(file.name + name).read_bytes() for name in ("", "-wal")}
    with database.engine.connect() as connection:
        found: dict[str, object] = {
            name: [str(row) for row in connection.exec_driver_sql(f"SELECT ctid, xmin, xmax, t.* FROM {name} t")]  # noqa: S608
            for name in Table.metadata.tables
        }
        for name in Table.metadata.tables:
            query = f"SELECT last_value, is_called FROM {name}_id_seq"  # noqa: S608
            found[f"{name} numbers"] = connection.exec_driver_sql(query).one()
        if not urn_url and not os.environ.get(EXISTING):
            # Nobody else writes on this server: not one transaction has changed anything, not even for a moment.
            query = "SELECT pg_snapshot_xmax(pg_current_snapshot())"
            found["next transaction"] = connection.exec_driver_sql(query).scalar_one()
        return found


def test_a_turn_that_touches_the_urn_writes_nothing_to_the_main_database(town: Town, urn_url: str) -> None:
    town.channel(CHANNEL)
    staff = town.staff(5)
    round_ = town.open()
    town.beat()
    before = footprint(town.database, urn_url)
    for account, values in zip(staff, ANSWERS, strict=True):
        town.answers(account, round_, values)
        town.answer(account, round_, 0, 0)
        assert town.dealt(account, round_) == set(range(6))
    assert footprint(town.database, urn_url) == before
    assert town.urns.count(round_.id).voters == 5
    # The comparison does see a deed that writes, however little.
    town.do(lambda db: db.execute(text("UPDATE municipality SET topic = topic || '.'")))
    assert footprint(town.database, urn_url) != before


def test_an_answer_that_is_refused_writes_nothing_either(town: Town, urn_url: str) -> None:
    account = town.account(town.coordinator)
    round_ = town.open()
    stranger = town.account(town.connect(6_001))
    before = footprint(town.database, urn_url)
    for who, position, at in ((stranger, 0, town.now), (account, 9, town.now), (account, 0, round_.closes_at)):
        with pytest.raises(Refusal):
            town.at(at).answer(who, round_, position, 3)
    assert footprint(town.database, urn_url) == before


def test_reminding_leaves_no_trace_in_the_main_database(town: Town, urn_url: str) -> None:
    """Nor does it tell whom, or how many: those who finished, who gave a part, who are away or are not reached."""
    staff = town.staff(5)
    round_ = town.open()
    town.answers(staff[0], round_, ANSWERS[0])
    town.answers(staff[1], round_, ANSWERS[1][:3])
    town.do(absence.set_away, staff[2], round_.closes_at.date(), town.now.date())
    town.do(people.mark_blocked, staff[3].telegram_id, town.now)
    town.beat()
    town.beat(HALF_TIME)
    deliver(town, town.now)
    parcel = _claimed_reminder(town, HALF_TIME)
    before = footprint(town.database, urn_url)
    reminded = list(remind(town, parcel, HALF_TIME))
    assert reminded == [1_001, staff[1].telegram_id, staff[4].telegram_id]
    town.do(withdraw, town.urns, round_, staff[4], HALF_TIME)
    assert list(remind(town, parcel, HALF_TIME)) == [staff[4].telegram_id]
    assert footprint(town.database, urn_url) == before


def withdraw(db: Session, urns: Urns, round_: Round, account: Account, now: datetime) -> None:
    place = db.scalars(select(InviteeRow.id).where(InviteeRow.account_id == account.id)).one()
    withdraw_nudge(Moment(db, urns, now), round_.id, 1, place)


def _claimed_reminder(town: Town, now: datetime) -> outbox.Parcel:
    while (parcel := town.do(outbox.claim, now)) is not None and parcel.kind is not outbox.Kind.REMINDER:
        town.do(outbox.record_sent, parcel, parcel.message_id or 10_000 + parcel.id, now)
    assert parcel is not None
    return parcel


STAFF = 24
EARLY, LATE, ENOUGH = 3, 4, 20
"""So many have taken part at half-time (the first count that is shown), on the last morning, and at the close."""


def test_rounds_that_differ_only_in_who_answered_leave_the_same_main_database(
    postgres: Postgres, tmp_path: Path, now: datetime, urn_url: str
) -> None:
    """Two lives of a round, from the opening over reminders and an extension to the results and the last beat.

    The same number of people answer the same by the same days: the first of those invited, or the last, in another
    order, with second thoughts, and early on only a part. So other people are reminded, and not as many.
    """

    def build(database: Database, urns: Urns) -> Scene:
        town = found(database, urns, now)
        town.channel(CHANNEL)
        staff = town.staff(STAFF)
        # Two are away, for some days and throughout, and one cannot be written to. Who is away throughout takes part
        # all the same in the first life only: the published circle must not show it.
        town.do(absence.set_away, staff[1], now.date() + timedelta(days=30), now.date())
        town.do(absence.set_away, staff[12], HALF_TIME.date(), now.date())
        town.do(people.mark_blocked, staff[13].telegram_id, now)
        return Scene(town, staff)

    # All on SQLite, or all on PostgreSQL.
    saved = Saved(build, tmp_path / "saved", postgres if urn_url else None)
    runs = []
    for wavers, who in enumerate((range(ENOUGH), range(STAFF)[: -ENOUGH - 1 : -1])):
        with saved.copy(urn_url) as copy:
            runs.append(Life(copy, tmp_path / "backups", tuple(who), wavers=bool(wavers)).live())
    one, other = runs
    assert [name for name, look in one.looks.items() if look != other.looks[name]] == []
    assert one.looks.keys() == other.looks.keys()
    # They were not the same lives at all.
    assert not {*one.who[:LATE]} & {*other.who[:LATE]}
    assert [len(reminded) for reminded in one.reminded] == [STAFF + 1 - 2 - EARLY, STAFF + 1 - 1 - LATE]
    assert [len(reminded) for reminded in other.reminded] == [STAFF + 1 - 3, STAFF + 1 - 2]
    # And there was something to see.
    last = one.looks["settled"]
    assert isinstance(last, Look)
    assert Counter(kind for _, kind, *_ in last.rows["figure"]) == {"dimension": 3, "item": 6, "share": 4}


@dataclass(frozen=True)
class Look:
    """All that there is to see of an installation but its urns: rows, how they were written, and a backup."""

    rows: Mapping[str, list[tuple[Any, ...]]]
    traces: Mapping[str, object]
    backup: Mapping[str, bytes]


class Life:
    """One round of ``copy``: who answers, in turn, and what can be seen of it from outside after every step.

    People who waver answer in another order, change what they answered, and leave the end of it for later.
    """

    def __init__(self, copy: Copy, backups: Path, who: tuple[int, ...], *, wavers: bool) -> None:
        self.who = who
        self.looks: dict[str, object] = {}
        self.reminded: list[list[int]] = []
        self._copy = copy
        self._backups = backups
        self._wavers = wavers

    def live(self) -> "Life":
        with self._copy.started() as scene:
            round_ = scene.town.open()
            self._let(scene.town, "opened")
            self._answer(scene, round_, slice(EARLY))
            self._look(scene.town, "answered")
        self.looks["stopped"] = traces(self._copy.database)
        with self._copy.started() as scene:
            self._let(scene.town.at(DAY_TWO), "counted")
            half_time = scene.town.at(HALF_TIME)
            half_time.beat()
            self._remind(half_time, "half-time")
            self._answer(scene, round_, slice(EARLY, LATE))
            last_morning = scene.town.at(LAST_MORNING)
            last_morning.beat()
            self._remind(last_morning, "last morning")
            last_morning.do(reminders.extend, last_morning.coordinator, round_.id, LAST_MORNING)
            self._let(last_morning, "extended")
            self._answer(scene, round_, slice(LATE, ENOUGH))
            self._finish(scene, round_)
            self._let(scene.town.at(NEXT_DAY), "counted again")
        with self._copy.started() as scene:
            closes_at = scene.town.round(round_.id).closes_at
            self._let(scene.town.at(closes_at - timedelta(hours=1)), "before the close")
            scene.town.beat(closes_at)
            self._look(scene.town, "settled")
        self.looks["stopped again"] = traces(self._copy.database)
        return self

    def _answer(self, scene: Scene, round_: Round, part: slice) -> None:
        order = -1 if self._wavers else 1
        for number, values in list(zip(self.who, ANSWERS * 4, strict=True))[part][::order]:
            if self._wavers:
                scene.town.answers(scene.staff[number], round_, (1, 2, 3))
            scene.town.answers(scene.staff[number], round_, values[:3] if self._wavers else values)

    def _finish(self, scene: Scene, round_: Round) -> None:
        for number, values in zip(self.who, ANSWERS * 4, strict=True):
            if self._wavers:
                scene.town.answers(scene.staff[number], round_, values)

    def _remind(self, town: Town, name: str) -> None:
        """With a look when some have been reminded and others have not; each of them takes a minute."""
        parcel = _claimed_reminder(town, town.now)
        going = remind(town, parcel, town.now)
        reminded = [next(going), next(going)]
        self._look(town, f"{name}, in the middle")
        reminded += going
        self.reminded.append(reminded)
        town.do(outbox.record_reminded, parcel, town.now + len(reminded) * timedelta(minutes=1))
        self._let(town, name)

    def _let(self, town: Town, name: str) -> None:
        """Let happen and be sent what is due."""
        town.beat()
        deliver(town, town.now)
        self._look(town, name)

    def _look(self, town: Town, name: str) -> None:
        self.looks[name] = Look(tables(town.database), traces(town.database), back_up(town.database, self._backups))


# After the close: nothing is left


def test_the_search_finds_a_secret_in_every_guise(tmp_path: Path) -> None:
    secret = bytes(range(100, 132))
    writings = {
        "raw": b"xx" + secret + b"yy",
        "hex": f"0x{secret.hex()}".encode(),
        "capitals": secret.hex().upper().encode(),
        "json": base64.b64encode(b"{" + secret + b"}"),
        "later": base64.b64encode(b"ab" + secret),
        "web": base64.urlsafe_b64encode(b"\xff\xfe\xfd" + secret),
        "other": b"nothing of the kind",
    }
    for name, contents in writings.items():
        (tmp_path / name).write_bytes(contents)
    assert files_with(all_files(tmp_path), [secret]) == set(writings) - {"other"}


def test_no_file_keeps_a_key_or_a_ballot_after_the_close(town: Town, urn_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    servers = [] if town.database.is_sqlite else [Server(town.database)]
    town.channel(CHANNEL)
    staff = town.staff(5)
    round_ = town.open()
    town.beat()
    for account in staff:
        town.answers(account, round_, (1, 1, 1, 1, 1, 1))
    key, lying = secrets_of(town.urns, round_.id, folder)
    for account, values in zip(staff, ANSWERS, strict=True):
        # With the second thoughts, the first ones are secret still.
        town.answers(account, round_, values)
    town.beat(HALF_TIME)
    sent: list[str] = []
    deliver(town, HALF_TIME, sent.append)
    assert [note.split()[2] for note in sent if "reminder" in note] == ["1001"]
    lying = [*{*lying, *secrets_of(town.urns, round_.id, folder)[1]}]
    # Five people's answers, sealed twice, and the mark of a reminder.
    assert len(lying) == 30 + 30 + 30 + 2

    backup = tmp_path / "backup"
    back_up(town.database, backup)
    urn_files = {f"{round_.id}.key"} if urn_url else {f"{round_.id}.key", f"{round_.id}.db-wal"}
    assert files_with(all_files(folder), [key]) == {f"{round_.id}.key"}
    assert files_with(all_files(folder), [key, *lying]) == urn_files
    assert files_with(all_files(backup), [key, *lying]) == set()

    town.beat(round_.closes_at)
    assert town.round(round_.id).closed_at is not None

    # While the program runs, in its backups, and after its end.
    assert files_with(all_files(tmp_path), [key, *lying]) == set()
    for server in servers:
        assert files_with(server.files(), [key] if urn_url else [key, *lying]) == set()
    assert list((folder / "urn").iterdir()) == []
    back_up(town.database, backup)
    town.urns.close()
    town.database.dispose()
    assert files_with(all_files(tmp_path), [key, *lying]) == set()


def test_a_cancelled_round_leaves_nothing_either(town: Town, urn_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    account = town.account(town.coordinator)
    round_ = town.open()
    town.answers(account, round_, (1, 2, 3, 4, 5, 0))
    key, lying = secrets_of(town.urns, round_.id, folder)
    town.urns.close()
    (folder / "urn" / f"{round_.id}.key").rename(tmp_path / "stolen")
    (tmp_path / "stolen").unlink()
    town.beat()
    assert town.round(round_.id).cancelled_at is not None
    assert files_with(all_files(folder), [key, *lying]) == set()
    assert list((folder / "urn").iterdir()) == []


def test_the_urn_folder_is_its_owners_alone(town: Town, tmp_path: Path) -> None:
    round_ = town.open()
    town.answers(town.account(town.coordinator), round_, (1, 2, 3, 4, 5, 0))
    folder = tmp_path / "data" / "urn"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / f"{round_.id}.key").stat().st_mode & 0o777 == 0o600


def test_no_table_could_link_a_person_with_an_answer() -> None:
    """The whole schema, looked at by name: whoever adds such a column has to come by here."""
    naming = {
        f"{table.name}.{column.name}"
        for table in Table.metadata.sorted_tables
        for column in table.columns
        if column.name in {"account_id", "member_id", "telegram_id", "chat_id"}
        or {key.column.table.name for key in column.foreign_keys} & {"account", "member"}
    }
    assert naming == {
        "account.telegram_id",
        "channel.chat_id",
        "draft.telegram_id",
        "invitation.member_id",
        "invitee.account_id",
        "member.account_id",
        "outbox.account_id",
        "outbox.chat_id",
        "own_statement.proposed_by",
    }
    columns = {table.name: {column.name for column in table.columns} for table in Table.metadata.sorted_tables}
    assert columns["invitee"] == {"id", "round_id", "account_id", "told_at", "ended_at"}
    assert columns["figure"] == {"id", "round_id", "kind", "subject", "value", "code", "n"}
    assert not {"ballot", "answer", "participation", "reminder"} & set(columns)
