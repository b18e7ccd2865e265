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

        Raises Unavailable if we were stopped while the database could not be reached.
        """
        round_id, which, place = parcel.round_id or 0, int(parcel.screen["which"]), 0
        while not stopped.is_set() and self._clock() < parcel.expires_at:
            nudge = await self._do(next_nudge, round_id, which, place, stopped)
            if nudge is None:
                return True
            place = nudge.place
            if nudge.screen is not None and not await self._shown(nudge, parcel, stopped):
                await self._do(withdraw_nudge, round_id, which, place, stopped)
        return not stopped.is_set()

    async def _shown(self, nudge: Nudge, parcel: Parcel, stopped: asyncio.Event) -> bool:
        """False if it was certainly not sent when the time was over."""
        pause = FIRST_PAUSE
        while nudge.screen is not None and not stopped.is_set() and self._clock() < parcel.expires_at:
            try:
                await self._sender.send(nudge.chat_id, nudge.screen, Priority.BROADCAST)
            except TelegramError as error:
                trouble = judge(error)
                if not isinstance(trouble, Later):
                    return True
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopped.wait(), trouble.seconds or pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                await self._point(nudge)
                return True
        return False

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
