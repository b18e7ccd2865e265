"""Methods that put a message into a chat or change one."""

from __future__ import annotations

from typing import Any, Literal

from sandbox import entities
from sandbox.errors import bad_request
from sandbox.methods import (
    ATTACHMENTS,
    Parameters,
    find_chat,
    method,
    reach_to_post,
)
from sandbox.model import JSON, Chat, Content, File
from sandbox.parameters import (
    ENTITIES,
    LINK_PREVIEW,
    REPLY,
    Parse,
    Upload,
    boolean,
    business_connection,
    chat_id,
    file,
    keyboard,
    message_thread,
    parse_mode,
    string,
    unsupported,
)
from sandbox.world import World

MAX_TEXT, MAX_CAPTION = 4096, 1024
MAX_PHOTO, MAX_DOCUMENT = 10 << 20, 50 << 20

SENT: dict[str, Parse] = {
    "chat_id": chat_id,
    "business_connection_id": business_connection,
    "message_thread_id": message_thread,
    "direct_messages_topic_id": unsupported,
    "suggested_post_parameters": unsupported,
    "message_effect_id": string,
    "allow_paid_broadcast": boolean,
    "disable_notification": boolean,
    "protect_content": boolean,
    "parse_mode": parse_mode,
    "reply_parameters": REPLY,
    "reply_markup": keyboard,
}
TEXT: dict[str, Parse] = {
    "text": string,
    "parse_mode": parse_mode,
    "entities": ENTITIES,
    "link_preview_options": LINK_PREVIEW,
}
CAPTION: dict[str, Parse] = {
    "caption": string,
    "parse_mode": parse_mode,
    "caption_entities": ENTITIES,
    "show_caption_above_media": boolean,
}


@method("sendMessage", **SENT, **{name: parse for name, parse in TEXT.items() if name not in SENT})
def send_message(world: World, parameters: Parameters) -> JSON:
    chat = find_chat(world, parameters)
    return _send(world, chat, text_content(world, parameters), parameters)


@method(
    "sendPhoto",
    photo=file,
    has_spoiler=boolean,
    **SENT,
    **{name: parse for name, parse in CAPTION.items() if name not in SENT},
)
def send_photo(world: World, parameters: Parameters) -> JSON:
    chat = find_chat(world, parameters)
    photo = file_of(world, "photo", parameters.get("photo"), parameters)
    return _send(world, chat, caption_content(world, parameters, photo), parameters)


@method(
    "sendDocument",
    document=file,
    thumbnail=file,
    caption=string,
    caption_entities=ENTITIES,
    disable_content_type_detection=boolean,
    **SENT,
)
def send_document(world: World, parameters: Parameters) -> JSON:
    chat = find_chat(world, parameters)
    document = file_of(world, "document", parameters.get("document"), parameters)
    return _send(world, chat, caption_content(world, parameters, document), parameters)


def _send(world: World, chat: Chat, content: Content, parameters: Parameters) -> JSON:
    reach_to_post(world, chat)
    reply_to = None
    if reply := parameters.get("reply_parameters"):
        elsewhere = reply.get("chat_id", chat.id) != chat.id
        reply_to = None if elsewhere else chat.messages.get(reply["message_id"])
        if reply_to is None and not reply.get("allow_sending_without_reply"):
            raise bad_request("message to be replied not found")
    world.limits.spend(chat.id)
    message = world.post(
        chat,
        world.bot,
        content,
        keyboard=parameters.get("reply_markup", ()),
        reply_to=reply_to,
        protected=parameters.get("protect_content", False),
    )
    return message.json()


def text_content(world: World, parameters: Parameters, too_long: str = "message is too long") -> Content:
    body, found = _formatted(world, parameters, "text", "entities")
    if not parameters.get("text"):
        raise bad_request("message text is empty")
    if not body:
        raise bad_request("text must be non-empty")
    if entities.length(body) > MAX_TEXT:
        raise bad_request(too_long)
    extras = tuple((name, parameters[name]) for name in ("link_preview_options",) if parameters.get(name))
    return Content(body, found, extras=extras)


def caption_content(world: World, parameters: Parameters, attached: File) -> Content:
    body, found = _formatted(world, parameters, "caption", "caption_entities")
    if entities.length(body) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    shown = {"has_spoiler": "has_media_spoiler", "show_caption_above_media": "show_caption_above_media"}
    extras = tuple((field, True) for name, field in shown.items() if parameters.get(name))
    return Content(body, found, attached, extras)


def _formatted(world: World, parameters: Parameters, body: str, given: str) -> tuple[str, tuple[JSON, ...]]:
    text: str = parameters.get(body, "")
    found: list[JSON] = []
    if parameters.get("parse_mode"):
        text, found = entities.parse_html(text)
    elif given in parameters:
        found = [entity for entity in parameters[given] if entity["length"] > 0]
        if any(entity["offset"] < 0 or entity["offset"] + entity["length"] > entities.length(text) for entity in found):
            raise bad_request("ENTITY_BOUNDS_INVALID")
    text, found = entities.strip(text, found)
    mentions = []
    for entity in entities.with_found(text, found):
        if "user_id" in entity:
            user = world.users.get(entity["user_id"])
            if user is None:
                continue
            mentions.append({k: v for k, v in entity.items() if k != "user_id"} | {"user": user.json()})
        else:
            mentions.append(entity)
    return text, tuple(mentions)


def file_of(world: World, kind: Literal["photo", "document"], given: Any, parameters: Parameters) -> File:
    if isinstance(given, str) and given.startswith("attach://"):
        given = parameters.get(ATTACHMENTS, {}).get(given.removeprefix("attach://"))
    if not given:
        raise bad_request(f"there is no {kind} in the request")
    if isinstance(given, Upload):
        return _uploaded(world, kind, given)
    known = world.files.get(given)
    if known is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if known.kind != kind:
        raise bad_request(f"can't use file of type {known.kind.title()} as {kind.title()}")
    return known


def _uploaded(world: World, kind: Literal["photo", "document"], upload: Upload) -> File:
    if not upload.content:
        raise bad_request("file must be non-empty")
    if len(upload.content) > (MAX_PHOTO if kind == "photo" else MAX_DOCUMENT):
        raise bad_request("file is too big")
    stored = world.files.add(kind, upload.name, upload.content, upload.mime_type)
    if kind == "photo":
        width, height = stored.width, stored.height
        if not width or not height:
            raise bad_request("IMAGE_PROCESS_FAILED")
        if width + height > 10_000 or max(width, height) > 20 * min(width, height):
            raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return stored
