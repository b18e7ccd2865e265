"""Direct replies: answer a press at once, show screens of one chat in their order, and never let one chat pile up."""

import asyncio
from dataclasses import dataclass

import structlog
from telegram import CallbackQuery, Message, Update
from telegram.error import BadRequest, Conflict, InvalidToken, TelegramError
from telegram.ext import ExtBot

from bot.lanes import Lanes
from bot.limiter import Priority
from bot.sender import Sender
from core.rules.refusal import Refusal
from screens import Screen, refusals
from screens.l10n import Texts

MOST_BEHIND = 3
"""With more newer replies than this behind it, a reply is out of date before it could be sent."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Reply:
    """What a turn has to say: a screen, a refusal, or the number of an incident."""

    t: Texts
    screen: Screen | None = None
    refusal: Refusal | None = None
    incident: str = ""
    wakes_delivery: bool = False
    """Whether the turn has put something into the outbox."""

    @property
    def words(self) -> str:
        """In place of a screen: plain text, or nothing."""
        if self.refusal is not None:
            return refusals.words(self.t, self.refusal)
        return refusals.incident(self.t, self.incident) if self.incident else ""


class Replies:
    def __init__(self, bot: "ExtBot[Priority]", sender: Sender) -> None:
        self._bot = bot
        self._sender = sender
        self._lanes = Lanes()
        self._showing: set[asyncio.Task[None]] = set()

    def show(self, update: Update, telegram_id: int, reply: Reply) -> asyncio.Task[None]:
        """Begin to show; what cannot be shown is no reason to do the deed again.

        The task fails only with what ends the program: a wrong token, or a second poller.
        """
        task = asyncio.create_task(self._show(update, telegram_id, reply))
        self._showing.add(task)
        task.add_done_callback(self._showing.discard)
        return task

    async def drained(self, seconds: float) -> None:
        """Give what is being shown some time to finish."""
        if self._showing:
            await asyncio.wait(self._showing, timeout=seconds)

    async def _show(self, update: Update, telegram_id: int, reply: Reply) -> None:
        query = update.callback_query
        try:
            if query is not None:
                await self._toast(query, reply)
                if reply.screen is None:
                    return
            elif reply.screen is None and not reply.words:
                return
            async with self._lanes.enter(telegram_id):
                if self._lanes.behind(telegram_id) > MOST_BEHIND and not (reply.screen and reply.screen.to_pass_on):
                    return
                if reply.screen is None:
                    await self._bot.send_message(telegram_id, reply.words)
                elif query is not None:
                    await self._replace(query, reply.screen)
                else:
                    await self._sender.send(telegram_id, reply.screen)
        except (InvalidToken, Conflict):
            raise
        except TelegramError as error:
            log.warning("show.failed", type=type(error).__name__)

    async def _toast(self, query: CallbackQuery, reply: Reply) -> None:
        try:
            if reply.words:
                await self._sender.toast(query.id, reply.words, alert=True)
            else:
                await self._sender.toast(query.id, reply.screen.toast if reply.screen else "")
        except (InvalidToken, Conflict):
            raise
        except TelegramError as error:
            log.warning("toast.failed", type=type(error).__name__)

    async def _replace(self, query: CallbackQuery, screen: Screen) -> None:
        message = query.message
        if isinstance(message, Message) and message.text is not None and screen.replaces_text:
            try:
                await self._sender.edit(message.chat.id, message.message_id, screen)
            except BadRequest:
                pass
            else:
                return
        await self._sender.send(query.from_user.id, screen)
