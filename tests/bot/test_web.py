"""The web side over real HTTP: who is let in, what is too much, and whether the program says how it is."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import web
from bot.app import BEATS_STALE, POLL_STALE, App, build
from bot.config import Settings
from sandbox.people import Telegram
from sandbox.server import serve

TOKEN = "1:TEST"
SECRET = "ganz-geheim"
CLOSED = "postgresql://nobody@127.0.0.1:1/nowhere"
"""Nothing listens there."""

HELP = {
    "update_id": 7,
    "message": {
        "message_id": 1,
        "date": 1_790_000_000,
        "chat": {"id": 0, "type": "private", "first_name": "Anna"},
        "from": {"id": 0, "is_bot": False, "first_name": "Anna", "language_code": "de"},
        "text": "/hilfe",
        "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
    },
}
NOTHING = b'{"update_id": 1}'


class Hand:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class House:
    """A bot without its beats and its polling, whose web side listens on ``port``."""

    def __init__(self, app: App, port: int, telegram: Telegram, hand: Hand) -> None:
        self.app = app
        self.port = port
        self.telegram = telegram
        self.hand = hand

    async def asks(self, request: bytes, *, cut: bool = False) -> tuple[int, bytes]:
        """Status and body; ``cut`` hangs up instead of waiting for them."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            if cut:
                return 0, b""
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                ),
                0,
            )
            return int(head.split()[1]), await reader.readexactly(length)
        finally:
            writer.close()
            await writer.wait_closed()

    async def posts(self, body: bytes, *headers: str) -> int:
        return (await self.asks(post(f"Content-Length: {len(body)}", *headers) + body))[0]

    async def health(self) -> tuple[int, object]:
        status, body = await self.asks(b"GET /healthz HTTP/1.1\r\nHost: bot\r\n\r\n")
        return status, json.loads(body)


def post(*headers: str, path: str = web.WEBHOOK_PATH) -> bytes:
    lines = (f"POST {path} HTTP/1.1", "Host: bot", "Content-Type: application/json", *headers, "", "")
    return "\r\n".join(lines).encode("latin-1")


KNOWN = f"{web.SECRET_HEADER}: {SECRET}"
Story = Callable[[House], Awaitable[None]]


@asynccontextmanager
async def house(settings: Settings, telegram: Telegram, secret: str) -> AsyncIterator[House]:
    hand = Hand()
    app = build(settings, monotonic=hand)
    await app.bot.initialize()
    # It listens before it is served, so whoever connects early only waits.
    listener = socket.create_server(("127.0.0.1", 0))
    server = web.server(web.app(app.updates, secret, app.health), "127.0.0.1", 0)
    task = asyncio.create_task(server.serve([listener]))
    try:
        yield House(app, listener.getsockname()[1], telegram, hand)
    finally:
        server.stop()
        await task
        listener.close()
        await app.bot.shutdown()
        app.worker.close()
        app.urns.close()
        app.database.dispose()


Play = Callable[..., None]


@pytest.fixture
def play(tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Run a story against a house with a migrated database (or another one)."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dreiklang.db").write_bytes(migrated_sqlite.read_bytes())

    def run(story: Story, *, database: str = f"sqlite:///{tmp_path / 'dreiklang.db'}", secret: str = SECRET) -> None:
        telegram = Telegram(TOKEN, "dreiklang_demo_bot")

        async def main(url: str) -> None:
            settings = Settings(
                token=SecretStr(TOKEN),
                api_url=url,
                database_url=database,
                data=tmp_path,
                webhook_url="https://bot.musterland.de" if secret else "",
            )
            async with house(settings, telegram, secret) as opened:
                # Only a server that never answers takes that long.
                await asyncio.wait_for(story(opened), 20)

        with serve(telegram) as address:
            asyncio.run(main(address.url))

    return run


def test_an_update_with_the_secret_is_handled_before_it_is_acknowledged(play: Play) -> None:
    async def story(house: House) -> None:
        anna = house.telegram.person("Anna Müller")
        anna.opens("https://t.me/dreiklang_demo_bot")
        update = json.loads(json.dumps(HELP))
        update["message"]["chat"]["id"] = update["message"]["from"]["id"] = anna.id
        assert await house.posts(json.dumps(update).encode(), KNOWN) == 200
        assert "/hilfe – Hilfe" in str(anna.last().text)

    play(story)


STRANGERS: tuple[tuple[str, ...], ...] = (
    (),
    (f"{web.SECRET_HEADER}: ",),
    (f"{web.SECRET_HEADER}: {SECRET}x",),
    (f"{web.SECRET_HEADER}: {SECRET[:-1]}",),
    (f"{web.SECRET_HEADER}: {SECRET.upper()}",),
    (f"{web.SECRET_HEADER}: gänz-geheim",),
    (f"X-Another: {SECRET}",),
)


def test_without_the_right_secret_nobody_is_let_in(play: Play) -> None:
    async def story(house: House) -> None:
        for headers in STRANGERS:
            assert await house.posts(NOTHING, *headers) == 403, headers
            assert await house.posts(b"no json", *headers) == 403, headers
        assert await house.posts(NOTHING, KNOWN) == 200

    play(story)


NO_UPDATES = (
    b"",
    b"no json",
    b"{",
    b"\xff\xfe\xfa",
    b"[]",
    b"7",
    b"null",
    b'"update_id"',
    b"{}",
    b'{"message": {}}',
    b'{"update_id": "7"}',
    b'{"update_id": null}',
    b'{"update_id": 7.5}',
    b"[" * 100_000,
    b'{"update_id": ' + b"7" * 5000 + b"}",
)


def test_what_is_no_update_is_refused(play: Play) -> None:
    async def story(house: House) -> None:
        for body in NO_UPDATES:
            assert await house.posts(body, KNOWN) == 400, body[:24]

    play(story)


def chunked(size: int, piece: int = 1 << 16) -> bytes:
    """A body of ``size`` bytes that does not say how long it is."""
    full, rest = divmod(size, piece)
    pieces = [b"%x\r\n%s\r\n" % (n, b" " * n) for n in [piece] * full + [rest] * bool(rest)]
    return b"".join(pieces)


def test_a_body_that_says_it_is_too_large_is_not_even_read(play: Play) -> None:
    async def story(house: House) -> None:
        announced = post(KNOWN, f"Content-Length: {web.LARGEST_BODY + 1}")
        assert (await house.asks(announced))[0] == 413
        assert await house.posts(NOTHING.ljust(web.LARGEST_BODY), KNOWN) == 200

    play(story)


def test_a_body_that_does_not_say_how_large_it_is_is_cut_off_at_the_limit(play: Play) -> None:
    async def story(house: House) -> None:
        endless = post(KNOWN, "Transfer-Encoding: chunked") + chunked(web.LARGEST_BODY + 1)
        # The end of the body is never sent: whoever answers has not waited for it.
        assert (await house.asks(endless))[0] == 413
        rest = web.LARGEST_BODY - len(NOTHING)
        largest = b"%x\r\n%s\r\n" % (len(NOTHING), NOTHING) + chunked(rest) + b"0\r\n\r\n"
        assert (await house.asks(post(KNOWN, "Transfer-Encoding: chunked") + largest))[0] == 200

    play(story)


def test_whoever_hangs_up_in_the_middle_disturbs_nobody(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    async def story(house: House) -> None:
        await house.asks(post(KNOWN, "Content-Length: 1000") + b'{"update_id"', cut=True)
        assert await house.posts(NOTHING, KNOWN) == 200

    with caplog.at_level(logging.WARNING):
        play(story)
    assert not caplog.records


def test_an_unreachable_database_is_not_acknowledged(play: Play) -> None:
    async def story(house: House) -> None:
        update = json.dumps(HELP).encode()
        assert await house.posts(update, KNOWN) == 503
        assert await house.posts(NOTHING, KNOWN) == 200  # nothing that we listen to, so nothing to lose

    play(story, database=CLOSED)


def test_there_is_no_other_address(play: Play) -> None:
    async def story(house: House) -> None:
        for path in ("/", "/telegram/x", f"/{TOKEN}", f"/bot{TOKEN}"):
            assert (await house.asks(post(KNOWN, "Content-Length: 0", path=path)))[0] == 404, path

    play(story)


def test_only_a_post_reaches_the_webhook_and_without_a_secret_there_is_none(play: Play) -> None:
    async def story(house: House) -> None:
        request = post(KNOWN, "Content-Length: 0").replace(b"POST", b"GET")
        assert (await house.asks(request))[0] == 405

    async def without(house: House) -> None:
        assert await house.posts(NOTHING, f"{web.SECRET_HEADER}: ") == 404

    play(story)
    play(without, secret="")


def test_health_is_the_truth(play: Play) -> None:
    async def story(house: House) -> None:
        assert await house.health() == (200, {"database": True, "beats": True})
        house.app.seen["beats"] = house.hand()
        house.hand.seconds += BEATS_STALE - 1
        assert await house.health() == (200, {"database": True, "beats": True})
        house.hand.seconds += 1
        assert await house.health() == (503, {"database": True, "beats": False})
        house.app.seen["beats"] = house.hand()
        assert await house.health() == (200, {"database": True, "beats": True})

    play(story)


def test_health_looks_at_polling_where_there_is_no_webhook(play: Play) -> None:
    async def story(house: House) -> None:
        house.app.seen["polling"] = house.hand()
        assert await house.health() == (200, {"database": True, "beats": True, "polling": True})
        house.hand.seconds += POLL_STALE
        house.app.seen["beats"] = house.hand()
        assert await house.health() == (503, {"database": True, "beats": True, "polling": False})

    play(story, secret="")


def test_health_says_that_the_database_is_gone(play: Play) -> None:
    async def story(house: House) -> None:
        assert await house.health() == (503, {"database": False, "beats": True})

    play(story, database=CLOSED)
