"""The HTTP client against real servers on loopback: what arrives, and how all that can go wrong is told."""

import asyncio
import gc
import io
import json
import logging
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import (
    BodyPartReader,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientOSError,
    ClientPayloadError,
    ClientProxyConnectionError,
    ClientResponseError,
    ConnectionTimeoutError,
    ServerDisconnectedError,
    SocketTimeoutError,
    web,
)
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputFile, InputMediaDocument, InputMediaPhoto
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.ext import ExtBot
from telegram.request import RequestData

from bot.http import AiohttpRequest, NeverSentError, _forget_url, was_sent
from bot.limiter import Limiter, Priority

TOKEN = "4711:AAgeheim_bleibt-geheim"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(autouse=True)
def _without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@asynccontextmanager
async def telegram(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """Serve the Bot API; yields its address with the token, as PTB would write it."""
    app = web.Application(client_max_size=8 << 20)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/bot{TOKEN}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def bare_server(handler: Handler) -> AsyncIterator[str]:
    """Serve bytes as they come, for everything a well-behaved server would not do."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/bot{TOKEN}"


def ok(result: object = True) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def refusal(status: int, description: str, **parameters: int) -> web.Response:
    body = {"ok": False, "error_code": status, "description": description}
    return web.json_response(body | ({"parameters": parameters} if parameters else {}), status=status)


async def failure(request: AiohttpRequest, url: str, **timeouts: float) -> NetworkError:
    with pytest.raises(NetworkError) as caught:
        await request.post(f"{url}/sendMessage", message(), **timeouts)
    return caught.value


def message() -> RequestData:
    from telegram.request._requestparameter import RequestParameter

    return RequestData([RequestParameter.from_input("chat_id", 11), RequestParameter.from_input("text", "Grüß dich!")])


def bot(url: str, request: AiohttpRequest, updates: AiohttpRequest | None = None) -> ExtBot[Priority]:
    base = url.removesuffix(TOKEN)
    return ExtBot(
        TOKEN,
        base_url=base,
        base_file_url=base.replace("/bot", "/file/bot"),
        request=request,
        get_updates_request=updates or AiohttpRequest(connection_pool_size=1),
        rate_limiter=Limiter(),
    )


# What arrives


def test_a_message_arrives_as_json_with_its_types() -> None:
    got: list[tuple[str, str, object]] = []

    async def answer(request: web.Request) -> web.Response:
        got.append((request.method, request.content_type, await request.json()))
        return ok({"message_id": 1, "date": 0, "chat": {"id": 11, "type": "private"}})

    async def story() -> None:
        async with telegram(answer) as url, AiohttpRequest() as request:
            sent = await bot(url, request).send_message(
                11,
                "Grüß dich, Käthe! 🌱",
                reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("stimme eher zu", callback_data="pa:12:4")]]),
                disable_notification=True,
                rate_limit_args=Priority.BROADCAST,
            )
            assert sent.message_id == 1

    asyncio.run(story())
    assert got == [
        (
            "POST",
            "application/json",
            {
                "chat_id": 11,
                "text": "Grüß dich, Käthe! 🌱",
                "reply_markup": {"inline_keyboard": [[{"text": "stimme eher zu", "callback_data": "pa:12:4"}]]},
                "disable_notification": True,
            },
        )
    ]


def test_a_moment_arrives_as_a_number_and_nothing_as_an_empty_body() -> None:
    got: list[bytes] = []

    async def answer(request: web.Request) -> web.Response:
        got.append(await request.read())
        return ok()

    async def story() -> None:
        async with telegram(answer) as url, AiohttpRequest() as request:
            assert await bot(url, request).ban_chat_member(-1001, 11, datetime(2026, 3, 29, 1, tzinfo=UTC))
            await request.post(f"{url}/close")

    asyncio.run(story())
    assert json.loads(got[0]) == {"chat_id": -1001, "user_id": 11, "until_date": 1774746000}
    assert got[1] == b""


FILE_NAMES = [
    "Einladung.ics",
    "Übersicht März – Bürgerbüro.png",
    'Das "Amt" & mehr.png',
    "Straße 5 % 100.ics",
    "会議.png",
]


@pytest.mark.parametrize("name", FILE_NAMES)
def test_a_file_arrives_with_its_name_type_and_bytes(name: str) -> None:
    content = bytes(range(256)) * 20
    got: dict[str | None, object] = {}
    heads: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            heads.append(part.headers["Content-Disposition"])
            body = bytes(await part.read())
            got[part.name] = (part.filename, part.headers["Content-Type"], body) if part.filename else body.decode()
        return ok({"message_id": 1, "date": 0, "chat": {"id": 11, "type": "private"}})

    async def story() -> None:
        async with telegram(answer) as url, AiohttpRequest() as request:
            await bot(url, request).send_document(
                11, InputFile(content, filename=name), caption="Für Jürgen & Öztürk", disable_notification=True
            )

    asyncio.run(story())
    kind = "image/png" if name.endswith("png") else "text/calendar"
    assert got == {
        "chat_id": "11",
        "document": (name, kind, content),
        "caption": "Für Jürgen & Öztürk",
        "disable_notification": "true",
    }
    escaped = name.replace('"', '\\"')
    assert f'form-data; name="document"; filename="{escaped}"' in heads


def test_several_files_and_an_open_one_of_two_megabytes(tmp_path: Path) -> None:
    large = tmp_path / "groß.bin"
    large.write_bytes(b"\0" * (2 << 20))
    sizes: dict[str, int] = {}
    media: list[dict[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        for field, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                sizes[f"attach://{field}"] = len(value.file.read())
            elif field == "media":
                media.extend(json.loads(str(value)))
        return ok([])

    async def story() -> None:
        async with telegram(answer) as url, AiohttpRequest() as request:
            with large.open("rb") as file:
                await bot(url, request).send_media_group(
                    11,
                    [
                        InputMediaPhoto(InputFile(b"1" * 3, attach=True)),
                        InputMediaDocument(InputFile(io.BytesIO(b"2" * (2 << 20)), attach=True)),
                        InputMediaDocument(InputFile(file, attach=True, read_file_handle=False)),
                    ],
                )

    asyncio.run(story())
    assert [sizes[part["media"]] for part in media] == [3, 2 << 20, 2 << 20]


def test_a_file_is_fetched() -> None:
    async def answer(request: web.Request) -> web.Response:
        assert request.method == "GET"
        assert request.path == f"/file/bot{TOKEN}/documents/file 1.pdf"
        return web.Response(body=b"%PDF" * 100_000)

    async def story() -> None:
        async with telegram(answer) as url, AiohttpRequest() as request:
            path = url.replace("/bot", "/file/bot") + "/documents/file%201.pdf"
            assert len(await request.retrieve(path)) == 400_000

    asyncio.run(story())


def test_one_connection_serves_many_requests_and_the_pool_is_never_exceeded() -> None:
    peers: set[object] = set()
    busy = [0, 0]

    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        busy[0] += 1
        busy[1] = max(busy)
        await asyncio.sleep(0.001)
        busy[0] -= 1
        return ok()

    async def story() -> None:
        async with telegram(answer) as url, AiohttpRequest(connection_pool_size=1) as request:
            for _ in range(20):
                await request.post(f"{url}/getMe")
            assert len(peers) == 1
        async with telegram(answer) as url, AiohttpRequest(connection_pool_size=3) as request:
            await asyncio.gather(*(request.post(f"{url}/getMe") for _ in range(30)))
            assert busy == [0, 3]

    asyncio.run(story())


def test_get_updates_has_its_own_pool() -> None:
    polled, hold = asyncio.Event(), asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("getUpdates"):
            polled.set()
            await hold.wait()
            return ok([])
        return ok()

    async def story() -> None:
        small = AiohttpRequest(connection_pool_size=1)
        async with telegram(answer) as url, small, AiohttpRequest(connection_pool_size=1, read_timeout=0.2) as polling:
            ours = bot(url, small, polling)
            poll = asyncio.ensure_future(ours.get_updates(timeout=30))
            await polled.wait()
            assert await ours.answer_callback_query("7") is True
            hold.set()
            assert await poll == ()

    asyncio.run(story())


# What Telegram answers


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (refusal(400, "Bad Request: message is not modified"), BadRequest),
        (refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1009), ChatMigrated),
        (refusal(401, "Unauthorized"), InvalidToken),
        (refusal(403, "Forbidden: bot was blocked by the user"), Forbidden),
        (refusal(429, "Too Many Requests: retry after 300", retry_after=300), RetryAfter),
        (refusal(500, "Internal Server Error"), NetworkError),
        (web.Response(status=502, text="<html>Bad Gateway</html>"), NetworkError),
        (web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"}), NetworkError),
        (web.Response(text="<html>Willkommen im Gäste-WLAN</html>"), NetworkError),
    ],
)
def test_refusals(response: web.Response, error: type[Exception], caplog: pytest.LogCaptureFixture) -> None:
    async def answer(request: web.Request) -> web.Response:
        return response

    async def story() -> None:
        async with telegram(answer) as url, AiohttpRequest() as request:
            with pytest.raises(error) as caught:
                await bot(url, request).send_message(11, "Hallo")
            assert type(caught.value) is error
            if isinstance(caught.value, NetworkError):
                assert was_sent(caught.value)

    asyncio.run(story())
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


# What can go wrong, and whether it was sent


def check(error: NetworkError, cause: type[Exception], *, timeout: bool, sent: bool) -> None:
    assert type(error) is (TimedOut if timeout else NetworkError)
    assert isinstance(error.__cause__, cause)
    assert was_sent(error) is sent
    told = "".join(traceback.format_exception(error)) + repr(error.__cause__) + str(error.__cause__)
    assert TOKEN not in told


async def swallow(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b'Gr\\u00fc\\u00df dich!"}')


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_refused_is_certainly_not_sent() -> None:
    async def story() -> None:
        async with AiohttpRequest() as request:
            error = await failure(request, f"http://127.0.0.1:{closed_port()}/bot{TOKEN}")
            check(error, ClientConnectorError, timeout=False, sent=False)

    asyncio.run(story())


def test_an_unknown_host_is_certainly_not_sent() -> None:
    async def story() -> None:
        async with AiohttpRequest() as request:
            assert not was_sent(await failure(request, f"http://api.invalid/bot{TOKEN}"))

    asyncio.run(story())


def test_no_tls_is_certainly_not_sent() -> None:
    async def answer(request: web.Request) -> web.Response:
        return ok()

    async def story() -> None:
        async with telegram(answer) as url, AiohttpRequest() as request:
            error = await failure(request, url.replace("http:", "https:"))
            check(error, ClientConnectorSSLError, timeout=False, sent=False)

    asyncio.run(story())


def test_no_free_connection_is_certainly_not_sent() -> None:
    held = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.set()
        await reader.read(-1)

    async def story() -> None:
        async with bare_server(hold) as url, AiohttpRequest(connection_pool_size=1) as request:
            first = asyncio.ensure_future(request.post(f"{url}/sendMessage"))
            await held.wait()
            check(
                await failure(request, url, pool_timeout=0.01, connect_timeout=0.01),
                ConnectionTimeoutError,
                timeout=True,
                sent=False,
            )
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)

    asyncio.run(story())


def test_no_connection_in_time_is_certainly_not_sent() -> None:
    async def story() -> None:
        with socket.socket() as deaf:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            # A listener that accepts nobody: one connection fills its queue, the next gets no answer at all.
            fillers = [socket.socket() for _ in range(3)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(deaf.getsockname())
            async with AiohttpRequest(connect_timeout=0.05) as request:
                error = await failure(request, f"http://127.0.0.1:{deaf.getsockname()[1]}/bot{TOKEN}")
                check(error, ConnectionTimeoutError, timeout=True, sent=False)
            for filler in fillers:
                filler.close()

    asyncio.run(story())


def test_a_held_reply_is_in_doubt() -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async def story() -> None:
        async with bare_server(hold) as url, AiohttpRequest(read_timeout=0.01) as request:
            check(await failure(request, url), SocketTimeoutError, timeout=True, sent=True)
            check(await failure(request, url, read_timeout=0.02), SocketTimeoutError, timeout=True, sent=True)

    asyncio.run(story())


def test_a_stuck_upload_ends_and_is_in_doubt() -> None:
    async def never_read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert isinstance(writer.transport, asyncio.ReadTransport)
        writer.transport.pause_reading()
        await gone.wait()

    gone = asyncio.Event()

    async def story() -> None:
        quick = AiohttpRequest(
            connect_timeout=0.2, pool_timeout=0.2, media_write_timeout=0.01, read_timeout=0.01, write_timeout=60
        )
        async with bare_server(never_read) as url, quick as request:
            with pytest.raises(TimedOut) as caught:
                await bot(url, request).send_document(11, InputFile(b"\0" * (40 << 20)))
            gone.set()
            check(caught.value, TimeoutError, timeout=True, sent=True)

    asyncio.run(story())


def test_a_cut_before_the_answer_is_in_doubt() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await swallow(reader)

    async def story() -> None:
        async with bare_server(hang_up) as url, AiohttpRequest() as request:
            check(await failure(request, url), ServerDisconnectedError, timeout=False, sent=True)

    asyncio.run(story())


def test_a_reset_is_in_doubt() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await swallow(reader)
        transport = writer.transport
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        transport.abort()

    async def story() -> None:
        async with bare_server(reset) as url, AiohttpRequest() as request:
            check(await failure(request, url), ClientOSError, timeout=False, sent=True)

    asyncio.run(story())


def test_a_cut_in_the_middle_of_the_answer_is_in_doubt() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await swallow(reader)
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"ok":true,"res')
        await writer.drain()

    async def story() -> None:
        async with bare_server(half) as url, AiohttpRequest() as request:
            check(await failure(request, url), ClientPayloadError, timeout=False, sent=True)

    asyncio.run(story())


def test_an_answer_that_is_no_http_is_in_doubt() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await swallow(reader)
        writer.write(b"Moin!\r\n\r\n")
        await writer.drain()

    async def story() -> None:
        async with bare_server(babble) as url, AiohttpRequest() as request:
            check(await failure(request, url), ClientResponseError, timeout=False, sent=True)

    asyncio.run(story())


def test_closed_is_certainly_not_sent_and_it_opens_again() -> None:
    async def answer(request: web.Request) -> web.Response:
        return ok()

    async def story() -> None:
        async with telegram(answer) as url:
            request = AiohttpRequest()
            check(await failure(request, url), NeverSentError, timeout=False, sent=False)
            for _ in range(2):
                await request.initialize()
                await request.initialize()
                assert await request.post(f"{url}/getMe") is True
                await request.shutdown()
                await request.shutdown()
            check(await failure(request, url), NeverSentError, timeout=False, sent=False)

    asyncio.run(story())


def test_an_address_that_is_no_url_is_certainly_not_sent() -> None:
    async def story() -> None:
        async with AiohttpRequest() as request:
            check(await failure(request, f"ftp://example.org/bot{TOKEN}"), NeverSentError, timeout=False, sent=False)

    asyncio.run(story())


def test_a_failed_write_forgets_its_address() -> None:
    # aiohttp says this only where a reset meets a write, which no server can time.
    error = ClientOSError(None, f"Can not write request body for https://api.telegram.org/bot{TOKEN}/sendMessage")
    _forget_url(error)
    assert TOKEN not in f"{error} {error!r}"


# Proxies


def test_the_proxy_of_the_environment_is_used_with_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str | None]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.host, request.headers.get("Proxy-Authorization")))
        return ok()

    async def story() -> None:
        async with telegram(answer) as url:
            port = url.split(":")[2].split("/")[0]
            monkeypatch.setenv("http_proxy", f"http://rathaus:gehe%40im@127.0.0.1:{port}")
            async with AiohttpRequest() as request:
                for _ in range(2):
                    assert await request.post(f"http://api.telegram.example/bot{TOKEN}/getMe") is True
                assert await request.post(f"{url}/getMe") is True

    asyncio.run(story())
    assert seen[:2] == [("api.telegram.example", "Basic cmF0aGF1czpnZWhlQGlt")] * 2
    assert seen[2][1] is None


def test_no_proxy_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
        monkeypatch.setenv("no_proxy", ".invalid")
        async with AiohttpRequest() as request:
            error = await failure(request, f"http://api.invalid/bot{TOKEN}")
            assert not isinstance(error.__cause__, ClientProxyConnectionError)
            error = await failure(request, f"http://api.telegram.example/bot{TOKEN}")
            check(error, ClientProxyConnectionError, timeout=False, sent=False)

    asyncio.run(story())


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy"])
def test_https_goes_through_a_tunnel_and_a_refused_tunnel_is_certainly_not_sent(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async def story() -> None:
        async with bare_server(refuse) as url:
            monkeypatch.setenv(name, url.split("//")[1].split("/")[0])
            async with AiohttpRequest() as request:
                error = await failure(request, f"https://api.telegram.example/bot{TOKEN}")
                check(error, ClientResponseError, timeout=False, sent=False)

    asyncio.run(story())
    assert asked == [b"CONNECT api.telegram.example:443 HTTP/1.1\r\n"]


def test_a_socks_proxy_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:1080")

    async def story() -> None:
        async with AiohttpRequest() as request:
            error = await failure(request, f"https://api.telegram.example/bot{TOKEN}")
            check(error, NeverSentError, timeout=False, sent=False)
            assert "socks5" in str(error)

    asyncio.run(story())


# Nothing is left behind and nothing is told


def test_no_log_holds_the_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def answer(request: web.Request) -> web.Response:
        return ok()

    async def story() -> None:
        async with telegram(answer) as url, AiohttpRequest() as request:
            await request.post(f"{url}/answerCallbackQuery", message())
            await failure(request, f"http://127.0.0.1:{closed_port()}/bot{TOKEN}")

    asyncio.run(story())
    assert TOKEN not in caplog.text


def test_a_cancelled_request_gives_its_connection_back_and_nothing_stays_open() -> None:
    held = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.set()
        await reader.read(-1)

    async def answer(request: web.Request) -> web.Response:
        return ok()

    async def story() -> None:
        async with AiohttpRequest(connection_pool_size=1) as request:
            async with bare_server(hold) as url:
                task = asyncio.ensure_future(request.post(f"{url}/sendMessage"))
                await held.wait()
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            async with telegram(answer) as url:
                assert await request.post(f"{url}/getMe") is True

    asyncio.run(story())
    gc.collect()
