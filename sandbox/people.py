"""Voices: what a test or the demo lets people do and see, in the words of a story.

Synchronous and thread-safe: people speak from one thread while the server and the bot run in others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Literal

from sandbox.faults import Cut, Fail, Hold
from sandbox.model import CHANNEL_RIGHTS, Button, Chat, Message, User
from sandbox.world import World

PATIENCE = 15.0


class Telegram(World):
    """A world whose people have voices, and whose connection to the bot can be disturbed."""

    def person(
        self,
        name: str,
        *,
        language: str | None = "de",
        id: int | None = None,  # noqa: A002 - the Bot API's own name for it
        username: str | None = None,
    ) -> Person:
        return Person(self, self.add_user(name, language=language, user_id=id, username=username))

    def channel(self, title: str, owner: Person, *, username: str | None = None) -> Room:
        return Room(self, self.add_chat("channel", title, owner.id, username=username))

    def group(self, title: str, owner: Person) -> Room:
        return Room(self, self.add_chat("group", title, owner.id))

    def fail_next(
        self,
        method: str,
        status: int = 502,
        description: str | None = None,
        *,
        retry_after: int | None = None,
        chat_id: int | None = None,
        times: int = 1,
    ) -> None:
        """Refuse the next calls of a method (`*`: of any but getUpdates) without carrying them out.

        Without a description the answer is no JSON, as when a proxy in between speaks.
        """
        with self.change():
            self.faults.add(method, Fail(status, description, retry_after), chat_id=chat_id, times=times)

    def cut_next(self, method: str, *, delivered: bool = True, chat_id: int | None = None, times: int = 1) -> None:
        """Close the connection instead of answering; the call has been carried out if `delivered`."""
        with self.change():
            self.faults.add(method, Cut(delivered), chat_id=chat_id, times=times)

    def hold_next(self, method: str, *, chat_id: int | None = None) -> Hold:
        """Carry the next call out at once and keep its answer back until it is released."""
        hold = Hold(self)
        with self.change():
            self.faults.add(method, hold, chat_id=chat_id)
        return hold

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Cut every connection unheard for as long as the block lasts, long polls included."""
        with self.change():
            self.faults.unreachable = True
            self.updates.supersede("terminated by other getUpdates request")
        try:
            yield
        finally:
            with self.change():
                self.faults.unreachable = False


class Room:
    """A chat as an onlooker sees it."""

    def __init__(self, telegram: Telegram, chat: Chat) -> None:
        self.telegram = telegram
        self.chat = chat

    def __repr__(self) -> str:
        return f"<{self.chat.type} {self.chat.name!r}>"

    @property
    def id(self) -> int:
        return self.chat.id

    @property
    def messages(self) -> list[Message]:
        with self.telegram.reading():
            return list(self.chat.messages.values())

    @property
    def pinned(self) -> Message | None:
        with self.telegram.reading():
            return self.chat.messages[self.chat.pinned[-1]] if self.chat.pinned else None

    def last(self) -> Message:
        """Return the newest message."""
        messages = self.messages
        if not messages:
            raise AssertionError(f"Nothing in {self.chat.name}")
        return messages[-1]

    def sees(self, text: str, *, after: Message | None = None, seconds: float = PATIENCE) -> Message:
        """Wait until a visible text, caption or file name contains the text; return the newest such message.

        With `after`, only messages sent later than that one count.
        """
        first = after.id + 1 if after else 0
        return self._wait(lambda message: message.id >= first and message.contains(text), f"{text!r}", seconds)

    def sees_button(self, label: str, *, seconds: float = PATIENCE) -> Message:
        """Wait until a message has this button (the exact label, or part of exactly one); return the newest."""
        return self._wait(lambda message: _button(message, label) is not None, f"a button {label!r}", seconds)

    def has(self, text: str) -> bool:
        """Tell whether a message that contains the text is visible right now."""
        return any(message.contains(text) for message in self.messages)

    def becomes_supergroup(self) -> Room:
        """Upgrade this group; return the supergroup it has become."""
        return Room(self.telegram, self.telegram.migrate(self.chat.id))

    def transcript(self) -> str:
        """Write the chat down as a reader would see it."""
        return "\n".join([f"── {self.chat.name} ──", *(_line(message) for message in self.messages)])

    def _wait(self, wanted: Callable[[Message], bool], described: str, seconds: float) -> Message:
        found: list[Message] = []

        def happened() -> bool:
            found[:] = [message for message in reversed(self.chat.messages.values()) if wanted(message)][:1]
            return bool(found)

        if not self.telegram.wait_for(happened, seconds):
            raise AssertionError(f"{self.chat.name} did not see {described} within {seconds} s:\n{self.transcript()}")
        return found[0]


class Person(Room):
    """Somebody with the app in hand; as a `Room`, her private chat with the bot."""

    def __init__(self, telegram: Telegram, user: User) -> None:
        super().__init__(telegram, telegram.chats[user.id])
        self.user = user
        self.private: Room = self

    def opens(self, link: str) -> Message:
        """Open a t.me link to the bot and press START."""
        return self.telegram.open_link(self.id, link)

    def writes(self, text: str, *, chat: Room | None = None, reply_to: Message | None = None) -> Message:
        where = chat or self.private
        return self.telegram.write(self.id, where.id, text, reply_to=reply_to.id if reply_to else None)

    def sends_document(
        self, name: str, content: bytes, mime_type: str = "application/octet-stream", *, caption: str = ""
    ) -> Message:
        return self.telegram.send_document(self.id, self.private.id, name, content, mime_type, caption=caption)

    def sees(
        self, text: str, *, chat: Room | None = None, after: Message | None = None, seconds: float = PATIENCE
    ) -> Message:
        return Room.sees(chat or self.private, text, after=after, seconds=seconds)

    def presses(self, label: str, *, message: Message | None = None, chat: Room | None = None) -> str:
        """Press a button and wait until the bot has answered it; return the toast (empty if none).

        The label is the exact one or part of exactly one; without a message, the newest message with such a button is
        taken (waiting for one). A link to the bot acts as `opens`.
        """
        where = chat or self.private
        message = message or Room.sees_button(where, label)
        button = _button(message, label)
        if button is None:
            raise AssertionError(f"No button {label!r} in:\n{_line(message)}")
        if button.data is not None:
            return self.raw_callback(message, button.data)
        self.opens(button.url or "")
        return ""

    def raw_callback(self, message: Message, data: str) -> str:
        """Send any button data, forged or stale, and wait for the answer; return the toast."""
        query = self.telegram.queries[self.telegram.press(self.id, message.chat.id, message.id, data)]
        if not self.telegram.wait_for(lambda: query.answer is not None, PATIENCE):
            room = Room(self.telegram, message.chat)
            raise AssertionError(f"{data!r} was not answered within {PATIENCE} s:\n{room.transcript()}")
        return query.answer.text if query.answer else ""

    def blocks(self) -> None:
        self.telegram.block(self.id)

    def unblocks(self) -> None:
        self.telegram.unblock(self.id)

    def joins(self, room: Room) -> None:
        self.telegram.join(self.id, room.id)

    def leaves(self, room: Room) -> None:
        self.telegram.leave(self.id, room.id)

    def adds_bot(self, room: Room, *, rights: Iterable[str] | None = None) -> None:
        """Add the bot to a channel or group, or change its rights there.

        Without rights it becomes an administrator with all rights in a channel, and a plain member in a group.
        """
        status: Literal["administrator", "member"] = "administrator"
        if rights is None and room.chat.type == "channel":
            rights = CHANNEL_RIGHTS
        elif rights is None:
            status = "member"
        self.telegram.set_bot_membership(room.id, self.id, status, rights or ())

    def removes_bot(self, room: Room) -> None:
        self.telegram.set_bot_membership(room.id, self.id, "kicked")


def _button(message: Message, label: str) -> Button | None:
    buttons = [button for row in message.keyboard for button in row]
    exact = [button for button in buttons if button.text == label]
    partly = [button for button in buttons if label in button.text]
    if exact:
        return exact[0]
    if len(partly) > 1:
        raise AssertionError(f"{label!r} is on several buttons: {[button.text for button in partly]}")
    return partly[0] if partly else None


def _line(message: Message) -> str:
    file = message.content.file
    parts = [
        f"[{message.id}] {message.sender.name}:",
        f"<{file.kind} {file.name}>" if file else "",
        f"<{message.service[0]}>" if message.service else "",
        message.content.body.replace("\n", "\n    "),
        "(edited)" if message.edited else "",
    ]
    rows = ["    " + " ".join(f"[ {button.text} ]" for button in row) for row in message.keyboard]
    return "\n".join([" ".join(part for part in parts if part), *rows])
