"""The one error handler: a number for the person, type and frames for the log, a line for the operator."""

import asyncio
import secrets
from contextlib import suppress

import structlog
from telegram import Bot
from telegram.error import TelegramError

from bot.logs import frames

log = structlog.get_logger()


class Unavailable(Exception):  # noqa: N818  (a state of the world)
    """The database cannot be reached: nothing was done, and the update is not acknowledged."""


class Fatal(Exception):  # noqa: N818  (it ends the program with one sentence)
    """The program cannot go on; the message says why and what to do."""


class Incidents:
    def __init__(self, bot: Bot, operator_chat: int | None) -> None:
        self._bot = bot
        self._operator_chat = operator_chat
        self._telling: set[asyncio.Task[None]] = set()

    async def report(self, error: BaseException, where: str) -> str:
        """Log it and tell the operator; returns the incident's number."""
        number = secrets.token_hex(3).upper()
        log.error("incident", number=number, where=where, type=type(error).__name__, frames=frames(error))
        # Not waited for: whoever met the incident comes before whoever is told of it.
        telling = asyncio.create_task(self.tell_operator(f"Vorfall {number}: {type(error).__name__} ({where})"))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)
        return number

    async def tell_operator(self, line: str) -> None:
        if self._operator_chat is not None:
            with suppress(TelegramError):
                await self._bot.send_message(self._operator_chat, line)
