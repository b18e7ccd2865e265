"""The demo page: several chats of the sandbox's Telegram side by side in a browser, and a clock to move on."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.model import JSON, Query
from sandbox.page.guard import Guard
from sandbox.page.state import Clock, Shown, snapshot
from sandbox.world import World

__all__ = ["Clock", "Shown", "routes"]

FOLDER = Path(__file__).parent
ASSETS = ("page.css", "page.svg", "page.js", "chat.js", "dialogs.js", "message.js", "server.js", "words.js")
STEPS = {"hour": 3600.0, "day": 86400.0}
ANSWER_SECONDS = 15.0
HEARTBEAT_SECONDS = 10.0
MIME_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")

T = TypeVar("T", int, str)


def routes(telegram: World, *, chats: Sequence[Shown], clock: Clock | None) -> list[Route]:
    """Serve the page on an ASGI server bound to loopback; the chats stand on it in this order."""
    page = _Page(telegram, chats, clock)
    endpoints: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "/": page.page,
        "/state": page.state,
        "/events": page.events,
        "/file/{file_id}": page.file,
        **{f"/{name}": page.asset for name in ASSETS},
    }
    deeds = {"/press": page.press, "/write": page.write, "/open": page.open, "/join": page.join, "/clock": page.step}
    guard = [Middleware(Guard)]
    return [
        *(Route(path, endpoint, methods=["GET"], middleware=guard) for path, endpoint in endpoints.items()),
        *(Route(path, endpoint, methods=["POST"], middleware=guard) for path, endpoint in deeds.items()),
    ]


class _Page:
    def __init__(self, telegram: World, chats: Sequence[Shown], clock: Clock | None) -> None:
        self.telegram = telegram
        self.chats = chats
        self.clock = clock
        self.moving = asyncio.Lock()

    async def page(self, _: Request) -> Response:
        return FileResponse(FOLDER / "page.html")

    async def asset(self, request: Request) -> Response:
        return FileResponse(FOLDER / request.url.path.rpartition("/")[2])

    async def state(self, _: Request) -> Response:
        return JSONResponse(snapshot(self.telegram, self.chats, self.clock))

    async def events(self, _: Request) -> Response:
        return StreamingResponse(self._events(), media_type="text/event-stream")

    async def _events(self) -> AsyncIterator[str]:
        told = ""
        while self.telegram.serving:
            revision = self.telegram.revision
            # The time moves without a revision: it is looked at with every heartbeat.
            minute = self.clock and f"{self.clock.now().isoformat(timespec='minutes')} {self.clock.next_event()}"
            sign = json.dumps([revision, minute])
            yield ": alive\n\n" if sign == told else f"data: {sign}\n\n"
            told = sign
            with suppress(TimeoutError):
                await asyncio.wait_for(self.telegram.changed(revision), HEARTBEAT_SECONDS)

    async def file(self, request: Request) -> Response:
        try:
            file = self.telegram.file(request.path_params["file_id"])
        except KeyError:
            raise HTTPException(404) from None
        if file.kind == "photo":
            return Response(file.content, media_type=file.mime_type)
        mime_type = file.mime_type if MIME_TYPE.fullmatch(file.mime_type) else "application/octet-stream"
        name = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
        return Response(file.content, headers={"Content-Type": mime_type, "Content-Disposition": name})

    async def press(self, request: Request) -> Response:
        body = await _body(request)
        chat_id, user_id = self._shown(body, "chat"), self._person(body, "as")
        with _told():
            query_id = self.telegram.press(user_id, chat_id, _field(body, "message", int), _field(body, "data", str))
        with suppress(TimeoutError):
            answer = (await asyncio.wait_for(self._answered(self.telegram.queries[query_id]), ANSWER_SECONDS)).answer
            return JSONResponse({"text": answer and answer.text, "alert": answer and answer.alert})
        raise HTTPException(504, "The bot did not answer")

    async def _answered(self, query: Query) -> Query:
        revision = 0
        while query.answer is None and self.telegram.serving:
            revision = await self.telegram.changed(revision)
        return query

    async def write(self, request: Request) -> Response:
        body = await _body(request)
        person = self._person(body, "chat")
        with _told():
            self.telegram.write(person, person, _field(body, "text", str))
        return JSONResponse({})

    async def open(self, request: Request) -> Response:
        body = await _body(request)
        with _told():
            self.telegram.open_link(self._person(body, "as"), _field(body, "url", str))
        return JSONResponse({})

    async def join(self, request: Request) -> Response:
        """The channel's owner makes the bot an administrator."""
        chat = self.telegram.chats[self._shown(await _body(request), "chat")]
        owner = next((member.user.id for member in chat.members.values() if member.status == "creator"), None)
        if chat.type != "channel" or owner is None:
            raise HTTPException(409, "Not a channel with an owner")
        rights = {"can_manage_chat", "can_post_messages", "can_edit_messages", "can_delete_messages"}
        self.telegram.set_bot_membership(chat.id, owner, "administrator", rights)
        return JSONResponse({})

    async def step(self, request: Request) -> Response:
        name = _field(await _body(request), "step", str)
        if self.clock is None or self.moving.locked():
            raise HTTPException(409, "No clock, or it is being moved")
        async with self.moving:
            following = self.clock.next_event()
            if name == "next" and following:
                seconds = max(0.0, (following - self.clock.now()).total_seconds())
            elif name in STEPS:
                seconds = STEPS[name]
            else:
                raise HTTPException(409, "Nothing to move to")
            await self.clock.advance(seconds)
        return JSONResponse({})

    def _shown(self, body: JSON, key: str) -> int:
        chat_id = _field(body, key, int)
        if chat_id not in {shown.chat_id for shown in self.chats}:
            raise HTTPException(404, f"No chat {chat_id} on this page")
        return chat_id

    def _person(self, body: JSON, key: str) -> int:
        chat_id = self._shown(body, key)
        if self.telegram.chats[chat_id].type != "private":
            raise HTTPException(404, f"{chat_id} is not a person")
        return chat_id


async def _body(request: Request) -> JSON:
    # A foreign page may send forms without asking the browser, JSON it may not.
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise HTTPException(415)
    try:
        body = await request.json()
    except ValueError:
        raise HTTPException(400, "Not JSON") from None
    if not isinstance(body, dict):
        raise HTTPException(400, "Not an object")
    return body


def _field(body: JSON, key: str, kind: type[T]) -> T:
    value = body.get(key)
    if type(value) is not kind:
        raise HTTPException(400, f"{key} must be {kind.__name__}")
    return value


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the small Telegram refuses into an answer for the page."""
    try:
        yield
    except (KeyError, ValueError) as error:
        raise HTTPException(409, str(error)) from error
