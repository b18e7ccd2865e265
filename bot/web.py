"""The web side: webhook and health, one ASGI app."""

import hmac
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
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
        if int(request.headers.get("content-length") or 0) > LARGEST_BODY:
            return Response(status_code=413)
        try:
            raw = await request.json()
        except ValueError:
            return Response(status_code=400)
        if not isinstance(raw, dict) or not isinstance(raw.get("update_id"), int):
            return Response(status_code=400)
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


class Server(uvicorn.Server):
    """Runs inside our loop and leaves the signals to us."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        self.should_exit = True


def server(application: Starlette, host: str, port: int) -> Server:
    return Server(uvicorn.Config(application, host, port, access_log=False, log_config=None, lifespan="off"))
