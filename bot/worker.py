"""Where synchronous deeds run: one thread for SQLite's one writer, a pool for PostgreSQL."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from bot.errors import Unavailable
from core.db import Database, Session

POOL = 8
DEADLINE = 20.0

R = TypeVar("R")


class Worker:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._threads = ThreadPoolExecutor(1 if database.is_sqlite else POOL, thread_name_prefix="deed")

    async def transaction(self, deed: Callable[[Session], R]) -> R:
        """Run a deed in one transaction of its own; raises Unavailable if the database cannot be reached in time."""
        future = asyncio.get_running_loop().run_in_executor(self._threads, self._run, deed)
        try:
            async with asyncio.timeout(DEADLINE):
                return await future
        except TimeoutError:
            raise Unavailable from None

    def _run(self, deed: Callable[[Session], R]) -> R:
        try:
            try:
                return self._once(deed)
            except IntegrityError:
                # Somebody else was faster by a moment; seen again, the deed finds theirs and refuses in words.
                return self._once(deed)
        except (OperationalError, InterfaceError) as error:
            raise Unavailable from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise Unavailable from error
            raise

    def _once(self, deed: Callable[[Session], R]) -> R:
        with self._database.begin() as db:
            return deed(db)

    async def tidy(self) -> None:
        """Let the database put its files in order, while no deed is under way."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._database.tidy)

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
