"""A Bot API that costs as little as possible, and people who press again as soon as they see what came of it.

Each bot has a Line of its own, named by the second half of its token, so that all can be up while one is measured.
"""

import asyncio
import json
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from itertools import count, islice
from time import perf_counter
from typing import Any, Self

from benchmarks.folder import Shown
from benchmarks.town import FIRST_PERSON, Town

BOT = {"id": 1, "is_bot": True, "first_name": "Dreiklang", "username": "dreiklang_bot"}
BATCH = 100
PATIENCE = 15.0
"""Telegram forgets a press after about as long; who has seen nothing by then is counted as lost."""

_TRUE = frozenset({"answerCallbackQuery", "setMyCommands", "deleteWebhook"})
_REQUEST = re.compile(rb"[A-Z]+ /bot([^/ ]+)/(\w+)\??(\S*)")
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_TAG = re.compile(r"<[^>]+>")
_OK = b"200 OK"


def _number(name: str) -> Callable[[bytes], int | None]:
    """Read one number from a query string, a form, or JSON alike: nothing here is worth a parser."""
    pattern = re.compile(rf"\b{name}\W+(\d+)".encode())

    def read(data: bytes) -> int | None:
        found = pattern.search(data)
        return int(found[1]) if found else None

    return read


_offset, _timeout = _number("offset"), _number("timeout")
_query_id, _chat_id = _number("callback_query_id"), _number("chat_id")


@dataclass
class Measured:
    """What one load showed; times in seconds since each press."""

    seconds: float = 0.0
    answered: list[float] = field(default_factory=list)
    edited: list[float] = field(default_factory=list)
    lost: int = 0


class _Person:
    def __init__(self, chat_id: int) -> None:
        self.chat_id = chat_id
        self.presses = 0
        self.query_id = 0
        self.pressed_at = 0.0
        self.is_waiting = False


class Line:
    """One bot's line: its unconfirmed updates, its long poll, and the people who press its buttons."""

    def __init__(self, town: Town, size: int) -> None:
        self.polled = asyncio.Event()
        """Set by the first getUpdates."""
        self.unknown: set[str] = set()
        """Methods that were called although nothing here should make a bot call them."""
        self._town = town
        self._updates = [_update(shown) for shown in town.statements]
        self._messages = [_ok(_message(shown)) for shown in town.replies]
        self._people = {FIRST_PERSON + n: _Person(FIRST_PERSON + n) for n in range(size)}
        self._pressing: dict[int, _Person] = {}
        self._numbers = count(1)
        self._unconfirmed: deque[tuple[int, bytes]] = deque()
        self._poll: tuple[_Connection, asyncio.TimerHandle] | None = None
        self._measured = Measured()
        self._left = 0
        self._changed = asyncio.Event()

    async def load(self, people: int, presses: int) -> Measured:
        """Let so many people press, each again as soon as they see the edit, until ``presses`` are made."""
        self._measured = measured = Measured()
        self._left = presses
        begun = perf_counter()
        for person in islice(self._people.values(), people):
            self._press(person)
        while self._pressing:
            self._changed.clear()
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._changed.wait()
            except TimeoutError:
                measured.lost = presses - len(measured.edited)
                self._pressing.clear()
        measured.seconds = perf_counter() - begun - (PATIENCE if measured.lost else 0)
        return measured

    def call(self, connection: "_Connection", method: str, data: bytes) -> None:
        if method == "getUpdates":
            self._get_updates(connection, _offset(data) or 0, _timeout(data) or 0)
        elif method == "editMessageText":
            person = self._people[_chat_id(data) or 0]
            connection.answer(self._messages[(person.presses - 1) % len(self._messages)] % {b"chat": person.chat_id})
            self._edited(person)
        elif method in _TRUE:
            connection.answer(b'{"ok":true,"result":true}')
            presser = self._pressing.get(_query_id(data) or 0)
            if presser is not None:
                self._measured.answered.append(perf_counter() - presser.pressed_at)
        elif method == "getMe":
            connection.answer(_ok(BOT))
        else:
            self.unknown.add(method)
            connection.answer(b'{"ok":false,"error_code":400,"description":"Bad Request: unknown here"}', b"400 Bad")

    def forget(self, connection: "_Connection") -> None:
        """The bot has hung up."""
        if self._poll is not None and self._poll[0] is connection:
            self._poll[1].cancel()
            self._poll = None

    def _press(self, person: _Person) -> None:
        if not self._left:
            return
        self._left -= 1
        position, data = self._town.press(person.presses)
        number = next(self._numbers)
        person.presses += 1
        person.query_id, person.pressed_at, person.is_waiting = number, perf_counter(), True
        self._pressing[number] = person
        fields = {b"update": number, b"person": person.chat_id, b"data": data.encode()}
        self._unconfirmed.append((number, self._updates[position] % fields))
        if self._poll is not None:
            connection, timer = self._poll
            self._poll = None
            timer.cancel()
            # Whoever presses in the same moment comes along.
            asyncio.get_running_loop().call_soon(self._hand_out, connection)

    def _edited(self, person: _Person) -> None:
        if self._pressing.pop(person.query_id, None) is None:
            return
        self._measured.edited.append(perf_counter() - person.pressed_at)
        self._press(person)
        self._changed.set()

    def _get_updates(self, connection: "_Connection", offset: int, timeout: int) -> None:
        self.polled.set()
        while self._unconfirmed and self._unconfirmed[0][0] < offset:
            self._unconfirmed.popleft()
        if self._unconfirmed or not timeout:
            self._hand_out(connection)
        else:
            timer = asyncio.get_running_loop().call_later(timeout, self._come_back, connection)
            self._poll = connection, timer

    def _come_back(self, connection: "_Connection") -> None:
        self._poll = None
        self._hand_out(connection)

    def _hand_out(self, connection: "_Connection") -> None:
        batch = b",".join(update for _, update in islice(self._unconfirmed, BATCH))
        connection.answer(b'{"ok":true,"result":[' + batch + b"]}")


class Stub:
    """Serves lines, each by the second half of its bot's token, at ``url``."""

    def __init__(self, lines: Mapping[str, Line]) -> None:
        self.url = ""
        self._lines = {token.encode(): line for token, line in lines.items()}

    def line(self, token: bytes) -> Line:
        return self._lines[token.partition(b":")[2]]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(lambda: _Connection(self), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, as far as a bot's client needs it."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        self._line: Line | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def connection_lost(self, _error: Exception | None) -> None:
        if self._line is not None:
            self._line.forget(self)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, gap, body = self._received.partition(b"\r\n\r\n")
        length = int(found[1]) if (found := _LENGTH.search(head)) else 0
        request = _REQUEST.match(head)
        if not gap or request is None or len(body) < length:
            return
        # A client waits for the answer before it sends the next request.
        self._received = b""
        token, method, query = request.groups()
        self._line = self._stub.line(token)
        self._line.call(self, method.decode(), query + b"&" + body)

    def answer(self, body: bytes, status: bytes = _OK) -> None:
        head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % (status, len(body)) + body)


def _update(shown: Shown) -> bytes:
    person = {"id": "<person>", "is_bot": False, "first_name": "Erika", "last_name": "Muster", "language_code": "de"}
    query = {"id": "<query>", "from": person, "message": _message(shown), "chat_instance": "1", "data": "<data>"}
    return _template({"update_id": "<update>", "callback_query": query})


def _message(shown: Shown) -> dict[str, Any]:
    """A message as Telegram describes it to the bot that has sent it."""
    rows = [[{"text": label, "callback_data": data} for label, data in row] for row in shown.keyboard]
    return {
        "message_id": 7,
        "from": BOT,
        "chat": {"id": "<chat>", "first_name": "Erika", "last_name": "Muster", "type": "private"},
        "date": 1_790_000_000,
        "edit_date": 1_790_000_060,
        "text": unescape(_TAG.sub("", shown.text)),
        "entities": [{"type": "bold", "offset": 0, "length": 10}],
        "reply_markup": {"inline_keyboard": rows},
    }


def _ok(result: dict[str, Any]) -> bytes:
    return _template({"ok": True, "result": result})


def _template(value: dict[str, Any]) -> bytes:
    """JSON to be filled in with ``%``."""
    text = json.dumps(value).replace("%", "%%")
    for name in ("update", "person"):
        text = text.replace(f'"<{name}>"', f"%({name})d")
    chat = "%(person)d" if "%(person)d" in text else "%(chat)d"
    return text.replace('"<chat>"', chat).replace("<query>", "%(update)d").replace("<data>", "%(data)b").encode()
