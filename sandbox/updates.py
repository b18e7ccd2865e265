"""The queue of updates a bot has not confirmed yet."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.model import JSON

NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass
class Webhook:
    url: str
    secret: str | None
    max_connections: int
    ip_address: str | None = None
    last_error: tuple[int, str] | None = None
    """Unix time and text of the last failed delivery."""


@dataclass(frozen=True)
class Pending:
    id: int
    lane: int
    """Updates of one lane (a chat) reach a webhook one after the other."""
    json: JSON


class UpdateQueue:
    """Not locked: the world that owns it holds its lock around every call."""

    def __init__(self) -> None:
        self.pending: dict[int, Pending] = {}
        self.webhook: Webhook | None = None
        self.poller = 0
        self.ended_by = ""
        self._allowed: frozenset[str] = frozenset()
        self._next = 100_000_000 + secrets.randbelow(800_000_000)

    @property
    def last_id(self) -> int:
        return self._next - 1

    @property
    def allowed(self) -> list[str]:
        return sorted(self._allowed)

    def allow(self, kinds: Iterable[str]) -> None:
        """Choose the kinds of future updates; no kinds at all means Telegram's default."""
        self._allowed = frozenset(kinds)

    def add(self, kind: str, payload: JSON, lane: int) -> None:
        wanted = kind in self._allowed if self._allowed else kind not in NOT_BY_DEFAULT
        if wanted:
            self.pending[self._next] = Pending(self._next, lane, {"update_id": self._next, kind: payload})
            self._next += 1

    def take(self, offset: int, limit: int) -> list[JSON]:
        """Confirm what lies before the offset and list what follows, as getUpdates does."""
        if offset < 0:
            forgotten = list(self.pending)[:offset]
        else:
            forgotten = [update_id for update_id in self.pending if update_id < offset]
        for update_id in forgotten:
            del self.pending[update_id]
        return [update.json for update, _ in zip(self.pending.values(), range(limit), strict=False)]

    def supersede(self, reason: str) -> int:
        """End whoever polls now; return the number of the poller that takes over."""
        self.poller += 1
        self.ended_by = reason
        return self.poller
