"""The composition root: the only module that knows everyone."""

import asyncio
import gc
import os
import socket
import time
from asyncio import FIRST_COMPLETED
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog
from telegram.error import BadRequest, Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.ext import ExtBot

from bot import web
from bot.beats import Beats
from bot.config import Settings
from bot.delivery import Delivery
from bot.errors import Fatal, Incidents, Unavailable
from bot.http import AiohttpRequest
from bot.limiter import TELEGRAM, Limiter, Limits, Priority
from bot.nudges import Nudges
from bot.polling import Polling
from bot.replies import Replies
from bot.sender import Sender
from bot.updates import ALLOWED, Updates
from bot.worker import Worker
from core.db import Database, Session
from core.queries import outbox, people, plans, pulse
from core.rules import workdays
from core.urn import Urns

BEATS_STALE = 60.0
POLL_STALE = 120.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
DRAIN = 3.0

log = structlog.get_logger()


def wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass
class App:
    """One running installation. ``monotonic`` is when something last gave a sign of life, by name."""

    settings: Settings
    bot: "ExtBot[Priority]"
    database: Database
    worker: Worker
    urns: Urns
    beats: Beats
    delivery: Delivery
    sender: Sender
    replies: Replies
    updates: Updates
    polling: Polling
    incidents: Incidents
    monotonic: Callable[[], float]
    clock: Callable[[], datetime]
    seen: dict[str, float] = field(default_factory=dict)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Run until ``stop``; ``started`` is called once everything works. Raises Fatal with one sentence."""
        try:
            # First of all what is due: a round closes, and its urn is destroyed, even while Telegram is away.
            doubtful = await self.beats.recover()
            await self.beats.run_all()
            self.beats.start()
            await self._connect()
            if doubtful:
                log.warning("outbox.in_doubt", count=doubtful)
                await self.incidents.tell_operator(
                    f"{doubtful} Nachricht(en) nach einem Absturz zweifelhaft: dreiklang doctor"
                )
            if not self._stop.is_set():
                await self._serve(started)
        except Unavailable:
            raise Fatal("The database cannot be reached (DREIKLANG_DATABASE_URL).") from None
        finally:
            await self.beats.stop()
            await self.bot.shutdown()
            await self.delivery.landed()
            self.worker.close()
            self.urns.close()
            self.database.dispose()

    def stop(self) -> None:
        self._stop.set()

    async def advance(self) -> None:
        """Do everything that is due by the clock now, and send what comes of it."""
        await self.beats.run_all()
        await self.delivery.drained()

    async def next_due(self) -> datetime | None:
        """When the next thing happens by itself."""
        return await self.worker.transaction(self._next_due)

    def _next_due(self, db: Session) -> datetime | None:
        moments = (query(db, self.clock()) for query in (pulse.next_due, plans.next_digest, outbox.next_due))
        return min((moment for moment in moments if moment), default=None)

    async def health(self) -> Mapping[str, bool]:
        """What works, by name."""
        now = self.monotonic()
        state = {
            "database": await self._database_answers(),
            "beats": now - self.seen["beats"] < BEATS_STALE,
        }
        if not self.settings.webhook_url:
            state["polling"] = now - self.seen["polling"] < POLL_STALE
        return state

    async def _connect(self) -> None:
        """Make ourselves known to Telegram; while it cannot be reached, try again and again."""
        pause = FIRST_PAUSE
        while not self._stop.is_set():
            try:
                await self._introduce()
            except InvalidToken as error:
                raise _fatal(error) from None
            except BadRequest as error:
                raise Fatal(f"Telegram refuses the settings: {error.message}.") from None
            except TelegramError as error:
                log.warning("telegram.unreachable", type=type(error).__name__)
                await self._sleep_unless_stopped(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                return

    async def _introduce(self) -> None:
        await self.bot.initialize()
        if self.settings.webhook_url:
            await self.bot.set_webhook(
                f"{self.settings.webhook_url}{web.WEBHOOK_PATH}", allowed_updates=ALLOWED,
                secret_token=self.settings.webhook_secret.get_secret_value(), max_connections=40,
            )  # fmt: skip
        else:
            await self.bot.delete_webhook()
        try:
            await self.sender.publish_commands()
        except RetryAfter:
            # The menu of commands may wait until the next start; people may not.
            log.warning("commands.unpublished")

    async def _sleep_unless_stopped(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)

    async def _serve(self, started: Callable[[], None]) -> None:
        address = self.settings.address
        listener = _listen(*address) if address else None
        server = None
        jobs: dict[str, Coroutine[Any, Any, None]] = {"delivery": self.delivery.run()}
        if not self.settings.webhook_url:
            jobs["polling"] = self.polling.run()
        if address and listener:
            secret = self.settings.webhook_secret.get_secret_value() if self.settings.webhook_url else ""
            server = web.server(web.app(self.updates, secret, self.health), *address)
            jobs["web"] = server.serve(sockets=[listener])
        tasks = {name: asyncio.create_task(job, name=name) for name, job in jobs.items()}
        stop = asyncio.create_task(self._stop.wait())
        if server is not None:
            await asyncio.wait(
                (tasks["web"], asyncio.ensure_future(server.listening.wait())), return_when=FIRST_COMPLETED
            )
        # Reading the calendar of holidays takes a moment, which no press should have to wait for.
        await asyncio.to_thread(workdays.DaysOff().holiday, self.clock().date(), "de")
        # What lives from the start lives to the end: the collector need not walk through it at every press.
        gc.freeze()
        log.info("started", webhook=bool(self.settings.webhook_url))
        started()
        await asyncio.wait((stop, *tasks.values()), return_when=FIRST_COMPLETED)
        stop.cancel()
        await self.beats.stop()
        self.polling.stop()
        if server is not None:
            server.stop()
        await asyncio.gather(*(task for name, task in tasks.items() if name != "delivery"), return_exceptions=True)
        await self.replies.drained(DRAIN)
        self.delivery.stop()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        log.info("stopped")
        for task in tasks.values():
            if (error := task.exception()) is not None:
                raise _fatal(error)

    async def _database_answers(self) -> bool:
        try:
            await self.worker.transaction(lambda db: people.account(db, 0))
        except Unavailable:
            return False
        return True


def build(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = wall_clock,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    limits: Limits = TELEGRAM,
) -> App:
    """Put one installation together; call it inside a running loop."""
    limiter = Limiter(limits, monotonic, sleep)
    poll = AiohttpRequest(connection_pool_size=2)
    bot: ExtBot[Priority] = ExtBot(
        settings.token.get_secret_value(),
        base_url=f"{settings.api_url}/bot",
        base_file_url=f"{settings.api_url}/file/bot",
        request=AiohttpRequest(),
        get_updates_request=poll,
        rate_limiter=limiter,
    )
    database = Database(settings.database_url)
    worker = Worker(database)
    urns = Urns(settings.urn_folder, settings.urn_url)
    incidents = Incidents(bot, settings.operator_chat)
    sender = Sender(bot)
    seen: dict[str, float] = dict.fromkeys(("beats", "polling"), monotonic())

    def alive(name: str) -> Callable[[], None]:
        return lambda: seen.update({name: monotonic()})

    nudges = Nudges(worker, urns, sender, clock)
    delivery = Delivery(worker, sender, nudges, limiter, incidents, clock)
    replies = Replies(bot, sender)
    updates = Updates(bot, sender, worker, urns, replies, incidents, clock, delivery.wake)
    return App(
        settings=settings,
        bot=bot,
        database=database,
        worker=worker,
        urns=urns,
        beats=Beats(worker, urns, incidents, clock, delivery.wake, alive("beats")),
        delivery=delivery,
        sender=sender,
        replies=replies,
        updates=updates,
        polling=Polling(bot, poll, updates, worker, incidents, sleep, alive("polling")),
        incidents=incidents,
        monotonic=monotonic,
        clock=clock,
        seen=seen,
    )


def _listen(host: str, port: int) -> socket.socket:
    try:
        return web.listen(host, port)
    except OSError as error:
        raise Fatal(f"DREIKLANG_LISTEN: cannot listen on {host}:{port} ({os.strerror(error.errno or 0)}).") from None


def _fatal(error: BaseException) -> BaseException:
    match error:
        case InvalidToken():
            return Fatal("Telegram does not accept this token (DREIKLANG_TOKEN).")
        case Conflict():
            return Fatal("Another program is already polling with this token; stop it first.")
        case _:
            return error
