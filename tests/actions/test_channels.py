from functools import partial

import pytest
from sqlalchemy import select

from core.actions import channels, outbox
from core.queries import people as queries
from core.rules.people import Channel
from core.rules.refusal import Reason
from core.tables import ChannelRow, OutboxRow
from tests.actions.town import Town, cells, found, refused, together

GROUP, OTHER, SUPERGROUP = -4_001, -4_002, -1_004_001


def _propose(town: Town, chat_id: int = GROUP, title: str = "Koordination") -> Channel:
    return town.do(channels.propose, town.coordinator, chat_id, title, is_public=False)


def _confirm(town: Town, channel: Channel) -> Channel:
    return town.do(channels.confirm, town.coordinator, channel.id, town.now)


def _current(town: Town) -> Channel | None:
    return town.do(queries.coordination_channel, town.id)


def _chats(town: Town) -> set[tuple[int, int, bool]]:
    """Municipality, chat and whether it is confirmed, of every remembered chat."""
    with town.database.begin() as db:
        rows = db.scalars(select(ChannelRow))
        return {(row.municipality_id, row.chat_id, row.confirmed_at is not None) for row in rows}


@pytest.fixture
def neighbour(town: Town) -> Town:
    return found(town.database, town.urns, town.now, "Landkreis Nachbarland", 2_001)


def test_a_proposed_chat_is_not_the_channel_until_confirmed(town: Town) -> None:
    proposed = _propose(town)
    assert not proposed.confirmed
    assert _current(town) is None
    confirmed = _confirm(town, proposed)
    assert confirmed == Channel(proposed.id, town.id, GROUP, "Koordination", True)
    assert _current(town) == confirmed


def test_proposing_and_confirming_twice_changes_nothing(town: Town) -> None:
    proposed = _propose(town)
    assert _propose(town) == proposed
    _confirm(town, proposed)
    before = list(cells(town.database))
    late = town.at(town.now.replace(year=2027))
    assert _confirm(late, proposed).confirmed
    assert list(cells(town.database)) == before


def test_a_chat_proposed_again_keeps_its_row_and_takes_the_new_title(town: Town) -> None:
    proposed = _propose(town)
    again = _propose(town, title="Neu" * 100)
    assert again.id == proposed.id
    assert again.title == ("Neu" * 100)[:255]


def test_a_public_chat_is_refused(town: Town) -> None:
    with refused(Reason.CHANNEL_IS_PUBLIC):
        town.do(channels.propose, town.coordinator, GROUP, "Öffentlich", is_public=True)
    assert _chats(town) == set()


def test_only_a_coordinator_proposes_confirms_and_declines(town: Town) -> None:
    stranger = town.connect(5_001)
    proposed = _propose(town)
    with refused(Reason.NOT_A_COORDINATOR):
        town.do(channels.propose, stranger, OTHER, "Meins", is_public=False)
    with refused(Reason.NOT_A_COORDINATOR):
        town.do(channels.confirm, stranger, proposed.id, town.now)
    with refused(Reason.NOT_A_COORDINATOR):
        town.do(channels.decline, stranger, proposed.id)
    assert _chats(town) == {(town.id, GROUP, False)}


def test_a_second_channel_replaces_the_first(town: Town) -> None:
    first = town.channel(GROUP)
    second = _propose(town, OTHER)
    assert _current(town) == first
    _confirm(town, second)
    assert _chats(town) == {(town.id, OTHER, True)}
    # The button under the first proposal leads nowhere now.
    with refused(Reason.CHANNEL_IS_GONE):
        _confirm(town, first)


def test_declining_forgets_a_proposal_and_never_the_channel(town: Town) -> None:
    channel = town.channel(GROUP)
    proposed = _propose(town, OTHER)
    town.do(channels.decline, town.coordinator, channel.id)
    town.do(channels.decline, town.coordinator, proposed.id)
    town.do(channels.decline, town.coordinator, proposed.id)
    assert _chats(town) == {(town.id, GROUP, True)}
    with refused(Reason.CHANNEL_IS_GONE):
        _confirm(town, proposed)


def test_another_municipalitys_channel_is_refused(town: Town, neighbour: Town) -> None:
    proposed_before = _propose(town)
    theirs = neighbour.channel(GROUP)
    with refused(Reason.CHANNEL_IS_TAKEN):
        _propose(town)
    with refused(Reason.CHANNEL_IS_TAKEN):
        _confirm(town, proposed_before)
    assert _current(neighbour) == theirs
    assert _current(town) is None


def test_another_municipalitys_proposal_cannot_be_confirmed_or_declined(town: Town, neighbour: Town) -> None:
    theirs = _propose(neighbour)
    with refused(Reason.CHANNEL_IS_GONE):
        town.do(channels.confirm, town.coordinator, theirs.id, town.now)
    town.do(channels.decline, town.coordinator, theirs.id)
    assert _chats(town) == {(neighbour.id, GROUP, False)}


def test_two_municipalities_confirming_one_chat_at_the_same_moment(town: Town, neighbour: Town) -> None:
    for number in range(6):
        chat_id = GROUP - 100 * number
        deeds = [partial(_confirm, place, _propose(place, chat_id)) for place in (town, neighbour)]
        done = together(*deeds)
        assert done.count(Reason.CHANNEL_IS_TAKEN) == 1
        (winner,) = (d for d in done if isinstance(d, Channel))
        # The loser keeps what it had.
        assert {chat for chat in _chats(town) if chat[2]} >= {(winner.municipality_id, chat_id, True)}
        assert sum(chat[1] == chat_id and chat[2] for chat in _chats(town)) == 1


def test_two_proposals_of_one_municipality_confirmed_at_the_same_moment_leave_one(town: Town) -> None:
    for number in range(4):
        proposed = [_propose(town, GROUP - 100 * number), _propose(town, OTHER - 100 * number)]
        done = together(*(partial(_confirm, town, channel) for channel in proposed))
        assert done.count(Reason.CHANNEL_IS_GONE) == 1
        (winner,) = (d for d in done if isinstance(d, Channel))
        assert _chats(town) == {(town.id, winner.chat_id, True)}


def test_one_chat_proposed_twice_at_the_same_moment_is_one(town: Town) -> None:
    done = together(*[partial(_propose, town)] * 4)
    assert len(set(done)) == 1
    assert _chats(town) == {(town.id, GROUP, False)}


def test_losing_a_chat_names_the_channels_lost_by_it(town: Town, neighbour: Town) -> None:
    channel = town.channel(GROUP)
    theirs = neighbour.channel(OTHER)
    assert town.do(channels.lose, GROUP) == (channel,)
    assert town.do(channels.lose, GROUP) == ()
    assert _chats(town) == {(neighbour.id, OTHER, True)}
    assert _current(neighbour) == theirs


def test_losing_a_chat_that_was_only_proposed_tells_nobody(town: Town, neighbour: Town) -> None:
    _propose(town)
    _propose(neighbour)
    assert town.do(channels.lose, GROUP) == ()
    assert _chats(town) == set()


def test_a_group_that_becomes_a_supergroup_stays_the_channel_and_gets_its_messages(town: Town) -> None:
    channel = town.channel(GROUP)
    town.do(outbox.post, "group", outbox.Kind.SUMMARY, GROUP, {}, town.now)
    town.do(outbox.post, "other", outbox.Kind.SUMMARY, OTHER, {}, town.now)
    town.do(channels.migrate, GROUP, SUPERGROUP)
    town.do(channels.migrate, GROUP, SUPERGROUP)
    assert _current(town) == Channel(channel.id, town.id, SUPERGROUP, "Koordination", True)
    with town.database.begin() as db:
        waiting = {(row.key, row.chat_id) for row in db.scalars(select(OutboxRow))}
    assert waiting == {("group", SUPERGROUP), ("other", OTHER)}


def test_a_supergroup_that_was_proposed_already_does_not_stand_in_the_way(town: Town, neighbour: Town) -> None:
    town.channel(GROUP)
    _propose(town, SUPERGROUP)
    _propose(neighbour, SUPERGROUP)
    town.do(channels.migrate, GROUP, SUPERGROUP)
    assert _chats(town) == {(town.id, SUPERGROUP, True), (neighbour.id, SUPERGROUP, False)}


def test_a_supergroup_that_was_confirmed_already_stays_so(town: Town) -> None:
    town.channel(SUPERGROUP)
    _propose(town, GROUP)
    town.do(channels.migrate, GROUP, SUPERGROUP)
    assert _chats(town) == {(town.id, SUPERGROUP, True)}
