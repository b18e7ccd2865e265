"""The outbox: everything unasked-for goes out through a row written in the same transaction as the deed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from core.db import own_outbox
from core.rules.people import Account
from core.tables import OutboxRow, OutboxState, RoundRow

KEPT_FOR = timedelta(days=30)
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=10)


class Kind(StrEnum):
    """What a message is; decides whether one that was in flight at a crash is sent again."""

    INVITATION = "invitation"
    REMINDER = "reminder"
    EDIT = "edit"
    RESULT = "result"
    SUMMARY = "summary"
    NOTICE = "notice"


REPEATABLE = frozenset({Kind.EDIT, Kind.REMINDER})
"""Going on with these after a crash tells nobody anything twice; all others are in doubt then, and not resent."""
NO_CHAT = 0
"""A round's reminder is one row: whom it goes to is decided from the urn while it is being sent."""
REMINDERS_AT_ONCE = 2
"""Rounds that may be reminding at a time; each takes a while, and other messages go on beside them."""

_POSTED = "posted"


@dataclass(frozen=True)
class Parcel:
    """A claimed row; ``message_id`` is the message to edit, None for a new one."""

    id: int
    kind: Kind
    round_id: int | None
    chat_id: int
    message_id: int | None
    screen: dict[str, Any]
    tries: int
    expires_at: datetime

    @property
    def is_edit(self) -> bool:
        return self.kind is Kind.EDIT


def post(
    db: Session,
    key: str,
    kind: Kind,
    chat_id: int,
    screen: dict[str, Any],
    now: datetime,
    *,
    at: datetime | None = None,
    lives: timedelta = timedelta(days=7),
    account_id: int | None = None,
    round_id: int | None = None,
    edits_id: int | None = None,
) -> None:
    """Queue a message once per ``key``, to be sent from ``at`` on; not sent within ``lives`` it is dropped."""
    if db.scalar(select(OutboxRow.id).where(OutboxRow.key == key)) is None:
        db.add(
            OutboxRow(
                key=key, kind=kind, chat_id=chat_id, account_id=account_id, round_id=round_id, edits_id=edits_id,
                screen=screen, state=OutboxState.WAITING, due_at=at or now, expires_at=(at or now) + lives,
            )
        )  # fmt: skip
        db.flush()
        db.info[_POSTED] = True


def notify(
    db: Session,
    key: str,
    accounts: Iterable[Account],
    told: Mapping[str, dict[str, Any]],
    now: datetime,
    *,
    at: datetime,
    round_id: int | None = None,
) -> None:
    """Tell each of them once per ``key``, in their language; ``told`` is the screen by locale."""
    for account in accounts:
        post(
            db, f"{key}:{account.id}", Kind.NOTICE, account.telegram_id, told[account.locale], now,
            at=at, account_id=account.id, round_id=round_id,
        )  # fmt: skip


def has_posted(db: Session) -> bool:
    """Whether this transaction has put anything into the outbox."""
    return _POSTED in db.info


def sent_to(db: Session, round_id: int, account_id: int, kind: Kind) -> int | None:
    """The id of the row by which this account was told last, if the message has gone out or is in the air."""
    return db.scalar(
        select(OutboxRow.id)
        .where(
            OutboxRow.round_id == round_id,
            OutboxRow.account_id == account_id,
            OutboxRow.kind == kind,
            OutboxRow.message_id.is_not(None) | (OutboxRow.state == OutboxState.IN_FLIGHT),
        )
        .order_by(OutboxRow.id.desc())
        .limit(1)
    )


def message_of(db: Session, round_id: int, account_id: int, kind: Kind) -> int | None:
    """The message by which this account was told last."""
    row_id = sent_to(db, round_id, account_id, kind)
    return db.scalar(select(OutboxRow.message_id).where(OutboxRow.id == row_id))


def claim(db: Session, now: datetime) -> Parcel | None:
    """Take the next due message in hand.

    A chat's messages keep their order: never two of it at a time, and none before an older one that is being retried.
    """
    # Two who choose at once would both see a chat at rest.
    own_outbox(db)
    other = aliased(OutboxRow)
    retried_before = (
        (other.state == OutboxState.WAITING) & (other.tries > 0) & (other.id < OutboxRow.id) & (other.expires_at > now)
    )
    held_up = (
        exists()
        .where(other.chat_id == OutboxRow.chat_id, other.chat_id != NO_CHAT)
        .where((other.state == OutboxState.IN_FLIGHT) | retried_before)
    )
    reminding = (
        select(func.count())
        .where(other.chat_id == NO_CHAT, other.state == OutboxState.IN_FLIGHT)
        .correlate(None)
        .scalar_subquery()
    )
    row = db.scalar(
        select(OutboxRow)
        .where(
            OutboxRow.state == OutboxState.WAITING,
            OutboxRow.due_at <= now,
            OutboxRow.expires_at > now,
            ~held_up,
            (OutboxRow.chat_id != NO_CHAT) | (reminding < REMINDERS_AT_ONCE),
        )
        .order_by(OutboxRow.due_at, OutboxRow.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=OutboxRow)
    )
    if row is None:
        return None
    row.state, row.claimed_at, row.tries = OutboxState.IN_FLIGHT, now, row.tries + 1
    target = db.get(OutboxRow, row.edits_id) if row.edits_id else None
    db.flush()
    return Parcel(
        id=row.id, kind=Kind(row.kind), round_id=row.round_id, chat_id=row.chat_id,
        message_id=target.message_id if target else None, screen=row.screen, tries=row.tries, expires_at=row.expires_at,
    )  # fmt: skip


def record_sent(db: Session, parcel: Parcel, message_id: int | None, now: datetime) -> None:
    _end(db, parcel, OutboxState.SENT, now, message_id=message_id)


def record_reminded(db: Session, parcel: Parcel, now: datetime) -> None:  # noqa: ARG001
    """A round's reminder is through. When that was would tell how many had not finished, so it is not kept."""
    _end(db, parcel, OutboxState.SENT, parcel.expires_at)


def record_failed(db: Session, parcel: Parcel, reason: str, now: datetime) -> None:
    """Refused for good; ``reason`` is a word for the operator, never anything of the message."""
    _end(db, parcel, OutboxState.FAILED, now, failure=reason[:80])


def record_doubt(db: Session, parcel: Parcel, now: datetime) -> None:
    """It may or may not have arrived: repeated if that harms nobody, else kept for the operator to see."""
    if parcel.kind in REPEATABLE:
        postpone(db, parcel, now)
    else:
        _end(db, parcel, OutboxState.IN_DOUBT, now)


def postpone(db: Session, parcel: Parcel, now: datetime, seconds: float | None = None) -> None:
    """It was certainly not sent: again after ``seconds``, or after a pause that doubles with each try."""
    pause = min(FIRST_PAUSE * 2 ** min(parcel.tries, 12), LONGEST_PAUSE)
    due_at = now + (pause if seconds is None else timedelta(seconds=seconds))
    db.execute(
        update(OutboxRow)
        .where(OutboxRow.id == parcel.id)
        .values(state=OutboxState.WAITING, claimed_at=None, due_at=due_at)
    )


def recover(db: Session, now: datetime) -> int:
    """After a start: what was in flight is in doubt, or is repeated; returns how many are in doubt by it."""
    in_flight = OutboxRow.state == OutboxState.IN_FLIGHT
    db.execute(
        update(OutboxRow)
        .where(in_flight, OutboxRow.kind.in_(REPEATABLE))
        .values(state=OutboxState.WAITING, claimed_at=None, due_at=now)
    )
    doubtful = db.scalars(
        update(OutboxRow).where(in_flight).values(state=OutboxState.IN_DOUBT, ended_at=now).returning(OutboxRow.id)
    ).all()
    return len(doubtful)


def expire(db: Session, now: datetime) -> None:
    """Drop what is too late to send, and forget rows 30 days after their matter has ended."""
    db.execute(
        update(OutboxRow)
        .where(OutboxRow.state == OutboxState.WAITING, OutboxRow.expires_at <= now)
        .values(state=OutboxState.DROPPED, ended_at=now)
    )
    running = select(RoundRow.id).where(RoundRow.destroyed_at.is_(None) | (RoundRow.destroyed_at > now - KEPT_FOR))
    db.execute(
        delete(OutboxRow).where(
            OutboxRow.ended_at < now - KEPT_FOR,
            or_(OutboxRow.round_id.is_(None), OutboxRow.round_id.not_in(running)),
        )
    )


def _end(db: Session, parcel: Parcel, state: OutboxState, now: datetime, **values: Any) -> None:
    # How often and when exactly it was tried would tell that the reader was pressing buttons just then.
    hour = now.replace(minute=0, second=0, microsecond=0)
    at = {"due_at": hour, "claimed_at": None, "ended_at": hour, "tries": 0}
    db.execute(update(OutboxRow).where(OutboxRow.id == parcel.id).values(state=state, **at, **values))
