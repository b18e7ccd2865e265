"""Keep an update that kills the program from killing it for ever: only its number and its tries are remembered."""

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.tables import UpdateTryRow

CRASHES_ALLOWED = 2


def suspect(db: Session, update_ids: Collection[int]) -> frozenset[int]:
    """Note updates that a start found unfinished; returns those that were in hand at two crashes already."""
    rows = {r.update_id: r for r in db.scalars(select(UpdateTryRow).where(UpdateTryRow.update_id.in_(update_ids)))}
    for update_id in update_ids:
        if update_id in rows:
            rows[update_id].tries += 1
        else:
            db.add(UpdateTryRow(update_id=update_id, tries=1))
    return frozenset(update_id for update_id, row in rows.items() if row.tries > CRASHES_ALLOWED)


def clear(db: Session) -> None:
    """What a start found has been handled, or given up."""
    db.execute(delete(UpdateTryRow))
