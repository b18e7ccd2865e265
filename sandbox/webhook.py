"""Delivers updates to the bot's webhook: in order within a chat, side by side across chats, until it answers 2xx."""

from __future__ import annotations

import asyncio
import contextlib
import json
from urllib.parse import urlsplit

from sandbox.updates import Pending, Webhook
from sandbox.world import World

FIRST_RETRY, LONGEST_RETRY = 0.05, 1.0
ANSWER_WITHIN = 60.0


class Pusher:
    def __init__(self, world: World) -> None:
        self._world = world
        self._lanes: dict[int, asyncio.Task[None]] = {}
        self._limited: tuple[Webhook, asyncio.Semaphore] | None = None

    async def run(self) -> None:
        """Deliver until the world is no longer served."""
        try:
            async for _ in self._world.revisions(-1):
                with self._world.reading():
                    webhook = self._world.updates.webhook
                    waiting = {update.lane for update in self._world.updates.pending.values()} if webhook else set()
                for lane in waiting - self._lanes.keys():
                    self._lanes[lane] = asyncio.create_task(self._deliver(lane))
        finally:
            for task in list(self._lanes.values()):
                task.cancel()
            await asyncio.gather(*self._lanes.values(), return_exceptions=True)

    async def _deliver(self, lane: int) -> None:
        try:
            delay = FIRST_RETRY
            while (chosen := self._next(lane)) is not None:
                webhook, update = chosen
                async with self._connections(webhook):
                    problem = await _post(webhook, update)
                if problem is None:
                    delay = FIRST_RETRY
                    with self._world.change():
                        self._world.updates.pending.pop(update.id, None)
                    continue
                with self._world.change():
                    webhook.last_error = int(self._world.now().timestamp()), problem
                await asyncio.sleep(delay)
                delay = min(delay * 2, LONGEST_RETRY)
        finally:
            del self._lanes[lane]

    def _connections(self, webhook: Webhook) -> asyncio.Semaphore:
        if self._limited is None or self._limited[0] is not webhook:
            self._limited = webhook, asyncio.Semaphore(webhook.max_connections)
        return self._limited[1]

    def _next(self, lane: int) -> tuple[Webhook, Pending] | None:
        with self._world.reading():
            webhook = self._world.updates.webhook
            update = next((update for update in self._world.updates.pending.values() if update.lane == lane), None)
        return (webhook, update) if webhook and update else None


async def _post(webhook: Webhook, update: Pending) -> str | None:
    """Deliver one update; return what went wrong, as getWebhookInfo words it."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            status, reason = await _exchange(webhook, json.dumps(update.json).encode())
    except TimeoutError:
        return "Read timeout expired"
    except (OSError, asyncio.IncompleteReadError, ValueError) as error:
        return f"Connection failed: {type(error).__name__}"
    return None if 200 <= status < 300 else f"Wrong response from the webhook: {status} {reason}"


async def _exchange(webhook: Webhook, body: bytes) -> tuple[int, str]:
    address = urlsplit(webhook.url)
    target = address.path or "/"
    if address.query:
        target += f"?{address.query}"
    head = [
        f"POST {target} HTTP/1.1",
        f"Host: {address.netloc}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    if webhook.secret is not None:
        head.append(f"X-Telegram-Bot-Api-Secret-Token: {webhook.secret}")
    reader, writer = await asyncio.open_connection(address.hostname, address.port or 80)
    try:
        writer.write("\r\n".join([*head, "", ""]).encode() + body)
        await writer.drain()
        _, status, reason = (await reader.readuntil(b"\r\n")).decode().rstrip().split(" ", 2)
        await reader.read()
        return int(status), reason
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
