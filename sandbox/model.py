"""What the sandbox's Telegram consists of, and how the Bot API writes each of it as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

JSON = dict[str, Any]
ChatType = Literal["private", "group", "supergroup", "channel"]
Status = Literal["creator", "administrator", "member", "left", "kicked"]

CHANNEL_RIGHTS = frozenset(
    {
        "can_manage_chat",
        "can_post_messages",
        "can_edit_messages",
        "can_delete_messages",
        "can_invite_users",
        "can_promote_members",
        "can_change_info",
        "can_manage_video_chats",
        "can_restrict_members",
        "can_post_stories",
        "can_edit_stories",
        "can_delete_stories",
        "can_send_welcome_messages",
    }
)
GROUP_RIGHTS = (CHANNEL_RIGHTS - {"can_post_messages", "can_edit_messages"}) | {"can_pin_messages"}


@dataclass(frozen=True)
class User:
    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    is_bot: bool = False

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}" if self.last_name else self.first_name

    def json(self) -> JSON:
        shown = {"last_name": self.last_name, "username": self.username, "language_code": self.language_code}
        return {
            "id": self.id,
            "is_bot": self.is_bot,
            "first_name": self.first_name,
            **{key: value for key, value in shown.items() if value},
        }


@dataclass(frozen=True)
class File:
    """An uploaded photo or document; `path` is what the Bot API calls `file_path`."""

    id: str
    unique_id: str
    kind: Literal["photo", "document"]
    name: str
    mime_type: str
    path: str
    content: bytes = field(repr=False)
    width: int = 0
    height: int = 0

    def json(self) -> JSON:
        about: JSON = {"file_id": self.id, "file_unique_id": self.unique_id, "file_size": len(self.content)}
        if self.kind == "photo":
            return {**about, "width": self.width, "height": self.height}
        return {**about, "file_name": self.name, "mime_type": self.mime_type}


@dataclass(frozen=True)
class Button:
    """An inline button: exactly one of `data` and `url` is set."""

    text: str
    data: str | None = None
    url: str | None = None

    def json(self) -> JSON:
        action = {"url": self.url} if self.url is not None else {"callback_data": self.data}
        return {"text": self.text, **action}


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True)
class Content:
    """What a message shows; two messages with equal content look the same."""

    body: str = ""
    entities: tuple[JSON, ...] = ()
    file: File | None = None
    extras: tuple[tuple[str, Any], ...] = ()
    """Shown options under their Bot API names, e.g. `link_preview_options`."""

    def json(self) -> JSON:
        shown: JSON = dict(self.extras)
        if self.file is None:
            text, entities = "text", "entities"
        else:
            text, entities = "caption", "caption_entities"
            shown[self.file.kind] = [self.file.json()] if self.file.kind == "photo" else self.file.json()
        if self.body:
            shown[text] = self.body
        if self.entities:
            shown[entities] = list(self.entities)
        return shown


@dataclass(frozen=True)
class Message:
    """A message at one moment: an edit puts a new `Message` with the same id in its place."""

    chat: Chat = field(repr=False, compare=False)
    id: int
    sender: User
    """Who wrote it; in a channel the Bot API hides that behind the channel."""
    date: datetime
    content: Content = Content()
    keyboard: Keyboard = ()
    edit_date: datetime | None = None
    protected: bool = False
    reply_to: Message | None = field(default=None, repr=False)
    service: tuple[str, Any] | None = None
    """A service message: the Bot API field and its value, e.g. `("migrate_to_chat_id", -100…)`."""

    @property
    def text(self) -> str:
        return "" if self.content.file else self.content.body

    @property
    def caption(self) -> str:
        return self.content.body if self.content.file else ""

    @property
    def photo(self) -> bytes | None:
        file = self.content.file
        return file.content if file and file.kind == "photo" else None

    @property
    def document(self) -> File | None:
        file = self.content.file
        return file if file and file.kind == "document" else None

    @property
    def buttons(self) -> list[str]:
        return [button.text for row in self.keyboard for button in row]

    @property
    def edited(self) -> bool:
        return self.edit_date is not None

    def contains(self, text: str) -> bool:
        return text in self.content.body or (self.document is not None and text in self.document.name)

    def json(self, *, quoted: bool = False) -> JSON:
        """Write the message as the Bot API does; a quoted one leaves out what it replies to itself."""
        written: JSON = {"message_id": self.id, "date": int(self.date.timestamp()), "chat": self.chat.json()}
        if self.chat.type == "channel":
            written["sender_chat"] = self.chat.json()
        else:
            written["from"] = self.sender.json()
        written.update(self.content.json())
        if self.keyboard:
            written["reply_markup"] = {"inline_keyboard": [[button.json() for button in row] for row in self.keyboard]}
        if self.edit_date:
            written["edit_date"] = int(self.edit_date.timestamp())
        if self.protected:
            written["has_protected_content"] = True
        if self.service:
            key, value = self.service
            written[key] = value
        if self.reply_to and not quoted:
            written["reply_to_message"] = self.reply_to.json(quoted=True)
        return written

    def shown(self) -> JSON:
        """Describe the message for a page that displays it."""
        file = self.content.file
        return {
            "message_id": self.id,
            "date": int(self.date.timestamp()),
            "from": self.chat.name if self.chat.type == "channel" else self.sender.name,
            "by_bot": self.sender.is_bot,
            "text": self.content.body,
            "entities": list(self.content.entities),
            "keyboard": [[button.json() for button in row] for row in self.keyboard],
            "file": file and {"id": file.id, "kind": file.kind, "name": file.name, "mime_type": file.mime_type},
            "edited": self.edited,
            "protected": self.protected,
            "reply_to": self.reply_to.id if self.reply_to else None,
            "service": self.service and self.service[0],
        }


@dataclass(frozen=True)
class Membership:
    user: User
    status: Status
    rights: frozenset[str] = frozenset()

    @property
    def present(self) -> bool:
        return self.status not in {"left", "kicked"}

    def json(self, chat: Chat) -> JSON:
        written: JSON = {"user": self.user.json(), "status": self.status}
        if self.status == "creator":
            written["is_anonymous"] = False
        if self.status == "kicked":
            written["until_date"] = 0
        if self.status == "administrator":
            possible = CHANNEL_RIGHTS if chat.type == "channel" else GROUP_RIGHTS
            written |= {"can_be_edited": False, "is_anonymous": False}
            written |= {right: right in self.rights for right in sorted(possible)}
        return written


@dataclass
class Chat:
    """A chat's present state; changed only by the world that holds it, under that world's lock."""

    id: int
    type: ChatType
    title: str | None = None
    username: str | None = None
    user: User | None = None
    """The person of a private chat."""
    messages: dict[int, Message] = field(default_factory=dict, repr=False)
    members: dict[int, Membership] = field(default_factory=dict, repr=False)
    pinned: list[int] = field(default_factory=list)
    migrated_to: int | None = None
    last_message: int = 0

    @property
    def name(self) -> str:
        return self.user.name if self.user else self.title or ""

    def json(self) -> JSON:
        if self.user:
            known = {key: value for key, value in self.user.json().items() if key not in {"is_bot", "language_code"}}
            return {**known, "type": "private"}
        named = {"username": self.username} if self.username else {}
        return {"id": self.id, "title": self.title, **named, "type": self.type}


@dataclass(frozen=True)
class Toast:
    """The answer to a pressed button as the person sees it."""

    text: str
    alert: bool = False


@dataclass
class Query:
    """A pressed button waiting for answerCallbackQuery."""

    id: str
    user: User
    message: Message
    data: str
    asked_at: float
    answer: Toast | None = None


@dataclass(frozen=True)
class Call:
    """One call of the bot, for tests that count: the method, its parameters without file contents, the status."""

    method: str
    parameters: JSON
    status: int
