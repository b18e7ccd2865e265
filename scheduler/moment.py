"""What a beat gets: one transaction at one moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from core.db import Session
from core.urn import Urns


@dataclass(frozen=True)
class Moment:
    """``failed``: rounds or plans at which this step has just failed; left alone for a while, and others go on."""

    db: Session
    urns: Urns
    now: datetime
    failed: set[int] = field(default_factory=set)

    @contextmanager
    def on(self, number: int) -> Iterator[None]:
        """Remember the round or plan at which the step fails."""
        try:
            yield
        except Exception:
            self.failed.add(number)
            raise


BATCH = 100
"""Rows that one transaction of a beat touches at most: presses of people go in between."""
