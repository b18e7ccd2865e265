"""The Bot API over HTTP on a loopback port, served from a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request as HttpRequest
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox import chats, editing, polling, sending  # they declare the methods
from sandbox.errors import ApiError, bad_request
from sandbox.faults import Cut, Fail, Hold
from sandbox.methods import Done, Request, call, parse
from sandbox.model import Call
from sandbox.parameters import Upload
from sandbox.webhook import Pusher
from sandbox.world import World

DECLARING = (chats, editing, polling, sending)
METHOD = re.compile(r"/bot([^/]+)/([^/]+)")
DOWNLOAD = re.compile(r"/file/bot([^/]+)/(.+)")
Peer = tuple[str, int]


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


class CutOffError(Exception):
    """The connection shall be cut without an answer."""


class BotApi:
    """The ASGI application; whatever is no Bot API address is left to `page`."""

    def __init__(self, world: World, page: ASGIApp | None) -> None:
        self._world = world
        self._page = page
        self.transports: dict[Peer, asyncio.Transport] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] != "http":
            raise RuntimeError(f"No {scope['type']} here")
        elif wanted := METHOD.fullmatch(scope["path"]):
            await self._method(wanted[1], wanted[2], scope, receive, send)
        elif wanted := DOWNLOAD.fullmatch(scope["path"]):
            await self._download(wanted[1], wanted[2], send)
        elif self._page is not None:
            await self._page(scope, receive, send)
        else:
            await _answer_json(send, ApiError(404, "Not Found"))

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._world.serve(serving=True)
        pusher = asyncio.create_task(Pusher(self._world).run())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await pusher
        await send({"type": "lifespan.shutdown.complete"})

    async def _method(self, token: str, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._check(token)
            request = await _read(name, scope, receive)
            result = await self._carry_out(request, send)
        except ApiError as error:
            await _answer_json(send, error)
        except CutOffError:
            self.transports[scope["client"]].abort()
            await receive()
        else:
            if result is not None:
                await _answer(send, 200, b"application/json", json.dumps(result).encode())

    async def _carry_out(self, request: Request, send: Send) -> dict[str, Any] | None:
        """Return the answer, or None if it has been given."""
        with self._world.reading():
            fault = self._world.faults.take(request.method, request.raw.get("chat_id"))
        if isinstance(fault, Cut) and not fault.delivered:
            raise CutOffError
        if isinstance(fault, Fail):
            self._world.calls.append(Call(request.method, dict(request.raw), fault.status))
            if error := fault.error():
                raise error
            await _answer(send, fault.status, b"text/html", f"<html><h1>{fault.status}</h1></html>".encode())
            return None
        try:
            if request.method.lower() == "getupdates":
                result: Any = await polling.long_poll(self._world, parse(request)[1])
            else:
                result = call(self._world, request)
        except ApiError:
            if self._world.faults.unreachable:
                raise CutOffError from None
            raise
        finally:
            if isinstance(fault, Hold):
                await fault.keep_back()
            if isinstance(fault, Cut):
                raise CutOffError
        if isinstance(result, Done):
            return {"ok": True, "result": result.result, "description": result.description}
        return {"ok": True, "result": result}

    async def _download(self, token: str, path: str, send: Send) -> None:
        file = self._world.files.at(path)
        if not self._knows(token) or self._world.faults.unreachable or file is None:
            await _answer_json(send, ApiError(404, "Not Found"))
        else:
            await _answer(send, 200, b"application/octet-stream", file.content)

    def _check(self, token: str) -> None:
        if not self._knows(token):
            raise ApiError(401, "Unauthorized")

    def _knows(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self._world.token.encode())


async def _read(method: str, scope: Scope, receive: Receive) -> Request:
    raw: dict[str, Any] = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"").decode("latin-1")
    if kind.startswith("multipart/form-data"):
        return await _read_multipart(method, raw, scope, receive)
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    try:
        if kind.startswith("application/json") and body:
            given = json.loads(body)
            if not isinstance(given, dict):
                raise bad_request("object expected in the request body")
            raw |= given
        elif kind.startswith("application/x-www-form-urlencoded"):
            raw |= parse_qsl(body.decode(), keep_blank_values=True)
    except ValueError:
        raise bad_request("can't parse the request body") from None
    return Request(method, raw)


async def _read_multipart(method: str, raw: dict[str, Any], scope: Scope, receive: Receive) -> Request:
    uploads = {}
    try:
        async with HttpRequest(scope, receive).form() as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    content = await value.read()
                    mime_type = value.content_type or "application/octet-stream"
                    uploads[name] = Upload(value.filename or "file", mime_type, content)
                else:
                    raw[name] = value
    except MultiPartException as error:
        raise bad_request(f"can't parse the request body: {error.message}") from None
    return Request(method, raw, uploads)


async def _answer_json(send: Send, error: ApiError) -> None:
    await _answer(send, error.status, b"application/json", json.dumps(error.json()).encode())


async def _answer(send: Send, status: int, kind: bytes, body: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Server(uvicorn.Server):
    """Without uvicorn's tick: it starts and stops by events."""

    def __init__(self, config: uvicorn.Config, world: World) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._world = world
        self._stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        await self._stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        self._world.serve(serving=False)  # ends long polls and event streams
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=5)
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for each in sockets or ():
            each.close()
        await self.lifespan.shutdown()

    def stop(self) -> None:
        if self._loop:
            self._loop.call_soon_threadsafe(self._stop.set)


def _bind(port: int) -> socket.socket:
    listener = socket.socket(proto=socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY only if the protocol is named
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    return listener


@contextlib.contextmanager
def serve(world: World, port: int = 0, *, page: ASGIApp | None = None) -> Iterator[Address]:
    """Serve a world on 127.0.0.1 (a free port unless one is given) until the block ends.

    `page` answers every address that does not belong to the Bot API. Serving the same world again is a restart of
    Telegram: nothing in it is lost.
    """
    api = BotApi(world, page)

    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            api.transports[transport.get_extra_info("peername")] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            api.transports.pop(self.transport.get_extra_info("peername"), None)
            super().connection_lost(exc)

    listener = _bind(port)
    address = Address(*listener.getsockname())
    config = uvicorn.Config(
        api,
        http=Protocol,
        ws="none",
        lifespan="on",
        loop="asyncio",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
    )
    server = _Server(config, world)
    thread = threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)
    thread.start()
    if not server.ready.wait(15):
        raise RuntimeError("The sandbox did not start")
    try:
        yield address
    finally:
        server.stop()
        thread.join(15)
        if thread.is_alive():
            raise RuntimeError("The sandbox did not stop")
