"""Methods that change what is already in a chat: edit, delete, pin."""

from __future__ import annotations

from datetime import timedelta

from sandbox.errors import bad_request
from sandbox.methods import (
    ATTACHMENTS,
    Parameters,
    find_chat,
    find_message,
    has_right,
    method,
    reach,
    reach_to_post,
)
from sandbox.model import JSON, Chat, Content, Message
from sandbox.parameters import MEDIA, Parse, boolean, business_connection, chat_id, integer, keyboard, unsupported
from sandbox.sending import CAPTION, TEXT, caption_content, file_of, text_content
from sandbox.world import World

DELETABLE_FOR = timedelta(hours=48)

EDITED: dict[str, Parse] = {
    "chat_id": chat_id,
    "message_id": integer,
    "inline_message_id": unsupported,
    "business_connection_id": business_connection,
    "reply_markup": keyboard,
}


@method("editMessageText", **EDITED, **TEXT)
def edit_message_text(world: World, parameters: Parameters) -> JSON:
    message = _editable(world, parameters)
    content = text_content(world, parameters, too_long="MESSAGE_TOO_LONG")
    if message.content.file:
        raise bad_request("there is no text in the message to edit")
    return _edit(world, message, content, parameters)


@method("editMessageCaption", **EDITED, **CAPTION)
def edit_message_caption(world: World, parameters: Parameters) -> JSON:
    message = _editable(world, parameters)
    if not message.content.file:
        raise bad_request("there is no caption in the message to edit")
    return _edit(world, message, caption_content(world, parameters, message.content.file), parameters)


@method("editMessageReplyMarkup", **EDITED)
def edit_message_reply_markup(world: World, parameters: Parameters) -> JSON:
    message = _editable(world, parameters)
    return _edit(world, message, message.content, parameters)


@method("editMessageMedia", media=MEDIA, **EDITED)
def edit_message_media(world: World, parameters: Parameters) -> JSON:
    message = _editable(world, parameters)
    media = parameters.get("media")
    if media is None:
        raise bad_request("media not found")
    if media["type"] not in {"photo", "document"}:
        raise bad_request(f"media of type {media['type']} is not supported here")
    uploads = {ATTACHMENTS: parameters.get(ATTACHMENTS, {})}
    return _edit(
        world,
        message,
        caption_content(world, media, file_of(world, media["type"], media["media"], uploads)),
        parameters,
    )


@method("deleteMessage", chat_id=chat_id, message_id=integer)
def delete_message(world: World, parameters: Parameters) -> bool:
    chat = find_chat(world, parameters)
    reach(world, chat)
    message = find_message(chat, parameters, "delete")
    allowed = chat.type == "private" or message.sender == world.bot or has_right(world, chat, "can_delete_messages")
    if not allowed:
        raise bad_request("message can't be deleted")
    if chat.type == "private" and world.now() - message.date > DELETABLE_FOR:
        raise bad_request("message can't be deleted for everyone")
    del chat.messages[message.id]
    if message.id in chat.pinned:
        chat.pinned.remove(message.id)
    return True


@method(
    "pinChatMessage",
    chat_id=chat_id,
    message_id=integer,
    business_connection_id=business_connection,
    disable_notification=boolean,
)
def pin_chat_message(world: World, parameters: Parameters) -> bool:
    chat = find_chat(world, parameters)
    _reach_to_pin(world, chat)
    message = find_message(chat, parameters, "pin")
    if message.service:
        raise bad_request("message can't be pinned")
    if message.id in chat.pinned:
        chat.pinned.remove(message.id)
    chat.pinned.append(message.id)
    notice = world.post(chat, world.bot, Content(), service=("pinned_message", message.json(quoted=True)))
    world.updates.add("channel_post" if chat.type == "channel" else "message", notice.json(), chat.id)
    return True


@method("unpinChatMessage", chat_id=chat_id, message_id=integer, business_connection_id=business_connection)
def unpin_chat_message(world: World, parameters: Parameters) -> bool:
    chat = find_chat(world, parameters)
    _reach_to_pin(world, chat)
    message_id = parameters.get("message_id", chat.pinned[-1] if chat.pinned else None)
    if message_id not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned.remove(message_id)
    return True


def _edit(world: World, message: Message, content: Content, parameters: Parameters) -> JSON:
    keyboard_now = parameters.get("reply_markup", ())
    if (content, keyboard_now) == (message.content, message.keyboard):
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same as a "
            "current content and reply markup of the message"
        )
    world.limits.spend(message.chat.id)
    return world.edit(message, content, keyboard_now).json()


def _editable(world: World, parameters: Parameters) -> Message:
    chat = find_chat(world, parameters)
    message = find_message(chat, parameters, "edit")
    reach_to_post(world, chat)
    if message.sender != world.bot or message.service:
        raise bad_request("message can't be edited")
    return message


def _reach_to_pin(world: World, chat: Chat) -> None:
    reach(world, chat)
    needed = {"private": None, "group": "can_pin_messages", "supergroup": "can_pin_messages"}
    right = needed.get(chat.type, "can_edit_messages")
    if right and not has_right(world, chat, right):
        raise bad_request("not enough rights to manage pinned messages in the chat")
