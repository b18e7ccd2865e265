"""A Telegram update → one Turn: begin, who, language, moment, permission, handler, commit, show."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from telegram import CallbackQuery, Chat, ChatMemberUpdated, Message, Update, User
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest, Conflict, InvalidToken, TelegramError
from telegram.ext import ExtBot

from bot.errors import Incidents, Unavailable
from bot.limiter import Priority
from bot.sender import Sender
from bot.worker import Worker
from core.actions import drafts
from core.db import Session
from core.queries import people
from core.rules.people import Account, Member, Permission
from core.rules.refusal import Reason, Refusal
from core.urn import Urns
from handlers import FORMS, HAPPENED, OPENED, PRESSED, TYPED, Handler, start
from handlers.channels import Chat as ChatFacts
from handlers.turn import Turn
from screens import Screen, refusals
from screens.buttons import Button, DeepLink
from screens.l10n import Texts, locale_for, texts

ALLOWED = (Update.MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER)

_TYPED = {name: route for route in TYPED for name in route.command.names}
_PRESSED = {route.button: route for route in PRESSED}
_OPENED = {route.link: route for route in OPENED}
_FORMS = {route.name: route for route in FORMS}
_HAPPENED = {route.event: route for route in HAPPENED}

log = structlog.get_logger()


@dataclass(frozen=True)
class Knock:
    """Who knocks, where, and with what: a press, a text, or something that happened in a chat."""

    telegram_id: int
    language_code: str | None
    chat_id: int
    press: str | None = None
    text: str | None = None
    event: str | None = None
    facts: ChatFacts | str = ""


@dataclass(frozen=True)
class Reply:
    t: Texts
    screen: Screen | None = None
    refusal: Refusal | None = None


class Updates:
    """Handles updates, those of one chat in their order, those of different chats side by side."""

    def __init__(
        self,
        bot: "ExtBot[Priority]",
        sender: Sender,
        worker: Worker,
        urns: Urns,
        incidents: Incidents,
        clock: Callable[[], datetime],
        wake_delivery: Callable[[], None],
    ) -> None:
        self._bot = bot
        self._sender = sender
        self._worker = worker
        self._urns = urns
        self._incidents = incidents
        self._clock = clock
        self._wake_delivery = wake_delivery
        self._lanes: dict[int, tuple[asyncio.Lock, int]] = {}

    async def handle(self, raw: Mapping[str, Any]) -> None:
        """Handle one update as Telegram sent it; on return it may be acknowledged. Raises Unavailable."""
        try:
            update = Update.de_json(dict(raw), self._bot)
            knock = _knock(update)
        except Exception as error:  # noqa: BLE001  (one update that cannot be read must not stop the others)
            await self._incidents.report(error, "parse")
            return
        if knock is None:
            return
        async with self._lane(knock.chat_id):
            reply = await self._reply(knock, update)
            self._wake_delivery()
            if reply is not None:
                await self._show(knock, update, reply)

    async def _reply(self, knock: Knock, update: Update) -> Reply | None:
        try:
            return await self._worker.transaction(lambda db: self._turn(db, knock))
        except _Refused as refused:
            return Reply(refused.t, refusal=refused.refusal)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  (acknowledged with an incident number, or it would come back for ever)
            number = await self._incidents.report(error, "turn")
            await self._apologise(knock, update, number)
            return None

    def _turn(self, db: Session, knock: Knock) -> Reply:
        account, members = people.identity(db, knock.telegram_id)
        t = texts(account.locale if account else locale_for(knock.language_code))
        try:
            return Reply(t, screen=self._run(db, knock, t, account, members))
        except Refusal as refusal:
            # Leaving the transaction by an exception is what rolls it back.
            raise _Refused(t, refusal) from refusal

    def _run(
        self, db: Session, knock: Knock, t: Texts, account: Account | None, members: tuple[Member, ...]
    ) -> Screen | None:
        def turn(permission: Permission, place: object = None) -> Turn:
            acting = _acting(account, members, permission, place)
            return Turn(
                db=db, urns=self._urns, t=t, now=self._clock(), bot_name=self._sender.name,
                telegram_id=knock.telegram_id, account=account, members=members, acting=acting,
            )  # fmt: skip

        if knock.press is not None:
            button = Button.unpack(knock.press)
            pressed = _PRESSED[type(button)]
            return pressed.handler(turn(pressed.permission, getattr(button, "municipality", None)), button)
        if knock.event is not None:
            return _HAPPENED[knock.event].handler(turn(Permission.ANYONE), knock.facts)
        text = knock.text or ""
        if text.startswith("/"):
            drafts.drop(db, knock.telegram_id)
            handler, permission, argument, place = _typed(text)
            return handler(turn(permission, place), argument)
        form, data = drafts.current(db, knock.telegram_id) or ("", {})
        if form not in _FORMS:
            return start.not_understood(turn(Permission.ANYONE), text)
        filled = _FORMS[form]
        return filled.handler(turn(filled.permission, data.get("municipality")), data, text)

    async def _show(self, knock: Knock, update: Update, reply: Reply) -> None:
        """Answer the press, then show the screen. What cannot be shown is not a reason to do the deed again."""
        try:
            if reply.refusal is not None:
                await self._refuse(knock, update, refusals.words(reply.t, reply.refusal))
            elif update.callback_query is not None:
                screen = reply.screen
                await self._sender.toast(update.callback_query.id, screen.toast if screen else "")
                if screen is not None:
                    await self._replace(update.callback_query, screen)
            elif reply.screen is not None:
                await self._sender.send(knock.telegram_id, reply.screen)
        except (InvalidToken, Conflict):
            raise
        except TelegramError as error:
            log.warning("show.failed", type=type(error).__name__)

    async def _replace(self, query: CallbackQuery, screen: Screen) -> None:
        message = query.message
        if isinstance(message, Message) and message.text is not None and not screen.to_pass_on:
            try:
                await self._sender.edit(message.chat.id, message.message_id, screen)
            except BadRequest:
                pass
            else:
                return
        await self._sender.send(query.from_user.id, screen)

    async def _refuse(self, knock: Knock, update: Update, words: str) -> None:
        if update.callback_query is not None:
            await self._sender.toast(update.callback_query.id, words, alert=True)
        else:
            await self._bot.send_message(knock.telegram_id, words)

    async def _apologise(self, knock: Knock, update: Update, number: str) -> None:
        words = refusals.incident(texts(locale_for(knock.language_code)), number)
        try:
            await self._refuse(knock, update, words)
        except TelegramError as error:
            log.warning("show.failed", type=type(error).__name__)

    @asynccontextmanager
    async def _lane(self, chat_id: int) -> AsyncIterator[None]:
        lock, waiting = self._lanes.get(chat_id, (asyncio.Lock(), 0))
        self._lanes[chat_id] = lock, waiting + 1
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._lanes.pop(chat_id)
            if waiting > 1:
                self._lanes[chat_id] = lock, waiting - 1


class _Refused(Exception):  # noqa: N818
    """A refusal on its way out of the transaction, with the reader's language."""

    def __init__(self, t: Texts, refusal: Refusal) -> None:
        super().__init__(refusal.reason.name)
        self.t = t
        self.refusal = refusal


def _acting(
    account: Account | None, members: tuple[Member, ...], permission: Permission, place: object
) -> Member | None:
    """The member who acts: in ``place`` if the button names one, else where this account last was.

    Raises NOT_A_MEMBER or NOT_A_COORDINATOR if the route asks for more than this account is.
    """
    here = place if isinstance(place, int) else account.municipality_id if account else None
    candidates = [m for m in members if m.municipality_id == here]
    if not candidates and not isinstance(place, int):
        candidates = list(members)
    if permission is Permission.COORDINATOR:
        if not candidates:
            raise Refusal(Reason.NOT_A_MEMBER)
        candidates = [m for m in candidates if m.is_coordinator]
        if not candidates:
            raise Refusal(Reason.NOT_A_COORDINATOR)
    if permission is Permission.MEMBER and not candidates:
        raise Refusal(Reason.NOT_A_MEMBER)
    return candidates[0] if candidates else None


def _typed(text: str) -> tuple[Handler, Permission, object, object]:
    """Handler, permission, argument and municipality of a command, or of the deep link behind ``/start``."""
    word, _, rest = text[1:].partition(" ")
    route = _TYPED.get(word.split("@")[0].lower())
    if route is None:
        raise Refusal(Reason.NOT_UNDERSTOOD)
    if route.command.english == "start" and rest.strip():
        try:
            link = DeepLink.unpack(rest.strip())
        except Refusal:
            raise Refusal(Reason.LINK_UNKNOWN) from None
        opened = _OPENED[type(link)]
        return opened.handler, opened.permission, link, getattr(link, "municipality", None)
    return route.handler, route.permission, rest.strip(), None


def _knock(update: Update) -> Knock | None:
    """What an update means to us; None for everything that we do not listen to."""
    if (query := update.callback_query) is not None:
        chat_id = query.message.chat.id if query.message else query.from_user.id
        return _by(query.from_user, chat_id, press=query.data or "")
    if (message := update.message) is not None:
        return _said(message)
    if (change := update.my_chat_member) is not None:
        return _changed(change)
    return None


def _said(message: Message) -> Knock | None:
    chat, user = message.chat, message.from_user
    if user is None:
        return None
    if message.migrate_to_chat_id is not None:
        facts = ChatFacts(chat.id, chat.title or "", False, message.migrate_to_chat_id)
        return _by(user, chat.id, event="moved", facts=facts)
    if chat.type != ChatType.PRIVATE:
        return None
    return _by(user, chat.id, text=message.text or "")


_MAY_POST = {ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.OWNER}
_PRESENT = _MAY_POST | {ChatMemberStatus.MEMBER}


def _changed(change: ChatMemberUpdated) -> Knock:
    chat, status = change.chat, change.new_chat_member.status
    if chat.type == ChatType.PRIVATE:
        return _by(change.from_user, chat.id, event="unblocked" if status in _PRESENT else "blocked")
    facts = ChatFacts(chat.id, chat.title or "", chat.username is not None)
    return _by(change.from_user, chat.id, event="added" if _may_post(chat, change) else "removed", facts=facts)


def _may_post(chat: Chat, change: ChatMemberUpdated) -> bool:
    member = change.new_chat_member
    if chat.type == ChatType.CHANNEL:
        return member.status in _MAY_POST and getattr(member, "can_post_messages", True) is not False
    return member.status in _PRESENT


def _by(user: User, chat_id: int, **what: Any) -> Knock:
    return Knock(user.id, user.language_code, chat_id, **what)
