"""Runs the BEATS through APScheduler; what is due is found in the database, so a missed tick costs nothing."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.errors import Incidents, Unavailable
from bot.worker import Worker
from core.urn import Urns
from scheduler import BEATS, Beat
from scheduler.moment import Moment
from scheduler.upkeep import recover

LEFT_ALONE = timedelta(hours=1)

log = structlog.get_logger()


class Beats:
    def __init__(
        self,
        worker: Worker,
        urns: Urns,
        incidents: Incidents,
        clock: Callable[[], datetime],
        wake_delivery: Callable[[], None],
        alive: Callable[[], None],
    ) -> None:
        self._worker = worker
        self._urns = urns
        self._incidents = incidents
        self._clock = clock
        self._wake_delivery = wake_delivery
        self._alive = alive
        self._turn = asyncio.Lock()
        self._failed: dict[tuple[str, int], datetime] = {}
        self._scheduler = AsyncIOScheduler(timezone="UTC")

    async def recover(self) -> int:
        """Put in order what the last run left; the number of messages newly in doubt."""
        return await self._worker.transaction(lambda db: recover(Moment(db, self._urns, self._clock())))

    def start(self) -> None:
        for beat in BEATS:
            self._scheduler.add_job(
                self.run, IntervalTrigger(seconds=beat.seconds), (beat,), id=beat.name,
                coalesce=True, max_instances=1, misfire_grace_time=None,
            )  # fmt: skip
        self._scheduler.add_job(
            self._worker.tidy, IntervalTrigger(hours=1), id="tidy",
            coalesce=True, max_instances=1, misfire_grace_time=None,
        )  # fmt: skip
        self._scheduler.start()

    async def stop(self) -> None:
        """Let the beat in hand end: APScheduler would cancel it."""
        async with self._turn:
            if self._scheduler.running:
                self._scheduler.shutdown(wait=False)

    async def run(self, beat: Beat) -> None:
        """One beat until it finds nothing more to do; a failing step does not keep the others from theirs."""
        async with self._turn:
            for step in beat.steps:
                try:
                    await self._exhaust(step, beat)
                except Unavailable:
                    log.warning("beat.unavailable", beat=beat.name)
                    return
            self._alive()

    async def _exhaust(self, step: Callable[[Moment], bool], beat: Beat) -> None:
        """Run one step until it finds nothing more to do; what fails is reported, and left alone for an hour."""
        name = step.__name__
        for key in [key for key, failed_at in self._failed.items() if self._clock() - failed_at > LEFT_ALONE]:
            del self._failed[key]
        failed = {number for step_name, number in self._failed if step_name == name}
        more = True
        while more:
            known = set(failed)
            try:
                more = await self._do(step, failed)
                self._wake_delivery()
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001  (one round must not keep the others from theirs)
                more = bool(failed - known)
                self._failed |= {(name, number): self._clock() for number in failed - known}
                await self._incidents.report(error, f"beat {beat.name}")

    async def run_all(self) -> None:
        for beat in BEATS:
            await self.run(beat)

    async def _do(self, step: Callable[[Moment], bool], failed: set[int]) -> bool:
        return await self._worker.transaction(lambda db: step(Moment(db, self._urns, self._clock(), failed)))
