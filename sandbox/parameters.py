"""Types of Bot API parameters: each reads a value from JSON, a form or a query string, or refuses it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.errors import ApiError, bad_request
from sandbox.model import JSON, Button, Keyboard

Parse = Callable[[str, Any], Any]
"""Takes a parameter's name and its raw value."""


@dataclass(frozen=True)
class Upload:
    """A file in a multipart body."""

    name: str
    mime_type: str
    content: bytes


def wrong(name: str, expected: str) -> ApiError:
    return bad_request(f'parameter "{name}" must be of type {expected}')


def integer(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise wrong(name, "Integer")
    try:
        return int(value)
    except ValueError:
        raise wrong(name, "Integer") from None


def string(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise wrong(name, "String")
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise bad_request("strings must be encoded in UTF-8")
    return value


def boolean(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise wrong(name, "Boolean")


def chat_id(name: str, value: Any) -> int | str:
    """Read a numeric id or a public @name."""
    if value in ("", 0, "0"):
        raise bad_request("chat_id is empty")
    if isinstance(value, str) and value.startswith("@"):
        return value
    return integer(name, value)


def choice(*allowed: str) -> Parse:
    def parse(name: str, value: Any) -> str:
        if value not in allowed:
            raise wrong(name, " or ".join(f'"{each}"' for each in allowed))
        return str(value)

    return parse


def array(name: str, value: Any) -> list[Any]:
    value = _json(name, value)
    if not isinstance(value, list):
        raise wrong(name, "Array")
    return value


def array_of(parse: Parse) -> Parse:
    def parse_all(name: str, value: Any) -> list[Any]:
        return [parse(f"{name}[{i}]", element) for i, element in enumerate(array(name, value))]

    return parse_all


def shape(required: Mapping[str, Parse], optional: Mapping[str, Parse] | None = None) -> Parse:
    """An object that has all the required fields, and no others than those and the optional ones."""
    known = {**required, **(optional or {})}

    def parse(name: str, value: Any) -> JSON:
        value = _json(name, value)
        if not isinstance(value, dict):
            raise wrong(name, "Object")
        for field in value:
            if field not in known:
                raise bad_request(f'unknown field "{field}" in parameter "{name}"')
        for field in required:
            if value.get(field) is None:
                raise bad_request(f'parameter "{name}" lacks the field "{field}"')
        return {field: known[field](f"{name}.{field}", part) for field, part in value.items() if part is not None}

    return parse


def unsupported(name: str, _: Any) -> Any:
    raise bad_request(f'parameter "{name}" is not supported here')


def business_connection(_name: str, _: Any) -> Any:
    raise bad_request("business connection not found")


def message_thread(_name: str, _: Any) -> Any:
    raise bad_request("message thread not found")


def file(name: str, value: Any) -> Upload | str:
    """Read an uploaded file, a file_id or an address."""
    return value if isinstance(value, Upload) else string(name, value)


def parse_mode(name: str, value: Any) -> str:
    mode = string(name, value).lower()
    if mode in {"", "html"}:
        return mode
    if mode in {"markdown", "markdownv2"}:
        raise bad_request(f"parse_mode {value} is not supported here")
    raise bad_request("unsupported parse_mode")


def keyboard(name: str, value: Any) -> Keyboard:
    markup = _json(name, value) if value != "" else {}
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    for field in markup:
        if field != "inline_keyboard":
            raise bad_request(f'"{field}" in a reply markup is not supported here')
    rows = markup.get("inline_keyboard", [])
    if not isinstance(rows, list):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array')
    parsed = []
    for row in rows:
        if not isinstance(row, list):
            raise bad_request("can't parse inline keyboard: inline keyboard row must be an Array")
        parsed.append(tuple(_button(button) for button in row))
    if sum(len(row) for row in parsed) > 100:
        raise bad_request("reply markup is too long")
    return tuple(row for row in parsed if row)


def _button(button: Any) -> Button:
    if not isinstance(button, dict):
        raise _bad_button("InlineKeyboardButton must be an Object")
    for field, value in button.items():
        if field not in {"text", "url", "callback_data"}:
            raise _bad_button(f'field "{field}" is not supported here')
        if not isinstance(value, str):
            raise _bad_button(f'Field "{field}" must be of type String')
    text, url, data = button.get("text", ""), button.get("url"), button.get("callback_data")
    if not text.strip():
        raise _bad_button('Field "text" must be non-empty')
    if (url is None) == (data is None):
        both = "exactly one action is allowed"
        raise _bad_button(both if url else "Text buttons are unallowed in the inline keyboard")
    if data is not None and not 1 <= len(data.encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")
    if url is not None and not _is_url(url):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    return Button(text, data, url)


def _bad_button(reason: str) -> ApiError:
    return bad_request(f"can't parse inline keyboard button: {reason}")


def _is_url(url: str) -> bool:
    scheme, _, rest = url.partition("://")
    return scheme in {"http", "https", "tg"} and bool(rest) and not any(c.isspace() for c in url)


def _json(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise bad_request(f'can\'t parse parameter "{name}" as JSON') from None


ENTITIES = array_of(
    shape(
        {"type": string, "offset": integer, "length": integer},
        {"url": string, "language": string, "custom_emoji_id": string, "user": lambda _, value: value},
    )
)
LINK_PREVIEW = shape(
    {},
    {
        "is_disabled": boolean,
        "url": string,
        "prefer_small_media": boolean,
        "prefer_large_media": boolean,
        "show_above_text": boolean,
    },
)
REPLY = shape(
    {"message_id": integer},
    {
        "chat_id": chat_id,
        "allow_sending_without_reply": boolean,
        "quote": string,
        "quote_parse_mode": string,
        "quote_entities": ENTITIES,
        "quote_position": integer,
        "checklist_task_id": integer,
        "poll_option_id": string,
    },
)
SCOPE = shape(
    {
        "type": choice(
            "default",
            "all_private_chats",
            "all_group_chats",
            "all_chat_administrators",
            "chat",
            "chat_administrators",
            "chat_member",
        )
    },
    {"chat_id": chat_id, "user_id": integer},
)
COMMANDS = array_of(shape({"command": string, "description": string}))
MEDIA = shape(
    {"type": string, "media": file},
    {
        "caption": string,
        "parse_mode": parse_mode,
        "caption_entities": ENTITIES,
        "show_caption_above_media": boolean,
        "has_spoiler": boolean,
        "disable_content_type_detection": boolean,
        "thumbnail": file,
    },
)
