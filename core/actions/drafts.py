"""What somebody is about to type; a row, so that a restart does not forget the question."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.tables import DraftRow

FORGOTTEN_AFTER = timedelta(days=7)


def begin(db: Session, telegram_id: int, form: str, data: dict[str, Any], now: datetime) -> None:
    """Start a form, in place of any other that this person had open."""
    drop(db, telegram_id)
    db.add(DraftRow(telegram_id=telegram_id, form=form, data=data, changed_at=now))
    db.flush()


def current(db: Session, telegram_id: int) -> tuple[str, dict[str, Any]] | None:
    """The open form's name and data."""
    row = db.scalar(select(DraftRow).where(DraftRow.telegram_id == telegram_id))
    return None if row is None else (row.form, row.data)


def drop(db: Session, telegram_id: int) -> None:
    db.execute(delete(DraftRow).where(DraftRow.telegram_id == telegram_id))


def expire(db: Session, now: datetime) -> None:
    db.execute(delete(DraftRow).where(DraftRow.changed_at < now - FORGOTTEN_AFTER))
