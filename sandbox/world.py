"""The state of the sandbox's Telegram, and what people do in it.

Plain and synchronous: every public method takes the one lock, changes, and raises the revision. People act here by
their ids (the demo page, `sandbox.people`); the bot acts through `sandbox.methods`.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from sandbox import entities
from sandbox.changes import Changes
from sandbox.faults import Faults
from sandbox.files import Files
from sandbox.limits import Limits
from sandbox.model import (
    CHANNEL_RIGHTS,
    JSON,
    Call,
    Chat,
    Content,
    File,
    Keyboard,
    Membership,
    Message,
    Query,
    Status,
    Toast,
    User,
)
from sandbox.profile import Profile
from sandbox.updates import UpdateQueue

__all__ = ["Call", "Query", "Toast", "World"]

QUERY_SECONDS = 15.0
SHARED_IDS = {"private", "group"}


class World(Changes):
    """One bot, and the people and chats around it."""

    def __init__(
        self,
        token: str,
        username: str,
        *,
        name: str = "Dreiklang",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        limits: bool = False,
    ) -> None:
        """Create an empty Telegram.

        `now` dates the messages, `monotonic` measures the flood limits and the lifetime of pressed buttons;
        with `limits` the bot gets 429 as from the real one.
        """
        super().__init__()
        self.token = token
        self.now = now
        self.monotonic = monotonic
        self.bot = User(int(token.partition(":")[0]), name, username=username, is_bot=True)
        self.users: dict[int, User] = {self.bot.id: self.bot}
        self.chats: dict[int, Chat] = {}
        self.queries: dict[str, Query] = {}
        self.toasts: dict[int, deque[JSON]] = {}
        self.calls: deque[Call] = deque(maxlen=100_000)
        self.files = Files()
        self.updates = UpdateQueue()
        self.profile = Profile()
        self.faults = Faults()
        self.limits = Limits(monotonic, enforced=limits)
        self._last_user = 5_000_000_000  # past 32 bits, as real ids are today
        self._last_chat = 1_800_000_000
        self._last_message = 0

    # People and chats

    def add_user(
        self, name: str, *, language: str | None = "de", user_id: int | None = None, username: str | None = None
    ) -> User:
        first, _, last = name.partition(" ")
        with self.change():
            self._last_user += 1
            user = User(user_id or self._last_user, first, last or None, username, language)
            if user.id in self.chats:
                raise ValueError(f"There is already a person with the id {user.id}")
            self.users[user.id] = user
            self.chats[user.id] = Chat(user.id, "private", user=user, members={user.id: Membership(user, "member")})
            return user

    def add_chat(
        self,
        kind: Literal["group", "supergroup", "channel"],
        title: str,
        owner_id: int,
        *,
        username: str | None = None,
        chat_id: int | None = None,
    ) -> Chat:
        with self.change():
            self._last_chat += 1
            number = self._last_chat
            chat_id = chat_id or (-number if kind == "group" else -1_000_000_000_000 - number)
            owner = self.users[owner_id]
            chat = Chat(chat_id, kind, title, username, members={owner_id: Membership(owner, "creator")})
            self.chats[chat_id] = chat
            return chat

    def join(self, user_id: int, chat_id: int) -> None:
        with self.change():
            self.chats[chat_id].members[user_id] = Membership(self.users[user_id], "member")

    def leave(self, user_id: int, chat_id: int) -> None:
        with self.change():
            self.chats[chat_id].members[user_id] = Membership(self.users[user_id], "left")

    # What people do

    def write(self, user_id: int, chat_id: int, text: str, *, reply_to: int | None = None) -> Message:
        """Send a text; in a private chat the first one opens the contact with the bot."""
        text = text.strip()
        if not text or entities.length(text) > 4096:
            raise ValueError("Telegram's apps send between 1 and 4096 characters")
        return self._say(user_id, chat_id, Content(text, tuple(entities.find(text))), reply_to)

    def send_document(
        self, user_id: int, chat_id: int, name: str, content: bytes, mime_type: str, *, caption: str = ""
    ) -> Message:
        with self.change():
            file = self.files.add("document", name, content, mime_type)
            return self._say(user_id, chat_id, Content(caption, tuple(entities.find(caption)), file), None)

    def _say(self, user_id: int, chat_id: int, content: Content, reply_to: int | None) -> Message:
        with self.change():
            chat, user = self.chats[chat_id], self.users[user_id]
            if chat.type == "private":
                member = chat.members.get(self.bot.id)
                if member and not member.present:
                    raise ValueError(f"{user.name} has blocked the bot")
                chat.members[self.bot.id] = Membership(self.bot, "member")
            elif not chat.members.get(user_id, Membership(user, "left")).present:
                raise ValueError(f"{user.name} is not in {chat.name}")
            replied = chat.messages[reply_to] if reply_to is not None else None
            message = self.post(chat, user, content, reply_to=replied)
            if self.bot_hears(message):
                kind = "channel_post" if chat.type == "channel" else "message"
                self.updates.add(kind, message.json(), chat.id)
            return message

    def bot_hears(self, message: Message) -> bool:
        """Whether the bot, in privacy mode as every new bot, is given this message."""
        chat = message.chat
        member = chat.members.get(self.bot.id)
        if not member or not member.present:
            return False
        if chat.type in {"private", "channel"} or member.status == "administrator" or message.service:
            return True
        if message.reply_to and message.reply_to.sender == self.bot:
            return True
        command = entities.command(message.content.body, message.content.entities)
        addressee = (command or "").partition("@")[2]
        return command is not None and addressee.lower() in {"", (self.bot.username or "").lower()}

    def open_link(self, user_id: int, url: str) -> Message:
        """Open a t.me link to the bot and press START: also unblocks, as in the apps."""
        address = urlsplit(url)
        username = address.path.strip("/")
        if address.hostname not in {"t.me", "telegram.me"} or username.lower() != (self.bot.username or "").lower():
            raise ValueError(f"Not a link to @{self.bot.username}: {url}")
        payload = parse_qs(address.query).get("start", [""])[0]
        if len(payload) > 64 or not all(c.isascii() and (c.isalnum() or c in "_-") for c in payload):
            raise ValueError(f"Telegram passes on at most 64 characters A-Z a-z 0-9 _ -, not {payload!r}")
        with self.change():
            member = self.chats[user_id].members.get(self.bot.id)
            if member and not member.present:
                self.unblock(user_id)
            return self.write(user_id, user_id, f"/start {payload}")

    def press(self, user_id: int, chat_id: int, message_id: int, data: str) -> str:
        """Press a callback button (or forge its data); return the id of the query, see `queries`."""
        if not 1 <= len(data.encode()) <= 64:
            raise ValueError("Telegram passes on 1 to 64 bytes of callback data")
        with self.change():
            user, message = self.users[user_id], self.chats[chat_id].messages.get(message_id)
            if message is None:
                raise KeyError(f"The message {message_id} is no longer there to press its buttons")
            query = Query(str(secrets.randbits(62)), user, message, data, self.monotonic())
            self.queries[query.id] = query
            asked = {"id": query.id, "from": user.json(), "message": message.json()}
            asked |= {"chat_instance": str(chat_id * -7919), "data": data}
            self.updates.add("callback_query", asked, chat_id)
            return query.id

    def block(self, user_id: int) -> None:
        self.set_bot_membership(user_id, user_id, "kicked")

    def unblock(self, user_id: int) -> None:
        self.set_bot_membership(user_id, user_id, "member")

    def set_bot_membership(self, chat_id: int, actor_id: int, status: Status, rights: Iterable[str] = ()) -> None:
        """Add, promote, remove, block or unblock the bot; it learns of it by my_chat_member."""
        with self.change():
            chat = self.chats[chat_id]
            new = Membership(self.bot, status, frozenset(rights))
            old = chat.members.get(self.bot.id) or Membership(self.bot, "left")
            if unknown := new.rights - CHANNEL_RIGHTS - {"can_pin_messages"}:
                raise ValueError(f"Telegram knows no right called {sorted(unknown)}")
            if old == new:
                return
            chat.members[self.bot.id] = new
            change = {"chat": chat.json(), "from": self.users[actor_id].json(), "date": int(self.now().timestamp())}
            change |= {"old_chat_member": old.json(chat), "new_chat_member": new.json(chat)}
            self.updates.add("my_chat_member", change, chat_id)

    def migrate(self, chat_id: int) -> Chat:
        """Turn a group into a supergroup, which is a new chat with a new id."""
        with self.change():
            old = self.chats[chat_id]
            owner = next(member.user for member in old.members.values() if member.status == "creator")
            new = self.add_chat("supergroup", old.title or "", owner.id)
            new.members.update(old.members)
            old.migrated_to = new.id
            for chat, notice in ((old, ("migrate_to_chat_id", new.id)), (new, ("migrate_from_chat_id", old.id))):
                message = self.post(chat, owner, Content(), service=notice)
                if self.bot_hears(message):
                    self.updates.add("message", message.json(), chat.id)
            return new

    # What the methods of the bot build on

    def post(
        self,
        chat: Chat,
        sender: User,
        content: Content,
        *,
        keyboard: Keyboard = (),
        reply_to: Message | None = None,
        protected: bool = False,
        service: tuple[str, Any] | None = None,
    ) -> Message:
        """Put a new message into a chat; nobody is told by an update."""
        with self.change():
            if chat.type in SHARED_IDS:
                self._last_message += 1
                message_id = self._last_message
            else:
                message_id = chat.last_message + 1
            chat.last_message = message_id
            message = Message(
                chat, message_id, sender, self.now(), content, keyboard,
                protected=protected, reply_to=reply_to, service=service,
            )  # fmt: skip
            chat.messages[message_id] = message
            return message

    def edit(self, message: Message, content: Content, keyboard: Keyboard) -> Message:
        with self.change():
            edited = replace(message, content=content, keyboard=keyboard, edit_date=self.now())
            message.chat.messages[message.id] = edited
            return edited

    def open_query(self, query_id: str) -> Query | None:
        """Find a pressed button that still may be answered."""
        query = self.queries.get(query_id)
        if query is None or query.answer or self.monotonic() - query.asked_at > QUERY_SECONDS:
            return None
        return query

    def answer(self, query: Query, toast: Toast) -> None:
        with self.change():
            query.answer = toast
            shown = {"user": query.user.id, "text": toast.text, "alert": toast.alert, "revision": self.revision}
            self.toasts.setdefault(query.message.chat.id, deque(maxlen=20)).append(shown)

    # What onlookers need

    def wait_idle(self, seconds: float = 15.0) -> None:
        """Wait until every update given out so far has been confirmed by the bot."""
        mark = self.updates.last_id

        def confirmed() -> bool:
            return not any(update_id <= mark for update_id in self.updates.pending)

        if not self.wait_for(confirmed, seconds):
            waiting = [update.json for update in list(self.updates.pending.values())]
            raise AssertionError(f"Not confirmed by the bot after {seconds} s: {waiting}")

    def command_menu(self, user_id: int) -> list[JSON]:
        """List the bot's commands as this person's app offers them in the private chat."""
        with self.reading():
            return self.profile.menu(user_id, self.users[user_id].language_code or "")

    def snapshot(self, chat_id: int) -> JSON:
        """Show one chat as JSON for a page: everything visible in it, and the latest toasts."""
        with self.reading():
            chat = self.chats[chat_id]
            member = chat.members.get(self.bot.id)
            return {
                "id": chat.id,
                "type": chat.type,
                "name": chat.name,
                "revision": self.revision,
                "bot": member.status if member else "left",
                "pinned": chat.pinned[-1] if chat.pinned else None,
                "messages": [message.shown() for message in chat.messages.values()],
                "toasts": list(self.toasts.get(chat_id, ())),
            }

    def file(self, file_id: str) -> File:
        with self.reading():
            return self.files[file_id]
