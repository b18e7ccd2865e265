"""One installation of Dreiklang beside a small Telegram, with a clock that only moves when the story says so."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from bot.app import App, build
from bot.config import Settings
from bot.limiter import Limits
from core.actions import people
from core.db import Database
from sandbox.people import Person, Room, Telegram
from screens.buttons import JoinLink, Token

TOKEN = "1000001:journey"
BOT_NAME = "dreiklang_bot"
PATIENCE = 30
UNHURRIED = Limits(overall_per_second=10_000, chat_per_second=10_000, chat_burst=10_000, group_per_minute=10_000)
"""Stories are not about Telegram's limits; tests of the limiter are."""


class Clock:
    def __init__(self, start: datetime) -> None:
        self.moment = self._start = start
        self._furthest = timedelta()

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        """Goes on by itself, as every machine's does, and jumps forwards with the clock, never back."""
        self._furthest = max(self._furthest, self.moment - self._start)
        return time.monotonic() + self._furthest.total_seconds()


class Installation:
    """Starts, stops and restarts the bot; founds municipalities; moves the clock."""

    def __init__(self, telegram: Telegram, url: str, database_url: str, data: Path, clock: Clock) -> None:
        self.telegram = telegram
        self.clock = clock
        self.data = data
        self.settings = Settings(
            token=SecretStr(TOKEN),
            api_url=url,
            database_url=database_url,
            data=data,
            webhook_url="",
            listen="",
            urn_url="",
        )
        self.limits = UNHURRIED
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._app: App | None = None
        self._failure: BaseException | None = None

    def listen_to_webhook(self) -> None:
        """From the next start on Telegram calls us, instead of being polled."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{probe.getsockname()[1]}"
        self.settings = self.settings.model_copy(
            update={"webhook_url": f"http://{address}", "webhook_secret": SecretStr("s3cret"), "listen": address}
        )

    def start(self) -> None:
        ready = threading.Event()

        async def live() -> None:
            self._loop = asyncio.get_running_loop()
            self._app = build(self.settings, clock=self.clock.now, monotonic=self.clock.monotonic, limits=self.limits)
            await self._app.run(started=ready.set)

        def body() -> None:
            try:
                asyncio.run(live())
            except BaseException as error:  # noqa: BLE001  (raised again in stop, on the test's own thread)
                self._failure = error
            finally:
                ready.set()

        self._failure = None
        self._thread = threading.Thread(target=body, name="bot")
        self._thread.start()
        assert ready.wait(PATIENCE)
        if self._failure is not None:
            self.stop()

    def stop(self) -> None:
        """Stop as on SIGTERM; raises what the bot died of, if it did."""
        if self._thread is None:
            return
        if self._thread.is_alive() and self._loop is not None and self._app is not None:
            self._loop.call_soon_threadsafe(self._app.stop)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        self._thread = None
        if self._failure is not None:
            raise self._failure

    @contextmanager
    def down(self) -> Iterator[None]:
        """The bot is not running meanwhile."""
        self.stop()
        yield
        self.start()

    def settle(self) -> None:
        """Wait until every press is handled and everything due now is sent."""
        self.telegram.wait_idle()
        assert self._app is not None
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(self._app.advance(), self._loop).result(PATIENCE)

    def advance(self, to: datetime | timedelta) -> None:
        """Move the clock and let everything happen that is due by then."""
        self.clock.moment = to if isinstance(to, datetime) else self.clock.moment + to
        self.settle()

    def founds(self, name: str) -> str:
        """What the operator does on the command line: the first coordinator's link."""
        database = Database(self.settings.database_url)
        try:
            with database.begin() as db:
                token = people.found(db, name, self.clock.now())
        finally:
            database.dispose()
        return f"https://t.me/{BOT_NAME}?start={JoinLink(Token(token)).pack()}"


def link_in(text: str) -> str:
    """The deep link that a message shows."""
    return next(word for word in text.split() if word.startswith("https://t.me/"))


def at(year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    """A moment in UTC."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


__all__ = ["BOT_NAME", "TOKEN", "Clock", "Installation", "Person", "Room", "at", "link_in"]
