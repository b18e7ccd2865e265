"""Screen → Bot API call; a Bot API error → what to do with the message."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from telegram import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
)
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.ext import ExtBot

from bot.http import was_sent
from bot.limiter import Priority
from screens import Document, Jump, Key, Press, Screen
from screens.chart import Chart, draw
from screens.commands import ALL
from screens.l10n import LOCALES, texts

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
TOAST_LIMIT = 200


@dataclass(frozen=True)
class Later:
    """It was certainly not sent; try again after ``seconds`` (None: after a pause of our own)."""

    seconds: float | None = None


@dataclass(frozen=True)
class Never:
    """Refused for good. ``reason`` is one word for the operator."""

    reason: str


@dataclass(frozen=True)
class Blocked:
    """The person has blocked the bot, or the bot was removed from the chat."""


@dataclass(frozen=True)
class Moved:
    """The group has become a supergroup with this id."""

    chat_id: int


@dataclass(frozen=True)
class InDoubt:
    """It may or may not have arrived."""


Trouble = Later | Never | Blocked | Moved | InDoubt


class Sender:
    """Speaks through one bot; ``name`` is the bot's user name, for deep links."""

    def __init__(self, bot: "ExtBot[Priority]") -> None:
        self._bot = bot
        self._drawing = asyncio.Lock()

    @property
    def name(self) -> str:
        return self._bot.username

    async def send(self, chat_id: int, screen: Screen, priority: Priority = Priority.REPLY) -> int:
        """Send a new message and return its id; raises TelegramError."""
        if screen.to_pass_on:
            await self._bot.send_message(
                chat_id, screen.to_pass_on, parse_mode=ParseMode.HTML, link_preview_options=NO_PREVIEW,
                rate_limit_args=priority,
            )  # fmt: skip
        if screen.document is not None:
            message = await self._bot.send_document(
                chat_id, _file(screen.document), caption=screen.text, filename=screen.document.name,
                parse_mode=ParseMode.HTML, reply_markup=self._keyboard(screen), protect_content=screen.protected,
                rate_limit_args=priority,
            )  # fmt: skip
        elif screen.chart is None:
            message = await self._bot.send_message(
                chat_id, screen.text, parse_mode=ParseMode.HTML, reply_markup=self._keyboard(screen),
                link_preview_options=NO_PREVIEW, protect_content=screen.protected, rate_limit_args=priority,
            )  # fmt: skip
        else:
            message = await self._bot.send_photo(
                chat_id, await self._picture(screen.chart), caption=screen.text, parse_mode=ParseMode.HTML,
                reply_markup=self._keyboard(screen), protect_content=screen.protected, rate_limit_args=priority,
            )  # fmt: skip
        return message.message_id

    async def edit(self, chat_id: int, message_id: int, screen: Screen, priority: Priority = Priority.REPLY) -> None:
        """Replace a text message; one that already reads so is fine. Raises TelegramError."""
        try:
            await self._bot.edit_message_text(
                screen.text, chat_id, message_id, parse_mode=ParseMode.HTML, reply_markup=self._keyboard(screen),
                link_preview_options=NO_PREVIEW, rate_limit_args=priority,
            )  # fmt: skip
        except BadRequest as error:
            if "not modified" not in error.message:
                raise

    async def toast(self, query_id: str, text: str, *, alert: bool = False) -> None:
        """Answer a press; one that waited for too long no longer wants an answer."""
        try:
            await self._bot.answer_callback_query(query_id, text[:TOAST_LIMIT] or None, show_alert=alert)
        except BadRequest as error:
            if "query" not in error.message.lower():
                raise

    async def publish_commands(self) -> None:
        """The command menu of every language; Telegram shows German to whoever speaks another one."""
        for locale in (None, *LOCALES):
            t = texts(locale or "de")
            shown: Sequence[BotCommand] = [
                BotCommand(command.name(t.locale), t.plain(command.about))
                for command in ALL
                if not command.for_coordinators
            ]
            await self._bot.set_my_commands(shown, BotCommandScopeAllPrivateChats(), language_code=locale)

    async def _picture(self, chart: Chart) -> bytes:
        # One at a time, so that those who wait for the same picture find it drawn.
        async with self._drawing:
            return await asyncio.to_thread(_drawn, chart)

    def _keyboard(self, screen: Screen) -> InlineKeyboardMarkup | None:
        if not screen.keyboard:
            return None
        return InlineKeyboardMarkup([[self._key(key) for key in row] for row in screen.keyboard])

    def _key(self, key: Key) -> InlineKeyboardButton:
        match key:
            case Press(label, button):
                return InlineKeyboardButton(label, callback_data=button.pack())
            case Jump(label, payload):
                return InlineKeyboardButton(label, url=f"https://t.me/{self.name}?start={payload}")


def judge(error: TelegramError) -> Trouble:
    """What an error means for the message. A wrong token and a second poller are no matter of one message."""
    match error:
        case InvalidToken() | Conflict():
            raise error
        case RetryAfter():
            return Later(error._retry_after.total_seconds())  # noqa: SLF001  (PTB's public one warns about its type)
        case Forbidden():
            return Blocked()
        case ChatMigrated():
            return Moved(error.new_chat_id)
        case BadRequest():
            return Never(_word(error.message))
        case NetworkError() if not was_sent(error):
            return Later()
        case _:
            return InDoubt()


def _word(message: str) -> str:
    """Telegram's own reason, shortened to words that it uses for everybody."""
    text = message.lower()
    for known in ("chat not found", "message to edit not found", "can't be edited", "too long", "administrator rights"):
        if known in text:
            return known
    return "bad request"


def _file(document: Document) -> bytes:
    return json.dumps(document.content, ensure_ascii=False, indent=2).encode()


@lru_cache(maxsize=32)
def _drawn(chart: Chart) -> bytes:
    """Everybody who is told of a round gets the same picture: it is drawn once in each language."""
    return draw(chart)
