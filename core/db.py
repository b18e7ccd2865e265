"""Engine and transactions: the same rules on SQLite and PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.orm import Session, sessionmaker

__all__ = ["Database", "Session", "own_outbox", "own_round", "own_urns", "share_round", "share_urns"]

ROUND_LOCK = 7_301
"""First half of the advisory lock's key on PostgreSQL; the second is the round's id."""
OUTBOX_LOCK = 7_302
"""The same for the whole outbox; the second half is 0."""
URNS_LOCK = 7_303
"""The same for the folder of urns."""


class Database:
    """One installation's source of truth. Every deed is one ``begin()``: return commits, raise rolls back."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.url.drivername == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.engine = _sqlite(self.url.database or "") if self.is_sqlite else _postgresql(self.url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        with self._sessions.begin() as session:
            yield session

    def tidy(self) -> None:
        """Empty SQLite's write-ahead log, in which deleted rows could still be read; outside of any transaction."""
        if self.is_sqlite:
            connection = self.engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
            finally:
                connection.close()

    def dispose(self) -> None:
        self.engine.dispose()


def _sqlite(path: str) -> Engine:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        f"sqlite:///{path}", connect_args={"isolation_level": None, "check_same_thread": False}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000",
                       "secure_delete=ON"):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Any) -> None:
        # Without IMMEDIATE two transactions may read the same row and one update is lost without an error.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _postgresql(url: Any) -> Engine:
    # pgbouncer in transaction mode does not keep prepared statements.
    # A server that does not answer must not hold a deed for longer than its deadline.
    patience = {"connect_timeout": 5, "options": "-c statement_timeout=15000", "keepalives_idle": 30}
    return create_engine(
        url, connect_args={"prepare_threshold": None} | patience, pool_pre_ping=True, hide_parameters=True
    )


def share_round(session: Session, round_id: int) -> None:
    """Hold off the closing of a round until this transaction ends; answers do not hold off one another."""
    _lock(session, "pg_advisory_xact_lock_shared", ROUND_LOCK, round_id)


def own_round(session: Session, round_id: int) -> None:
    """Wait for answers in hand and keep new ones out until this transaction ends."""
    _lock(session, "pg_advisory_xact_lock", ROUND_LOCK, round_id)


def share_urns(session: Session) -> None:
    """Make an urn that is nobody's orphan, although its round is not committed yet."""
    _lock(session, "pg_advisory_xact_lock_shared", URNS_LOCK, 0)


def own_urns(session: Session) -> None:
    """Look for orphans while nobody is making an urn."""
    _lock(session, "pg_advisory_xact_lock", URNS_LOCK, 0)


def own_outbox(session: Session) -> None:
    """Look at the outbox only when no other transaction is choosing from it; until this one ends."""
    _lock(session, "pg_advisory_xact_lock", OUTBOX_LOCK, 0)


def _lock(session: Session, function: str, room: int, number: int) -> None:
    # On SQLite BEGIN IMMEDIATE already lets only one transaction in at a time.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SELECT {function}(:room, :id)"), {"room": room, "id": number})
