"""What the page shows: the chats as JSON that a browser needs no knowledge of Telegram for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sandbox.model import JSON
from sandbox.world import World

LATEST = 200


@dataclass(frozen=True)
class Shown:
    """A chat on the page: a person's private chat (its id is the person's) or a channel, and a short caption."""

    chat_id: int
    caption: str


class Clock(Protocol):
    """The demo's time, moved on by the visitor."""

    def now(self) -> datetime: ...

    async def advance(self, seconds: float) -> None: ...

    def next_event(self) -> datetime | None: ...


def snapshot(telegram: World, chats: Iterable[Shown], clock: Clock | None) -> JSON:
    return {
        "revision": telegram.revision,
        "clock": clock and _time(clock),
        "chats": [_chat(telegram, shown) for shown in chats],
    }


def _time(clock: Clock) -> JSON:
    following = clock.next_event()
    return {"now": clock.now().isoformat(), "next": following and following.isoformat()}


def _chat(telegram: World, shown: Shown) -> JSON:
    chat = telegram.snapshot(shown.chat_id)
    person = telegram.users[shown.chat_id] if chat["type"] == "private" else None
    return {
        "id": chat["id"],
        "name": chat["name"],
        "caption": shown.caption,
        "person": person is not None,
        "language": person and person.language_code,
        "bot": chat["bot"] not in {"left", "kicked"},
        "link": f"https://t.me/{telegram.bot.username}",
        "commands": telegram.command_menu(person.id) if person else [],
        "messages": [
            _message(telegram, message, mine=not message["by_bot"] and person is not None, pinned=chat["pinned"])
            for message in chat["messages"][-LATEST:]
            if not message["service"]
        ],
    }


def _message(telegram: World, message: JSON, *, mine: bool, pinned: int | None) -> JSON:
    return {
        "id": message["message_id"],
        "date": message["date"],
        "mine": mine,
        "text": message["text"],
        "entities": message["entities"],
        "keyboard": message["keyboard"],
        "file": message["file"] and _file(telegram, message["file"]["id"]),
        "edited": message["edited"],
        "pinned": message["message_id"] == pinned,
    }


def _file(telegram: World, file_id: str) -> JSON:
    file = telegram.file(file_id)
    about: JSON = {"url": f"file/{file.id}", "kind": file.kind, "name": file.name, "size": len(file.content)}
    return about | {"width": file.width, "height": file.height} if file.kind == "photo" else about
