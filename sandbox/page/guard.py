"""Who may talk to the demo page: the browser on this machine, and only through the page itself."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """Refuse names that are not this machine (DNS rebinding) and pages that are not ours (forged requests)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        if admitted(scope["method"], scope["scheme"], Headers(scope=scope)):
            await self.app(scope, receive, guarded)
        else:
            await PlainTextResponse("Only for the page on this machine", 403)(scope, receive, guarded)


def admitted(method: str, scheme: str, headers: Headers) -> bool:
    host = headers.get("host", "")
    if _hostname(host) not in LOOPBACK:
        return False
    if headers.get("origin", f"{scheme}://{host}") != f"{scheme}://{host}":
        return False
    # Browsers leave out Origin where they only read; Sec-Fetch-Site stays. Following a link to the page is welcome.
    followed = method == "GET" and headers.get("sec-fetch-mode") == "navigate"
    return followed or headers.get("sec-fetch-site", "none") in {"same-origin", "none"}


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
