"""Waiting for a change, from threads and from event loops, without polling."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager


class Changes:
    """A lock, and a revision that rises with every change made under it."""

    def __init__(self) -> None:
        self.revision = 0
        self.serving = False
        """Whether a server shows this world; `revisions()` ends when it stops."""
        self._condition = threading.Condition(threading.RLock())
        self._sleepers: set[asyncio.Future[None]] = set()

    @contextmanager
    def change(self) -> Iterator[None]:
        """Hold the lock; wake everybody who waits when it is released."""
        with self._condition:
            yield
            self.revision += 1
            self._condition.notify_all()
            sleepers, self._sleepers = self._sleepers, set()
        for sleeper in sleepers:
            sleeper.get_loop().call_soon_threadsafe(_wake, sleeper)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Hold the lock to look at several things at one moment."""
        with self._condition:
            yield

    def wait_for(self, happened: Callable[[], bool], seconds: float) -> bool:
        """Block this thread until it has happened (evaluated under the lock) or the seconds are over."""
        with self._condition:
            return self._condition.wait_for(happened, seconds)

    async def changed(self, since: int) -> int:
        """Wait until the revision is past `since`, or the server stops; return the present revision."""
        with self._condition:
            if self.revision > since or not self.serving:
                return self.revision
            sleeper = asyncio.get_running_loop().create_future()
            self._sleepers.add(sleeper)
        try:
            await sleeper
        finally:
            with self._condition:
                self._sleepers.discard(sleeper)
        return self.revision

    async def revisions(self, since: int = 0) -> AsyncIterator[int]:
        """Every revision past `since`, several quick ones as one; ends when the server stops."""
        while self.serving:
            since = await self.changed(since)
            yield since

    def serve(self, serving: bool) -> None:
        with self.change():
            self.serving = serving


def _wake(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)
