import os
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import create_engine, select, update

from core import urn
from core.urn import Count, InvalidTag, UrnMissing, Urns
from tests.actions.town import together

SLOTS = range(6)
VOTERS = ("1|1", "1|2", "1|11", "11|1", "2|1")


@pytest.fixture(params=["files", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Urns]:
    """Urns in files of their own, and in one database for all."""
    urns = Urns(tmp_path / "urn", "" if request.param == "files" else request.getfixturevalue("own_postgres"))
    yield urns
    urns.close()


def ballots(store: Urns, urn_id: int) -> dict[bytes, bytes]:
    """Every ballot of an urn as it lies there."""
    with store._engine(urn_id, create=False) as engine, engine.connect() as connection:
        rows = connection.execute(select(urn._ballot.c.bid, urn._ballot.c.sealed).where(urn._ballot.c.urn == urn_id))
        return {bytes(bid): bytes(sealed) for bid, sealed in rows}


def replace(store: Urns, urn_id: int, exchanged: dict[bytes, bytes]) -> None:
    """What somebody with access to the store but without the key could do."""
    with store._engine(urn_id, create=False) as engine, engine.begin() as connection:
        for bid, sealed in exchanged.items():
            connection.execute(update(urn._ballot).where(urn._ballot.c.bid == bid).values(sealed=sealed))


# Against a plain model


class Model(RuleBasedStateMachine):
    """Several urns, several voters; restarts in between. The model is a dictionary."""

    folder: Path
    number = 0

    @initialize()
    def begin(self) -> None:
        type(self).number += 1
        self.place = self.folder / str(self.number)
        self.urns = Urns(self.place)
        self.model: dict[int, dict[tuple[str, int], int | None]] = {}

    @rule(urn_id=st.sampled_from([1, 12]))
    def create(self, urn_id: int) -> None:
        self.urns.create(urn_id)
        self.model[urn_id] = {}

    @precondition(lambda self: self.model)
    @rule(data=st.data(), voter=st.sampled_from(VOTERS), slot=st.sampled_from(SLOTS),
          value=st.none() | st.integers(1, 5))  # fmt: skip
    def put(self, data: st.DataObject, voter: str, slot: int, value: int | None) -> None:
        urn_id = data.draw(st.sampled_from(sorted(self.model)))
        self.urns.put(urn_id, voter, slot, value)
        self.model[urn_id][voter, slot] = value

    @precondition(lambda self: self.model)
    @rule(data=st.data(), voter=st.sampled_from(VOTERS), slots=st.sets(st.sampled_from(SLOTS)))
    def remove(self, data: st.DataObject, voter: str, slots: set[int]) -> None:
        urn_id = data.draw(st.sampled_from(sorted(self.model)))
        self.urns.remove(urn_id, voter, slots)
        for slot in slots:
            self.model[urn_id].pop((voter, slot), None)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def destroy(self, data: st.DataObject) -> None:
        urn_id = data.draw(st.sampled_from(sorted(self.model)))
        self.urns.destroy(urn_id)
        del self.model[urn_id]

    @rule()
    def restart(self) -> None:
        self.urns.close()
        self.urns = Urns(self.place)

    @invariant()
    def is_as_the_model_says(self) -> None:
        assert self.urns.known() == set(self.model)
        for urn_id in (1, 12):
            assert self.urns.exists(urn_id) == (urn_id in self.model)
        for urn_id, held in self.model.items():
            for voter in VOTERS:
                mine = {slot for who, slot in held if who == voter}
                assert self.urns.dealt(urn_id, voter, SLOTS) == mine
                assert self.urns.dealt(urn_id, voter, [0, 3]) == mine & {0, 3}
            counted = self.urns.count(urn_id)
            values: dict[int, list[int]] = {}
            for (_, slot), value in held.items():
                if value is not None:
                    values.setdefault(slot, []).append(value)
            assert {slot: sorted(v) for slot, v in counted.values.items()} == {s: sorted(v) for s, v in values.items()}
            assert counted.voters == len({voter for (voter, _), value in held.items() if value is not None})

    def teardown(self) -> None:
        self.urns.close()


def test_an_urn_holds_what_was_put_in(tmp_path: Path) -> None:
    class Here(Model):
        folder = tmp_path

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_both_stores_hold_several_urns_apart(store: Urns) -> None:
    for urn_id in (1, 2):
        store.create(urn_id)
    store.put(1, "1|1", 0, 5)
    store.put(1, "1|1", 0, 4)
    store.put(1, "1|2", 3, None)
    store.put(2, "1|1", 0, 1)
    assert store.count(1) == Count({0: [4]}, 1)
    assert store.count(2) == Count({0: [1]}, 1)
    assert store.dealt(1, "1|2", SLOTS) == {3}
    store.remove(1, "1|1", SLOTS)
    assert store.count(1) == Count({}, 0)
    store.destroy(1)
    assert store.count(2) == Count({0: [1]}, 1)
    assert store.known() == {2}
    with pytest.raises(UrnMissing):
        store.put(1, "1|1", 0, 1)


def test_what_was_put_in_is_there_after_a_restart(store: Urns) -> None:
    store.create(1)
    store.put(1, "1|1", 0, 5)
    store.close()
    assert store.count(1) == Count({0: [5]}, 1)


def test_nothing_to_look_for_finds_nothing(store: Urns) -> None:
    store.create(1)
    store.put(1, "1|1", 0, 5)
    assert store.dealt(1, "1|1", []) == set()
    store.remove(1, "1|1", [])
    assert store.count(1).voters == 1


# What a ballot gives away


def test_every_sealed_ballot_has_the_same_length(store: Urns) -> None:
    store.create(1)
    for number, voter in enumerate(("1|1", "1|2", "123456|1234567890", "x" * 200)):
        for slot in (*SLOTS, 65_535):
            store.put(1, voter, slot, (None, 1, 5, 3)[number])
    lying = ballots(store, 1)
    assert len(lying) == 28
    assert {len(sealed) for sealed in lying.values()} == {12 + 19 + 16}
    assert {len(bid) for bid in lying} == {32}


def test_the_same_answer_twice_looks_different(store: Urns) -> None:
    store.create(1)
    seen = set()
    for _ in range(20):
        store.put(1, "1|1", 0, 5)
        ((bid, sealed),) = ballots(store, 1).items()
        seen.add(sealed)
    assert len(seen) == 20
    # Not even the nonce comes back.
    assert len({sealed[:12] for sealed in seen}) == 20
    assert bid


def test_a_person_has_different_numbers_in_different_rounds_statements_and_keys(store: Urns) -> None:
    seen: set[bytes] = set()
    for urn_id in (1, 2):
        store.create(urn_id)
        for slot in SLOTS:
            store.put(urn_id, "1|1", slot, 5)
        seen |= set(ballots(store, urn_id))
    store.create(1)
    for slot in SLOTS:
        store.put(1, "1|1", slot, 5)
    seen |= set(ballots(store, 1))
    assert len(seen) == 18


def test_two_people_are_never_one(store: Urns) -> None:
    """Municipality 1 and account 11 is not municipality 11 and account 1, nor urn 1 with voter «1|1»."""
    for urn_id in (1, 11):
        store.create(urn_id)
        for voter in VOTERS:
            store.put(urn_id, voter, 1, 3)
        assert store.count(urn_id).voters == len(VOTERS)


def test_the_store_keeps_no_order_of_arrival(tmp_path: Path) -> None:
    urns = Urns(tmp_path)
    urns.create(1)
    arrived: list[bytes] = []
    for number in range(40):
        urns.put(1, f"1|{number}", 0, 3)
        arrived.append(next(iter(set(ballots(urns, 1)) - set(arrived))))
    urns.close()
    with sqlite3.connect(tmp_path / "1.db") as connection:
        lying = [bid for (bid,) in connection.execute("SELECT bid FROM ballot")]
        columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(ballot)")]
        with pytest.raises(sqlite3.OperationalError):
            connection.execute("SELECT rowid FROM ballot")
    connection.close()
    assert lying == sorted(arrived)
    assert lying != arrived
    assert columns == ["urn", "bid", "sealed"]


# Tampering


@pytest.mark.parametrize("place", [0, 11, 12, 20, 30, 46])
def test_a_changed_bit_anywhere_is_noticed(store: Urns, place: int) -> None:
    store.create(1)
    store.put(1, "1|1", 0, 5)
    store.put(1, "1|2", 0, 5)
    ((bid, sealed), _) = sorted(ballots(store, 1).items())
    replace(store, 1, {bid: sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]})
    with pytest.raises(InvalidTag):
        store.count(1)
    replace(store, 1, {bid: sealed})
    assert store.count(1).voters == 2


@pytest.mark.parametrize("length", [0, 5, 11, 12, 20, 46])
def test_a_shortened_ballot_is_noticed(store: Urns, length: int) -> None:
    store.create(1)
    store.put(1, "1|1", 0, 5)
    ((bid, sealed),) = ballots(store, 1).items()
    replace(store, 1, {bid: sealed[:length]})
    with pytest.raises(InvalidTag):
        store.count(1)


def test_two_ballots_that_changed_places_are_noticed(store: Urns) -> None:
    store.create(1)
    store.put(1, "1|1", 0, 5)
    store.put(1, "1|2", 0, 1)
    (first, second) = ballots(store, 1).items()
    replace(store, 1, {first[0]: second[1], second[0]: first[1]})
    with pytest.raises(InvalidTag):
        store.count(1)


def test_a_ballot_of_another_urn_is_noticed(store: Urns) -> None:
    for urn_id in (1, 2):
        store.create(urn_id)
        store.put(urn_id, "1|1", 0, 5)
    ((bid, _),) = ballots(store, 1).items()
    ((_, foreign),) = ballots(store, 2).items()
    replace(store, 1, {bid: foreign})
    with pytest.raises(InvalidTag):
        store.count(1)
    assert store.count(2).voters == 1


def test_another_key_opens_nothing(store: Urns, tmp_path: Path) -> None:
    store.create(1)
    store.put(1, "1|1", 0, 5)
    store.close()
    (tmp_path / "urn" / "1.key").write_bytes(os.urandom(32))
    assert store.dealt(1, "1|1", SLOTS) == set()
    with pytest.raises(InvalidTag):
        store.count(1)


@pytest.mark.parametrize("key", [b"", b"x" * 31, b"x" * 33])
def test_a_key_of_the_wrong_length_is_no_key(store: Urns, tmp_path: Path, key: bytes) -> None:
    store.create(1)
    store.close()
    (tmp_path / "urn" / "1.key").write_bytes(key)
    with pytest.raises(UrnMissing):
        store.put(1, "1|1", 0, 5)


# Making and destroying


def test_only_the_owner_may_look(store: Urns, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store.create(1)
    finally:
        os.umask(before)
    assert (tmp_path / "urn").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "urn" / "1.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "urn" / "1.key").stat().st_size == 32


def test_every_urn_has_a_key_of_its_own(store: Urns, tmp_path: Path) -> None:
    keys = set()
    for urn_id in (1, 2, 1):
        store.create(urn_id)
        keys.add((tmp_path / "urn" / f"{urn_id}.key").read_bytes())
    assert len(keys) == 3


def test_an_urn_that_is_not_there_is_not_made_by_looking(store: Urns, tmp_path: Path) -> None:
    for look in (
        partial(store.put, 1, "1|1", 0, 5),
        partial(store.dealt, 1, "1|1", SLOTS),
        partial(store.remove, 1, "1|1", SLOTS),
        partial(store.count, 1),
    ):
        with pytest.raises(UrnMissing):
            look()
    assert not store.exists(1)
    assert store.known() == set()
    assert not (tmp_path / "urn").exists()


def test_making_one_replaces_a_stale_one(store: Urns) -> None:
    store.create(1)
    store.put(1, "1|1", 0, 5)
    stale = ballots(store, 1)
    store.create(1)
    assert ballots(store, 1) == {}
    assert store.count(1) == Count({}, 0)
    store.put(1, "1|1", 0, 4)
    assert not set(ballots(store, 1)) & set(stale)
    assert store.count(1) == Count({0: [4]}, 1)


def test_destroying_leaves_nothing_and_may_be_repeated(store: Urns, tmp_path: Path) -> None:
    store.destroy(1)
    store.create(1)
    store.create(2)
    store.put(1, "1|1", 0, 5)
    store.put(2, "1|1", 0, 5)
    for _ in range(2):
        store.destroy(1)
        assert not store.exists(1)
        assert store.known() == {2}
        assert [file.name for file in (tmp_path / "urn").iterdir() if file.name.startswith("1.")] == []
    assert list(ballots(store, 2))
    store.create(1)
    assert ballots(store, 1) == {}


def test_files_are_overwritten_before_they_go(tmp_path: Path) -> None:
    """Seen through a second name for each file: what is under it afterwards is not what was there."""
    urns = Urns(tmp_path / "urn")
    urns.create(1)
    urns.put(1, "1|1", 0, 5)
    lying = ballots(urns, 1)
    before = {}
    for name in ("1.key", "1.db", "1.db-wal", "1.db-shm"):
        assert (tmp_path / "urn" / name).exists()
        (tmp_path / name).hardlink_to(tmp_path / "urn" / name)
        before[name] = (tmp_path / name).read_bytes()
    urns.destroy(1)
    key = before["1.key"]
    assert any(bid in before["1.db-wal"] for bid in lying)
    for name in ("1.key", "1.db"):
        after = (tmp_path / name).read_bytes()
        assert after != before[name]
        assert key not in after
        assert not any(secret in after for pair in lying.items() for secret in pair)


class _Killed(BaseException):
    """As good as dead: nothing of the program runs after this."""


def _dying_at(number: int, deed: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> bool:
    """Do it, but die before the so-many-th touch of a file; False if there are fewer."""
    touches = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def touch(*args: Any, **kwargs: Any) -> Any:
            nonlocal touches
            touches += 1
            if touches == number:
                raise _Killed
            return real(*args, **kwargs)

        return touch

    with monkeypatch.context() as patch:
        for place, name in ((os, "fsync"), (os, "write"), (Path, "unlink"), (Path, "open")):
            patch.setattr(place, name, counted(getattr(place, name)))
        try:
            deed()
        except _Killed:
            return True
    return False


def test_destroying_goes_on_wherever_it_was_interrupted(
    store: Urns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaths = 0
    while True:
        store.create(1)
        store.put(1, "1|1", 0, 5)
        secrets = {(tmp_path / "urn" / "1.key").read_bytes()}
        if not _dying_at(deaths + 1, partial(store.destroy, 1), monkeypatch):
            break
        deaths += 1
        store.close()
        left = Urns(tmp_path / "urn", store._url)
        # Whatever is left on disk is known, so that a start finds it.
        assert left.known() == ({1} if list((tmp_path / "urn").iterdir()) else set())
        left.destroy(1)
        assert not left.exists(1)
        assert list((tmp_path / "urn").iterdir()) == []
        left.create(1)
        assert left.count(1) == Count({}, 0)
        assert (tmp_path / "urn" / "1.key").read_bytes() not in secrets
        left.close()
    # Key, ballots and the folder at the least.
    assert deaths >= (4 if store._url else 7)


def test_making_goes_on_wherever_it_was_interrupted(
    store: Urns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaths = 0
    while True:
        store.create(1)
        store.put(1, "1|1", 0, 5)
        if not _dying_at(deaths + 1, partial(store.create, 1), monkeypatch):
            break
        deaths += 1
        store.close()
        again = Urns(tmp_path / "urn", store._url)
        again.create(1)
        assert again.count(1) == Count({}, 0)
        again.put(1, "1|1", 0, 4)
        assert again.count(1) == Count({0: [4]}, 1)
        again.close()
    assert deaths >= 6


# Many hands


def test_many_threads_put_into_one_urn_at_the_same_moment(store: Urns) -> None:
    """Also its opening: nobody has touched it since the start."""
    store.create(1)
    store.close()

    def put(voter: int) -> None:
        for slot in SLOTS:
            store.put(1, f"1|{voter}", slot, 1 + slot % 5)

    together(*(partial(put, voter) for voter in range(8)))
    assert store.count(1) == Count({slot: [1 + slot % 5] * 8 for slot in SLOTS}, 8)
    assert len(store._open) == 1


def test_no_handle_on_the_urn_is_left_when_it_is_destroyed(tmp_path: Path) -> None:
    """A second one, opened by another thread at the same moment, would keep the files alive."""
    urns = Urns(tmp_path / "urn")
    urns.create(1)
    urns.close()
    together(*[partial(urns.put, 1, f"1|{voter}", 0, 3) for voter in range(10)])
    urns.destroy(1)
    assert [link for link in _open_files() if str(tmp_path) in link] == []


def _open_files() -> list[str]:
    found = []
    for handle in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(handle.readlink()))
        except OSError:
            continue
    return found


def test_the_database_for_all_urns_knows_no_key(own_postgres: str, tmp_path: Path) -> None:
    urns = Urns(tmp_path, own_postgres)
    urns.create(1)
    urns.put(1, "1|1", 0, 5)
    key = (tmp_path / "1.key").read_bytes()
    engine = create_engine(own_postgres)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM ballot").all()
    engine.dispose()
    assert len(rows) == 1
    assert not any(key in bytes(value) for row in rows for value in row if isinstance(value, bytes | memoryview))
    assert [file.name for file in tmp_path.iterdir()] == ["1.key"]
    urns.close()
