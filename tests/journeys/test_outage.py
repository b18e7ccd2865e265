"""The database goes away in the middle of a press: nothing is acknowledged, nothing is lost, nothing happens twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from bot import schema
from core.actions import pulse
from core.db import Database
from core.queries import people
from core.rules.pulse import Form
from sandbox.people import Telegram
from sandbox.server import serve
from tests.journeys.installation import Clock, Installation, at
from tests.journeys.register import settle_town
from tests.postgres import Postgres


@pytest.fixture
def town(telegram: Telegram, clock: Clock, postgres: Postgres, tmp_path: Path) -> Iterator[Installation]:
    url = postgres.fresh(schema.upgrade)
    with serve(telegram) as address:
        installation = Installation(telegram, address.url, url, tmp_path / "data", clock)
        yield installation
        installation.stop()
    postgres.drop(url)


@contextmanager
def _outage(url: str) -> Iterator[None]:
    """Nobody can connect to this database meanwhile, and those who were connected are not any more."""
    here = make_url(url).set(drivername="postgresql")
    name = here.database or ""
    admin = here.set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(name)))


def test_presses_and_texts_wait_for_the_database(town: Installation, telegram: Telegram) -> None:
    register = settle_town(town.settings.database_url, telegram, town.clock.now())
    town.start()
    maren, (first, second, *_) = register.owner, register.staff
    maren.writes("/koordination")
    maren.presses("Pulsrunde")
    maren.presses("Jetzt beginnen …")
    maren.presses("Jetzt beginnen und alle einladen")
    town.settle()
    first.presses("Beginnen")
    question = first.sees("Aussage 1 von 9")
    agree = next(button for row in question.keyboard for button in row if button.text == "stimme eher zu")
    with _outage(town.settings.database_url):
        telegram.press(first.id, first.id, question.id, agree.data or "")
        second.writes("/datenschutz")
        polls = telegram.updates.poller
        # A poll changes nothing that anybody sees, so it wakes nobody: look again every second.
        assert any(telegram.wait_for(lambda: telegram.updates.poller > polls + 3, 1) for _ in range(30))
        assert not first.has("Aussage 2 von 9")
        assert not second.has("Datenschutz in Kürze")
    first.sees("Aussage 2 von 9")
    second.sees("Datenschutz in Kürze")
    telegram.wait_idle()
    town.settle()
    assert len([m for m in second.messages if m.contains("Datenschutz in Kürze")]) == 1


def test_reminding_goes_on_when_the_database_is_back(town: Installation, telegram: Telegram) -> None:
    register = settle_town(town.settings.database_url, telegram, town.clock.now())
    database = Database(town.settings.database_url)
    with database.begin() as db:
        _, (owner,) = people.identity(db, register.owner.id)
        pulse.plan(db, owner, town.clock.now(), Form.SHORT, town.clock.now())
    database.dispose()
    town.start()
    town.settle()
    first, second, *_ = register.everybody
    held = telegram.hold_next("sendMessage", chat_id=second.id)
    town.clock.moment = at(2026, 11, 25, 8)
    second.sees("Erinnerung: Puls", seconds=60)
    with _outage(town.settings.database_url):
        held.release()
        # Long enough to look for the next one, and not to find the database.
        assert not telegram.wait_for(lambda: register.staff[2].has("Erinnerung: Puls"), 1)
    for person in register.everybody:
        person.sees("Erinnerung: Puls", seconds=60)
    town.settle()
    assert [sum(m.contains("Erinnerung: Puls") for m in person.messages) for person in (first, second)] == [1, 1]
