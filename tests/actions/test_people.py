from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select, update

from core.actions import drafts, outbox, people
from core.db import Database
from core.queries import people as queries
from core.queries import pulse as pulse_queries
from core.rules.people import CROWD_CAPACITY, LINK_LIFETIME, DepartmentKind, Involvement, Member, Role
from core.rules.refusal import Reason, Refusal
from core.tables import AccountRow, InvitationRow, MemberRow, MunicipalityRow
from core.urn import Urns
from tests.actions.town import MICROSECOND, Town, cells, found, mentions, refused, together

COORDINATOR = 1_001


# Founding


def test_a_municipality_is_founded_with_a_link_for_its_first_coordinator(database: Database, now: datetime) -> None:
    with database.begin() as db:
        token = people.found(db, "  Landkreis   Musterland ", now)
    with database.begin() as db:
        promised, mine = queries.invitation(db, queries.token_hash(token), None, now)
    assert (promised.municipality, promised.role, promised.for_many) == (
        "Landkreis Musterland",
        Role.COORDINATOR,
        False,
    )
    assert mine is None


@pytest.mark.parametrize("name", ["Landkreis Strassen", "  LANDKREIS\u00a0 strassen ", "Landkreis Stra\u200bßen"])
def test_the_same_name_is_taken_however_it_is_written(database: Database, now: datetime, name: str) -> None:
    with database.begin() as db:
        people.found(db, "Landkreis Straßen", now)
    with refused(Reason.NAME_TAKEN), database.begin() as db:
        people.found(db, name, now)
    with database.begin() as db:
        assert len(db.scalars(select(MunicipalityRow)).all()) == 1


def test_founding_again_gives_a_further_coordinator_and_no_second_municipality(town: Town) -> None:
    token = town.do(people.found, "landkreis musterland", town.now, again=True)
    second = town.join(token, 2_002, "Kurt Koordination")
    assert second.municipality_id == town.id
    assert second.is_coordinator
    assert [a.telegram_id for a in town.do(queries.coordinators, town.id)] == [COORDINATOR, 2_002]


def test_founding_again_what_never_was_is_refused(town: Town) -> None:
    with refused(Reason.NOT_FOUND):
        town.do(people.found, "Landkreis Anderswo", town.now, again=True)


@pytest.mark.parametrize(("name", "reason"), [("\u200b", Reason.NAME_EMPTY), ("12", Reason.NAME_EMPTY),
                                              ("x" * 81, Reason.NAME_TOO_LONG)])  # fmt: skip
def test_a_name_must_be_one(database: Database, now: datetime, name: str, reason: Reason) -> None:
    with refused(reason), database.begin() as db:
        people.found(db, name, now)


def test_the_longest_name_fits_however_long_its_key_becomes(database: Database, now: datetime) -> None:
    """«ﬃ» is one letter of a name and three of its key."""
    with database.begin() as db:
        people.found(db, "ﬃ" * 80, now)
    with refused(Reason.NAME_TAKEN), database.begin() as db:
        people.found(db, "ﬃ" * 80, now)


# Departments


def test_departments_are_added_once(town: Town) -> None:
    first = town.do(people.add_departments, town.coordinator, ["Jugendamt", "Schulamt"], DepartmentKind.DEPARTMENT)
    again = town.do(people.add_departments, town.coordinator, ["JUGENDAMT", "Jobcenter"], DepartmentKind.PARTNER)
    assert first == (("Jugendamt", "Schulamt"), ())
    assert again == (("Jobcenter",), ("JUGENDAMT",))
    listed = [(d.name, d.kind) for d in town.do(queries.departments, town.id)]
    assert listed == [("Jugendamt", DepartmentKind.DEPARTMENT), ("Schulamt", DepartmentKind.DEPARTMENT),
                      ("Jobcenter", DepartmentKind.PARTNER)]  # fmt: skip


def test_the_same_department_added_twice_at_the_same_moment_is_added_once(town: Town) -> None:
    def add() -> tuple[tuple[str, ...], tuple[str, ...]]:
        return town.do(people.add_departments, town.coordinator, ["Jugendamt"], DepartmentKind.DEPARTMENT)

    assert sorted(map(str, together(add, add, add))) == sorted(
        map(str, [(("Jugendamt",), ()), ((), ("Jugendamt",)), ((), ("Jugendamt",))])
    )


def test_only_an_empty_department_of_ones_own_can_be_removed(town: Town) -> None:
    other = _other_town(town)
    with_people, empty, theirs = town.department("Jugendamt"), town.department("Schulamt"), other.department("Bauamt")
    seated = town.invite("Rita Recht", Role.REPRESENTATIVE, with_people).member
    with refused(Reason.DEPARTMENT_NOT_EMPTY):
        town.do(people.remove_department, town.coordinator, with_people.id)
    with refused(Reason.NOT_FOUND):
        town.do(people.remove_department, town.coordinator, theirs.id)
    assert town.do(people.remove_department, town.coordinator, empty.id) == "Schulamt"
    town.do(people.remove, town.coordinator, seated.id)
    town.do(people.remove_department, town.coordinator, with_people.id)
    assert town.do(queries.departments, town.id) == ()
    assert other.do(queries.departments, other.id) == (theirs,)


# Settings


def test_setup_says_what_is_missing_until_it_is_recorded(database: Database, urns: Urns, now: datetime) -> None:
    town = found(database, urns, now)
    here = town.do(queries.municipality, town.id)
    assert (here.topic, here.council, here.protection) == (
        "Frühe Hilfen",
        "beteiligt am 2. November 2026",
        "beteiligt am 2. November 2026",
    )
    town.do(people.record_involvement, town.coordinator, Involvement.COUNCIL, " nicht   nötig ")
    town.do(people.set_topic, town.coordinator, "Neues Thema")
    here = town.do(queries.municipality, town.id)
    assert (here.topic, here.council, here.protection) == (
        "Neues Thema",
        "nicht nötig",
        "beteiligt am 2. November 2026",
    )
    with refused(Reason.TEXT_EMPTY):
        town.do(people.set_topic, town.coordinator, " \u200b ")
    with refused(Reason.TEXT_TOO_LONG):
        town.do(people.set_topic, town.coordinator, "x" * 201)


def test_nobody_but_a_coordinator_changes_anything(town: Town) -> None:
    department = town.department("Jugendamt")
    somebody = town.connect(2_002)
    before = list(cells(town.database))
    for deed in (
        partial(people.set_topic, text="x"),
        partial(people.record_involvement, which=Involvement.COUNCIL, note="x"),
        partial(people.add_departments, names=["x"], kind=DepartmentKind.PARTNER),
        partial(people.remove_department, department_id=department.id),
        partial(people.invite, role=Role.PARTICIPANT, department_id=None, name="x", now=town.now),
        partial(people.renew_link, member_id=somebody.id, now=town.now),
        partial(people.invite_many, now=town.now),
        partial(people.revoke_many, now=town.now),
        partial(people.remove, member_id=town.coordinator.id),
    ):
        with refused(Reason.NOT_A_COORDINATOR), town.database.begin() as db:
            deed(db, somebody)
    assert list(cells(town.database)) == before


# Inviting


def test_a_department_has_one_contact_person(town: Town) -> None:
    department = town.department("Jugendamt")
    first = town.invite("Rita Recht", Role.REPRESENTATIVE, department).member
    with pytest.raises(Refusal) as caught:
        town.invite("Rolf Recht", Role.REPRESENTATIVE, department)
    assert caught.value.reason is Reason.SEAT_TAKEN
    assert caught.value.details == {"department": "Jugendamt", "name": "Rita Recht"}
    town.invite("Rolf Recht", Role.REPRESENTATIVE, town.department("Schulamt"))
    town.do(people.remove, town.coordinator, first.id)
    assert town.invite("Ruth Recht", Role.REPRESENTATIVE, department).member.name == "Ruth Recht"


def test_deputies_are_numbered_and_a_free_number_is_given_again(town: Town) -> None:
    department = town.department("Jugendamt")
    deputies = [town.invite(f"Vera {name}", Role.DEPUTY, department).member for name in ("Eins", "Zwei", "Drei")]
    assert [d.rank for d in deputies] == [1, 2, 3]
    town.do(people.remove, town.coordinator, deputies[1].id)
    assert town.invite("Vera Neu", Role.DEPUTY, department).member.rank == 2
    assert town.invite("Vera Vier", Role.DEPUTY, department).member.rank == 4
    assert town.invite("Vera Anders", Role.DEPUTY, town.department("Schulamt")).member.rank == 1


def test_two_coordinators_inviting_for_one_seat_at_the_same_moment(town: Town) -> None:
    department = town.department("Jugendamt")

    def invite(name: str) -> str:
        return town.invite(name, Role.REPRESENTATIVE, department).member.name

    done = together(*(partial(invite, f"Rita {letter}") for letter in "abcd"))
    assert sorted(done, key=str).count(Reason.SEAT_TAKEN) == 3
    assert [m.name for m in town.members() if m.role is Role.REPRESENTATIVE] == [d for d in done if isinstance(d, str)]


def test_deputies_invited_at_the_same_moment_get_different_numbers(town: Town) -> None:
    department = town.department("Jugendamt")

    def invite(name: str) -> int:
        return town.invite(name, Role.DEPUTY, department).member.rank

    assert sorted(together(*(partial(invite, f"Vera {letter}") for letter in "abcd")), key=str) == [1, 2, 3, 4]


@pytest.mark.parametrize("role", list(Role))
def test_another_municipalitys_department_is_not_there(town: Town, role: Role) -> None:
    theirs = _other_town(town).department("Bauamt")
    with refused(Reason.NOT_FOUND):
        town.invite("Rita Recht", role, theirs)
    assert len(town.members()) == 1


@pytest.mark.parametrize("role", [Role.REPRESENTATIVE, Role.DEPUTY])
def test_a_seat_needs_a_department(town: Town, role: Role) -> None:
    with refused(Reason.NOT_FOUND):
        town.invite("Rita Recht", role)


def test_the_token_is_nowhere_in_the_database(town: Town) -> None:
    tokens = [
        town.do(people.found, "Landkreis Musterland", town.now, again=True),
        (invited := town.invite("Rita Recht")).token,
        town.do(people.renew_link, town.coordinator, invited.member.id, town.now)[1],
        town.do(people.invite_many, town.coordinator, town.now),
    ]
    town.join(tokens[-1], 2_002, "Peter Person")
    assert len(set(tokens)) == 4
    assert {len(token) for token in tokens} == {32}
    # The hash is there, so the search would find the token if it were.
    assert mentions(town.database, *map(queries.token_hash, tokens)) == {"invitation"}
    assert mentions(town.database, *tokens) == set()
    # Not in capitals, nor as bytes either.
    raw = [bytes.fromhex(token) for token in tokens]
    for _, value in cells(town.database):
        assert not any(token.upper() in str(value).upper() for token in tokens)
        assert not (isinstance(value, bytes) and any(part in value for part in raw))


# Joining


def test_joining_connects_the_invited_member_under_the_confirmed_name(town: Town) -> None:
    department = town.department("Jugendamt")
    invited = town.invite("Rita Recht", Role.REPRESENTATIVE, department)
    joined = town.join(invited.token, 2_002, "Rita  Richtig")
    assert joined.id == invited.member.id
    assert (joined.name, joined.department, joined.role) == ("Rita Richtig", "Jugendamt", Role.REPRESENTATIVE)
    account, members = town.do(queries.identity, 2_002)
    assert members == (joined,)
    assert account is not None
    assert account.municipality_id == town.id


def test_the_same_account_joins_once_however_often_it_tries(town: Town) -> None:
    invited = town.invite("Rita Recht")
    first = town.join(invited.token, 2_002)
    before = list(cells(town.database))
    assert town.join(invited.token, 2_002) == first
    assert town.join(invited.token, 2_002, "Anders") == first
    late = town.at(town.now + LINK_LIFETIME * 2)
    assert late.join(invited.token, 2_002) == first
    assert list(cells(town.database)) == before


def test_the_same_account_joining_by_a_link_for_many_counts_once(town: Town) -> None:
    token = town.do(people.invite_many, town.coordinator, town.now)
    first = town.join(token, 2_002, "Peter Person")
    assert town.join(token, 2_002, "Peter Person") == first
    newer = town.do(people.invite_many, town.coordinator, town.now)
    assert town.join(newer, 2_002, "Peter Person") == first
    assert _uses(town, token) == 1
    assert _uses(town, newer) == 0


def test_a_used_link_serves_nobody_else(town: Town) -> None:
    invited = town.invite("Rita Recht")
    town.join(invited.token, 2_002)
    before = list(cells(town.database))
    with refused(Reason.LINK_USED):
        town.join(invited.token, 3_003)
    with refused(Reason.LINK_USED):
        town.join(invited.token, COORDINATOR)
    assert list(cells(town.database)) == before


def test_a_link_ends_exactly_when_it_says(town: Town) -> None:
    invited = town.invite("Rita Recht")
    end = town.now + LINK_LIFETIME
    with refused(Reason.LINK_EXPIRED):
        town.at(end).join(invited.token, 2_002)
    assert town.at(end - MICROSECOND).join(invited.token, 2_002).name == "Rita Recht"


def test_an_unknown_link_is_refused_and_leaves_no_account(town: Town) -> None:
    with refused(Reason.LINK_UNKNOWN):
        town.join("0" * 32, 2_002)
    # The hash itself opens nothing.
    token = town.invite("Rita Recht").token
    with refused(Reason.LINK_UNKNOWN):
        town.join(queries.token_hash(token), 2_002)
    assert town.do(queries.account, 2_002) is None


def test_a_revoked_link_is_refused(town: Town) -> None:
    token = town.do(people.invite_many, town.coordinator, town.now)
    joined = town.join(token, 2_002, "Peter Person")
    town.do(people.revoke_many, town.coordinator, town.now)
    with refused(Reason.LINK_REVOKED):
        town.join(token, 3_003, "Paula Person")
    # Who is in stays in.
    assert town.join(token, 2_002, "Peter Person") == joined
    with refused(Reason.NOTHING_TO_UNDO):
        town.do(people.revoke_many, town.coordinator, town.now)


def test_revoking_the_link_for_many_leaves_personal_links_and_other_municipalities_alone(town: Town) -> None:
    other = _other_town(town)
    personal = town.invite("Rita Recht").token
    theirs = other.do(people.invite_many, other.coordinator, other.now)
    town.do(people.invite_many, town.coordinator, town.now)
    town.do(people.revoke_many, town.coordinator, town.now)
    assert town.join(personal, 2_002).municipality_id == town.id
    assert other.join(theirs, 3_003, "Peter Person").municipality_id == other.id


def test_a_new_link_for_many_ends_the_older_one(town: Town) -> None:
    old = town.do(people.invite_many, town.coordinator, town.now)
    new = town.do(people.invite_many, town.coordinator, town.now)
    with refused(Reason.LINK_REVOKED):
        town.join(old, 2_002, "Peter Person")
    assert town.join(new, 2_002, "Peter Person").role is Role.PARTICIPANT


def test_a_link_for_many_is_full_at_its_capacity(town: Town) -> None:
    token = town.do(people.invite_many, town.coordinator, town.now)
    for number in range(CROWD_CAPACITY):
        town.join(token, 5_001 + number, "Peter Person")
    with refused(Reason.LINK_FULL):
        town.join(token, 6_001, "Paula Person")
    assert len(town.members()) == 1 + CROWD_CAPACITY
    assert town.do(queries.account, 6_001) is None
    # A new one has room again.
    new = town.do(people.invite_many, town.coordinator, town.now)
    town.join(new, 6_001, "Paula Person")


def test_the_person_who_joins_by_a_link_for_many_must_say_a_name(town: Town) -> None:
    token = town.do(people.invite_many, town.coordinator, town.now)
    with refused(Reason.NAME_EMPTY):
        town.join(token, 2_002)
    assert _uses(town, token) == 0


def test_many_accounts_after_the_last_place_at_the_same_moment(town: Town) -> None:
    token = town.do(people.invite_many, town.coordinator, town.now)
    with town.database.begin() as db:
        db.execute(
            update(InvitationRow)
            .where(InvitationRow.token_hash == queries.token_hash(token))
            .values(uses=CROWD_CAPACITY - 1)
        )
    done = together(*(partial(town.join, token, 2_000 + i, "Peter Person") for i in range(8)))
    assert done.count(Reason.LINK_FULL) == 7
    assert _uses(town, token) == CROWD_CAPACITY
    assert len(town.members()) == 2
    with town.database.begin() as db:
        # Whoever was too late has left nothing behind.
        assert len(db.scalars(select(AccountRow)).all()) == 2


def test_many_accounts_on_one_personal_link_at_the_same_moment(town: Town) -> None:
    invited = town.invite("Rita Recht")
    done = together(*(partial(town.join, invited.token, 2_000 + i) for i in range(8)))
    assert done.count(Reason.LINK_USED) == 7
    (winner,) = (d for d in done if isinstance(d, Member))
    assert town.do(queries.member, town.id, invited.member.id) == winner
    with town.database.begin() as db:
        assert len(db.scalars(select(AccountRow)).all()) == 2


@pytest.mark.parametrize("for_many", [False, True])
def test_one_account_joining_twice_at_the_same_moment_joins_once(town: Town, for_many: bool) -> None:
    token = (
        town.do(people.invite_many, town.coordinator, town.now) if for_many else town.invite("Rita Recht").token
    )  # fmt: skip
    done = together(*[partial(town.join, token, 2_002, "Rita Recht")] * 6)
    assert len(set(done)) == 1
    assert isinstance(done[0], Member)
    assert _uses(town, token) == 1
    assert len(town.members()) == 2


# Renewing


def test_a_renewed_link_replaces_the_older_one(town: Town) -> None:
    invited = town.invite("Rita Recht")
    person, renewed = town.do(people.renew_link, town.coordinator, invited.member.id, town.now)
    assert person == invited.member
    with refused(Reason.LINK_REVOKED):
        town.join(invited.token, 2_002)
    assert town.join(renewed, 2_002).id == invited.member.id
    with refused(Reason.ALREADY_CONNECTED):
        town.do(people.renew_link, town.coordinator, invited.member.id, town.now)


def test_an_expired_link_can_be_renewed(town: Town) -> None:
    invited = town.invite("Rita Recht")
    late = town.at(town.now + LINK_LIFETIME)
    _, renewed = late.do(people.renew_link, town.coordinator, invited.member.id, late.now)
    assert late.join(renewed, 2_002).id == invited.member.id


def test_another_municipalitys_person_gets_no_new_link(town: Town) -> None:
    theirs = _other_town(town).invite("Rita Recht")
    with refused(Reason.NOT_FOUND):
        town.do(people.renew_link, town.coordinator, theirs.member.id, town.now)


def test_renewing_while_the_person_joins_never_leaves_a_link_to_a_taken_seat(town: Town) -> None:
    """Whichever comes first: nobody can take a seat in which somebody sits."""

    def join(token: str, telegram_id: int) -> int:
        return town.join(token, telegram_id).id

    def renew(member_id: int) -> str:
        return town.do(people.renew_link, town.coordinator, member_id, town.now)[1]

    for number in range(12):
        invited = town.invite(f"Rita {'abcdefghijkl'[number]}")
        telegram_id = 2_000 + number
        joined, renewed = together(partial(join, invited.token, telegram_id), partial(renew, invited.member.id))
        if isinstance(joined, Reason):
            assert joined is Reason.LINK_REVOKED
            assert isinstance(renewed, str)
            town.join(renewed, telegram_id)
        elif isinstance(renewed, str):
            with refused(Reason.LINK_USED):
                town.join(renewed, 9_000 + number)
        seated = town.do(queries.account, telegram_id)
        assert seated is not None
        assert town.do(queries.member, town.id, invited.member.id).account_id == seated.id


# Leaving


def test_the_last_connected_coordinator_stays(town: Town) -> None:
    with refused(Reason.LAST_COORDINATOR):
        town.do(people.remove, town.coordinator, town.coordinator.id)
    # Somebody who is only invited could not take over.
    invited = town.invite("Kurt Koordination", Role.COORDINATOR)
    with refused(Reason.LAST_COORDINATOR):
        town.do(people.remove, town.coordinator, town.coordinator.id)
    town.join(invited.token, 2_002)
    assert town.do(people.remove, town.coordinator, town.coordinator.id) == town.coordinator
    assert [a.telegram_id for a in town.do(queries.coordinators, town.id)] == [2_002]


def test_an_invited_coordinator_can_be_taken_back(town: Town) -> None:
    invited = town.invite("Kurt Koordination", Role.COORDINATOR)
    town.do(people.remove, town.coordinator, invited.member.id)
    with refused(Reason.LINK_UNKNOWN):
        town.join(invited.token, 2_002)


def test_two_coordinators_removing_each_other_at_the_same_moment_leave_one(town: Town) -> None:
    for number in range(8):
        first, second = town.coordinator, town.connect(2_000 + number, role=Role.COORDINATOR)
        done = together(
            partial(town.do, people.remove, first, second.id),
            partial(town.do, people.remove, second, first.id),
        )
        assert len(town.do(queries.coordinators, town.id)) == 1, done
        (gone,) = (d for d in done if isinstance(d, Member))
        town = Town(town.database, town.urns, town.now, first if gone.id == second.id else second)
        assert [m.id for m in town.members()] == [town.coordinator.id]


def test_coordinators_all_leaving_at_the_same_moment_leave_one(town: Town) -> None:
    coordinators = [town.coordinator, *(town.connect(2_000 + i, role=Role.COORDINATOR) for i in range(3))]
    done = together(*(partial(town.do, people.remove, c, c.id) for c in coordinators))
    assert done.count(Reason.LAST_COORDINATOR) == 1
    assert len(town.do(queries.coordinators, town.id)) == 1


def test_somebody_who_has_been_removed_removes_nobody(town: Town) -> None:
    second = town.connect(2_002, role=Role.COORDINATOR)
    third = town.connect(3_003)
    town.do(people.remove, town.coordinator, second.id)
    with refused(Reason.NOT_A_MEMBER):
        town.do(people.remove, second, third.id)


def test_another_municipalitys_member_cannot_be_removed(town: Town) -> None:
    other = _other_town(town)
    theirs = other.connect(2_002)
    with refused(Reason.NOT_FOUND):
        town.do(people.remove, town.coordinator, theirs.id)
    assert theirs in other.members()


def test_a_departed_member_is_gone_from_every_table(town: Town) -> None:
    town.channel(-100_123)
    department = town.department("Jugendamt")
    member = town.connect(7_000_000_777, "Dagmar Departed", Role.REPRESENTATIVE, department)
    account = town.account(member)
    town.do(people.invite_many, town.coordinator, town.now)
    town.open()
    town.beat()
    town.do(drafts.begin, account.telegram_id, "topic", {"text": "Dagmar Departed"}, town.now)
    town.do(outbox.post, "notice", outbox.Kind.NOTICE, account.telegram_id, {}, town.now, account_id=account.id)
    assert mentions(town.database, "Dagmar Departed") >= {"member", "draft"}
    assert mentions(town.database, account.telegram_id) == {"account", "outbox", "draft"}

    town.do(people.remove, town.coordinator, member.id)

    assert mentions(town.database, "Dagmar Departed", account.telegram_id) == set()
    with town.database.begin() as db:
        assert db.get(MemberRow, member.id) is None
        assert db.scalar(select(InvitationRow.id).where(InvitationRow.member_id == member.id)) is None
    assert _naming_account(town, account.id) == set()
    assert town.do(queries.identity, account.telegram_id) == (None, ())


def test_leaving_one_municipality_keeps_the_other_and_ends_everything_here(town: Town) -> None:
    other = _other_town(town)
    town.staff(4)
    here, there = town.connect(7_777), other.connect(7_777)
    account = town.account(here)
    mine, theirs = town.open(), other.open()
    town.beat()
    assert account.municipality_id == other.id
    town.do(people.switch, account, (here, there), town.id)

    town.do(people.remove, town.coordinator, here.id)

    left, members = town.do(queries.identity, 7_777)
    assert left is not None
    assert members == (there,)
    # Neither asked nor told any more here; there everything is as it was.
    assert not town.do(pulse_queries.is_invited, mine.id, account.id)
    assert other.do(pulse_queries.is_invited, theirs.id, account.id)
    with refused(Reason.NOT_INVITED):
        town.answer(left, mine, 0, 3)
    other.answer(left, theirs, 0, 3)
    town.beat(mine.closes_at)
    keys = [value for name, value in cells(town.database) if name == "outbox" and str(value).startswith("round:")]
    assert [key for key in keys if str(key).startswith(f"round:{mine.id}:") and key.endswith(f":{account.id}")] == []
    assert f"round:{theirs.id}:result:{account.id}" in keys


def test_who_leaves_one_of_two_seats_stays(town: Town) -> None:
    department = town.department("Jugendamt")
    seat = town.connect(2_002, "Rita Recht", Role.REPRESENTATIVE, department)
    other_seat = town.connect(2_002, "Rita Recht", Role.COORDINATOR)
    round_ = town.open()
    town.do(people.remove, town.coordinator, seat.id)
    account, members = town.do(queries.identity, 2_002)
    assert members == (other_seat,)
    assert account is not None
    assert town.do(pulse_queries.is_invited, round_.id, account.id)


# One account, several municipalities


def test_one_account_in_two_municipalities_never_sees_the_other(town: Town) -> None:
    other = _other_town(town)
    here, there = town.connect(7_777), other.connect(7_777, role=Role.COORDINATOR)
    theirs = other.invite("Fremde Person")
    channel = other.channel(-100_123)
    round_ = other.open()
    department = other.department("Bauamt")
    assert [m.name for m in town.members()] == [town.coordinator.name, here.name]
    assert town.do(queries.departments, town.id) == ()
    assert town.do(queries.coordination_channel, town.id) is None
    assert town.do(pulse_queries.running, town.id) is None
    for look in (
        partial(queries.member, municipality_id=town.id, member_id=theirs.member.id),
        partial(queries.member, municipality_id=town.id, member_id=there.id),
        partial(queries.department, municipality_id=town.id, department_id=department.id),
        partial(pulse_queries.round_of, municipality_id=town.id, round_id=round_.id),
    ):
        with refused(Reason.NOT_FOUND), town.database.begin() as db:
            look(db)
    with refused(Reason.CHANNEL_IS_GONE):
        town.do(queries.channel, town.id, channel.id)
    # Being a coordinator there gives nothing here.
    with refused(Reason.NOT_A_COORDINATOR):
        town.do(people.remove, here, town.coordinator.id)
    with refused(Reason.NOT_FOUND):
        town.do(people.remove, there, town.coordinator.id)


def test_a_link_of_one_municipality_says_nothing_of_membership_in_another(town: Town) -> None:
    other = _other_town(town)
    other.connect(7_777)
    crowd = town.do(people.invite_many, town.coordinator, town.now)
    account, _ = town.do(queries.identity, 7_777)
    assert account is not None
    _, mine = town.do(queries.invitation, queries.token_hash(crowd), account.id, town.now)
    assert mine is None
    joined = town.join(crowd, 7_777, "Peter Person")
    assert joined.municipality_id == town.id


def test_the_account_chooses_where_its_menu_opens(town: Town) -> None:
    other = _other_town(town)
    here, there = town.connect(7_777), other.connect(7_777)
    account, members = town.do(queries.identity, 7_777)
    assert account is not None
    assert set(members) == {here, there}
    assert account.municipality_id == other.id
    town.do(people.switch, account, members, town.id)
    switched = town.do(queries.account, 7_777)
    assert switched is not None
    assert switched.municipality_id == town.id
    stranger = _other_town(town, "Landkreis Drittland", 3_001)
    with refused(Reason.NOT_A_MEMBER):
        town.do(people.switch, account, members, stranger.id)


def test_language_belongs_to_the_account(town: Town) -> None:
    account = town.account(town.connect(7_777))
    town.do(people.set_locale, account, "en")
    changed, own = town.do(queries.account, 7_777), town.do(queries.account, COORDINATOR)
    assert changed is not None
    assert own is not None
    assert (changed.locale, own.locale) == ("en", "de")


def test_who_blocks_the_bot_is_unreachable_until_they_come_back(town: Town) -> None:
    member = town.connect(7_777)
    town.do(people.mark_blocked, 7_777, town.now)
    town.do(people.mark_blocked, 7_777, town.now + timedelta(days=1))
    with town.database.begin() as db:
        assert db.scalar(select(AccountRow.blocked_at).where(AccountRow.telegram_id == 7_777)) == town.now
    assert town.do(queries.setup, town.id).blocked == 1
    assert town.do(queries.member, town.id, member.id).reachability.value == "blocked"
    town.do(people.mark_reachable, 7_777)
    assert town.do(queries.member, town.id, member.id) == member


def _other_town(town: Town, name: str = "Landkreis Nachbarland", telegram_id: int = 2_001) -> Town:
    return found(town.database, town.urns, town.now, name, telegram_id)


def _uses(town: Town, token: str) -> int:
    with town.database.begin() as db:
        query = select(InvitationRow.uses).where(InvitationRow.token_hash == queries.token_hash(token))
        return db.scalars(query).one()


def _naming_account(town: Town, account_id: int) -> set[str]:
    """Tables with a row that still names this account."""
    with town.database.begin() as db:
        return {
            table.name
            for table in AccountRow.metadata.sorted_tables
            for column in table.columns
            if column.name == "account_id" and db.scalars(select(column).where(column == account_id)).first()
        }
