"""getUpdates, acknowledged after handling: an update is confirmed only once its turn has been committed and shown."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import urlencode

import structlog
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.ext import ExtBot
from telegram.request import BaseRequest

from bot.errors import Fatal, Incidents, Unavailable
from bot.limiter import Priority
from bot.updates import ALLOWED, Updates
from bot.worker import Worker
from core.actions import updates as deeds

LONG_POLL = 30
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
SOON, NOTHING_NEW = 0.05, 0.2
DRAIN = 4.0

log = structlog.get_logger()


class Polling:
    def __init__(
        self,
        bot: "ExtBot[Priority]",
        request: BaseRequest,
        updates: Updates,
        worker: Worker,
        incidents: Incidents,
        sleep: Callable[[float], Awaitable[object]],
        alive: Callable[[], None],
    ) -> None:
        self._bot = bot
        self._request = request
        self._updates = updates
        self._worker = worker
        self._incidents = incidents
        self._sleep = sleep
        self._alive = alive
        self._in_hand: dict[int, asyncio.Task[None]] = {}
        self._again: set[int] = set()
        """Seen, but not handled: the database could not be reached. They are not confirmed and come again."""
        self._finished: set[int] = set()
        self._next: int | None = None
        self._has_begun = False
        self._failure: BaseException | None = None
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Poll until ``stop``; raises Fatal if the token is wrong or another program polls with it."""
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                batch = await self._fetch()
            except Conflict:
                raise Fatal("Another program is already polling with this token; stop it first.") from None
            except InvalidToken:
                raise Fatal("Telegram does not accept this token (DREIKLANG_TOKEN).") from None
            except (NetworkError, RetryAfter) as error:
                log.warning("poll.failed", type=type(error).__name__)
                await self._rest(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            pause = FIRST_PAUSE
            if batch is None:
                break
            self._alive()
            if self._again:
                await self._rest(FIRST_PAUSE)
            is_new = await self._take(batch)
            if self._in_hand:
                # Every batch brings all that is in hand along again.
                await asyncio.wait(self._in_hand.values(), timeout=SOON if is_new else NOTHING_NEW)
        await self._drain()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        self._stopping.set()

    async def _fetch(self) -> list[dict[str, Any]] | None:
        """The next batch, or None when asked to stop meanwhile."""
        unfinished = self._in_hand.keys() | self._again
        offset = min(unfinished, default=self._next)
        call = asyncio.create_task(self._get_updates(offset, 0 if unfinished else LONG_POLL))
        stop = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((call, stop), return_when=asyncio.FIRST_COMPLETED)
            return call.result() if call.done() else None
        finally:
            for task in (call, stop):
                task.cancel()
                with suppress(asyncio.CancelledError, TelegramError):
                    await task

    async def _get_updates(self, offset: int | None, timeout: int) -> list[dict[str, Any]]:  # noqa: ASYNC109  (Telegram's)
        # Raw, so that one update that PTB cannot parse does not take the whole batch with it.
        wanted: dict[str, object] = {"timeout": timeout, "allowed_updates": json.dumps(ALLOWED)}
        if offset is not None:
            wanted["offset"] = offset
        batch: Any = await self._request.post(
            f"{self._bot.base_url}/getUpdates?{urlencode(wanted)}", read_timeout=timeout + 5.0
        )
        return list(batch)

    async def _take(self, batch: list[dict[str, Any]]) -> bool:
        """Start handling what is new in a batch; False if nothing is."""
        ids = {int(raw["update_id"]) for raw in batch}
        # What Telegram no longer sends has been confirmed and need not be remembered.
        self._finished &= ids
        self._again = {update_id for update_id in self._again if update_id in ids or (ids and update_id > max(ids))}
        # Numbers start anew, at random, after a quiet week: once all is confirmed none is the next one.
        self._next = max(ids) + 1 if ids else None
        if not ids:
            return False
        new = [raw for raw in batch if raw["update_id"] not in self._in_hand and raw["update_id"] not in self._finished]
        if not self._has_begun:
            await self._begin(new)
            return bool(new)
        for raw in new:
            self._start(raw)
        return bool(new)

    def _start(self, raw: dict[str, Any], committed: Callable[[], None] = lambda: None) -> asyncio.Task[None]:
        update_id = int(raw["update_id"])
        self._again.discard(update_id)
        task = asyncio.create_task(self._updates.handle(raw, committed))
        self._in_hand[update_id] = task
        task.add_done_callback(partial(self._done, update_id))
        return task

    async def _begin(self, batch: list[dict[str, Any]]) -> None:
        """Work off what a start found unfinished, one by one: if the program dies, it is known of which update."""
        try:
            for raw in batch:
                ids = frozenset({int(raw["update_id"])})
                if await self._worker.transaction(partial(deeds.suspect, update_ids=ids)):
                    self._finished |= ids
                    log.error("update.dropped")
                    await self._incidents.tell_operator("Ein Update nach zwei Abstürzen verworfen")
                else:
                    await self._committed(raw)
            await self._worker.transaction(deeds.clear)
        except Unavailable:
            unfinished = {int(raw["update_id"]) for raw in batch} - self._finished - self._in_hand.keys()
            self._again |= unfinished
            return
        self._has_begun = True

    async def _committed(self, raw: dict[str, Any]) -> None:
        """Handle one update and wait until its deed is done, or has failed."""
        committed = asyncio.Event()
        task = self._start(raw, committed.set)
        waiting = asyncio.create_task(committed.wait())
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    def _done(self, update_id: int, task: asyncio.Task[None]) -> None:
        del self._in_hand[update_id]
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._finished.add(update_id)
            return
        log.warning("update.unfinished", type=type(error).__name__)
        self._again.add(update_id)
        if not isinstance(error, Unavailable):
            self._failure = error
            self._stopping.set()

    async def _rest(self, seconds: float) -> None:
        rest, stop = asyncio.ensure_future(self._sleep(seconds)), asyncio.create_task(self._stopping.wait())
        await asyncio.wait((rest, stop), return_when=asyncio.FIRST_COMPLETED)
        for task in (rest, stop):
            task.cancel()

    async def _drain(self) -> None:
        """Finish what is in hand, then confirm it, so that the next start does not get it again."""
        if self._in_hand:
            await asyncio.wait(self._in_hand.values(), timeout=DRAIN)
        if not self._in_hand and not self._again and self._next is not None:
            with suppress(TelegramError):
                await self._get_updates(self._next, 0)
