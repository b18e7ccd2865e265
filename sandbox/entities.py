"""Texts and their entities: HTML as Telegram parses it, and what Telegram recognises by itself.

Offsets and lengths count UTF-16 code units; the byte offsets in error texts count UTF-8, as the real ones do.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.errors import ApiError, bad_request
from sandbox.model import JSON

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
FOUND = re.compile(
    r"""(?P<url>https?://[^\s<>"]*[^\s<>".,:;!?)\]'…“”])
    |(?P<email>\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-zA-Z]{2,}\b)
    |(?<![\w@/])(?P<mention>@[a-zA-Z]\w{3,31}\b)
    |(?<![\w/<>])(?P<bot_command>/[a-zA-Z0-9_]{1,64}(?:@[a-zA-Z]\w{3,31})?)(?![\w/])
    |(?<!\w)(?P<hashtag>\#(?=\w*[^\W\d])\w+)""",
    re.VERBOSE,
)
REFERENCE = re.compile(r"&(?:#(?P<decimal>[0-9]+)|#[xX](?P<hex>[0-9a-fA-F]+)|(?P<name>lt|gt|amp|quot)(?![a-zA-Z]));?")
PLAIN = re.compile(r"[^<&]*")
NAME_TOKEN = re.compile(r"[A-Za-z0-9.-]+")
SPACE = " \t\r\n\0\v"


def length(text: str) -> int:
    """Count UTF-16 code units, as Telegram does."""
    return len(text) + sum(character > "\uffff" for character in text)


def find(text: str) -> list[JSON]:
    """Recognise commands, links, addresses, mentions and hashtags in a text."""
    found = []
    for match in FOUND.finditer(text):
        kind = match.lastgroup or ""
        found.append({"type": kind, "offset": length(text[: match.start(kind)]), "length": length(match[kind])})
    return found


def command(text: str, entities: Iterable[JSON]) -> str | None:
    """Return the command a text begins with, without its slash."""
    for entity in entities:
        if entity["type"] == "bot_command" and entity["offset"] == 0:
            return text[1 : entity["length"]]
    return None


def with_found(text: str, given: list[JSON]) -> list[JSON]:
    """Add what Telegram recognises by itself wherever the given entities leave room for it."""
    closed = [entity for entity in given if entity["type"] in {"text_link", "code", "pre", "text_mention"}]

    def free(entity: JSON) -> bool:
        start, end = entity["offset"], entity["offset"] + entity["length"]
        return all(end <= other["offset"] or start >= other["offset"] + other["length"] for other in closed)

    return sorted(given + [entity for entity in find(text) if free(entity)], key=_order)


def strip(text: str, entities: list[JSON]) -> tuple[str, list[JSON]]:
    """Cut the white space around a text, as Telegram does, and let the entities follow."""
    if text == (stripped := text.strip()):
        return text, entities
    cut = length(text[: len(text) - len(text.lstrip())])
    end = length(stripped)
    moved = []
    for entity in entities:
        start = min(max(entity["offset"] - cut, 0), end)
        stop = min(max(entity["offset"] + entity["length"] - cut, 0), end)
        if stop > start:
            moved.append({**entity, "offset": start, "length": stop - start})
    return stripped, moved


def _order(entity: JSON) -> tuple[int, int]:
    return entity["offset"], -entity["length"]


@dataclass
class _Open:
    tag: str
    argument: str
    offset: int
    begin: int


def parse_html(source: str) -> tuple[str, list[JSON]]:
    """Turn Telegram's HTML into a text and its entities, or refuse it with Telegram's words."""
    return _Parser(source).parse()


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.text = ""
        self.at = 0
        self.offset = 0
        self.open: list[_Open] = []
        self.entities: list[JSON] = []

    def parse(self) -> tuple[str, list[JSON]]:
        source = self.source
        while self.at < len(source):
            if source[self.at] == "<":
                if source.startswith("</", self.at):
                    self._end_tag()
                else:
                    self._start_tag()
                continue
            if source[self.at] == "&" and (reference := REFERENCE.match(source, self.at)):
                self._append(_character(reference))
                self.at = reference.end()
                continue
            plain = PLAIN.match(source, self.at + 1)
            upto = plain.end() if plain else self.at + 1
            self._append(source[self.at : upto])
            self.at = upto
        if self.open:
            raise self._error(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        for entity in self.entities:
            if entity["type"] == "code":
                entity.pop("language", None)
        return self.text, sorted(self.entities, key=_order)

    def _append(self, text: str) -> None:
        self.text += text
        self.offset += length(text)

    def _start_tag(self) -> None:
        begin = self.at
        self.at += 1
        tag = self._until(SPACE + ">").lower()
        if self.at >= len(self.source):
            raise self._error("Unclosed start tag", begin)
        if tag not in TAGS:
            raise self._error(f'Unsupported start tag "{tag}"', begin)
        argument = ""
        while True:
            self._skip_space()
            if self.at >= len(self.source):
                raise self._error(f'Unclosed start tag "{tag}"', begin)
            if self.source[self.at] == ">":
                break
            name, value = self._attribute(tag, begin)
            argument = _argument(tag, name, value) or argument
        self.at += 1
        if tag == "span" and argument != "spoiler":
            raise self._error('Tag "span" must have class "tg-spoiler"', begin)
        if tag == "tg-emoji" and not argument.isdigit():
            raise bad_request("can't parse entities: Invalid custom emoji identifier specified")
        self.open.append(_Open(tag, argument, self.offset, len(self.text)))

    def _attribute(self, tag: str, begin: int) -> tuple[str, str]:
        name = self._until(SPACE + "=>").lower()
        if not name:
            raise self._error(f'Empty attribute name in the tag "{tag}"', begin)
        self._skip_space()
        if self.at < len(self.source) and self.source[self.at] != "=" and (tag, name) == ("blockquote", "expandable"):
            return name, ""
        if self.at >= len(self.source) or self.source[self.at] != "=":
            raise self._error(f'Expected equal sign in declaration of an attribute of the tag "{tag}"', begin)
        self.at += 1
        self._skip_space()
        if self.at >= len(self.source):
            raise self._error(f'Unclosed start tag "{tag}"', begin)
        quote = self.source[self.at]
        if quote not in "'\"":
            token = NAME_TOKEN.match(self.source, self.at)
            end = token.end() if token else self.at
            value = self.source[self.at : end].lower()
            if end < len(self.source) and self.source[end] not in SPACE + ">":
                raise self._error("Unexpected end of name token", self.at)
            self.at = end
            return name, value
        end = self.source.find(quote, self.at + 1)
        if end < 0:
            raise self._error(f'Unclosed start tag "{tag}"', begin)
        value = REFERENCE.sub(_character, self.source[self.at + 1 : end])
        self.at = end + 1
        return name, value

    def _end_tag(self) -> None:
        begin = self.at
        if not self.open:
            raise self._error("Unexpected end tag", begin)
        self.at += 2
        tag = self._until(SPACE + ">").lower()
        self._skip_space()
        if self.at >= len(self.source) or self.source[self.at] != ">":
            raise self._error("Unclosed end tag", begin)
        self.at += 1
        opened = self.open.pop()
        if tag not in {"", opened.tag}:
            raise self._error("Unmatched end tag", begin, f', expected "</{opened.tag}>", found "</{tag}>"')
        if self.offset > opened.offset:
            self._close(opened)

    def _close(self, opened: _Open) -> None:
        entity: JSON = {"type": TAGS[opened.tag], "offset": opened.offset, "length": self.offset - opened.offset}
        inner = self.entities[-1] if self.entities else {}
        same = (inner.get("offset"), inner.get("length")) == (entity["offset"], entity["length"])
        if opened.tag == "a":
            url = opened.argument or self.text[opened.begin :]
            if user := re.fullmatch(r"tg://user\?id=(\d+)", url):
                entity |= {"type": "text_mention", "user_id": int(user[1])}
            elif checked := checked_url(url):
                entity["url"] = checked
            else:
                return
        elif opened.tag == "code" and opened.argument:
            entity["language"] = opened.argument
        elif opened.tag == "pre" and same and inner["type"] == "code" and "language" in inner:
            self.entities[-1] = {**entity, "language": inner["language"]}
            return
        elif opened.tag == "blockquote" and opened.argument:
            entity["type"] = "expandable_blockquote"
        elif opened.tag == "tg-emoji":
            entity["custom_emoji_id"] = opened.argument
        self.entities.append(entity)

    def _until(self, stops: str) -> str:
        begin = self.at
        while self.at < len(self.source) and self.source[self.at] not in stops:
            self.at += 1
        return self.source[begin : self.at]

    def _skip_space(self) -> None:
        while self.at < len(self.source) and self.source[self.at] in SPACE:
            self.at += 1

    def _error(self, what: str, at: int | None = None, more: str = "") -> ApiError:
        where = "" if at is None else f" at byte offset {len(self.source[:at].encode())}"
        return bad_request(f"can't parse entities: {what}{where}{more}")


def _argument(tag: str, name: str, value: str) -> str:
    match tag, name:
        case ("a", "href") | ("tg-emoji", "emoji-id"):
            return value
        case "code", "class":
            return value.removeprefix("language-") if value.startswith("language-") else ""
        case "span", "class":
            return value.removeprefix("tg-") if value.startswith("tg-") else ""
        case "blockquote", "expandable":
            return "1"
    return ""


def _character(reference: re.Match[str]) -> str:
    if name := reference["name"]:
        return html.unescape(f"&{name};")
    code = int(reference["decimal"]) if reference["decimal"] else int(reference["hex"], 16)
    usable = 0 < code < 0x10FFFF and not 0xD800 <= code <= 0xDFFF
    return chr(code) if usable else reference[0]


def checked_url(url: str) -> str | None:
    """Complete an address as Telegram does; None if it is no web or Telegram address."""
    if re.fullmatch(r"(?:https?|tg|ton|tonsite)://\S+", url, re.IGNORECASE):
        host = url.partition("://")[2]
        return url + "/" if "/" not in host and "?" not in host and not url.lower().startswith("t") else url
    if re.fullmatch(r"[\w-]+(?:\.[\w-]+)*\.[a-zA-Z]{2,}(?:[/?#]\S*)?", url):
        return checked_url(f"http://{url}")
    return None
