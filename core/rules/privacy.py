"""What an installation holds about one Telegram account, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.rules.people import Account, Member
from core.rules.pulse import Dimension, Round


@dataclass(frozen=True)
class Link:
    """A personal invitation link; its secret part is not kept."""

    created_at: datetime
    expires_at: datetime
    used: bool


@dataclass(frozen=True)
class Membership:
    member: Member
    since: datetime
    zone: str
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Asked:
    """A round to which the account was invited. The last two are moments at which messages were put into the outbox."""

    round: Round
    municipality: str
    zone: str
    statements: int
    told_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Proposed:
    """A statement of a municipality's own that this account has written."""

    municipality: str
    dimension: Dimension
    de: str
    en: str
    approved_at: datetime | None
    retired_at: datetime | None


@dataclass(frozen=True)
class Message:
    """A message to the account as the outbox keeps it; ``round`` is the round's number."""

    kind: str
    round: int | None
    state: str
    due_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class OpenForm:
    form: str
    data: Mapping[str, Any]
    changed_at: datetime


@dataclass(frozen=True)
class Holdings:
    """Everything that can be linked to one Telegram account now, without its answers."""

    telegram_id: int
    account: Account | None
    away_from: date | None
    blocked_at: datetime | None
    memberships: tuple[Membership, ...]
    rounds: tuple[Asked, ...]
    proposed: tuple[Proposed, ...]
    messages: tuple[Message, ...]
    form: OpenForm | None
