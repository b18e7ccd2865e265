"""Everybody gets what is held about them, without answers; and whoever leaves is gone, open ballots first."""

import json
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from bot import schema
from core.actions import drafts, outbox, people, privacy, pulse, statements
from core.actions.outbox import Kind
from core.db import Database
from core.queries import people as people_queries
from core.queries import privacy as queries
from core.queries import pulse as pulse_queries
from core.rules.people import Account, Member, Role
from core.rules.pulse import REMINDER_SLOTS, Dimension, Round
from core.rules.refusal import Reason
from core.tables import (
    AccountRow,
    DraftRow,
    FigureRow,
    InvitationRow,
    InviteeRow,
    MemberRow,
    MunicipalityRow,
    OutboxRow,
    OutboxState,
    OwnStatementRow,
    RoundRow,
)
from core.urn import Urns
from handlers import privacy as handlers
from handlers.turn import Turn
from screens import Document, Screen
from screens import privacy as screens
from screens.buttons import Leave
from screens.l10n import LOCALES, texts
from tests.actions.test_secrecy import footprint
from tests.actions.town import Town, found, mentions, refused, tables, together

NAME = "Zyprian Qualmdorf"
NUMBER = 7_654_321_098
"""As long as the numbers of new accounts are."""
SLOTS = (*range(6), *REMINDER_SLOTS)
ANSWERS = ((4, 4, 5, 3, 2, 1), (5, 4, 4, 4, 0, 0), (3, 3, 3, 3, 3, 3), (1, 2, 3, 4, 5, 0), (5, 5, 5, 5, 5, 5))


def leave(town: Town, account: Account) -> tuple[Member, ...]:
    return town.do(privacy.leave, town.urns, account, town.id)


def turn_of(town: Town, account: Account, db: Any, locale: str = "de") -> Turn:
    """As ``bot.updates`` hands it over."""
    known, members = people_queries.identity(db, account.telegram_id)
    here = [m for m in members if m.municipality_id == town.id]
    return Turn(
        db=db, urns=town.urns, t=texts(locale), now=town.now, bot_name="dreiklang_bot",
        telegram_id=account.telegram_id, account=known, members=members, acting=here[0] if here else None,
    )  # fmt: skip


def press_leave(town: Town, account: Account) -> Screen:
    with town.database.begin() as db:
        return handlers.leave(turn_of(town, account, db), Leave(town.id))


def numbers(town: Town, table: Any) -> int:
    with town.database.begin() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


# What is left of whoever leaves


def busy_person(town: Town) -> tuple[Account, Round]:
    """Somebody with a bit of everything, in a round that is open."""
    account = town.account(town.connect(NUMBER, NAME, Role.REPRESENTATIVE, town.department("Jugendamt")))
    second = town.connect(2_002, "Kurt Koordination", Role.COORDINATOR)
    town.do(people.renew_link, town.coordinator, town.invite("Noch Nicht Da").member.id, town.now)
    staff = town.staff(5)
    round_ = town.open()
    for person, values in zip(staff, ANSWERS, strict=True):
        town.answers(person, round_, values)
    town.answers(account, round_, (1, 1, 1, 1, 1, 1))
    for slot in REMINDER_SLOTS:
        town.urns.put(round_.id, pulse.voter(round_, account.id), slot, None)
    town.beat()
    assert second.is_coordinator
    town.do(drafts.begin, NUMBER, "join", {"name": NAME, "invitation": "0" * 64}, town.now)
    town.do(
        outbox.post, f"channel:1:lost:{account.id}", Kind.NOTICE, NUMBER, {"text": NAME}, town.now,
        account_id=account.id,
    )  # fmt: skip
    return account, round_


def test_whoever_leaves_is_in_no_table_any_more(town: Town) -> None:
    account, _ = busy_person(town)
    assert mentions(town.database, NUMBER, NAME) >= {"account", "draft", "member", "outbox"}
    links = numbers(town, InvitationRow)
    gone = leave(town, account)
    assert [(m.name, m.role) for m in gone] == [(NAME, Role.REPRESENTATIVE)]
    assert mentions(town.database, NUMBER, NAME) == set()
    with town.database.begin() as db:
        for column in (MemberRow.account_id, InviteeRow.account_id, OutboxRow.account_id):
            assert account.id not in set(db.scalars(select(column)))
        assert db.get(AccountRow, account.id) is None
    assert numbers(town, InvitationRow) == links - 1
    # Only the one who left.
    assert {m.name for m in town.members()} >= {"Karla Koordination", "Kurt Koordination", "Noch Nicht Da"}
    assert numbers(town, InviteeRow) == 7


def test_no_file_keeps_name_or_number_of_whoever_left(
    migrated_sqlite: Path, urns: Urns, now: datetime, tmp_path: Path
) -> None:
    """On SQLite down to the bytes: secure_delete overwrites, and the log beside the file is emptied by a checkpoint."""
    file = tmp_path / "data" / "dreiklang.db"
    file.parent.mkdir()
    file.write_bytes(migrated_sqlite.read_bytes())
    database = Database(f"sqlite:///{file}")
    town = found(database, urns, now)
    account, _ = busy_person(town)
    assert found_in(town, tmp_path) == {"name", "number"}
    leave(town, account)
    assert found_in(town, tmp_path) == set()
    database.dispose()
    assert found_in(town, tmp_path) == set()


def found_in(town: Town, folder: Path) -> set[str]:
    with closing(sqlite3.connect(town.database.url.database or "")) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    # Integers stand in a record as six bytes, texts in UTF-8.
    needles = {"name": (NAME.encode(),), "number": (NUMBER.to_bytes(6, "big"), str(NUMBER).encode())}
    contents = [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
    assert any("Frühe Hilfen".encode() in content for content in contents)
    return {what for what, those in needles.items() if any(n in content for n in those for content in contents)}


def test_the_ballots_of_whoever_leaves_go_and_all_others_count(town: Town) -> None:
    account, round_ = busy_person(town)
    others = {voter: town.urns.dealt(round_.id, voter, SLOTS) for voter in voters(town, round_) - {account.id}}
    assert town.urns.dealt(round_.id, pulse.voter(round_, account.id), SLOTS) == set(SLOTS)
    assert town.urns.count(round_.id).voters == 6
    leave(town, account)
    assert town.urns.dealt(round_.id, pulse.voter(round_, account.id), SLOTS) == set()
    assert {v: town.urns.dealt(round_.id, v, SLOTS) for v in others} == others
    counted = town.urns.count(round_.id)
    assert counted.voters == 5
    assert {slot: sorted(values) for slot, values in counted.values.items()} == {
        slot: sorted(value for values in ANSWERS if (value := values[slot])) for slot in range(6)
    }
    town.beat(round_.closes_at)
    with town.database.begin() as db:
        row = db.get_one(RoundRow, round_.id)
        # The circle stays as it was frozen.
        assert (row.took_part, row.base, row.invited) == (5, 8, 8)
    assert numbers(town, FigureRow)


def voters(town: Town, round_: Round) -> set[Any]:
    with town.database.begin() as db:
        return set(db.scalars(select(InviteeRow.account_id).where(InviteeRow.round_id == round_.id)))


def test_whoever_answered_nothing_leaves_just_the_same(town: Town) -> None:
    account = town.account(town.connect(NUMBER, NAME))
    round_ = town.open()
    town.answers(town.account(town.coordinator), round_, ANSWERS[0])
    assert len(leave(town, account)) == 1
    assert town.urns.count(round_.id).voters == 1


def test_the_last_participant_may_leave_an_open_round(town: Town) -> None:
    account = town.account(town.connect(NUMBER, NAME))
    round_ = town.open()
    town.answers(account, round_, ANSWERS[0])
    leave(town, account)
    town.beat(round_.closes_at)
    closed = town.round(round_.id)
    assert closed.closed_at is not None
    assert closed.invited == 2
    assert numbers(town, FigureRow) == 0


def test_published_numbers_stay_when_somebody_leaves_later(town: Town) -> None:
    round_ = town.open_with(ANSWERS)
    town.beat(round_.closes_at)
    figures = tables(town.database)["figure"]
    assert figures
    for account in people_of(town):
        if account.telegram_id != 1_001:
            leave(town, account)
    assert tables(town.database)["figure"] == figures
    assert numbers(town, AccountRow) == 1


def people_of(town: Town) -> list[Account]:
    return [town.account(m) for m in town.members() if m.account_id is not None]


def test_leaving_works_when_the_urn_is_gone(town: Town) -> None:
    account = town.account(town.connect(NUMBER, NAME))
    round_ = town.open()
    town.urns.destroy(round_.id)
    assert len(leave(town, account)) == 1
    assert mentions(town.database, NUMBER, NAME) == set()


def test_leaving_waits_for_an_answer_of_the_same_person_in_hand_elsewhere(town: Town) -> None:
    account = town.account(town.connect(NUMBER, NAME))
    round_ = town.open()
    gone: list[tuple[Member, ...]] = []
    leaving = threading.Thread(target=lambda: gone.append(leave(town, account)))
    with town.database.begin() as db:
        pulse.answer(db, town.urns, account, town.id, round_.id, 0, 3, town.now)
        leaving.start()
        leaving.join(0.5)
        assert leaving.is_alive()
        town.urns.put(round_.id, pulse.voter(round_, account.id), 1, 3)
    leaving.join(30)
    assert len(gone[0]) == 1
    assert town.urns.dealt(round_.id, pulse.voter(round_, account.id), SLOTS) == set()
    with refused(Reason.NOT_INVITED):
        town.answer(account, round_, 0, 3)


# Who may leave, and what else happens


def test_the_last_connected_coordinator_stays(town: Town) -> None:
    account = town.account(town.coordinator)
    town.invite("Noch Nicht Da", Role.COORDINATOR)
    round_ = town.open()
    town.answers(account, round_, ANSWERS[0])
    before = tables(town.database)
    with refused(Reason.LAST_TO_COORDINATE):
        leave(town, account)
    with refused(Reason.LAST_TO_COORDINATE):
        town.do(privacy.seats_to_leave, account, town.id)
    assert tables(town.database) == before
    assert town.dealt(account, round_) == set(range(6))
    town.connect(2_002, role=Role.COORDINATOR)
    assert len(leave(town, account)) == 1


def test_a_coordinator_twice_over_is_still_the_last_one(town: Town) -> None:
    token = town.do(people.found, "Landkreis Musterland", town.now, again=True)
    town.join(town.invite("Karla Zwei", Role.COORDINATOR).token, 1_001)
    assert token
    with refused(Reason.LAST_TO_COORDINATE):
        leave(town, town.account(town.coordinator))


def test_two_coordinators_who_leave_at_once_do_not_both_leave(town: Town) -> None:
    one, two = town.account(town.coordinator), town.account(town.connect(2_002, role=Role.COORDINATOR))
    results = together(partial(leave, town, one), partial(leave, town, two))
    assert sorted(isinstance(result, tuple) for result in results) == [False, True]
    assert Reason.LAST_TO_COORDINATE in results
    assert len(town.do(people_queries.coordinators, town.id)) == 1


def test_leaving_twice_is_leaving_once(town: Town) -> None:
    account = town.account(town.connect(NUMBER, NAME, Role.REPRESENTATIVE, town.department("Jugendamt")))
    first = press_leave(town, account)
    assert "Ihre Daten sind gelöscht" in first.text
    before = tables(town.database)
    assert leave(town, account) == ()
    again = press_leave(town, account)
    assert "Sie sind abgemeldet" in again.text
    assert tables(town.database) == before


def test_two_presses_at_once_are_one_leave(town: Town) -> None:
    account = town.account(town.connect(NUMBER, NAME))
    results = together(*[partial(leave, town, account)] * 3)
    assert sorted(len(result) for result in results if isinstance(result, tuple)) == [0, 0, 1]


def test_nobody_leaves_for_others_or_from_where_they_are_not(town: Town) -> None:
    other = found(town.database, town.urns, town.now, "Stadt Beispielhausen", 3_001)
    town.connect(NUMBER, NAME)
    before = tables(town.database)
    stranger = other.account(other.coordinator)
    assert leave(town, stranger) == ()
    screen = press_leave(town, stranger)
    assert "abgemeldet" in screen.text
    assert tables(town.database) == before


def test_leaving_one_municipality_leaves_the_other_as_it_is(town: Town) -> None:
    other = found(town.database, town.urns, town.now, "Stadt Beispielhausen", 3_001)
    account = town.account(town.connect(NUMBER, NAME, Role.COORDINATOR))
    there = other.connect(NUMBER, "Z. Qualmdorf", Role.COORDINATOR)
    for place, coordinator in ((town, members_of(town, account)[0]), (other, there)):
        place.do(
            statements.propose, coordinator, Dimension.WANT, f"Wir reden miteinander, und das ist {place.id} viel."
        )
    rounds = {place.id: place.open() for place in (town, other)}
    town.beat()
    for place in (town, other):
        place.answers(account, rounds[place.id], ANSWERS[0])
    town.do(people.switch, account, (members_of(town, account)[0],), town.id)
    town.do(drafts.begin, NUMBER, "topic", {"municipality": town.id}, town.now)
    town.do(outbox.post, "x", Kind.NOTICE, NUMBER, {"text": NAME}, town.now, account_id=account.id)
    kept = {table: rows_of(other, table) for table in ("invitee", "outbox", "member", "own_statement")}

    leave(town, account)

    assert [m.municipality_id for m in members_of(other, account)] == [other.id]
    assert members_of(town, account) == []
    assert {table: rows_of(other, table) for table in kept} == kept
    assert other.dealt(account, rounds[other.id]) == set(range(6))
    assert town.urns.dealt(rounds[town.id].id, pulse.voter(rounds[town.id], account.id), SLOTS) == set()
    assert mentions(town.database, NAME) == set()
    with town.database.begin() as db:
        row = db.get_one(AccountRow, account.id)
        assert (row.telegram_id, row.municipality_id) == (NUMBER, None)
        assert db.scalar(select(DraftRow.id)) is None
        invited = set(db.scalars(select(InviteeRow.round_id).where(InviteeRow.account_id == account.id)))
        told = set(db.scalars(select(OutboxRow.round_id).where(OutboxRow.account_id == account.id)))
        assert invited == told == {rounds[other.id].id}
        written = {row.municipality_id: row.proposed_by for row in db.scalars(select(OwnStatementRow))}
        assert written == {town.id: None, other.id: account.id}


def members_of(town: Town, account: Account) -> list[Member]:
    return [m for m in town.members() if m.account_id == account.id]


def rows_of(town: Town, table: str) -> list[tuple[Any, ...]]:
    """What stands about one municipality in a table."""
    ids = {r.id for r in (town.do(pulse_queries.running, town.id),) if r}
    with town.database.begin() as db:
        match table:
            case "member":
                query = select(MemberRow.id, MemberRow.account_id).where(MemberRow.municipality_id == town.id)
            case "own_statement":
                query = select(OwnStatementRow.id, OwnStatementRow.proposed_by).where(
                    OwnStatementRow.municipality_id == town.id
                )
            case "invitee":
                query = select(InviteeRow.id, InviteeRow.account_id).where(InviteeRow.round_id.in_(ids))
            case _:
                query = select(OutboxRow.id, OutboxRow.account_id).where(OutboxRow.round_id.in_(ids))
        return sorted(tuple(row) for row in db.execute(query))


def test_whoever_comes_back_is_somebody_new(town: Town) -> None:
    account = town.account(town.connect(NUMBER, NAME))
    round_ = town.open()
    town.answers(account, round_, ANSWERS[0])
    leave(town, account)
    again = town.account(town.connect(NUMBER, NAME))
    assert again.id != account.id
    with refused(Reason.NOT_INVITED):
        town.answer(again, round_, 0, 3)


@pytest.mark.parametrize(
    ("role", "with_department", "told"),
    [
        (Role.COORDINATOR, False, "Jemand aus der Koordination hat sich abgemeldet"),
        (Role.REPRESENTATIVE, True, "Die Ansprechperson für Jugendamt hat sich abgemeldet"),
        (Role.DEPUTY, True, None),
        (Role.PARTICIPANT, False, None),
    ],
)
def test_the_coordination_hears_of_free_places_without_a_name(
    town: Town, role: Role, with_department: bool, told: str | None
) -> None:
    account = town.account(town.connect(NUMBER, NAME, role, town.department("Jugendamt") if with_department else None))
    town.connect(2_002, role=Role.COORDINATOR)
    press_leave(town, account)
    with town.database.begin() as db:
        notices = db.scalars(select(OutboxRow).where(OutboxRow.kind == Kind.NOTICE).order_by(OutboxRow.chat_id)).all()
        assert [n.chat_id for n in notices] == ([1_001, 2_002] if told else [])
        assert all(told and told in n.screen["text"] for n in notices)
    assert mentions(town.database, NAME, NUMBER) == set()


def test_whoever_is_removed_by_the_coordination_leaves_ballots_but_no_message(town: Town) -> None:
    account = town.account(town.connect(NUMBER, NAME))
    round_ = town.open()
    town.answers(account, round_, ANSWERS[0])
    town.do(outbox.post, "x", Kind.NOTICE, NUMBER, {"text": NAME}, town.now)
    town.do(people.remove, town.coordinator, members_of(town, account)[0].id)
    assert mentions(town.database, NUMBER, NAME) == set()
    assert town.urns.count(round_.id).voters == 1


# A copy of everything


def my_data(town: Town, account: Account, locale: str = "de") -> tuple[Screen, str]:
    """The screen, and what the file will hold."""
    with town.database.begin() as db:
        screen = handlers.my_data(turn_of(town, account, db, locale), "")
    return screen, json.dumps(screen.document.content if screen.document else None, ensure_ascii=False)


def content_of(screen: Screen) -> Any:
    assert isinstance(screen.document, Document)
    return screen.document.content


def test_the_file_holds_what_is_linked_to_the_account(town: Town) -> None:
    account, _ = busy_person(town)
    screen, _ = my_data(town, account)
    content = content_of(screen)
    assert not screen.protected
    assert content["Telegram-Konto"]["Nummer"] == NUMBER
    (entry,) = content["Verzeichnis"]
    assert (entry["Name"], entry["Ressort"], entry["Rolle"]) == (NAME, "Jugendamt", "Ansprechperson")
    assert [link["Benutzt"] for link in entry["Einladungslinks (ohne ihren geheimen Teil)"]] == [True]
    (asked,) = content["Eingeladen zu Runden"]
    assert asked["Runde"] == 1
    assert asked["Aussagen in der Urne für Sie (Antworten oder „keine Angabe“)"] == 6
    assert asked["Aussagen dieser Runde"] == 6
    assert [m["Art"] for m in content["Nachrichten des Bots an Sie"]] == ["Einladung zu einer Runde", "Mitteilung"]
    assert content["Angefangene Eingabe"]["Bisher eingegeben"]["name"] == NAME
    # A file of JSON takes it as it is.
    assert json.loads(json.dumps(content)) == content


def test_the_file_never_holds_an_answer(town: Town) -> None:
    """Whatever was answered, and to which statements, the file reads the same; only the number may differ."""
    account = town.account(town.connect(NUMBER, NAME))
    round_ = town.open()
    asked = town.do(pulse_queries.statements, round_.id)
    texts_of = set()
    for positions in ((0, 1, 2), (3, 4, 5), (5, 0, 3)):
        for value in (0, 1, 5):
            town.urns.remove(round_.id, pulse.voter(round_, account.id), SLOTS)
            for position in positions:
                town.answer(account, round_, position, value)
            texts_of.add(my_data(town, account)[1])
    (written,) = texts_of
    for statement in asked:
        assert not {statement.key, statement.de, statement.en} & set(written.split('"'))
        assert statement.key not in written
    assert '"Aussagen in der Urne für Sie (Antworten oder „keine Angabe“)": 3' in written


def test_after_the_close_the_file_has_no_number_any_more(town: Town) -> None:
    account = town.account(town.connect(NUMBER, NAME))
    round_ = town.open()
    town.answers(account, round_, (1, 2))
    assert "in der Urne für Sie" in my_data(town, account)[1]
    # The closing beat is late, or has done half of its work.
    assert "in der Urne für Sie" not in my_data(town.at(round_.closes_at), account)[1]
    town.do(pulse.begin_close, round_.id, round_.closes_at)
    assert "in der Urne für Sie" not in my_data(town, account)[1]
    town.beat(round_.closes_at)
    assert "in der Urne für Sie" not in my_data(town, account)[1]


def test_the_file_speaks_of_nobody_else(town: Town) -> None:
    account, _ = busy_person(town)
    other = found(town.database, town.urns, town.now, "Stadt Beispielhausen", 3_001)
    _, written = my_data(town, account)
    for foreign in ("Karla", "Kurt", "Noch Nicht Da", "Beispielhausen", "1001", "2002", str(other.coordinator.name)):
        assert foreign not in written


def test_asking_for_the_file_writes_nothing(town: Town) -> None:
    account, round_ = busy_person(town)
    before = footprint(town.database, "")
    lying = town.urns.count(round_.id)
    for locale in LOCALES:
        my_data(town, account, locale)
        my_data(town, replace(account, telegram_id=999), locale)
    assert footprint(town.database, "") == before
    assert town.urns.count(round_.id) == lying
    # The comparison does see a deed that writes.
    town.do(drafts.drop, NUMBER)
    assert footprint(town.database, "") != before


def test_a_stranger_gets_no_file_but_what_they_began_to_enter(town: Town) -> None:
    stranger = Account(0, 999, "de", None)
    screen, _ = my_data(town, stranger)
    assert screen.document is None
    assert "nichts gespeichert" in screen.text
    town.do(drafts.begin, 999, "join", {"invitation": "0" * 64, "name": NAME}, town.now)
    content = content_of(my_data(town, stranger)[0])
    assert content["Angefangene Eingabe"]["Bisher eingegeben"]["name"] == NAME
    assert content["Verzeichnis"] == content["Eingeladen zu Runden"] == []


def test_own_statements_are_in_the_file_of_who_proposed_them(town: Town) -> None:
    second = town.connect(2_002, role=Role.COORDINATOR)
    town.do(statements.propose, second, Dimension.CAN, "Wir wissen, wen wir fragen können.")
    _, hers = my_data(town, town.account(second))
    _, not_hers = my_data(town, town.account(town.coordinator))
    assert "Wir wissen, wen wir fragen können." in hers
    assert "Wir wissen, wen wir fragen können." not in not_hers


def test_every_kind_and_state_of_a_message_has_words() -> None:
    assert set(screens.KINDS) == set(Kind)
    assert set(screens.STATES) == set(OutboxState)


def test_holdings_name_everything_in_which_an_account_is_named(town: Town) -> None:
    """Whoever adds a column that points to a person has to come by here, and by ``queries.privacy``."""
    naming = {
        f"{table.name}.{column.name}"
        for table in AccountRow.metadata.sorted_tables
        for column in table.columns
        if column.name == "telegram_id"
        or any(k.column.table.name in {"account", "member"} for k in column.foreign_keys)
    }
    assert naming == {
        "account.telegram_id", "draft.telegram_id", "invitation.member_id", "invitee.account_id", "member.account_id",
        "outbox.account_id", "own_statement.proposed_by",
    }  # fmt: skip
    account, _ = busy_person(town)
    held = town.do(queries.holdings, account.telegram_id)
    assert held.account is not None
    assert held.memberships
    assert held.memberships[0].links
    assert held.rounds
    assert held.messages
    assert held.form is not None


def test_tidying_empties_the_write_ahead_log(tmp_path: Path) -> None:
    """SQLite keeps what was deleted in its log until a checkpoint overwrites it."""
    url = f"sqlite:///{tmp_path / 'dreiklang.db'}"
    schema.upgrade(url)
    database = Database(url)
    with database.begin() as db:
        token = people.found(db, "Landkreis Verschwunden", datetime(2026, 11, 23, 8, tzinfo=UTC))
    with database.begin() as db:
        db.execute(delete(MunicipalityRow))
    log = tmp_path / "dreiklang.db-wal"
    assert token
    assert b"Verschwunden" in log.read_bytes()
    database.tidy()
    assert not any(b"Verschwunden" in file.read_bytes() for file in tmp_path.iterdir())
    database.dispose()
