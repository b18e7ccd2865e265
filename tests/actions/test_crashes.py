"""``kill -9`` at every step of a round's life, and a restart: the outcome is the same, and nobody is told twice."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from core.actions import absence, outbox, reminders
from core.db import Database
from core.queries import pulse as queries
from core.rules.refusal import Refusal
from core.tables import OutboxRow, OutboxState, RoundRow
from core.urn import Count, Urns
from scheduler.moment import Moment
from scheduler.upkeep import recover
from tests.actions import dying
from tests.actions.dying import Notes, Step, die
from tests.actions.forensics import all_files, files_with, secrets_of
from tests.actions.postman import deliver
from tests.actions.saved import Build, Copy, Saved, Scene
from tests.actions.town import Town, found, tables
from tests.postgres import Postgres

CHANNEL = -100_123
VALUES = (4, 3, 5, 4, 2, 0)
ENOUGH = 20
"""Answers for every kind of figure."""
SOME = 20
"""Ballots that are searched for at every crash, of well over a hundred."""
HALF_TIME = datetime.fromisoformat("2026-11-25T09:00:00+01:00")
LAST_MORNING = datetime.fromisoformat("2026-11-27T09:00:00+01:00")
POINTS_ON_POSTGRESQL = 5

Save = Callable[[Build], Saved]
Deed = Callable[[Copy, Step], object]


@pytest.fixture(params=["sqlite", "postgresql"])
def save(request: pytest.FixtureRequest, tmp_path: Path) -> Save:
    """Keeps an installation, of either kind."""
    server: Postgres | None = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    return lambda build: Saved(build, tmp_path / "saved", server)


def crashes(saved: Saved, deed: Deed, tmp_path: Path, *, steps: int, images: int) -> Iterator[Copy]:
    """The installation as killed at each step of a deed on SQLite, and at some from first to last on PostgreSQL.

    ``steps`` and ``images``: how many it is expected to have and to leave at the least, or the net has a hole.
    """
    if saved.is_sqlite:
        with saved.copy() as copy:
            left, counted = dying.images(copy.folder, partial(deed, copy), tmp_path / "images")
        assert counted >= steps
        assert len(left) >= images
        for image in left:
            with saved.copy(of=image) as copy:
                yield copy
        return
    with saved.copy() as copy:
        counted = die(0, partial(deed, copy))
    assert counted >= steps
    for point in range(POINTS_ON_POSTGRESQL):
        with saved.copy() as copy:
            assert die(1 + (counted - 1) * point // (POINTS_ON_POSTGRESQL - 1), partial(deed, copy)) == 0
            yield copy


def start(town: Town, now: datetime) -> int:
    """What the program does first; returns how many messages are in doubt by it."""
    with town.database.begin() as db:
        return recover(Moment(db, town.urns, now))


def state(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the main database; numbers that PostgreSQL leaves out after a rollback do not count."""
    return tables(database, without=() if database.is_sqlite else {"id", "edits_id"})


# Opening


def _planned(now: datetime, database: Database, urns: Urns) -> Scene:
    town = found(database, urns, now)
    staff = town.staff(1)
    return Scene(town, staff, town.plan())


def _beat(copy: Copy, _step: Step) -> None:
    with copy.started() as scene:
        scene.town.beat()


def test_dying_while_a_round_opens(save: Save, now: datetime, tmp_path: Path) -> None:
    saved = save(partial(_planned, now))
    with saved.copy() as copy, copy.started() as scene:
        scene.town.beat()
        expected = state(scene.town.database)
    assert len(expected["invitee"]) == 2
    # Two invitations, and a word to the coordinator that the circle is small.
    assert len(expected["outbox"]) == 2 + 1
    for copy in crashes(saved, _beat, tmp_path, steps=60, images=7):
        with copy.started() as scene:
            town, round_ = scene.town, scene.running
            assert start(town, now) == 0
            # An urn without an open round does not outlive the start.
            is_open = town.round(round_.id).opened_at is not None
            assert town.urns.known() == ({round_.id} if is_open else set())
            town.beat()
            assert state(town.database) == expected
            assert town.urns.count(round_.id) == Count({}, 0)
            town.answer(scene.staff[0], round_, 0, 3)
            assert town.urns.count(round_.id) == Count({0: [3]}, 1)


# Answering


def _open(now: datetime, database: Database, urns: Urns, asked: int = 5) -> Scene:
    """All who are asked have answered everything, but the first nothing yet."""
    town = found(database, urns, now)
    town.channel(CHANNEL)
    staff = (*town.staff(asked - 1), town.account(town.coordinator))
    round_ = town.open()
    town.beat()
    for account in staff[1:]:
        town.answers(account, round_, VALUES)
    return Scene(town, staff, round_)


PRESSES = ((0, 1), (0, 4), (1, 3), (2, 5), (3, 4), (4, 2), (5, 0))
"""The first answer is changed; together they are as the others'."""


def _press(copy: Copy, _step: Step) -> None:
    """Each press is noted once the person has been told that it is stored."""
    notes = Notes(copy.folder / "told")
    with copy.started() as scene:
        for position, value in PRESSES[len(notes.all()) :]:
            scene.town.answer(scene.staff[0], scene.running, position, value)
            notes.add(f"{position} {value}")


def test_dying_while_somebody_answers(save: Save, now: datetime, tmp_path: Path) -> None:
    saved = save(partial(_open, now))
    with saved.copy() as copy:
        _press(copy, lambda: None)
        with copy.started() as scene:
            before = state(scene.town.database)
            scene.town.beat(scene.running.closes_at)
            expected = state(scene.town.database)
    assert len(expected["figure"]) == 2
    for copy in crashes(saved, _press, tmp_path, steps=40, images=14):
        told = {position for position, _ in PRESSES[: len(Notes(copy.folder / "told").all())]}
        in_hand = {position for position, _ in PRESSES[: len(Notes(copy.folder / "told").all()) + 1]}
        with copy.started() as scene:
            town, round_ = scene.town, scene.running
            assert start(town, now) == 0
            assert state(town.database) == before
            # What somebody was told is stored is stored, and at most the press in hand besides.
            assert told <= town.dealt(scene.staff[0], round_) <= in_hand
        # Telegram delivers again what was not acknowledged.
        _press(copy, lambda: None)
        with copy.started() as scene:
            counted = scene.town.urns.count(round_.id)
            assert counted == Count({i: [v] * 5 for i, v in enumerate(VALUES) if v}, 5)
            scene.town.beat(round_.closes_at)
            assert state(scene.town.database) == expected


# Reminding


def _half_time(now: datetime, database: Database, urns: Urns) -> Scene:
    """Five are asked: one has finished, one is on the way, one is away; everybody has got the invitation."""
    town = found(database, urns, now)
    staff = (*town.staff(5), town.account(town.coordinator))
    town.do(absence.set_away, staff[2], HALF_TIME.date(), now.date())
    round_ = town.open()
    town.beat()
    deliver(town, now)
    town.answers(staff[0], round_, VALUES)
    town.answers(staff[1], round_, VALUES[:3])
    return Scene(town, staff, round_)


def _remind(copy: Copy, step: Step) -> None:
    with copy.started() as scene:
        scene.town.beat(HALF_TIME)
        deliver(scene.town, HALF_TIME, Notes(copy.folder / "telegram").add, step)


def test_dying_while_people_are_reminded(save: Save, now: datetime, tmp_path: Path) -> None:
    saved = save(partial(_half_time, now))
    with saved.copy() as copy:
        _remind(copy, lambda: None)
        due = [_chat(note) for note in Notes(copy.folder / "telegram").all()]
        with copy.started() as scene:
            staff = [account.telegram_id for account in scene.staff]
            assert due == [staff[5], staff[1], staff[3], staff[4]]
            expected = state(scene.town.database)
    lost = 0
    for copy in crashes(saved, _remind, tmp_path, steps=60, images=14):
        telegram = Notes(copy.folder / "telegram")
        before = [_chat(note) for note in telegram.all()]
        assert before == due[: len(before)]
        with copy.started() as scene:
            assert start(scene.town, HALF_TIME) == 0
        _remind(copy, lambda: None)
        after = [_chat(note) for note in telegram.all()]
        # At most the one is lost that was in hand; it is never sent twice.
        assert after in (due, [chat for chat in due if chat not in due[len(before) :][:1]])
        lost += after != due
        with copy.started() as scene:
            assert state(scene.town.database) == expected
    # The net is fine enough to catch that one.
    assert lost or not saved.is_sqlite


def _chat(note: str) -> int:
    return int(note.split()[2])


# Extending


def _extend(copy: Copy, _step: Step) -> None:
    """The coordinator presses until they are told that it is done, or has been."""
    with copy.started() as scene:
        town = scene.town.at(LAST_MORNING)
        town.beat()
        with suppress(Refusal):
            town.do(reminders.extend, town.coordinator, scene.running.id, LAST_MORNING)
        town.beat()


def test_dying_while_a_round_is_extended(save: Save, now: datetime, tmp_path: Path) -> None:
    saved = save(partial(_half_time, now))
    with saved.copy() as copy:
        _extend(copy, lambda: None)
        with copy.started() as scene:
            expected = state(scene.town.database)
            kinds = Counter(_kinds(scene.town.database))
    # New invitations, and the old ones point to them; and the offer.
    assert kinds == {"invitation": 6 + 6, "edit": 6, "notice": 1, "reminder": 1}
    for copy in crashes(saved, _extend, tmp_path, steps=60, images=5):
        with copy.started() as scene:
            assert start(scene.town, LAST_MORNING) == 0
        _extend(copy, lambda: None)
        with copy.started() as scene:
            assert state(scene.town.database) == expected
            assert scene.town.dealt(scene.staff[1], scene.running) == {0, 1, 2}


# Closing


def _answered(now: datetime, database: Database, urns: Urns) -> Scene:
    """Everybody has got the invitation and answered, enough for every kind of figure; the time has come."""
    scene = _open(now, database, urns, ENOUGH)
    scene.town.answers(scene.staff[0], scene.running, VALUES)
    deliver(scene.town, now)
    scene.town.beat(LAST_MORNING)
    deliver(scene.town, LAST_MORNING)
    return scene


def _close(copy: Copy, _step: Step) -> None:
    with copy.started() as scene:
        scene.town.beat(scene.running.closes_at)


def test_dying_while_a_round_closes(save: Save, now: datetime, tmp_path: Path) -> None:
    """Wherever it dies: no secret is anywhere but in the urn, and none is left there once it is over."""
    saved = save(partial(_answered, now))
    with saved.copy() as copy, copy.started() as scene:
        round_ = scene.running
        key, lying = secrets_of(scene.town.urns, round_.id, copy.folder)
        secrets = [key, *lying[:SOME]]
        scene.town.beat(round_.closes_at)
        expected = state(scene.town.database)
        kinds = Counter(_kinds(scene.town.database))
    assert kinds == {"invitation": ENOUGH, "reminder": 1, "edit": ENOUGH, "result": ENOUGH, "summary": 2}
    assert Counter(kind for _, kind, *_ in expected["figure"]) == {"dimension": 2, "item": 5, "share": 5}
    stages = set()
    for copy in crashes(saved, _close, tmp_path, steps=200, images=12):
        urn_folder = copy.folder / "urn"
        others = [file for file in all_files(copy.folder) if file.parent != urn_folder]
        assert files_with(others, secrets) == set()
        with copy.started() as scene:
            town = scene.town
            stages.add(_stage(town.database))
            is_told = "summary" in _kinds(town.database)
            is_destroyed = not town.do(queries.undestroyed)
            # The summary is held until the urn is destroyed for certain.
            assert is_told == is_destroyed
            assert not (is_destroyed and list(urn_folder.iterdir()))
            assert start(town, round_.closes_at) == 0
            town.beat(round_.closes_at)
            assert state(town.database) == expected
        assert list(urn_folder.iterdir()) == []
        assert files_with(all_files(copy.folder), secrets) == set()
    # It died once before and once after every one of them.
    assert stages == {0, 1, 2, 3, 4} or not saved.is_sqlite


def _stage(database: Database) -> int:
    """How much of it is done: closing begun, counted, urn destroyed, settled."""
    with database.begin() as db:
        row = db.scalars(select(RoundRow)).one()
        return sum(at is not None for at in (row.closing_at, row.closed_at, row.destroyed_at, row.settled_at))


# Sending


def _ended(now: datetime, database: Database, urns: Urns) -> Scene:
    """Edits, results and the summary wait to be sent."""
    town = found(database, urns, now)
    town.channel(CHANNEL)
    staff = town.staff(1)
    round_ = town.open()
    town.beat()
    deliver(town, now)
    town.beat(round_.closes_at)
    return Scene(town, staff, round_)


def _deliver(copy: Copy, step: Step) -> None:
    with copy.started() as scene:
        deliver(scene.town, scene.running.closes_at, Notes(copy.folder / "telegram").add, step)


def test_dying_while_messages_go_out(save: Save, now: datetime, tmp_path: Path) -> None:
    saved = save(partial(_ended, now))
    for copy in crashes(saved, _deliver, tmp_path, steps=40, images=16):
        with copy.started() as scene:
            in_doubt = start(scene.town, scene.running.closes_at)
        assert in_doubt <= 1
        _deliver(copy, lambda: None)
        with copy.started() as scene:
            rows = _rows(scene.town.database)
        _check_sent(rows, Notes(copy.folder / "telegram").all(), in_doubt)


def _check_sent(rows: list[OutboxRow], telegram: list[str], in_doubt: int) -> None:
    """Nobody is told twice; only an edit may be repeated; and what may be missing is listed."""
    assert max(Counter(note for note in telegram if "reminder" in note).values(), default=0) <= 1
    times = Counter(int(note.split()[0]) for note in telegram)
    for row in rows:
        if row.state == OutboxState.IN_DOUBT:
            assert row.kind not in outbox.REPEATABLE
            assert times[row.id] <= 1
        else:
            assert row.state == OutboxState.SENT, (row.key, row.state)
            if row.kind != outbox.Kind.REMINDER:
                assert times[row.id] in ({1, 2} if row.kind == outbox.Kind.EDIT else {0, 1})
    assert sum(row.state == OutboxState.IN_DOUBT for row in rows) == in_doubt


def _rows(database: Database) -> list[OutboxRow]:
    with database.begin() as db:
        return list(db.scalars(select(OutboxRow).order_by(OutboxRow.id)))


def _kinds(database: Database) -> list[str]:
    return [row.kind for row in _rows(database)]


# A whole life


def _live(copy: Copy, step: Step) -> None:
    """From opening to the last message; every start goes on where the last one was killed."""
    notes = {name: Notes(copy.folder / name) for name in ("told", "telegram", "doubtful")}
    with copy.started() as scene:
        town, round_ = scene.town, scene.running
        presses = [(account, place, v) for account in scene.staff for place, v in enumerate(VALUES)]
        # How far people have come by the next day on which something is due.
        days = ((town.now, 10), (HALF_TIME, 20), (LAST_MORNING, len(presses)), (round_.closes_at, len(presses)))
        for now, come in days:
            if now == round_.closes_at or len(notes["told"].all()) < come:
                for _ in range(start(town, now)):
                    notes["doubtful"].add("one")
                town.beat(now)
                deliver(town, now, notes["telegram"].add, step)
            for account, place, value in presses[len(notes["told"].all()) : come]:
                town.at(now).answer(account, round_, place, value)
                notes["told"].add("one")


def _long_planned(now: datetime, database: Database, urns: Urns) -> Scene:
    town = found(database, urns, now)
    town.channel(CHANNEL)
    staff = town.staff(5)
    return Scene(town, staff, town.plan())


@pytest.mark.parametrize("seed", range(2))
def test_dying_again_and_again_from_opening_to_the_last_message(save: Save, now: datetime, seed: int) -> None:
    saved = save(partial(_long_planned, now))
    with saved.copy() as copy:
        _live(copy, lambda: None)
        with copy.started() as scene:
            expected = state(scene.town.database)
            sent = Counter(_kinds(scene.town.database))
        reminded = {note for note in Notes(copy.folder / "telegram").all() if "reminder" in note}
    # The first has finished by half-time, three by the last morning.
    assert len(reminded) == 5 + 3
    random = Random(seed)
    deaths = 0
    with saved.copy() as copy:
        # Long enough each time for the longest transaction, so that there is progress.
        while die(random.randint(60, 400), partial(_live, copy)) == 0:
            deaths += 1
            assert deaths < 100
        with copy.started() as scene:
            rows, after = _rows(scene.town.database), state(scene.town.database)
        telegram = Notes(copy.folder / "telegram").all()
        in_doubt = len(Notes(copy.folder / "doubtful").all())
        left = list((copy.folder / "urn").iterdir())
    assert deaths >= 3
    assert in_doubt <= deaths
    for name in set(expected) - {"outbox"}:
        assert after[name] == expected[name], name
    kinds = Counter(row.kind for row in rows)
    # An invitation that is in doubt has no number, and nothing to edit.
    assert {**kinds, "edit": 6} == sent
    doubtful = Counter(row.kind for row in rows if row.state == OutboxState.IN_DOUBT)
    assert kinds["edit"] == 6 - doubtful["invitation"]
    _check_sent(rows, telegram, sum(doubtful.values()))
    assert left == []
    again = {note for note in telegram if "reminder" in note}
    assert again <= reminded
    assert len(reminded - again) <= deaths
