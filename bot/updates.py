"""A Telegram update → one Turn: begin, who, language, moment, permission, handler, commit, show."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telegram import Chat, ChatMemberUpdated, Message, Update, User
from telegram.constants import ChatMemberStatus, ChatType
from telegram.ext import ExtBot

from bot.errors import Incidents, Unavailable
from bot.lanes import Lanes
from bot.limiter import Priority
from bot.replies import Replies, Reply
from bot.sender import Sender
from bot.worker import Worker
from core.actions import drafts, outbox
from core.db import Session
from core.queries import people
from core.rules.people import Account, Member, Permission
from core.rules.refusal import Reason, Refusal
from core.urn import Urns
from handlers import FORMS, HAPPENED, OPENED, PRESSED, TYPED, Handler, Typed, start
from handlers.channels import Chat as ChatFacts
from handlers.turn import Turn
from screens import Screen
from screens.buttons import Button, DeepLink
from screens.l10n import Texts, locale_for, texts

ALLOWED = (Update.MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER)

_TYPED = {name: route for route in TYPED for name in route.command.names}
_PRESSED = {route.button: route for route in PRESSED}
_OPENED = {route.link: route for route in OPENED}
_FORMS = {route.name: route for route in FORMS}
_HAPPENED = {route.event: route for route in HAPPENED}

SHOWN_WITHIN = 3.0
_UNREAD = frozenset({"reply_markup", "entities"})


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


class Updates:
    """Handles updates, those of one chat in their order, those of different chats side by side."""

    def __init__(
        self,
        bot: "ExtBot[Priority]",
        sender: Sender,
        worker: Worker,
        urns: Urns,
        replies: Replies,
        incidents: Incidents,
        clock: Callable[[], datetime],
        wake_delivery: Callable[[], None],
    ) -> None:
        self._bot = bot
        self._sender = sender
        self._worker = worker
        self._urns = urns
        self._replies = replies
        self._incidents = incidents
        self._clock = clock
        self._wake_delivery = wake_delivery
        self._lanes = Lanes()

    async def handle(self, raw: Mapping[str, Any], committed: Callable[[], None] = lambda: None) -> None:
        """Handle one update as Telegram sent it; on return it may be acknowledged. Raises Unavailable.

        ``committed`` is called as soon as the deed is done. The reply is waited for, but not for long: one slow or busy
        chat must not hold up what others do.
        """
        try:
            update = Update.de_json(_slim(raw), self._bot)
            knock = _knock(update)
        except Exception as error:  # noqa: BLE001  (one update that cannot be read must not stop the others)
            await self._incidents.report(error, "parse")
            return
        if knock is None:
            return
        async with self._lanes.enter(knock.chat_id):
            reply = await self._reply(knock)
            if reply.wakes_delivery:
                self._wake_delivery()
            showing = self._replies.show(update, knock.telegram_id, reply)
            committed()
        await asyncio.wait((showing,), timeout=SHOWN_WITHIN)
        if showing.done():
            showing.result()

    async def _reply(self, knock: Knock) -> Reply:
        try:
            return await self._worker.transaction(lambda db: self._turn(db, knock))
        except _Refused as refused:
            return Reply(refused.t, refusal=refused.refusal)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  (acknowledged with an incident number, or it would come back for ever)
            number = await self._incidents.report(error, "turn")
            return Reply(texts(locale_for(knock.language_code)), incident=number)

    def _turn(self, db: Session, knock: Knock) -> Reply:
        account, members = people.identity(db, knock.telegram_id)
        t = texts(account.locale if account else locale_for(knock.language_code))
        try:
            screen = self._run(db, knock, t, account, members)
            return Reply(t, screen=screen, wakes_delivery=outbox.has_posted(db))
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
            if pressed.permission is Permission.COORDINATOR and not pressed.ends_form:
                # Whoever goes elsewhere has left the form; a pulse turn must not write, so it leaves it alone.
                drafts.drop(db, knock.telegram_id)
            return pressed.handler(turn(pressed.permission, getattr(button, "municipality", None)), button)
        if knock.event is not None:
            return _HAPPENED[knock.event].handler(turn(Permission.ANYONE), knock.facts)
        text = knock.text or ""
        if text.startswith("/"):
            route, handler, permission, argument, place = _typed(text)
            if not route.keeps_form:
                drafts.drop(db, knock.telegram_id)
            return handler(turn(permission, place), argument)
        form, data = drafts.current(db, knock.telegram_id) or ("", {})
        if form not in _FORMS:
            return start.not_understood(turn(Permission.ANYONE), text)
        filled = _FORMS[form]
        return filled.handler(turn(filled.permission, data.get("municipality")), data, text)


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


def _typed(text: str) -> tuple[Typed, Handler, Permission, object, object]:
    """A command's route, handler, permission, argument and municipality, also of the deep link behind ``/start``."""
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
        return route, opened.handler, opened.permission, link, getattr(link, "municipality", None)
    return route, route.handler, route.permission, rest.strip(), None


def _slim(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Without what we never read of the message under a pressed key: that takes as long to parse as all the rest."""
    query = raw.get("callback_query")
    if not query or not query.get("message"):
        return dict(raw)
    message = {name: value for name, value in query["message"].items() if name not in _UNREAD}
    return {**raw, "callback_query": {**query, "message": message}}


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
