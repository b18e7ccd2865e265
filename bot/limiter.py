"""Telegram's limits for the whole process: people who wait for an answer go before everything unasked-for."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from heapq import heappop, heappush
from itertools import count
from math import ceil, inf
from typing import Any

from telegram._utils.types import JSONDict
from telegram.error import NetworkError, RetryAfter
from telegram.ext import BaseRateLimiter

from bot.http import NeverSentError

# Whoever pressed a button has given up after this; the outbox comes back by itself.
PATIENCE = 5.0

# A timer may ring a rounding error early, and asking again for the rest of that would spin; sums of steps err too.
_HAIR = 1e-6

# So few idle chats are not worth a sweep.
_FEW_CHATS = 1024

# Requests without a chat whose 429 says nothing about messages: setMyCommands alone can be refused for hours.
_OWN_LIMITS = ("get", "set", "delete")


class Priority(IntEnum):
    """REPLY must stay 0 and the default: PTB drops a falsy `rate_limit_args`."""

    REPLY = 0
    BROADCAST = 1


@dataclass(frozen=True)
class Limits:
    """What Telegram lets a bot do; edits count as messages.

    A group or channel keeps both its minute and the pace of a chat.
    """

    overall_per_second: int = 30
    chat_per_second: float = 1.0
    chat_burst: int = 3
    group_per_minute: int = 20


TELEGRAM = Limits()


class _Chat:
    __slots__ = ("due", "minute", "paced", "paused", "shown", "waiting")

    def __init__(self, minute: deque[float] | None) -> None:
        self.minute = minute  # the latest sends to a group; a private chat has none
        self.paced = -inf  # when all sends so far are paid for at the chat's rate
        self.paused = -inf
        self.waiting: list[tuple[Priority, int, _Waiter]] = []
        self.shown: _Waiter | None = None  # the one that stands in the limiter's _ready
        self.due = inf  # the time at which this chat stands in the limiter's _later


class _Waiter:
    __slots__ = ("chat", "given", "ready", "turn")

    def __init__(self, chat: _Chat, turn: asyncio.Future[None]) -> None:
        self.chat = chat
        self.turn = turn
        self.given = False
        self.ready = False  # has an entry in the limiter's _ready, valid or not


class Limiter(BaseRateLimiter[Priority]):
    """Give it to ExtBot as `rate_limiter`; send with `rate_limit_args=Priority.BROADCAST` what nobody asked for.

    Limited is what names a chat and is not a question (get…). Two rules keep broadcasts out of people's way: a reply
    that may go always goes first, and a broadcast takes no burst, neither overall nor in its chat, so that behind any
    number of broadcasts a reply finds its slot within 1/30 s.

    A 429 pauses its chat, or everything if the request named none. It is raised to a broadcast; a reply tries once
    more if the pause is at most PATIENCE. Whoever meets a longer pause gets Telegram's own answer, `RetryAfter`,
    without a request. `monotonic` and `sleep` must be of the same clock.
    """

    def __init__(
        self,
        limits: Limits = TELEGRAM,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._group_per_minute = limits.group_per_minute
        self._step = 1 / limits.overall_per_second
        self._chat_step = 1 / limits.chat_per_second
        self._burst = (limits.chat_burst - 1) * self._chat_step + _HAIR

        self._second: deque[float] = deque([-inf] * limits.overall_per_second, limits.overall_per_second)
        self._paced = -inf
        self._paused = -inf
        self._chats: dict[int | str, _Chat] = {}
        self._sweep_at = _FEW_CHATS

        self._numbers = count()
        self._given = 0  # turns given to those who have yet to wake
        # Chats that must wait for their own sake, by time; and, of the others, everyone who only waits for the whole.
        self._later: list[tuple[float, int, _Chat]] = []
        self._ready: list[tuple[Priority, int, _Waiter]] = []
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at = inf

    async def initialize(self) -> None:
        """Nothing to prepare; PTB asks for it."""

    async def shutdown(self) -> None:
        """Tell everyone who still waits that nothing was sent."""
        for chat in self._chats.values():
            for _, _, waiter in chat.waiting:
                if not waiter.turn.done():
                    reason = "The limiter shut down"
                    error = NetworkError(reason)
                    error.__cause__ = NeverSentError(reason)
                    waiter.turn.set_exception(error)
        self._chats.clear()
        self._later.clear()
        self._ready.clear()
        alarm = self._alarm
        self._disarm()
        if alarm is not None:
            with suppress(asyncio.CancelledError):
                await alarm

    def busy_for(self, chat_id: int | str) -> float:
        """Seconds that a broadcast would wait for this chat's own sake or a pause; the outbox need not claim it yet."""
        chat = self._chats.get(_key(chat_id))
        free_at = -inf if chat is None else self._chat_free_at(chat, Priority.BROADCAST)
        return max(0.0, max(free_at, self._paused) - self._monotonic())

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, bool | JSONDict | list[JSONDict]]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: Priority | None,
    ) -> bool | JSONDict | list[JSONDict]:
        """Wait for this request's turn, then send it."""
        priority = Priority.REPLY if rate_limit_args is None else rate_limit_args
        chat_id = data.get("chat_id")
        key = None if chat_id is None or endpoint.startswith("get") else _key(chat_id)
        if key is not None:
            await self._turn(key, priority)
        try:
            return await callback(*args, **kwargs)
        except RetryAfter as error:
            seconds = self._refused(error, endpoint, key)
            if priority is not Priority.REPLY or seconds > PATIENCE:
                raise
        if key is not None:
            await self._turn(key, priority)
        else:
            await self._sleep(seconds)
        try:
            return await callback(*args, **kwargs)
        except RetryAfter as error:
            self._refused(error, endpoint, key)
            raise

    async def _turn(self, key: int | str, priority: Priority) -> None:
        now = self._monotonic()
        chat = self._chats.get(key) or self._meet(key, now)
        if (
            not self._ready
            and not self._given
            and not chat.waiting
            and self._free_at(priority) <= now
            and self._chat_free_at(chat, priority) <= now
        ):
            self._take(chat, now)
            return
        pause = max(self._paused, chat.paused) - now
        if pause > PATIENCE:
            raise RetryAfter(ceil(pause))
        waiter = _Waiter(chat, asyncio.get_running_loop().create_future())
        heappush(chat.waiting, (priority, next(self._numbers), waiter))
        self._arrange(chat, now)
        self._settle(now)
        try:
            if waiter.given:
                # Others may have been given theirs in the same moment and come first.
                await asyncio.sleep(0)
            await waiter.turn
        except asyncio.CancelledError:
            now = self._monotonic()
            self._arrange(chat, now)
            self._settle(now)
            raise
        finally:
            self._given -= waiter.given
        # A refusal may have come between being given the turn and taking it.
        if max(self._paused, chat.paused) > self._monotonic():
            await self._turn(key, priority)

    def _meet(self, key: int | str, now: float) -> _Chat:
        if len(self._chats) >= self._sweep_at:
            # As many must have come as are left, so a sweep costs each newcomer the same small share.
            self._chats = {key: chat for key, chat in self._chats.items() if not _idle(chat, now)}
            self._sweep_at = max(_FEW_CHATS, 2 * len(self._chats))
        private = isinstance(key, int) and key > 0
        chat = _Chat(None if private else deque([-inf] * self._group_per_minute, self._group_per_minute))
        self._chats[key] = chat
        return chat

    def _free_at(self, priority: Priority) -> float:
        at = self._second[0] + 1
        if priority is not Priority.REPLY and self._paced > at:
            at = self._paced
        return max(self._paused, at)

    def _chat_free_at(self, chat: _Chat, priority: Priority) -> float:
        at = chat.paced - self._burst if priority is Priority.REPLY else chat.paced
        if chat.minute is not None and chat.minute[0] + 60 > at:
            at = chat.minute[0] + 60
        return max(chat.paused, at)

    def _take(self, chat: _Chat, now: float) -> None:
        self._second.append(now)
        self._paced = max(now, self._paced) + self._step
        chat.paced = max(now, chat.paced) + self._chat_step
        if chat.minute is not None:
            chat.minute.append(now)

    def _refused(self, error: RetryAfter, endpoint: str, key: int | str | None) -> float:
        """Keep the pause that a 429 asks for; return its seconds."""
        now = self._monotonic()
        wait = error.retry_after
        seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
        if key is not None:
            chat = self._chats.get(key) or self._meet(key, now)
            chat.paused = max(chat.paused, now + seconds)
            self._tell([chat], now, seconds)
        elif not endpoint.startswith(_OWN_LIMITS):
            self._paused = max(self._paused, now + seconds)
            self._tell(self._chats.values(), now, seconds)
        return seconds

    def _tell(self, chats: Iterable[_Chat], now: float, seconds: float) -> None:
        for chat in chats:
            if seconds > PATIENCE:
                for _, _, waiter in chat.waiting:
                    if not waiter.turn.done():
                        waiter.turn.set_exception(RetryAfter(ceil(seconds)))
            self._arrange(chat, now)
        self._settle(now)

    def _arrange(self, chat: _Chat, now: float) -> None:
        """Put a chat where its first waiter belongs: among those who may go, or among those who may later."""
        while chat.waiting and chat.waiting[0][2].turn.done():
            heappop(chat.waiting)
        if not chat.waiting:
            chat.shown = None
            return
        priority, _, waiter = chat.waiting[0]
        when = self._chat_free_at(chat, priority)
        if when > now:
            chat.shown = None
            if when < chat.due:
                chat.due = when
                heappush(self._later, (when, next(self._numbers), chat))
        elif chat.shown is not waiter:
            chat.shown = waiter
            if not waiter.ready:
                waiter.ready = True
                heappush(self._ready, chat.waiting[0])

    def _settle(self, now: float) -> None:
        """Let go whoever may, and set the alarm for the next."""
        while self._later and self._later[0][0] <= now:
            when, _, chat = heappop(self._later)
            if when == chat.due:
                chat.due = inf
                self._arrange(chat, now)
        while self._ready:
            priority, _, waiter = self._ready[0]
            chat = waiter.chat
            if chat.shown is waiter and not waiter.turn.done():
                if self._free_at(priority) > now:
                    break
                self._take(chat, now)
                waiter.turn.set_result(None)
                waiter.given = True
                self._given += 1
            heappop(self._ready)
            waiter.ready = False
            if waiter.turn.done():
                self._arrange(chat, now)
        when = self._later[0][0] if self._later else inf
        if self._ready:
            when = min(when, self._free_at(self._ready[0][0]))
        self._arm(when, now)

    def _arm(self, when: float, now: float) -> None:
        if when == inf:
            self._disarm()
        elif when < self._alarm_at:
            self._disarm()
            self._alarm_at = when
            self._alarm = asyncio.create_task(self._ring(max(0.0, when - now) + _HAIR))

    def _disarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None
        self._alarm_at = inf

    async def _ring(self, seconds: float) -> None:
        await self._sleep(seconds)
        self._alarm = None
        self._alarm_at = inf
        self._settle(self._monotonic())


def _key(chat_id: int | str) -> int | str:
    if isinstance(chat_id, int):
        return chat_id
    try:
        return int(chat_id)
    except ValueError:
        return chat_id.lower()


def _idle(chat: _Chat, now: float) -> bool:
    return (
        not chat.waiting
        and chat.paced <= now
        and chat.paused <= now
        and (chat.minute is None or chat.minute[-1] + 60 <= now)
    )
