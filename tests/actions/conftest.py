"""A town for the tests of deeds, on databases that are emptied rather than made for each of the many short tests.

That an engine has its statements compiled already saves half of the time.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from bot import schema
from core.db import Database
from core.tables import Table
from core.urn import Urns
from tests.actions.town import Town, found
from tests.postgres import Postgres


@pytest.fixture(scope="session")
def reused_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('reused') / 'dreiklang.db'}")
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def reused_postgres(postgres: Postgres) -> Iterator[Database]:
    database = Database(postgres.fresh(schema.upgrade))
    yield database
    database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """Migrated, without a row, and with all numbers given anew."""
    if request.param == "sqlite":
        sqlite: Database = request.getfixturevalue("reused_sqlite")
        template: Path = request.getfixturevalue("migrated_sqlite")
        sqlite.dispose()
        file = Path(sqlite.url.database or "")
        for left in file.parent.iterdir():
            left.unlink()
        file.write_bytes(template.read_bytes())
        return sqlite
    postgresql: Database = request.getfixturevalue("reused_postgres")
    empty(postgresql)
    return postgresql


@pytest.fixture
def own_postgres(postgres: Postgres) -> Iterator[str]:
    """A database without a table."""
    url = postgres.fresh()
    yield url
    postgres.drop(url)


@pytest.fixture
def town(database: Database, urns: Urns, now: datetime) -> Town:
    """A municipality with one connected coordinator (Telegram id 1001), on each kind of database."""
    return found(database, urns, now)


def empty(postgresql: Database) -> None:
    """Faster than TRUNCATE, which makes a new file for every table and index."""
    tables = [table.name for table in reversed(Table.metadata.sorted_tables)]
    deeds = "".join(f"DELETE FROM {name}; ALTER SEQUENCE {name}_id_seq RESTART; " for name in tables)  # noqa: S608
    with postgresql.begin() as db:
        db.execute(text(f"DO $$ BEGIN {deeds} END $$"))
