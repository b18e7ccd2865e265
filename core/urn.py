"""The ballot box: secret answers while a round is open, destroyed at its close (RULES 5).

Each round has a random key in a file of its own. A ballot is ``(bid, sealed)``: ``bid`` is an HMAC under the key, so
only somebody who has the key and names a person can find that person's ballot; ``sealed`` is encrypted and
authenticated under keys derived from it. There is no time, counter, message id or person in any row.
"""

import hmac
import os
import re
import secrets
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    bindparam,
    create_engine,
    delete,
    event,
    inspect,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError

_KEY_BYTES = 32
_NONCE_BYTES = 12
_PLAIN = struct.Struct(">16sHb")
"""Voter's tag, slot, value: every sealed ballot has the same length."""
_NOTHING = -1

_metadata = MetaData()
_ballot = Table(
    "ballot",
    _metadata,
    Column("urn", Integer, primary_key=True, autoincrement=False),
    Column("bid", LargeBinary, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    # The table is stored in the order of the random bids, not in that of arrival.
    sqlite_with_rowid=False,
)
# Built once: putting a statement together takes longer than running it, and this one runs for every answer.
_dealt = select(_ballot.c.bid).where(
    _ballot.c.urn == bindparam("urn"), _ballot.c.bid.in_(bindparam("bids", expanding=True))
)


class UrnMissing(Exception):  # noqa: N818  (a state of the world, told to people, not a programming error)
    """The urn of a round is gone: after a restore, or because it was destroyed."""


@dataclass(frozen=True)
class Count:
    """What one urn held: values per slot, and how many voters gave at least one value."""

    values: dict[int, list[int]]
    voters: int


class Urns:
    """All urns of an installation: one SQLite file each beside its key, or one database for all (``url``).

    ``folder`` holds the key files and must be outside every backup and snapshot.
    """

    def __init__(self, folder: Path, url: str = "") -> None:
        self._folder = folder
        self._url = url
        self._open: dict[int, _Urn] = {}
        self._opening = Lock()

    def create(self, urn_id: int) -> None:
        """Make an empty urn, on disk for certain when this returns; one left by a crash before is replaced."""
        self.destroy(urn_id)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._key_file(urn_id), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(handle, secrets.token_bytes(_KEY_BYTES))
            os.fsync(handle)
        finally:
            os.close(handle)
        with self._engine(urn_id, create=True) as engine:
            _metadata.create_all(engine)
        self._sync_folder()

    def put(self, urn_id: int, voter: str, slot: int, value: int | None, among: Iterable[int] = ()) -> set[int]:
        """Store or replace one ballot; ``value`` None is a stored ballot without a value. Committed on return.

        Returns which of the slots ``among`` this voter has a ballot for now.
        """
        return self._get(urn_id).put(voter, slot, value, among)

    def dealt(self, urn_id: int, voter: str, slots: Iterable[int]) -> set[int]:
        """Which of the slots this voter has a ballot for."""
        return self._get(urn_id).dealt(voter, slots)

    def remove(self, urn_id: int, voter: str, slots: Iterable[int]) -> None:
        """Take one voter's own ballots out again."""
        self._get(urn_id).remove(voter, slots)

    def count(self, urn_id: int) -> Count:
        """Open every ballot; raises ``InvalidTag`` if one was tampered with, ``UrnMissing`` if the file is damaged."""
        with _whole(urn_id):
            return self._get(urn_id).count()

    def exists(self, urn_id: int) -> bool:
        return self._key_file(urn_id).exists() and (bool(self._url) or self._ballot_file(urn_id).exists())

    def known(self) -> set[int]:
        """The ids of all urns of which anything is left on disk."""
        names = (re.match(r"(\d+)\.(?:key|db)", file.name) for file in self._folder.glob("*"))
        return {int(name[1]) for name in names if name}

    def destroy(self, urn_id: int) -> None:
        """Make the ballots unreadable for ever; doing it again, or after a crash in the middle, does no harm."""
        if urn := self._open.pop(urn_id, None):
            urn.dispose()
        # The key goes first: without it the rest is noise.
        for file in (self._key_file(urn_id), *self._ballot_files(urn_id)):
            _shred(file)
        if self._url:
            with self._engine(urn_id, create=True) as engine, engine.begin() as connection:
                if inspect(connection).has_table(_ballot.name):
                    connection.execute(delete(_ballot).where(_ballot.c.urn == urn_id))
        if self._folder.exists():
            self._sync_folder()

    def close(self) -> None:
        """Let go of all files."""
        while self._open:
            self._open.popitem()[1].dispose()

    def _get(self, urn_id: int) -> "_Urn":
        with self._opening:
            if urn_id not in self._open:
                if not self.exists(urn_id):
                    raise UrnMissing(urn_id)
                key = self._key_file(urn_id).read_bytes()
                with _whole(urn_id), self._engine(urn_id, create=False) as engine:
                    if len(key) != _KEY_BYTES or not inspect(engine).has_table(_ballot.name):
                        raise UrnMissing(urn_id)
                self._open[urn_id] = _Urn(urn_id, key, self._connect(urn_id, create=False))
            return self._open[urn_id]

    @contextmanager
    def _engine(self, urn_id: int, *, create: bool) -> Iterator[Engine]:
        engine = self._connect(urn_id, create=create)
        try:
            yield engine
        finally:
            engine.dispose()

    def _connect(self, urn_id: int, *, create: bool) -> Engine:
        if self._url:
            url = self._url.replace("postgresql://", "postgresql+psycopg://", 1)
            return create_engine(url, pool_pre_ping=True, hide_parameters=True)
        mode = "rwc" if create else "rw"
        engine = create_engine(
            f"sqlite:///file:{self._ballot_file(urn_id).resolve()}?mode={mode}&uri=true",
            connect_args={"check_same_thread": False},
            hide_parameters=True,
        )

        @event.listens_for(engine, "connect")
        def _connected(connection: Any, _record: object) -> None:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "busy_timeout=10000"):
                connection.execute(f"PRAGMA {pragma}")

        return engine

    def _key_file(self, urn_id: int) -> Path:
        return self._folder / f"{urn_id}.key"

    def _ballot_file(self, urn_id: int) -> Path:
        return self._folder / f"{urn_id}.db"

    def _ballot_files(self, urn_id: int) -> list[Path]:
        file = self._ballot_file(urn_id)
        return [file, *(file.with_name(file.name + tail) for tail in ("-wal", "-shm", "-journal"))]

    def _sync_folder(self) -> None:
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class _Urn:
    """One open urn with its key in memory."""

    def __init__(self, urn_id: int, key: bytes, engine: Engine) -> None:
        self._id = urn_id
        self._engine = engine
        self._bid_key = hmac.digest(key, b"bid", sha256)
        self._tag_key = hmac.digest(key, b"voter", sha256)
        self._seal = ChaCha20Poly1305(hmac.digest(key, b"seal", sha256))
        dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
        insert = dialect.insert(_ballot)
        self._upsert = insert.on_conflict_do_update(
            index_elements=[_ballot.c.urn, _ballot.c.bid], set_={"sealed": insert.excluded.sealed}
        )

    def put(self, voter: str, slot: int, value: int | None, among: Iterable[int]) -> set[int]:
        bid = self._bid(voter, slot)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = _PLAIN.pack(self._tag(voter), slot, _NOTHING if value is None else value)
        sealed = nonce + self._seal.encrypt(nonce, plain, bid)
        with self._engine.begin() as connection:
            connection.execute(self._upsert, {"urn": self._id, "bid": bid, "sealed": sealed})
            return self._dealt(connection, voter, among)

    def dealt(self, voter: str, slots: Iterable[int]) -> set[int]:
        with self._engine.connect() as connection:
            return self._dealt(connection, voter, slots)

    def remove(self, voter: str, slots: Iterable[int]) -> None:
        with self._engine.begin() as connection:
            bids = [self._bid(voter, slot) for slot in slots]
            connection.execute(delete(_ballot).where(_ballot.c.urn == self._id, _ballot.c.bid.in_(bids)))

    def count(self) -> Count:
        values: dict[int, list[int]] = {}
        voters: set[bytes] = set()
        with self._engine.connect() as connection:
            rows = connection.execute(select(_ballot.c.bid, _ballot.c.sealed).where(_ballot.c.urn == self._id))
            for bid, sealed in rows:
                nonce, box = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
                if len(nonce) != _NONCE_BYTES:
                    raise InvalidTag
                tag, slot, value = _PLAIN.unpack(self._seal.decrypt(nonce, box, bytes(bid)))
                if value != _NOTHING:
                    values.setdefault(slot, []).append(value)
                    voters.add(tag)
        return Count(values, len(voters))

    def dispose(self) -> None:
        self._engine.dispose()

    def _dealt(self, connection: Connection, voter: str, slots: Iterable[int]) -> set[int]:
        bids = {self._bid(voter, slot): slot for slot in slots}
        if not bids:
            return set()
        found = connection.scalars(_dealt, {"urn": self._id, "bids": list(bids)})
        return {bids[bytes(bid)] for bid in found}

    def _bid(self, voter: str, slot: int) -> bytes:
        return hmac.digest(self._bid_key, f"{self._id}|{voter}|{slot}".encode(), sha256)

    def _tag(self, voter: str) -> bytes:
        """Groups one voter's ballots inside the sealed part, so that people can be counted without asking who."""
        return hmac.digest(self._tag_key, voter.encode(), sha256)[:16]


@contextmanager
def _whole(urn_id: int) -> Iterator[None]:
    """SQLite's bare DatabaseError means a file that is damaged or none of its own; other troubles may pass."""
    try:
        yield
    except DatabaseError as error:
        if type(error) is DatabaseError:
            raise UrnMissing(urn_id) from error
        raise


def _shred(file: Path) -> None:
    """Overwrite, flush and unlink; a file that is not there is a file that is gone."""
    with suppress(FileNotFoundError):
        with file.open("r+b") as handle:
            handle.write(secrets.token_bytes(max(file.stat().st_size, _KEY_BYTES)))
            handle.flush()
            os.fsync(handle.fileno())
        file.unlink()


__all__ = ["Count", "InvalidTag", "UrnMissing", "Urns"]
