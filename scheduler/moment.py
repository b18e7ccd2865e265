"""What a beat gets: one transaction at one moment."""

from dataclasses import dataclass
from datetime import datetime

from core.db import Session
from core.urn import Urns


@dataclass(frozen=True)
class Moment:
    db: Session
    urns: Urns
    now: datetime


BATCH = 100
"""Rows that one transaction of a beat touches at most: presses of people go in between."""
