"""The outbox's way out: claim, send, record; one to four messages in the air."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

import structlog
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.errors import Incidents, Unavailable
from bot.limiter import Limiter, Priority
from bot.nudges import Nudges
from bot.sender import Blocked, InDoubt, Later, Moved, Never, Sender, judge
from bot.worker import Worker
from core.actions import channels, outbox, people
from core.db import Session
from screens import from_json

IN_THE_AIR = 4
LOOK_AGAIN = 1.0
SOON = 0.05
DRAIN = 3.0
LONGEST_PAUSE = 60.0

R = TypeVar("R")
log = structlog.get_logger()


class Delivery:
    def __init__(
        self,
        worker: Worker,
        sender: Sender,
        nudges: Nudges,
        limiter: Limiter,
        incidents: Incidents,
        clock: Callable[[], datetime],
    ) -> None:
        self._worker = worker
        self._sender = sender
        self._nudges = nudges
        self._limiter = limiter
        self._incidents = incidents
        self._clock = clock
        self._wake = asyncio.Event()
        self._quiet = asyncio.Condition()
        self._sending: set[asyncio.Task[None]] = set()
        self._rests = 0
        self._doubts = 0
        self._failure: TelegramError | None = None
        self._stopped = asyncio.Event()

    def wake(self) -> None:
        """There may be something new."""
        self._wake.set()

    async def run(self) -> None:
        """Send what is due until ``stop``; what is in the air then is waited for, but not for long."""
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                parcel = None if len(self._sending) >= self._most_in_the_air else await self._do(outbox.claim)
            except Unavailable:
                parcel = None
            if parcel is not None:
                task = asyncio.create_task(self._deliver(parcel))
                self._sending.add(task)
                task.add_done_callback(self._landed)
                if self._doubts:
                    # Telegram takes messages without saying so: one at a time, ever more slowly, until it speaks again.
                    await asyncio.wait((task,))
                    await self._pause(min(2.0**self._doubts, LONGEST_PAUSE) if self._doubts else 0)
                continue
            if not self._sending:
                async with self._quiet:
                    self._rests += 1
                    self._quiet.notify_all()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_AGAIN)
        if self._sending:
            await asyncio.wait(self._sending, timeout=DRAIN)
        if self._failure is not None:
            raise self._failure

    @property
    def _most_in_the_air(self) -> int:
        return 1 if self._doubts else IN_THE_AIR

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)

    async def landed(self) -> None:
        """Wait until everything that was in the air is recorded; call it once the bot has been shut down."""
        await asyncio.gather(*self._sending)

    def stop(self) -> None:
        self._stopped.set()
        self._wake.set()

    async def drained(self) -> None:
        """Return once nothing can be claimed and nothing is in the air."""
        async with self._quiet:
            # Twice, because the first look may have begun before the newest row was committed.
            for _ in range(2):
                seen = self._rests
                self._wake.set()
                while self._rests == seen:
                    await self._quiet.wait()

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._wake.set()

    async def _deliver(self, parcel: outbox.Parcel) -> None:
        try:
            if parcel.kind is outbox.Kind.REMINDER:
                await self._remind(parcel)
                return
            if wait := self._hold_back(parcel):
                await self._record(outbox.postpone, parcel, seconds=wait)
                return
            await self._send(parcel)
        except (InvalidToken, Conflict) as error:
            # No matter of this message: it waits, and the program ends with a sentence.
            await self._record(outbox.postpone, parcel)
            self._failure = error
            self.stop()
        except Unavailable:
            # Stopping without a database: the row stays in flight, and the next start decides about it.
            log.warning("outbox.unrecorded", kind=parcel.kind)
        except Exception as error:  # noqa: BLE001  (one bad row must not stop the others)
            await self._incidents.report(error, "delivery")
            with suppress(Unavailable):
                await self._record(outbox.record_failed, parcel, type(error).__name__)

    async def _remind(self, parcel: outbox.Parcel) -> None:
        if await self._nudges.send(parcel, self._stopped):
            await self._record(outbox.record_reminded, parcel)
        else:
            await self._record(outbox.postpone, parcel, seconds=0.0)

    def _hold_back(self, parcel: outbox.Parcel) -> float:
        wait = self._limiter.busy_for(parcel.chat_id)
        return wait if wait > SOON else 0.0

    async def _send(self, parcel: outbox.Parcel) -> None:
        screen = from_json(parcel.screen)
        try:
            if parcel.is_edit:
                if parcel.message_id is None:
                    await self._record(outbox.record_failed, parcel, "nothing to edit")
                    return
                await self._sender.edit(parcel.chat_id, parcel.message_id, screen, Priority.BROADCAST)
                message_id: int | None = parcel.message_id
            else:
                message_id = await self._sender.send(parcel.chat_id, screen, Priority.BROADCAST)
        except TelegramError as error:
            await self._troubled(parcel, error)
        else:
            self._doubts = 0
            await self._record(outbox.record_sent, parcel, message_id)

    async def _troubled(self, parcel: outbox.Parcel, error: TelegramError) -> None:
        match judge(error):
            case Later(seconds):
                await self._record(outbox.postpone, parcel, seconds=seconds)
            case InDoubt():
                log.warning("outbox.in_doubt", kind=parcel.kind)
                self._doubts += 1
                if self._doubts == 1:
                    await self._incidents.tell_operator("Telegram bestätigt Nachrichten nicht: dreiklang doctor")
                await self._record(outbox.record_doubt, parcel)
            case Blocked():
                await self._record(outbox.record_failed, parcel, "blocked")
                await self._record(_mark_blocked, parcel)
            case Moved(chat_id):
                await self._record(_migrate, parcel, chat_id=chat_id)
                await self._record(outbox.postpone, parcel, seconds=0.0)
            case Never(reason):
                await self._record(outbox.record_failed, parcel, reason)
                if not parcel.is_edit:
                    log.warning("outbox.refused", kind=parcel.kind, reason=reason)
                    await self._incidents.tell_operator(f"Nachricht abgelehnt ({parcel.kind}): {reason}")

    async def _record(self, deed: Callable[..., object], *args: object, **kwargs: object) -> None:
        """What has happened must be written down: tried again until the database is back, or we stop."""
        while True:
            try:
                await self._do(deed, *args, **kwargs)
            except Unavailable:
                if self._stopped.is_set():
                    raise
                await asyncio.sleep(LOOK_AGAIN)
            else:
                return

    async def _do(self, deed: Callable[..., R], *args: object, **kwargs: object) -> R:
        def in_transaction(db: Session) -> R:
            return deed(db, *args, now=self._clock(), **kwargs)

        return await self._worker.transaction(in_transaction)


def _mark_blocked(db: Session, parcel: outbox.Parcel, now: datetime) -> None:
    people.mark_blocked(db, parcel.chat_id, now)


def _migrate(db: Session, parcel: outbox.Parcel, chat_id: int, now: datetime) -> None:  # noqa: ARG001
    channels.migrate(db, parcel.chat_id, chat_id)
