"""`kill -9` at each step of open, answer, close and send, then a restart: nothing lost, nobody told twice."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot import schema
from core.actions import channels, people, pulse
from core.db import Database
from core.queries import outbox
from core.queries import people as people_queries
from core.rules.people import DepartmentKind, Involvement, Role
from core.rules.pulse import Form
from sandbox.people import Person, Room, Telegram
from sandbox.server import serve
from tests.journeys.installation import BOT_NAME, TOKEN, Clock

STAFF = 6
CLOSE = datetime.fromisoformat("2026-11-27T14:00:00+00:00")

OPENING = (
    "core.actions.pulse:open_round:after:1",
    "core.actions.pulse:mark_told:after:3",
    "bot.beats#Beats:_do:after:1",
    "bot.beats#Beats:_do:after:3",
    "core.urn#Urns:create:before:1",
    "core.urn#Urns:create:after:1",
)
SENDING = (
    "core.actions.outbox:claim:after:2",
    "bot.sender#Sender:send:before:2",
    "bot.sender#Sender:send:after:3",
    "core.actions.outbox:record_sent:after:2",
)
ANSWERING = (
    "core.actions.pulse:answer:before:4",
    "core.urn#Urns:put:after:5",
    "bot.sender#Sender:toast:before:6",
    "bot.sender#Sender:edit:after:7",
)
CLOSING = (
    "core.actions.pulse:begin_close:after:1",
    "core.actions.pulse:count:before:1",
    "core.actions.pulse:count:after:1",
    "core.urn:_shred:after:1",
    "core.actions.pulse:destroy:after:1",
    *(f"bot.beats#Beats:_do:after:{n}" for n in (4, 6, 8, 10)),
    "bot.sender#Sender:send:after:1",
)


class Supervisor:
    """Starts the bot again whenever it was killed, as an operating system would; the step that kills comes once."""

    def __init__(self, folder: Path, url: str) -> None:
        self._command = [sys.executable, "-m", "tests.journeys.child", str(folder), url]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: threading.Thread | None = None
        self.kills = 0
        self.exit_codes: list[int] = []

    def start(self, now: datetime, step: str = "") -> None:
        (self._folder / "clock").write_text(now.isoformat())
        ready = threading.Event()
        self._watch = threading.Thread(target=self._live, args=(step, ready))
        self._watch.start()
        ready.wait()

    def stop(self) -> None:
        if self._process is not None and self._watch is not None:
            self._process.terminate()
            self._watch.join(30)
            assert not self._watch.is_alive()
            self._process = None

    def _live(self, step: str, ready: threading.Event) -> None:
        code = -signal.SIGKILL
        while code == -signal.SIGKILL:
            self._process = subprocess.Popen(
                self._command + ([step] if step else []), stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[2]
            )
            ready.set()
            code = self._process.wait()
            self.exit_codes.append(code)
            self.kills += code == -signal.SIGKILL
            step = ""


class Town:
    """Six people, a channel and a round planned for now."""

    def __init__(self, folder: Path, telegram: Telegram, now: datetime) -> None:
        url = f"sqlite:///{folder / 'dreiklang.db'}"
        folder.mkdir()
        schema.upgrade(url)
        self.database = Database(url)
        self.telegram = telegram
        with self.database.begin() as db:
            owner, *staff = [telegram.person(f"Person {n}") for n in range(STAFF)]
            token = people.found(db, "Landkreis Musterland", now)
            actor = people.join(db, people_queries.token_hash(token), owner.id, "de", "Maren Vogt", now)
            people.set_topic(db, actor, "Bildung")
            people.record_involvement(db, actor, Involvement.COUNCIL, "beteiligt")
            people.record_involvement(db, actor, Involvement.PROTECTION, "beteiligt")
            people.add_departments(db, actor, ["Jugendamt"], DepartmentKind.DEPARTMENT)
            for number, person in enumerate(staff):
                _, token = people.invite(db, actor, Role.PARTICIPANT, None, f"Person {number} X", now)
                people.join(db, people_queries.token_hash(token), person.id, "de", "", now)
            self.channel: Room = telegram.channel("Koordination", owner=owner)
            channel = channels.propose(db, actor, self.channel.id, "Koordination", is_public=False)
            channels.confirm(db, actor, channel.id, now)
            pulse.plan(db, actor, now, Form.SHORT, now)
        self.people: list[Person] = [owner, *staff]
        for person in self.people:
            person.writes("/hilfe")
        owner.adds_bot(self.channel)

    def in_doubt(self, kind: str) -> int:
        with self.database.begin() as db:
            return outbox.in_doubt(db).get(kind, 0)

    def heard(self, text: str, rooms: list[Person] | list[Room]) -> int:
        """How many messages, not counting edits of the same one, contain the text."""
        return sum(m.contains(text) for room in rooms for m in room.messages)

    def await_all(self, text: str, kind: str, rooms: list[Person] | list[Room]) -> None:
        """Wait until everybody has heard it, or the rest is listed as in doubt."""
        done = lambda: self.heard(text, rooms) + self.in_doubt(kind) >= len(rooms)  # noqa: E731
        assert self.telegram.wait_for(done, 60), "\n".join(room.transcript() for room in rooms)


@pytest.fixture
def telegram(clock: Clock) -> Telegram:
    return Telegram(TOKEN, BOT_NAME, now=clock.now)


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def scene(telegram: Telegram, clock: Clock, tmp_path: Path) -> Iterator[tuple[Town, Supervisor]]:
    town = Town(tmp_path / "data", telegram, clock.now())
    with serve(telegram) as address:
        supervisor = Supervisor(tmp_path / "data", address.url)
        yield town, supervisor
        supervisor.stop()
    town.database.dispose()


@pytest.mark.parametrize("step", [*OPENING, *SENDING, *ANSWERING, *CLOSING])
def test_killed_at_any_step(step: str, scene: tuple[Town, Supervisor], clock: Clock, tmp_path: Path) -> None:
    town, supervisor = scene
    at_close = step in CLOSING
    supervisor.start(clock.now(), "" if at_close else step)
    town.await_all("Puls – Landkreis Musterland", "invitation", town.people)
    for person in town.people:
        if not any("Beginnen" in m.buttons for m in person.messages):
            person.writes("/puls")
        else:
            person.presses("Beginnen")
        for number in range(1, 7):
            person.sees(f"Aussage {number} von 6")
            person.presses("stimme eher zu")
        person.sees("Danke!")
    town.telegram.wait_idle()
    supervisor.stop()

    clock.moment = CLOSE + timedelta(minutes=1)
    supervisor.start(clock.now(), step if at_close else "")
    town.await_all(f"Beteiligung: {STAFF} von {STAFF}", "result", town.people)
    town.await_all(f"Beteiligung: {STAFF} von {STAFF}", "summary", [town.channel])
    town.telegram.wait_idle()
    supervisor.stop()

    assert supervisor.kills == 1
    assert [code for code in supervisor.exit_codes if code != -signal.SIGKILL] == [0, 0]
    doubtful = sum(town.in_doubt(kind) for kind in ("invitation", "result", "summary", "notice"))
    assert doubtful <= 4
    for person in town.people:
        assert town.heard("Beteiligung: ", [person]) <= 1
        assert town.heard("Runde beendet", [person]) <= 1
    assert town.heard("Beteiligung: ", [town.channel]) <= 1
    assert town.heard("Beteiligung: ", [town.channel]) + town.in_doubt("summary") >= 1
    assert town.heard("75 Punkte", [town.channel]) == town.heard("Beteiligung: ", [town.channel])
    assert list((tmp_path / "data" / "urn").iterdir()) == []
