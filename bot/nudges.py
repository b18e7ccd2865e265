"""A round's reminder, person by person: whom it goes to is decided from the urn at the moment of sending."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from telegram.error import Conflict, InvalidToken, TelegramError

from bot.errors import Unavailable
from bot.limiter import Priority
from bot.sender import Later, Sender, judge
from bot.worker import Worker
from core.actions.outbox import Parcel
from core.db import Session
from core.urn import Urns
from scheduler.moment import Moment
from scheduler.pulse import Nudge, next_nudge, withdraw_nudge
from screens import Screen

FIRST_PAUSE = 2.0
LONGEST_PAUSE = 60.0

R = TypeVar("R")


class Nudges:
    """Nothing of what happens here is logged or stored outside the urn: it would tell who has not finished."""

    def __init__(self, worker: Worker, urns: Urns, sender: Sender, clock: Callable[[], datetime]) -> None:
        self._worker = worker
        self._urns = urns
        self._sender = sender
        self._clock = clock

    async def send(self, parcel: Parcel, stopped: asyncio.Event) -> bool:
        """Remind everybody who is to be reminded; False if we were stopped before the end.

        Whom Telegram lets wait is put off, and asked for again in the urn after everybody else.
        Raises Unavailable if we were stopped while the database could not be reached.
        """
        pause = FIRST_PAUSE
        while not stopped.is_set() and self._clock() < parcel.expires_at:
            put_off = await self._pass(parcel, stopped)
            if put_off is None:
                break
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), min(max(put_off, pause), LONGEST_PAUSE))
            pause = min(pause * 2, LONGEST_PAUSE)
        return not stopped.is_set()

    async def _pass(self, parcel: Parcel, stopped: asyncio.Event) -> float | None:
        """Once through all invited people; the shortest pause that Telegram asked for, None if it asked for none."""
        round_id, which, place = parcel.round_id or 0, int(parcel.screen["which"]), 0
        put_off: list[float] = []
        while not stopped.is_set() and self._clock() < parcel.expires_at:
            nudge = await self._do(next_nudge, round_id, which, place, stopped)
            if nudge is None:
                break
            place = nudge.place
            if nudge.screen is None:
                continue
            try:
                wait = await self._wait_after(nudge, nudge.screen)
            except (InvalidToken, Conflict):
                await self._do(withdraw_nudge, round_id, which, place, stopped)
                raise
            if wait is not None:
                await self._do(withdraw_nudge, round_id, which, place, stopped)
                put_off.append(wait)
        return min(put_off, default=None)

    async def _wait_after(self, nudge: Nudge, screen: Screen) -> float | None:
        """Send it; how many seconds to wait if it was certainly not sent, None if there is nothing more to do."""
        try:
            await self._sender.send(nudge.chat_id, screen, Priority.BROADCAST)
        except TelegramError as error:
            trouble = judge(error)
            return (trouble.seconds or FIRST_PAUSE) if isinstance(trouble, Later) else None
        await self._point(nudge)
        return None

    async def _point(self, nudge: Nudge) -> None:
        """The invitation above the reminder becomes a pointer to it; without that the reminder works as well."""
        if nudge.invitation is None or nudge.pointer is None:
            return
        try:
            await self._sender.edit(nudge.chat_id, nudge.invitation, nudge.pointer, Priority.BROADCAST)
        except (InvalidToken, Conflict):
            raise
        except TelegramError:
            return

    async def _do(
        self, step: Callable[[Moment, int, int, int], R], round_id: int, which: int, place: int, stopped: asyncio.Event
    ) -> R:
        """Tried again until the database is back: given up, the row would stay in flight until the next start."""

        def in_transaction(db: Session) -> R:
            return step(Moment(db, self._urns, self._clock()), round_id, which, place)

        while True:
            try:
                return await self._worker.transaction(in_transaction)
            except Unavailable:
                if stopped.is_set():
                    raise
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopped.wait(), FIRST_PAUSE)
