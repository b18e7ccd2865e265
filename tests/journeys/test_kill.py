"""`kill -9` at each step of open, answer, close and send, then a restart: nothing lost, nobody told twice."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import schema
from core.actions import channels, people, pulse
from core.actions.outbox import Kind
from core.db import Database
from core.queries import outbox
from core.queries import people as people_queries
from core.queries import pulse as pulse_queries
from core.rules.people import DepartmentKind, Involvement, Role
from core.rules.pulse import Form
from core.tables import OutboxRow, OutboxState
from core.urn import Urns
from sandbox.people import Person, Room, Telegram
from sandbox.server import serve
from tests.journeys.installation import BOT_NAME, TOKEN, Clock

STAFF = 6
HALF_TIME = datetime.fromisoformat("2026-11-25T08:00:00+00:00")
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
    *(f"bot.beats#Beats:_do:after:{n}" for n in (4, 8, 10, 12)),
    "bot.sender#Sender:send:after:1",
)
# And how many lose their reminder by it: the one in hand, if that was not sent yet.
REMINDING = (("bot.nudges:next_nudge:after:3", 1), ("bot.nudges#Nudges:_point:before:2", 0))


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

    def open_and_answer(self, urns: Urns, now: datetime) -> Person:
        """The round is open, and everybody has been told; returns who has finished."""
        *_, finished = self.people
        with self.database.begin() as db:
            planned = pulse_queries.due_to_open(db, now)
            assert planned is not None
            pulse.open_round(db, urns, planned.id, now)
            for invited in pulse_queries.untold(db, STAFF)[1]:
                pulse.mark_told(db, planned.id, invited.id, now)
            account = people_queries.account(db, finished.id)
            assert account is not None
            for position in range(6):
                pulse.answer(db, urns, account, planned.municipality_id, planned.id, position, 4, now)
        return finished

    def has_reminded(self) -> bool:
        with self.database.begin() as db:
            rows = db.scalars(select(OutboxRow.state).where(OutboxRow.kind == Kind.REMINDER))
            return list(rows) == [OutboxState.SENT]

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


@pytest.mark.parametrize(("step", "lost"), REMINDING)
def test_killed_while_people_are_reminded(
    step: str, lost: int, scene: tuple[Town, Supervisor], clock: Clock, tmp_path: Path
) -> None:
    town, supervisor = scene
    urns = Urns(tmp_path / "data" / "urn")
    finished = town.open_and_answer(urns, clock.now())
    urns.close()
    supervisor.start(HALF_TIME, step)
    # What is recorded changes nothing in Telegram, so it wakes nobody: look again every second.
    assert any(town.telegram.wait_for(town.has_reminded, 1) for _ in range(60))
    supervisor.stop()
    assert supervisor.kills == 1
    told = [town.heard("Erinnerung: Puls", [person]) for person in town.people]
    assert told[town.people.index(finished)] == 0
    assert sorted(told) == [0] * (1 + lost) + [1] * (STAFF - 1 - lost)
