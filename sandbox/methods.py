"""The Bot API's methods: a table of what each accepts, and the one way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sandbox.errors import ApiError, bad_request, forbidden
from sandbox.model import Call, Chat, Message
from sandbox.parameters import Parse, Upload
from sandbox.world import World

Parameters = dict[str, Any]
Method = Callable[[World, Parameters], Any]
"""Carries a call out and returns its `result`."""


@dataclass(frozen=True)
class Declared:
    name: str
    carry_out: Method
    accepts: Mapping[str, Parse]


@dataclass(frozen=True)
class Done:
    """A method's result where the real one explains it by a `description`, too."""

    result: Any
    description: str


Carried = TypeVar("Carried", bound=Method)
METHODS: dict[str, Declared] = {}
ATTACHMENTS = "attachments"
"""Uploads that other parameters refer to by `attach://name`."""


def method(name: str, **accepts: Parse) -> Callable[[Carried], Carried]:
    def declare(carry_out: Carried) -> Carried:
        METHODS[name.lower()] = Declared(name, carry_out, accepts)
        return carry_out

    return declare


@dataclass(frozen=True)
class Request:
    """A call as it came in: names and raw values, and the uploads of a multipart body."""

    method: str
    raw: Mapping[str, Any]
    uploads: Mapping[str, Upload] = field(default_factory=dict)


def parse(request: Request) -> tuple[Declared, Parameters]:
    """Look the method up and read its parameters, or refuse."""
    declared = METHODS.get(request.method.lower())
    if declared is None:
        raise bad_request(f"method {request.method} is not supported here")
    parameters: Parameters = {}
    for name, value in request.raw.items():
        if name not in declared.accepts:
            raise bad_request(f'unknown parameter "{name}" of {declared.name}')
        if value is not None:
            parameters[name] = declared.accepts[name](name, value)
    attached = {}
    for name, upload in request.uploads.items():
        if name in declared.accepts:
            parameters[name] = declared.accepts[name](name, upload)
        else:
            attached[name] = upload
    if attached:
        parameters[ATTACHMENTS] = attached
    return declared, parameters


def call(world: World, request: Request) -> Any:
    """Carry a call out under the world's lock and note it; an `ApiError` is Telegram's refusal."""
    status = 200
    try:
        declared, parameters = parse(request)
        with world.change():
            return declared.carry_out(world, parameters)
    except ApiError as error:
        status = error.status
        raise
    finally:
        world.calls.append(Call(request.method, dict(request.raw), status))


# What several methods ask first


def find_chat(world: World, parameters: Parameters, name: str = "chat_id") -> Chat:
    """Find a chat the bot knows; whether it may do anything there is another question."""
    wanted = parameters.get(name)
    if wanted is None:
        raise bad_request("chat_id is empty")
    if isinstance(wanted, str):
        public = (chat for chat in world.chats.values() if chat.username and not chat.user)
        chat = next((chat for chat in public if f"@{chat.username}".lower() == wanted.lower()), None)
    else:
        chat = world.chats.get(wanted)
        if chat and world.bot.id not in chat.members and chat.type != "private" and not chat.username:
            chat = None
    if chat is None:
        raise bad_request("chat not found")
    if chat.migrated_to:
        raise bad_request("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to)
    return chat


def reach(world: World, chat: Chat) -> None:
    """Refuse unless the bot is in the chat."""
    member = chat.members.get(world.bot.id)
    if member and member.present:
        return
    if chat.type == "private":
        if member:
            raise forbidden("bot was blocked by the user")
        raise forbidden("bot can't initiate conversation with a user")
    if member and member.status == "kicked":
        raise forbidden(f"bot was kicked from the {chat.type} chat")
    raise forbidden(f"bot is not a member of the {chat.type} chat")


def has_right(world: World, chat: Chat, right: str) -> bool:
    return right in chat.members[world.bot.id].rights


def reach_to_post(world: World, chat: Chat) -> None:
    """Refuse unless the bot may send into the chat."""
    reach(world, chat)
    if chat.type == "channel" and not has_right(world, chat, "can_post_messages"):
        raise bad_request("need administrator rights in the channel chat")


def find_message(chat: Chat, parameters: Parameters, purpose: str) -> Message:
    message_id = parameters.get("message_id")
    if message_id is None:
        raise bad_request("message identifier is not specified")
    message = chat.messages.get(message_id)
    if message is None:
        raise bad_request(f"message to {purpose} not found")
    return message
