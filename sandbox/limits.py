"""Telegram's flood limits for bots."""

from __future__ import annotations

import math
from collections.abc import Callable

from sandbox.errors import too_many_requests

OVERALL = (30, 1.0)
PRIVATE = (3, 3.0)  # one a second, a burst of three
SHARED = (20, 60.0)


class Limits:
    """At most 30 messages a second overall, one a second to a person, twenty a minute to a group or channel.

    Each is a leaky bucket: a burst up to its size, then its steady rate. Edits count like messages.
    """

    def __init__(self, monotonic: Callable[[], float], *, enforced: bool) -> None:
        self.enforced = enforced
        self._monotonic = monotonic
        self._empty_at: dict[int | None, float] = {}

    def spend(self, chat_id: int) -> None:
        """Count one message into a chat, or refuse it with 429."""
        if not self.enforced:
            return
        now = self._monotonic()
        buckets: dict[int | None, tuple[int, float]] = {None: OVERALL, chat_id: PRIVATE if chat_id > 0 else SHARED}
        after: dict[int | None, float] = {}
        for bucket, (size, seconds) in buckets.items():
            after[bucket] = max(self._empty_at.get(bucket, now), now) + seconds / size
            excess = after[bucket] - now - seconds
            if excess > 1e-9:
                raise too_many_requests(max(1, math.ceil(excess)))
        self._empty_at.update(after)
