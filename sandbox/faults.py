"""What can go wrong between a bot and Telegram, on request."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Self

from sandbox.changes import Changes
from sandbox.errors import ApiError


@dataclass(frozen=True)
class Fail:
    """Answer with this error instead of doing it; without a description as a proxy in between would."""

    status: int
    description: str | None
    retry_after: int | None

    def error(self) -> ApiError | None:
        if self.description is None and self.retry_after is None:
            return None
        parameters = {"retry_after": self.retry_after} if self.retry_after is not None else None
        description = self.description or f"Too Many Requests: retry after {self.retry_after}"
        return ApiError(self.status, description, parameters)


@dataclass(frozen=True)
class Cut:
    """Close the connection without an answer, after or before the call has been carried out."""

    delivered: bool


class Hold:
    """Carry the call out and keep its answer back until `release()`; as a context manager, until its end."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._carried_out = False
        self._released = False

    def wait(self, seconds: float = 15.0) -> None:
        """Wait until the bot has called."""
        if not self._changes.wait_for(lambda: self._carried_out, seconds):
            raise AssertionError(f"The bot did not call within {seconds} s")

    def release(self) -> None:
        with self._changes.change():
            self._released = True

    async def keep_back(self) -> None:
        """Wait, on the server's side, until the answer may go."""
        with self._changes.change():
            self._carried_out = True
        revision = -1
        while not self._released and self._changes.serving:
            revision = await self._changes.changed(revision)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


Fault = Fail | Cut | Hold


class Faults:
    """Faults lie in wait by method name, the oldest first; `*` is any method except getUpdates.

    Not locked: the world that owns it holds its lock around every call.
    """

    def __init__(self) -> None:
        self.unreachable = False
        self._waiting: list[tuple[str, int | None, deque[Fault]]] = []

    def add(self, method: str, fault: Fault, *, chat_id: int | None = None, times: int = 1) -> None:
        self._waiting.append((method.lower(), chat_id, deque([fault] * times)))

    def take(self, method: str, chat_id: object) -> Fault | None:
        if self.unreachable:
            return Cut(delivered=False)
        for waiting in self._waiting:
            name, wanted_chat, faults = waiting
            meant = name == method.lower() or (name == "*" and method.lower() != "getupdates")
            if meant and (wanted_chat is None or str(wanted_chat) == str(chat_id)):
                fault = faults.popleft()
                if not faults:
                    self._waiting.remove(waiting)
                return fault
        return None

    def clear(self) -> None:
        self._waiting.clear()
        self.unreachable = False
