import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.util import CommandError
from sqlalchemy import create_engine, inspect, text

from bot import schema
from core.actions import people
from core.db import Database
from core.tables import Table
from tests.actions.town import found, tables


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'dreiklang.db'}"
    else:
        yield request.getfixturevalue("own_postgres")


def _structure(url: str) -> dict[str, Any]:
    """Columns, indexes, unique and foreign keys and checks of every table."""
    engine = create_engine(url)
    try:
        looked = inspect(engine)
        return {
            name: [
                sorted(json.dumps(entry, default=str, sort_keys=True) for entry in part)
                for part in (
                    looked.get_columns(name),
                    looked.get_indexes(name),
                    looked.get_unique_constraints(name),
                    looked.get_foreign_keys(name),
                    looked.get_check_constraints(name),
                )
            ]
            for name in looked.get_table_names()
        }
    finally:
        engine.dispose()


def test_upgrading_makes_exactly_the_tables_of_the_code(url: str) -> None:
    schema.upgrade(url)
    schema.check(url)
    assert set(_structure(url)) == {*Table.metadata.tables, "alembic_version"}
    database = Database(url)
    assert schema.is_current(database)
    database.dispose()


def test_what_the_code_would_create_is_what_the_migrations_make(url: str, postgres: Any, tmp_path: Path) -> None:
    schema.upgrade(url)
    by_code = f"sqlite:///{tmp_path / 'code.db'}" if url.startswith("sqlite") else postgres.fresh()
    engine = create_engine(by_code)
    Table.metadata.create_all(engine)
    engine.dispose()
    migrated = _structure(url)
    del migrated["alembic_version"]
    assert migrated == _structure(by_code)


def test_a_difference_is_noticed(url: str) -> None:
    schema.upgrade(url)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX uq_round_running"))
    engine.dispose()
    with pytest.raises(CommandError):
        schema.check(url)


def test_a_database_that_was_never_migrated_is_not_current(url: str) -> None:
    database = Database(url)
    assert not schema.is_current(database)
    database.dispose()


def test_down_to_nothing_and_up_again(url: str) -> None:
    schema.upgrade(url)
    before = _structure(url)
    schema.downgrade(url, "base")
    assert set(_structure(url)) == {"alembic_version"}
    database = Database(url)
    assert not schema.is_current(database)
    database.dispose()
    schema.upgrade(url)
    schema.check(url)
    assert _structure(url) == before


def test_upgrading_again_changes_nothing(url: str, urns: Any, now: Any) -> None:
    schema.upgrade(url)
    database = Database(url)
    town = found(database, urns, now)
    town.open()
    before, structure = tables(database), _structure(url)
    schema.upgrade(url)
    assert (tables(database), _structure(url)) == (before, structure)
    # What is there goes on.
    town.do(people.set_topic, town.coordinator, "Neues Thema")
    database.dispose()


def test_a_round_that_is_open_during_the_upgrade_gets_its_daily_look(url: str) -> None:
    """The first installations have rounds and figures; both directions keep them."""
    schema.upgrade(url, "0001")
    engine = create_engine(url)
    opened = datetime(2026, 11, 23, 8, tzinfo=UTC)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO municipality (id, name, name_key, locale, zone, topic, council, protection, minimum, "
                "created_at) VALUES (1, 'M', 'm', 'de', 'Europe/Berlin', 't', 'c', 'p', 5, :at)"
            ),
            {"at": opened},
        )
        for number, closed in ((1, opened), (2, None)):
            connection.execute(
                text(
                    "INSERT INTO round (municipality_id, number, topic, minimum, opens_at, closes_at, opened_at, "
                    "closing_at, closed_at, invited) VALUES (1, :number, 't', 5, :at, :at, :at, :closed, :closed, 9)"
                ),
                {"number": number, "at": opened, "closed": closed},
            )
        connection.execute(
            text("INSERT INTO figure (round_id, dimension, value, code, n) VALUES (1, 'must', 55, '', 9)")
        )
    schema.upgrade(url)
    with engine.begin() as connection:
        looks = connection.execute(text("SELECT number, look_at IS NOT NULL FROM round ORDER BY number")).all()
        assert [(number, bool(looked)) for number, looked in looks] == [(1, False), (2, True)]
        assert connection.execute(text("SELECT kind, subject, value FROM figure")).all() == [("dimension", "must", 55)]
    schema.downgrade(url, "0001")
    with engine.begin() as connection:
        assert connection.execute(text("SELECT dimension, value FROM figure")).all() == [("must", 55)]
    engine.dispose()
