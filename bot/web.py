"""The web side: webhook and health, one ASGI app."""

import asyncio
import hmac
import json
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.errors import Unavailable
from bot.updates import Updates

LARGEST_BODY = 1 << 20
WEBHOOK_PATH = "/telegram"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  (the header's name)


def app(updates: Updates, secret: str, health: Callable[[], Awaitable[Mapping[str, bool]]]) -> Starlette:
    """``health`` tells by name what works; without a secret there is no webhook."""

    async def webhook(request: Request) -> Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return Response(status_code=403)
        raw = await _update(request)
        try:
            await updates.handle(raw)
        except Unavailable:
            return Response(status_code=503)
        return Response(status_code=200)

    async def healthz(_request: Request) -> Response:
        state = await health()
        return JSONResponse(dict(state), status_code=200 if all(state.values()) else 503)

    routes = [Route("/healthz", healthz)]
    if secret:
        routes.append(Route(WEBHOOK_PATH, webhook, methods=["POST"]))
    return Starlette(routes=routes)


async def _update(request: Request) -> dict[str, Any]:
    """What Telegram sent, read no further than the limit; raises HTTPException (400 or 413)."""
    body = bytearray()
    try:
        if int(request.headers.get("content-length") or 0) > LARGEST_BODY:
            raise HTTPException(413)
        # A chunked body does not say how large it is.
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST_BODY:
                raise HTTPException(413)
        raw = json.loads(body)
    except (ValueError, RecursionError, ClientDisconnect):
        raise HTTPException(400) from None
    if not isinstance(raw, dict) or not isinstance(raw.get("update_id"), int):
        raise HTTPException(400)
    return raw


class Server(uvicorn.Server):
    """Runs inside our loop, leaves the signals to us, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        self.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises OSError, where uvicorn would end the program without a word."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def server(application: Starlette, host: str, port: int) -> Server:
    return Server(uvicorn.Config(application, host, port, access_log=False, log_config=None, lifespan="off"))
