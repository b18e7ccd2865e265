"""Fixtures of all rooms: a migrated database of each kind, urns, and the moment at which a test begins."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import schema
from core.db import Database
from core.urn import Urns
from tests.postgres import Postgres

MONDAY_AT_NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)
"""09:00 in Berlin, with no holiday near."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "dreiklang.db"
    schema.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated database; every test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        (tmp_path / "data").mkdir(exist_ok=True)
        template: Path = request.getfixturevalue("migrated_sqlite")
        (tmp_path / "data" / "dreiklang.db").write_bytes(template.read_bytes())
        yield f"sqlite:///{tmp_path / 'data' / 'dreiklang.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.fresh(schema.upgrade)
    yield url
    server.drop(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def urns(tmp_path: Path) -> Iterator[Urns]:
    urns = Urns(tmp_path / "data" / "urn")
    yield urns
    urns.close()


@pytest.fixture
def now() -> datetime:
    return MONDAY_AT_NINE
