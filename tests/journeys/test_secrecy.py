"""Two lives of an installation that differ only in who answered: nobody can tell them apart from outside the urn."""

import json
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot import logs, schema
from core.actions import channels, people, plans, pulse
from core.db import Database
from core.queries import people as queries
from core.rules.people import Involvement, Role
from core.rules.pulse import Form
from core.urn import Urns
from sandbox.people import Person, Room, Telegram
from sandbox.server import serve
from tests.actions.forensics import TOPIC, Server, all_files, back_up, files_with, secrets_of
from tests.actions.town import tables
from tests.journeys.installation import BOT_NAME, TOKEN, Clock, Installation, at
from tests.postgres import Postgres

OPENING = at(2026, 11, 23, 8)
HALF_TIME = at(2026, 11, 25, 8)
LAST_MORNING = at(2026, 11, 27, 8)
CLOSE = at(2026, 11, 27, 14)
FIRST_PERSON, CHANNEL = 6_000_000_001, -1_001_234_567_890
ROUND = 1
NAMES = "ABCDEF"
CLICKS = ("stimme voll zu", "stimme eher zu", "teils, teils", "stimme eher zu", "stimme voll zu", "keine Angabe")


def _settle(url: str) -> None:
    """A coordinator, six people and a channel, with a round planned for now."""
    schema.upgrade(url)
    database = Database(url)
    with database.begin() as db:
        token = people.found(db, "Landkreis Musterland", OPENING)
        actor = people.join(db, queries.token_hash(token), FIRST_PERSON, "de", "Maren Vogt", OPENING)
        people.set_topic(db, actor, TOPIC)
        # With five answers nothing is shown then; results and their pictures are no matter here.
        plans.set_minimum(db, actor, 8)
        for which in Involvement:
            people.record_involvement(db, actor, which, "beteiligt")
        for number, name in enumerate(NAMES, 1):
            _, token = people.invite(db, actor, Role.PARTICIPANT, None, f"Person {name}", OPENING)
            people.join(db, queries.token_hash(token), FIRST_PERSON + number, "de", "", OPENING)
        channel = channels.propose(db, actor, CHANNEL, "Koordination", is_public=False)
        channels.confirm(db, actor, channel.id, OPENING)
        pulse.plan(db, actor, OPENING, Form.SHORT, OPENING)
    database.dispose()


Fresh = Callable[[Path], str]


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fresh]:
    """Makes the same installation in a folder, as often as wanted; returns its database's address."""
    if request.param == "sqlite":
        original = tmp_path / "original.db"
        _settle(f"sqlite:///{original}")

        def copy(folder: Path) -> str:
            shutil.copy(original, folder / "dreiklang.db")
            return f"sqlite:///{folder / 'dreiklang.db'}"

        yield copy
        return
    server: Postgres = request.getfixturevalue("postgres")
    made = []

    def make(_folder: Path) -> str:
        made.append(server.fresh(_settle))
        return made[-1]

    yield make
    for url in made:
        server.drop(url)


@contextmanager
def _logging(file: Path) -> Iterator[None]:
    """What the program writes about itself goes to this file, down to the smallest matter."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        with file.open("w") as stream, redirect_stderr(stream):
            logs.set_up(logging.DEBUG)
            yield
    finally:
        root.handlers, root.level = before
        structlog.reset_defaults()


@dataclass(frozen=True)
class Seen:
    """All that there is to see outside the urn at one moment; message numbers are Telegram's and run across chats."""

    rows: Mapping[str, list[tuple[Any, ...]]]
    log: list[dict[str, object]]
    operator: list[str]

    @property
    def blocked(self) -> int:
        return sum(blocked_at is not None for _, _, _, blocked_at, *_ in self.rows["account"])


class Life:
    """One installation from its first start to the end of its first round."""

    def __init__(self, folder: Path, fresh: Fresh, who: str) -> None:
        folder.mkdir()
        self.folder = folder
        self._who = who
        self._database = Database(fresh(folder))
        self._clock = Clock(OPENING)
        self._telegram = Telegram(TOKEN, BOT_NAME, now=self._clock.now)
        maren, *others = (
            self._telegram.person(f"Person {name}", id=FIRST_PERSON + i) for i, name in enumerate(f"0{NAMES}")
        )
        self._maren = maren
        self._staff = dict(zip(NAMES, others, strict=True))
        self._operator = self._telegram.person("Betrieb", id=FIRST_PERSON - 1)
        channel = Room(self._telegram, self._telegram.add_chat("channel", "Koordination", maren.id, chat_id=CHANNEL))
        for person in (maren, *others, self._operator):
            person.writes("/hilfe")
        maren.adds_bot(channel)
        self._server = None if self._database.is_sqlite else Server(self._database)
        self.seen: dict[str, Seen] = {}
        self.reminded: list[str] = []

    def live(self) -> "Life":
        with serve(self._telegram) as address, _logging(self.folder / "log"):
            url = self._database.url.render_as_string(hide_password=False)
            self._bot = Installation(self._telegram, address.url, url, self.folder, self._clock)
            self._bot.settings = self._bot.settings.model_copy(update={"operator_chat": self._operator.id})
            self._bot.start()
            try:
                self._live()
            finally:
                self._bot.stop()
        self._database.dispose()
        return self

    def _live(self) -> None:
        self._bot.settle()
        first, second, third, fourth, fifth = (self._staff[name] for name in self._who)
        for person in (first, second, third):
            self._answers(person)
        # A has blocked the bot since, and Telegram says so only when something is sent.
        a = self._staff["A"]
        self._telegram.fail_next("*", 403, "Forbidden: bot was blocked by the user", chat_id=a.id, times=99)
        fourth.presses("Beginnen")
        fourth.presses(CLICKS[0])
        self._remind(HALF_TIME, "half-time")
        self._answers(fourth, "Zu den Aussagen", since=1)
        self._remind(LAST_MORNING, "last morning")
        self._answers(fifth, "Zu den Aussagen")
        self._back_up_in_mid_round()
        self._bot.advance(CLOSE)
        self._look("closed")
        assert files_with(all_files(self.folder), self._secrets) == set()
        if self._server is not None:
            assert files_with(self._server.files(), self._secrets) == set()

    def _answers(self, person: Person, opening: str = "Beginnen", since: int = 0) -> None:
        person.presses(opening)
        for number, click in enumerate(CLICKS[since:], since + 1):
            person.sees(f"Aussage {number} von 6")
            person.presses(click)
        person.sees("Danke!")

    def _remind(self, moment: datetime, name: str) -> None:
        people = {"0": self._maren, **self._staff}
        before = {name: person.last() for name, person in people.items()}
        self._bot.advance(moment)
        self.reminded.append("".join(n for n, p in people.items() if p.last() != before[n] and p.has("Erinnerung")))
        self._look(name)

    def _back_up_in_mid_round(self) -> None:
        urns = Urns(self.folder / "urn")
        key, ballots = secrets_of(urns, ROUND, self.folder)
        urns.close()
        # The numbers of the ballots; what is sealed stands beside them.
        self._secrets = [key, *ballots[::2]]
        back_up(self._database, self.folder / "backup")
        # The search does find what there is, and it is in the urn alone.
        assert files_with(all_files(self.folder), [key]) == {f"{ROUND}.key"}
        in_urn = {f"{ROUND}.key", f"{ROUND}.db", f"{ROUND}.db-wal"}
        assert {f"{ROUND}.key"} < files_with(all_files(self.folder), self._secrets) <= in_urn

    def _look(self, name: str) -> None:
        lines = [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]
        log = [{key: value for key, value in line.items() if key != "timestamp"} for line in lines]
        told = [message.content.body for message in self._operator.messages]
        self.seen[name] = Seen(tables(self._database, without={"message_id"}), log, told)


def test_who_answered_cannot_be_told_from_database_outbox_backup_or_log(fresh: Fresh, tmp_path: Path) -> None:
    one = Life(tmp_path / "one", fresh, "ABCDE").live()
    other = Life(tmp_path / "other", fresh, "FEDCB").live()
    assert one.reminded == ["0DEF", "0EF"]
    # A, whose chat refuses it, is not told, and nothing tells of that.
    assert other.reminded == ["0BC", "0B"]
    for moment, seen in one.seen.items():
        assert seen.rows == other.seen[moment].rows, moment
        assert seen.log == other.seen[moment].log, moment
        assert seen.operator == other.seen[moment].operator, moment
    last = other.seen["closed"]
    assert [line["event"] for line in last.log] == ["started"]
    assert len([kind for _, kind, *_ in last.rows["outbox"] if kind == "result"]) == 1 + len(NAMES)
    # Only the result, which goes to everybody, shows that A cannot be reached.
    assert [other.seen[moment].blocked for moment in ("half-time", "last morning", "closed")] == [0, 0, 1]
