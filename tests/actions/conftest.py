"""A town for the tests of deeds, and a PostgreSQL database that is emptied rather than made for each of them."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot import schema
from core.db import Database
from core.tables import Table
from core.urn import Urns
from tests.actions.town import Town, found
from tests.postgres import Postgres


@pytest.fixture(scope="session")
def reused_postgres(postgres: Postgres) -> str:
    return postgres.fresh(schema.upgrade)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database without a row; the many short tests here would spend most of their time making one."""
    if request.param == "sqlite":
        file = tmp_path / "data" / "dreiklang.db"
        file.parent.mkdir()
        template: Path = request.getfixturevalue("migrated_sqlite")
        file.write_bytes(template.read_bytes())
        return f"sqlite:///{file}"
    url: str = request.getfixturevalue("reused_postgres")
    empty(url)
    return url


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


def empty(url: str) -> None:
    """As after the migrations: no row, and all numbers given anew."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {', '.join(Table.metadata.tables)} RESTART IDENTITY"))
    finally:
        engine.dispose()
