"""Look at the outbox: what waits, what is in doubt."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.tables import OutboxRow, OutboxState

EXPECTED = ("blocked", "nothing to edit", "message to edit not found")
"""What people do, not what is wrong: they block the bot, or delete a message."""


def next_due(db: Session, now: datetime) -> datetime | None:
    """When the next message goes out that waits for its hours; one that Telegram's pace holds back is no event."""
    waits = (OutboxRow.state == OutboxState.WAITING, OutboxRow.tries == 0, OutboxRow.due_at > now)
    return db.scalar(select(func.min(OutboxRow.due_at)).where(*waits))


def in_doubt(db: Session) -> Mapping[str, int]:
    """How many messages of each kind may or may not have arrived."""
    rows = db.execute(
        select(OutboxRow.kind, func.count()).where(OutboxRow.state == OutboxState.IN_DOUBT).group_by(OutboxRow.kind)
    )
    return {kind: number for kind, number in rows}  # noqa: C416  (dict() of rows is not typed)


def failed(db: Session) -> Mapping[str, int]:
    """How many messages were refused for good, by reason."""
    rows = db.execute(
        select(OutboxRow.failure, func.count())
        .where(OutboxRow.state == OutboxState.FAILED, OutboxRow.failure.not_in(EXPECTED))
        .group_by(OutboxRow.failure)
    )
    return {reason: number for reason, number in rows}  # noqa: C416
