"""What somebody finds who searches an installation: every trace of writing, and any secret in whatever guise."""

import base64
import os
import shutil
import sqlite3
import struct
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection

from core.db import Database
from core.tables import Table
from core.urn import Urns
from tests.actions.test_urn import ballots
from tests.postgres import EXISTING

_LOG_HEADER, _FRAME_HEADER, _PAGE_SIZE_AT = 32, 24, 8


def traces(database: Database) -> Mapping[str, object]:
    """All that the main database holds and in which order it was written, so that equal deeds leave equal traces.

    On SQLite every page of the file and, with its own order, of the log beside it. On PostgreSQL each row with its
    place in the file and the rank of the transaction that wrote it; how far the numbers and the files have grown.
    """
    if database.is_sqlite:
        file = Path(database.url.database or "")
        return {"": file.read_bytes(), "-wal": _pages(file.with_name(f"{file.name}-wal"))}
    with database.engine.connect() as connection:
        rows = {name: _written(connection, name) for name in sorted(Table.metadata.tables)}
        transactions = sorted({xmin for written in rows.values() for _, xmin, _ in written})
        rank = {xmin: number for number, xmin in enumerate(transactions)}
        found: dict[str, object] = {
            name: [(place, rank[xmin], row) for place, xmin, row in written] for name, written in rows.items()
        }
        for name in rows:
            query = f"SELECT last_value, is_called, pg_relation_size('{name}') FROM {name}_id_seq"  # noqa: S608
            found[f"{name} so far"] = tuple(connection.exec_driver_sql(query).one())
        return found


def _pages(log: Path) -> list[tuple[bytes, bytes]]:
    """The pages in SQLite's log in their order, without the random numbers that guard them."""
    if not log.exists() or not (contents := log.read_bytes()):
        return []
    (size,) = struct.unpack_from(">I", contents, _PAGE_SIZE_AT)
    places = range(_LOG_HEADER, len(contents), _FRAME_HEADER + size)
    # A page's number, and how large the database is after a commit.
    return [(contents[at : at + 8], contents[at + _FRAME_HEADER : at + _FRAME_HEADER + size]) for at in places]


def _written(connection: Connection, table: str) -> list[tuple[str, int, str]]:
    query = f"SELECT ctid::text, xmin::text::bigint, t::text FROM {table} t ORDER BY ctid"  # noqa: S608
    return [(place, xmin, row) for place, xmin, row in connection.exec_driver_sql(query)]


def back_up(database: Database, folder: Path) -> dict[str, bytes]:
    """The main database as an operator would save it, in the middle of its work; by file."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if database.is_sqlite:
        with closing(sqlite3.connect(database.url.database or "")) as source, closing(
            sqlite3.connect(folder / "backup.db")
        ) as target:  # fmt: skip
            source.backup(target)
    else:
        with database.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            for name in Table.metadata.tables:
                with driver.cursor() as cursor, cursor.copy(f"COPY {name} TO STDOUT") as rows:
                    (folder / f"{name}.copy").write_bytes(b"".join(bytes(part) for part in rows))
    saved = {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
    # It is the right database: what the town is about stands there.
    assert any(TOPIC.encode() in contents for contents in saved.values())
    return saved


TOPIC = "Frühe Hilfen"
"""What every town is about that is searched."""


def secrets_of(urns: Urns, round_id: int, folder: Path) -> tuple[bytes, list[bytes]]:
    """An urn's key; and the number and the sealed part of each of its ballots."""
    key = (folder / "urn" / f"{round_id}.key").read_bytes()
    return key, [part for ballot in ballots(urns, round_id).items() for part in ballot]


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
        assert any(TOPIC.encode() in file.read_bytes() for file in all_files(own))
        assert log
        return found

    def _ask(self, query: str) -> str:
        with self._database.engine.connect() as connection:
            return str(connection.exec_driver_sql(query).scalar_one())
