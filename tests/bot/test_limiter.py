"""The limiter on a clock of its own: time jumps to whatever is due next, so nothing here waits or depends on speed."""

import asyncio
import selectors
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram.error import BadRequest, NetworkError, RetryAfter

from bot.http import was_sent
from bot.limiter import PATIENCE, TELEGRAM, Limiter, Limits, Priority

ANNA, BERND, GROUP, CHANNEL = 11, 12, -1001, "@Gemeinde"
REPLY, BROADCAST = Priority.REPLY, Priority.BROADCAST
SLOT = 1 / TELEGRAM.overall_per_second
EPS = 1e-4
untimed = settings(deadline=None)


class _Leap(selectors.SelectSelector):
    """Where a loop would sleep, jump; where it would sleep for ever, somebody starves."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("Everyone waits and nobody is due: starvation")
        self.now += max(timeout, 0.0)
        return super().select(0)


class Clock(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        return self._leap.now


@dataclass(frozen=True)
class Sent:
    chat: int | str
    priority: Priority
    arrived: float
    at: float


class World:
    """A limiter, its clock, and Telegram's side: what was sent and when."""

    def __init__(self, clock: Clock, limits: Limits = TELEGRAM) -> None:
        self.clock = clock
        self.limiter = Limiter(limits, clock.time, asyncio.sleep)
        self.sent: list[Sent] = []
        self.refusals: list[tuple[int | str | None, int]] = []

    async def send(
        self,
        chat: int | str | None,
        priority: Priority | None = None,
        *,
        after: float = 0,
        endpoint: str = "sendMessage",
    ) -> float:
        """Return how long it waited."""
        if after:
            await asyncio.sleep(after)
        arrived = self.clock.time()

        async def post() -> bool:
            for number, (refused, seconds) in enumerate(self.refusals):
                if refused == chat:
                    del self.refusals[number]
                    raise RetryAfter(seconds)
            self.sent.append(Sent("" if chat is None else chat, priority or REPLY, arrived, self.clock.time()))
            return True

        data = {} if chat is None else {"chat_id": chat}
        assert await self.limiter.process_request(post, (), {}, endpoint, data, priority) is True
        return self.clock.time() - arrived

    def times(self, chat: int | str | None = None) -> list[float]:
        return [sent.at for sent in self.sent if chat is None or sent.chat == chat]


def play(story: Callable[[World], Awaitable[None]], limits: Limits = TELEGRAM) -> World:
    with asyncio.Runner(loop_factory=Clock) as runner:
        clock = runner.get_loop()
        assert isinstance(clock, Clock)
        world = World(clock, limits)

        async def main() -> None:
            await story(world)
            await world.limiter.shutdown()

        runner.run(main())
        return world


def at_once(*coroutines: Coroutine[Any, Any, float]) -> Awaitable[list[float]]:
    return asyncio.gather(*coroutines)


def assert_at_most(count: int, seconds: float, times: Sequence[float]) -> None:
    for first, beyond in zip(times, times[count:], strict=False):
        assert beyond - first >= seconds - EPS


def assert_bucket(times: Sequence[float], limits: Limits = TELEGRAM) -> None:
    for first, start in enumerate(times):
        for last in range(first, len(times)):
            allowed = limits.chat_burst + (times[last] - start) * limits.chat_per_second
            assert last - first + 1 <= allowed + EPS


def assert_telegram_is_content(world: World) -> None:
    times = defaultdict(list)
    for sent in world.sent:
        times[sent.chat].append(sent.at)
    assert_at_most(TELEGRAM.overall_per_second, 1, world.times())
    for chat, of_chat in times.items():
        assert_bucket(of_chat)
        if isinstance(chat, str) or chat < 0:
            assert_at_most(TELEGRAM.group_per_minute, 60, of_chat)


# The limits, one by one


def test_a_person_gets_three_at_once_and_then_one_a_second() -> None:
    async def story(world: World) -> None:
        await at_once(*(world.send(ANNA) for _ in range(5)))

    assert play(story).times() == pytest.approx([0, 0, 0, 1, 2], abs=EPS)


def test_thirty_at_once_overall_and_the_rest_a_second_later() -> None:
    async def story(world: World) -> None:
        await at_once(*(world.send(person) for person in range(1, 71)))

    assert play(story).times() == pytest.approx([0] * 30 + [1] * 30 + [2] * 10, abs=EPS)


def test_broadcasts_go_evenly_at_the_full_rate() -> None:
    async def story(world: World) -> None:
        await at_once(*(world.send(person, BROADCAST) for person in range(1, 101)))

    assert play(story).times() == pytest.approx([number * SLOT for number in range(100)], abs=EPS)


@pytest.mark.parametrize("group", [GROUP, CHANNEL, str(GROUP)])
def test_a_group_gets_twenty_in_every_minute(group: int | str) -> None:
    async def story(world: World) -> None:
        await at_once(*(world.send(group) for _ in range(41)))

    times = play(story).times()
    assert_at_most(20, 60, times)
    assert times[19] == pytest.approx(17, abs=EPS)
    assert times[20] == pytest.approx(60, abs=EPS)
    assert times[40] == pytest.approx(120, abs=EPS)


def test_edits_count_and_a_chat_is_the_same_however_it_is_written() -> None:
    async def story(world: World) -> None:
        for chat in (ANNA, str(ANNA), ANNA):
            assert await world.send(chat) == 0
        assert await world.send(str(ANNA), endpoint="editMessageText") == pytest.approx(1, abs=EPS)
        for name in ("@gemeinde", "@Gemeinde", "@GEMEINDE"):
            assert await world.send(name) == 0
        assert await world.send("@gemeinde") == pytest.approx(1, abs=EPS)

    play(story)


@pytest.mark.parametrize("endpoint", ["answerCallbackQuery", "getMe", "setMyCommands", "getFile", "getUpdates"])
def test_what_touches_no_chat_is_not_limited(endpoint: str) -> None:
    async def story(world: World) -> None:
        assert set(await at_once(*(world.send(None, endpoint=endpoint) for _ in range(100)))) == {0.0}

    play(story)


def test_a_question_about_a_chat_is_not_limited() -> None:
    async def story(world: World) -> None:
        assert set(await at_once(*(world.send(ANNA, endpoint="getChat") for _ in range(100)))) == {0.0}

    play(story)


def test_another_town_another_limit() -> None:
    limits = Limits(overall_per_second=2, chat_per_second=0.5, chat_burst=1, group_per_minute=3)

    async def story(world: World) -> None:
        await at_once(*(world.send(GROUP) for _ in range(4)))
        await at_once(*(world.send(person, after=100) for person in range(1, 6)))

    assert play(story, limits).times() == pytest.approx([0, 2, 4, 60, 160, 160, 161, 161, 162], abs=EPS)


# Who goes first


def test_a_reply_overtakes_every_waiting_broadcast() -> None:
    async def story(world: World) -> None:
        outbox = at_once(*(world.send(person, BROADCAST) for person in range(100, 400)))
        assert await world.send(ANNA, after=5.01) <= SLOT + EPS
        await outbox

    play(story)


def test_a_reply_overtakes_in_its_own_chat() -> None:
    async def story(world: World) -> None:
        outbox = at_once(*(world.send(ANNA, BROADCAST) for _ in range(5)))
        assert await world.send(ANNA, after=1.5) == 0
        await outbox

    play(story)


def test_a_hot_group_delays_no_person() -> None:
    async def story(world: World) -> None:
        hot = at_once(*(world.send(GROUP, priority) for priority in (REPLY, BROADCAST) for _ in range(100)))
        for person in range(1, 60):
            assert await world.send(person, after=3) == pytest.approx(0, abs=SLOT + EPS)
        await hot

    play(story)


def test_a_long_wait_does_not_hide_a_shorter_one() -> None:
    async def story(world: World) -> None:
        hot = at_once(*(world.send(GROUP) for _ in range(21)))
        assert await world.send(ANNA, after=30) == 0
        assert await at_once(*(world.send(ANNA) for _ in range(3))) == pytest.approx([0, 0, 1], abs=EPS)
        await hot

    play(story)


def test_a_newcomer_does_not_jump_the_queue_at_the_moment_it_moves() -> None:
    async def story(world: World) -> None:
        await at_once(*(world.send(person) for person in range(1, 32)), world.send(99, after=1))
        assert [sent.chat for sent in world.sent[-2:]] == [31, 99]
        start = world.clock.time()
        await at_once(*(world.send(GROUP, after=gap) for gap in [0.0] * 21 + [60.0]))
        assert [sent.arrived - start for sent in world.sent[-2:]] == pytest.approx([0, 60])

    play(story)


@pytest.mark.parametrize("ticks", range(4))
def test_who_comes_between_a_turn_and_its_taking_stays_behind(ticks: int) -> None:
    async def story(world: World) -> None:
        crowd = at_once(*(world.send(person) for person in range(100, 130)), world.send(ANNA))
        for _ in range(ticks):
            await asyncio.sleep(0)
        await world.send(ANNA, after=1 + 1e-6)
        await crowd
        assert [sent.arrived for sent in world.sent[-2:]] == [0, 1 + 1e-6]

    play(story)


def test_a_broadcast_that_is_always_overtaken_is_kept_once() -> None:
    async def story(world: World) -> None:
        outbox = asyncio.ensure_future(world.send(ANNA, BROADCAST, after=0.5))
        people = [world.send(1000 + number, after=number * 0.9 * SLOT) for number in range(4000)]
        sizes = []

        async def overtake() -> None:
            for _ in range(30):
                await world.send(ANNA, after=2.5)
                sizes.append(sum(waiter.chat is world.limiter._chats[ANNA] for _, _, waiter in world.limiter._ready))

        await asyncio.gather(overtake(), at_once(*people))
        assert max(sizes) <= 2
        await outbox

    play(story)


def test_the_outbox_can_ask_before_it_claims() -> None:
    async def story(world: World) -> None:
        limiter = world.limiter
        assert limiter.busy_for(GROUP) == 0
        await at_once(*(world.send(GROUP) for _ in range(20)))
        assert limiter.busy_for(GROUP) == pytest.approx(43, abs=EPS)
        assert limiter.busy_for(ANNA) == 0

    play(story)


# 429


def test_a_refused_reply_is_sent_once_the_pause_is_over() -> None:
    async def story(world: World) -> None:
        world.refusals = [(ANNA, 4)]
        anna, bernd = await at_once(world.send(ANNA), world.send(BERND, after=0.5))
        assert anna >= 4
        assert anna == pytest.approx(4, abs=EPS)
        assert bernd == 0

    play(story)


def test_a_reply_is_tried_twice_and_no_more() -> None:
    async def story(world: World) -> None:
        world.refusals = [(ANNA, 2), (ANNA, 3)]
        with pytest.raises(RetryAfter):
            await world.send(ANNA)
        assert world.clock.time() == pytest.approx(2, abs=EPS)
        assert await world.send(ANNA) == pytest.approx(3, abs=EPS)

    play(story)


@pytest.mark.parametrize("priority", [REPLY, BROADCAST])
def test_a_long_pause_is_told_at_once_and_to_everyone_in_that_chat(priority: Priority) -> None:
    async def story(world: World) -> None:
        world.refusals = [(ANNA, 300)]
        with pytest.raises(RetryAfter):
            await world.send(ANNA, priority)
        await asyncio.sleep(100)
        with pytest.raises(RetryAfter) as told:
            await world.send(ANNA, priority)
        assert told.value._retry_after.total_seconds() == pytest.approx(200, abs=1)
        assert world.limiter.busy_for(ANNA) == pytest.approx(200, abs=EPS)
        assert await world.send(BERND, priority) == 0
        await asyncio.sleep(200)
        assert await world.send(ANNA, priority) == 0
        assert world.times(ANNA) == pytest.approx([300], abs=EPS)

    play(story)


def test_those_already_waiting_learn_of_a_long_pause() -> None:
    async def story(world: World) -> None:
        tasks = [asyncio.ensure_future(world.send(ANNA)) for _ in range(3)]
        await asyncio.gather(*tasks)
        world.refusals = [(ANNA, 60)]
        late = [asyncio.ensure_future(world.send(ANNA)) for _ in range(4)]
        outcomes = await asyncio.gather(*late, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [RetryAfter] * 4
        assert world.clock.time() == pytest.approx(1, abs=EPS)

    play(story)


def test_a_refused_broadcast_goes_back_to_the_outbox_and_pauses_its_chat() -> None:
    async def story(world: World) -> None:
        world.refusals = [(ANNA, 3)]
        with pytest.raises(RetryAfter):
            await world.send(ANNA, BROADCAST)
        assert world.clock.time() == 0
        waits = await at_once(world.send(ANNA, BROADCAST), world.send(BERND, BROADCAST, after=1))
        assert waits == pytest.approx([3, 0], abs=EPS)

    play(story)


def test_a_refusal_without_a_chat_pauses_all_messages() -> None:
    async def story(world: World) -> None:
        world.refusals = [(None, 3)]
        query, anna, bernd = await at_once(
            world.send(None, endpoint="answerCallbackQuery"),
            world.send(ANNA, after=1),
            world.send(BERND, BROADCAST, after=2),
        )
        assert (query, anna) == pytest.approx((3, 2), abs=EPS)
        assert bernd == pytest.approx(1 + SLOT, abs=EPS)
        world.refusals = [(None, 30)]
        waiting = asyncio.gather(*(world.send(ANNA) for _ in range(4)), return_exceptions=True)
        with pytest.raises(RetryAfter):
            await world.send(None, endpoint="answerCallbackQuery", after=0.5)
        assert [isinstance(outcome, RetryAfter) for outcome in await waiting] == [False, False, True, True]
        assert world.limiter.busy_for(BERND) == pytest.approx(30, abs=EPS)
        with pytest.raises(RetryAfter):
            await world.send(BERND)

    play(story)


def test_a_refused_setting_pauses_no_message() -> None:
    async def story(world: World) -> None:
        world.refusals = [(None, 3600)]
        with pytest.raises(RetryAfter):
            await world.send(None, endpoint="setMyCommands")
        assert await world.send(ANNA) == 0

    play(story)


def test_every_other_error_passes_through() -> None:
    async def story(world: World) -> None:
        async def post() -> bool:
            raise BadRequest("chat not found")

        with pytest.raises(BadRequest):
            await world.limiter.process_request(post, (), {}, "sendMessage", {"chat_id": ANNA}, None)
        assert await world.send(ANNA) == 0

    play(story)


# Leaving


def test_a_cancelled_waiter_leaves_its_place_to_the_next() -> None:
    async def story(world: World) -> None:
        await at_once(*(world.send(ANNA) for _ in range(3)))
        gone = asyncio.ensure_future(world.send(ANNA))
        next_one = asyncio.ensure_future(world.send(ANNA))
        await asyncio.sleep(0.5)
        gone.cancel()
        await next_one
        assert gone.cancelled()
        assert world.times() == pytest.approx([0, 0, 0, 1], abs=EPS)

    play(story)


def test_shutting_down_tells_those_who_wait_that_nothing_was_sent() -> None:
    async def story(world: World) -> None:
        waiting = asyncio.gather(*(world.send(ANNA) for _ in range(5)), return_exceptions=True)
        await asyncio.sleep(0.5)
        await world.limiter.shutdown()
        errors = [outcome for outcome in await waiting if isinstance(outcome, NetworkError)]
        assert [was_sent(error) for error in errors] == [False, False]
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await world.limiter.initialize()
        assert await world.send(BERND) == 0

    play(story)


def test_idle_chats_are_forgotten() -> None:
    async def story(world: World) -> None:
        for number in range(1, 20_000):
            await world.send(number if number % 2 else -number, BROADCAST)
        assert len(world.limiter._chats) <= 2048
        assert not world.limiter._later
        assert not world.limiter._ready

    play(story)


def test_coming_and_going_leaves_nothing_behind() -> None:
    async def story(world: World) -> None:
        await at_once(*(world.send(ANNA) for _ in range(3)))
        for _ in range(1000):
            task = asyncio.ensure_future(world.send(ANNA))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert len(world.limiter._later) <= 1
        assert not world.limiter._chats[ANNA].waiting

    play(story)


# Whatever comes

CHATS: list[int | str] = [1, 2, 3, 4, -1, -2, "@amt"]
PRIORITIES = st.sampled_from([REPLY, BROADCAST])
GAPS = st.sampled_from([0.0, 0.0, 0.0, 0.001, 0.02, 0.3, 1.0, 7.0])


@dataclass(frozen=True)
class Arrival:
    gap: float
    chat: int | str
    priority: Priority
    gives_up_after: float | None


def arrivals(chats: st.SearchStrategy[int | str], max_size: int = 120) -> st.SearchStrategy[list[Arrival]]:
    give_up = st.sampled_from([None, None, None, 0.0, 0.01, 0.5, 2.0])
    return st.lists(st.builds(Arrival, GAPS, chats, PRIORITIES, give_up), max_size=max_size)


async def live(world: World, coming: Sequence[Arrival]) -> list[bool]:
    """Everyone comes in turn; returns who was sent, and fails if anyone who stayed was not."""

    async def one(arrival: Arrival) -> bool:
        try:
            async with asyncio.timeout(arrival.gives_up_after):
                await world.send(arrival.chat, arrival.priority)
        except TimeoutError:
            return False
        return True

    tasks = []
    for arrival in coming:
        await asyncio.sleep(arrival.gap)
        tasks.append(asyncio.ensure_future(one(arrival)))
    return list(await asyncio.gather(*tasks))


@untimed
@given(arrivals(st.sampled_from(CHATS)))
def test_no_limit_is_ever_exceeded_and_nobody_starves(coming: list[Arrival]) -> None:
    outcomes: list[bool] = []

    async def story(world: World) -> None:
        outcomes.extend(await live(world, coming))

    world = play(story)
    assert_telegram_is_content(world)
    stayed = [arrival for arrival in coming if arrival.gives_up_after is None]
    assert sum(outcomes) == len(world.sent) >= len(stayed)
    assert all(sent for sent, arrival in zip(outcomes, coming, strict=True) if arrival.gives_up_after is None)


@untimed
@given(arrivals(st.integers(1, 400), max_size=200))
def test_a_crowd_of_persons_keeps_the_overall_limit(coming: list[Arrival]) -> None:
    async def story(world: World) -> None:
        await live(world, coming)

    assert_telegram_is_content(play(story))


@untimed
@given(arrivals(st.sampled_from(CHATS)))
def test_within_a_chat_replies_first_and_equals_in_order(coming: list[Arrival]) -> None:
    async def story(world: World) -> None:
        await live(world, coming)

    by_chat = defaultdict(list)
    for sent in play(story).sent:
        by_chat[sent.chat].append(sent)
    for queue in by_chat.values():
        for priority in Priority:
            for earlier, later in pairwise(sent for sent in queue if sent.priority is priority):
                assert earlier.arrived <= later.arrived
        for position, sent in enumerate(queue):
            for overtaken in queue[position + 1 :]:
                if sent.priority is BROADCAST and overtaken.priority is REPLY:
                    assert overtaken.arrived >= sent.at - EPS


@untimed
@given(st.lists(st.tuples(GAPS, PRIORITIES), max_size=150))
def test_no_broadcast_goes_while_a_reply_could(coming: list[tuple[float, Priority]]) -> None:
    async def story(world: World) -> None:
        await live(world, [Arrival(gap, person, priority, None) for person, (gap, priority) in enumerate(coming, 1)])

    sent = play(story).sent
    for broadcast in sent:
        for reply in sent:
            if broadcast.priority is BROADCAST and reply.priority is REPLY:
                assert not (reply.arrived < broadcast.at - EPS and broadcast.at < reply.at - EPS)


@untimed
@given(st.integers(1, 150), st.lists(st.floats(1 / 30, 3), min_size=1, max_size=20))
def test_behind_any_number_of_broadcasts_a_reply_waits_one_slot(backlog: int, gaps: list[float]) -> None:
    async def story(world: World) -> None:
        outbox = at_once(*(world.send(person, BROADCAST) for person in range(100, 100 + backlog)))
        for person, gap in enumerate(gaps, 1):
            assert await world.send(person, after=gap) <= SLOT + EPS
        await outbox

    play(story)


@untimed
@given(
    st.lists(st.tuples(st.sampled_from([1, 2, -1]), st.integers(1, 9)), max_size=12),
    st.lists(st.tuples(GAPS, st.sampled_from([1, 2, -1]), PRIORITIES), max_size=60),
)
def test_a_paused_chat_gets_nothing_until_its_pause_is_over(
    refusals: list[tuple[int, int]], coming: list[tuple[float, int, Priority]]
) -> None:
    paused_until: dict[int, float] = defaultdict(float)

    async def story(world: World) -> None:
        waiting = list(refusals)

        async def one(chat: int, priority: Priority) -> None:
            arrived = world.clock.time()

            async def post() -> bool:
                now = world.clock.time()
                assert now >= paused_until[chat]
                for refused, seconds in waiting:
                    if refused == chat:
                        waiting.remove((refused, seconds))
                        paused_until[chat] = now + seconds
                        raise RetryAfter(seconds)
                return True

            try:
                await world.limiter.process_request(post, (), {}, "sendMessage", {"chat_id": chat}, priority)
            except RetryAfter as error:
                seconds = error._retry_after.total_seconds()
                assert priority is BROADCAST or seconds > PATIENCE or world.clock.time() > arrived

        tasks = []
        for gap, chat, priority in coming:
            await asyncio.sleep(gap)
            tasks.append(asyncio.ensure_future(one(chat, priority)))
        await asyncio.gather(*tasks)

    play(story)
