"""One lane per chat: what belongs to one chat happens in order, different chats go side by side."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Lanes:
    def __init__(self) -> None:
        self._lanes: dict[int, tuple[asyncio.Lock, int]] = {}

    def behind(self, chat_id: int) -> int:
        """How many are in this chat's lane besides whoever holds it."""
        _, present = self._lanes.get(chat_id, (None, 1))
        return present - 1

    @asynccontextmanager
    async def enter(self, chat_id: int) -> AsyncIterator[None]:
        """Wait for one's turn, in the order of arrival; a lane that nobody is in takes no memory."""
        lock, present = self._lanes.get(chat_id, (asyncio.Lock(), 0))
        self._lanes[chat_id] = lock, present + 1
        try:
            async with lock:
                yield
        finally:
            lock, present = self._lanes.pop(chat_id)
            if present > 1:
                self._lanes[chat_id] = lock, present - 1
