"""Nobody can see from the main database who answered; and after the close nobody can from anything (RULES 5)."""

import base64
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from core.db import Database
from core.rules.pulse import Round
from core.rules.refusal import Refusal
from core.tables import Table
from core.urn import Urns
from tests.actions.conftest import empty
from tests.actions.saved import Saved, Scene
from tests.actions.test_urn import ballots
from tests.actions.town import Town, found, tables
from tests.postgres import EXISTING, Postgres

CHANNEL = -100_123
ANSWERS = ((4, 4, 5, 3, 2, 1), (5, 4, 4, 4, 0, 0), (3, 3, 3, 3, 3, 3), (1, 2, 3, 4, 5, 0), (5, 5, 5, 5, 5, 5))


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


def test_rounds_that_differ_only_in_who_answered_leave_the_same_main_database(
    postgres: Postgres, tmp_path: Path, now: datetime, urn_url: str
) -> None:
    """Nine are asked and five answer: the first five, or the last five in another order and with second thoughts."""

    def build(database: Database, urns: Urns) -> Scene:
        town = found(database, urns, now)
        town.channel(CHANNEL)
        return Scene(town, town.staff(8))

    # All on SQLite, or all on PostgreSQL.
    saved = Saved(build, tmp_path / "saved", postgres if urn_url else None)
    runs: list[list[object]] = []
    for who, order in (((0, 1, 2, 3, 4), 1), ((7, 5, 4, 3, 6), -1)):
        with saved.copy(urn_url) as copy:
            looks: list[object] = []
            with copy.started() as scene:
                round_ = scene.town.open()
                scene.town.beat()
                for person, values in zip(who, ANSWERS[::order], strict=True):
                    if order < 0:
                        scene.town.answers(scene.staff[person], round_, (1, 2, 3, 4, 5, 1))
                    scene.town.answers(scene.staff[person], round_, values)
                looks.append(tables(scene.town.database))
            looks.append(_file(scene.town.database))
            with copy.started() as scene:
                scene.town.beat(round_.closes_at)
                looks.append(tables(scene.town.database))
            looks.append(_file(scene.town.database))
            runs.append(looks)
            assert len(tables_of(looks[2], "figure")) == 2
            # Invitations, results and the summary; nothing has been sent that could be edited.
            assert len(tables_of(looks[2], "outbox")) == 9 + 9 + 1
    assert runs[0] == runs[1]


def tables_of(look: object, name: str) -> list[tuple[object, ...]]:
    assert isinstance(look, dict)
    rows = look[name]
    assert isinstance(rows, list)
    return rows


def _file(database: Database) -> bytes:
    """The database file once nothing is in the log beside it any more; on PostgreSQL it is spread over many."""
    return Path(database.url.database or "").read_bytes() if database.is_sqlite else b""


# After the close: nothing is left


def secrets_of(town: Town, round_: Round, folder: Path) -> tuple[bytes, list[bytes]]:
    """An urn's key; and the number and the sealed part of each of its ballots."""
    key = (folder / "urn" / f"{round_.id}.key").read_bytes()
    return key, [part for ballot in ballots(town.urns, round_.id).items() for part in ballot]


def guises(secret: bytes) -> set[bytes]:
    """As bytes, hexadecimal, and within a longer text in base64, whatever stands before it."""
    in_base64 = set()
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + secret)
        # The first and the last characters hold bits of the neighbours too.
        middle = encoded[(0, 2, 3)[before] : -4]
        in_base64 |= {middle, middle.replace(b"+", b"-").replace(b"/", b"_")}
    return {secret, secret.hex().encode(), secret.hex().upper().encode(), *in_base64}


def files_with(files: Iterable[Path], secrets: Iterable[bytes]) -> set[str]:
    needles = [guise for secret in secrets for guise in guises(secret)]
    hits = set()
    for file in files:
        contents = file.read_bytes()
        if any(needle in contents for needle in needles):
            hits.add(file.name)
    return hits


def all_files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


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


class Server:
    """What PostgreSQL has written to disk for one database since this was made."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wal = self._ask("SELECT pg_walfile_name(pg_current_wal_lsn())")

    def files(self) -> list[Path]:
        """Empty only if the server is not ours and its files cannot be read from here."""
        with self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("CHECKPOINT")
        folder = Path(self._ask("SHOW data_directory"))
        own = folder / "base" / self._ask("SELECT oid FROM pg_database WHERE datname = current_database()")
        if os.environ.get(EXISTING) and not os.access(own, os.R_OK | os.X_OK):
            return []
        log = [file for file in (folder / "pg_wal").iterdir() if file.is_file() and file.name >= self._wal]
        shared = [
            file
            for part in folder.iterdir()
            if part.is_dir() and part.name not in {"base", "pg_wal"}
            for file in all_files(part)
        ]
        found = [*all_files(own), *log, *shared]
        # It is the right place: what the town is about stands there.
        assert any("Frühe Hilfen".encode() in file.read_bytes() for file in all_files(own))
        assert log
        return found

    def _ask(self, query: str) -> str:
        with self._database.engine.connect() as connection:
            return str(connection.exec_driver_sql(query).scalar_one())


def test_no_file_keeps_a_key_or_a_ballot_after_the_close(town: Town, urn_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    servers = [] if town.database.is_sqlite else [Server(town.database)]
    town.channel(CHANNEL)
    staff = town.staff(5)
    round_ = town.open()
    town.beat()
    for account in staff:
        town.answers(account, round_, (1, 1, 1, 1, 1, 1))
    key, lying = secrets_of(town, round_, folder)
    for account, values in zip(staff, ANSWERS, strict=True):
        # With the second thoughts, the first ones are secret still.
        town.answers(account, round_, values)
    lying = [*{*lying, *secrets_of(town, round_, folder)[1]}]
    assert len(lying) == 30 + 30 + 30

    backup = tmp_path / "backup"
    backup.mkdir()
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
    key, lying = secrets_of(town, round_, folder)
    town.urns.close()
    (folder / "urn" / f"{round_.id}.key").rename(tmp_path / "stolen")
    (tmp_path / "stolen").unlink()
    town.beat()
    assert town.round(round_.id).cancelled_at is not None
    assert files_with(all_files(folder), [key, *lying]) == set()
    assert list((folder / "urn").iterdir()) == []


def back_up(database: Database, folder: Path) -> None:
    """The main database as an operator would save it, in the middle of its work."""
    if database.is_sqlite:
        with closing(sqlite3.connect(database.url.database or "")) as source, closing(
            sqlite3.connect(folder / "backup.db")
        ) as target:  # fmt: skip
            source.backup(target)
        assert "Frühe Hilfen".encode() in (folder / "backup.db").read_bytes()
        return
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        for name in Table.metadata.tables:
            with driver.cursor() as cursor, cursor.copy(f"COPY {name} TO STDOUT") as rows:
                (folder / f"{name}.copy").write_bytes(b"".join(bytes(part) for part in rows))
    assert "Frühe Hilfen".encode() in (folder / "municipality.copy").read_bytes()


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
    }
    columns = {table.name: {column.name for column in table.columns} for table in Table.metadata.sorted_tables}
    assert columns["invitee"] == {"id", "round_id", "account_id", "told_at", "ended_at"}
    assert columns["figure"] == {"id", "round_id", "dimension", "value", "code", "n"}
    assert not {"ballot", "answer", "participation"} & set(columns)
