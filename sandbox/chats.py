"""Methods about chats, pressed buttons, files and the bot itself."""

from __future__ import annotations

import re
from typing import Any

from sandbox import entities
from sandbox.errors import bad_request
from sandbox.methods import Parameters, find_chat, method, reach
from sandbox.model import JSON, Membership, Toast
from sandbox.parameters import COMMANDS, SCOPE, boolean, chat_id, integer, string, unsupported
from sandbox.profile import Scope
from sandbox.world import World

MAX_DOWNLOAD = 20 << 20


@method("getMe")
def get_me(world: World, _: Parameters) -> JSON:
    return {
        **world.bot.json(),
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


@method(
    "answerCallbackQuery",
    callback_query_id=string,
    text=string,
    show_alert=boolean,
    cache_time=integer,
    url=unsupported,
)
def answer_callback_query(world: World, parameters: Parameters) -> bool:
    query = world.open_query(parameters.get("callback_query_id", ""))
    if query is None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    text = parameters.get("text", "")
    if entities.length(text) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    world.answer(query, Toast(text, parameters.get("show_alert", False)))
    return True


@method("getFile", file_id=string)
def get_file(world: World, parameters: Parameters) -> JSON:
    file = world.files.get(parameters.get("file_id", ""))
    if file is None:
        raise bad_request("invalid file_id")
    if len(file.content) > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    known = {"file_id": file.id, "file_unique_id": file.unique_id, "file_size": len(file.content)}
    return {**known, "file_path": file.path}


@method("getChat", chat_id=chat_id)
def get_chat(world: World, parameters: Parameters) -> JSON:
    chat = find_chat(world, parameters)
    if chat.type == "private":
        if world.bot.id not in chat.members:
            raise bad_request("chat not found")
    elif not chat.username:
        reach(world, chat)
    pinned = {"pinned_message": chat.messages[chat.pinned[-1]].json()} if chat.pinned else {}
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    return {
        **chat.json(),
        "accent_color_id": abs(chat.id) % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
        **({"active_usernames": [chat.username]} if chat.username else {}),
        **pinned,
    }


@method("getChatMember", chat_id=chat_id, user_id=integer)
def get_chat_member(world: World, parameters: Parameters) -> JSON:
    chat = find_chat(world, parameters)
    reach(world, chat)
    user_id = parameters.get("user_id", 0)
    if user_id <= 0:
        raise bad_request("invalid user_id specified")
    if user_id not in world.users:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return (chat.members.get(user_id) or Membership(world.users[user_id], "left")).json(chat)


@method("getChatAdministrators", chat_id=chat_id)
def get_chat_administrators(world: World, parameters: Parameters) -> list[JSON]:
    chat = find_chat(world, parameters)
    reach(world, chat)
    if chat.type == "private":
        raise bad_request("there are no administrators in the private chat")
    return [m.json(chat) for m in chat.members.values() if m.status in {"creator", "administrator"}]


@method("leaveChat", chat_id=chat_id)
def leave_chat(world: World, parameters: Parameters) -> bool:
    chat = find_chat(world, parameters)
    if chat.type == "private":
        raise bad_request("chat member status can't be changed in private chats")
    reach(world, chat)
    world.set_bot_membership(chat.id, world.bot.id, "left")
    return True


@method("setMyCommands", commands=COMMANDS, scope=SCOPE, language_code=string)
def set_my_commands(world: World, parameters: Parameters) -> bool:
    if "commands" not in parameters:
        raise bad_request("commands list is not specified")
    commands = parameters["commands"]
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for each in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", each["command"]):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= entities.length(each["description"]) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    world.profile.commands[_scope(world, parameters), _language(parameters)] = commands
    return True


@method("getMyCommands", scope=SCOPE, language_code=string)
def get_my_commands(world: World, parameters: Parameters) -> list[JSON]:
    return list(world.profile.commands.get((_scope(world, parameters), _language(parameters)), ()))


@method("deleteMyCommands", scope=SCOPE, language_code=string)
def delete_my_commands(world: World, parameters: Parameters) -> bool:
    world.profile.commands.pop((_scope(world, parameters), _language(parameters)), None)
    return True


def _declare_description(name: str, field: str, longest: int) -> None:
    def set_it(world: World, parameters: Parameters) -> bool:
        text = parameters.get(field, "")
        if entities.length(text) > longest:
            raise bad_request(f"{field} is too long")
        world.profile.describe(field, _language(parameters), text)
        return True

    def get_it(world: World, parameters: Parameters) -> JSON:
        return {field: world.profile.description(field, _language(parameters))}

    method(f"setMy{name}", **{field: string, "language_code": string})(set_it)
    method(f"getMy{name}", language_code=string)(get_it)


_declare_description("Description", "description", 512)
_declare_description("ShortDescription", "short_description", 120)


def _scope(world: World, parameters: Parameters) -> Scope:
    scope: dict[str, Any] = parameters.get("scope", {"type": "default"})
    kind = scope["type"]
    if not kind.startswith("chat"):
        return kind, None, None
    chat = find_chat(world, scope)
    if kind == "chat_member" and "user_id" not in scope:
        raise bad_request("invalid user_id specified")
    return kind, chat.id, scope["user_id"] if kind == "chat_member" else None


def _language(parameters: Parameters) -> str:
    code: str = parameters.get("language_code", "")
    if not re.fullmatch(r"(?:[a-z]{2})?", code):
        raise bad_request("invalid language code specified")
    return code
