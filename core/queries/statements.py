"""Look up a municipality's own statements, and when which rotating statement was asked last."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.questions import bank
from core.rules.pulse import Dimension, Form, ItemRole, OwnStatement, Statement, compose
from core.rules.refusal import Reason, Refusal
from core.tables import OwnStatementRow, RoundRow, StatementRow

LOOK_BACK = 60
"""Rounds in which a rotating statement's last turn is looked for: more than any rotation is long."""


def own(db: Session, municipality_id: int) -> tuple[OwnStatement, ...]:
    """Those that are proposed or in use, not the retired ones; in the order in which they were proposed."""
    rows = db.scalars(
        select(OwnStatementRow)
        .where(OwnStatementRow.municipality_id == municipality_id, OwnStatementRow.retired_at.is_(None))
        .order_by(OwnStatementRow.id)
    )
    return tuple(_own(row) for row in rows)


def statement(db: Session, municipality_id: int, statement_id: int) -> OwnStatement:
    """One that is proposed or in use. Raises STATEMENT_DECIDED: who asks for another one comes too late."""
    row = db.get(OwnStatementRow, statement_id)
    if row is None or row.municipality_id != municipality_id or row.retired_at is not None:
        raise Refusal(Reason.STATEMENT_DECIDED)
    return _own(row)


def latest_round(db: Session, municipality_id: int) -> int:
    """The number of the last round that has opened; 0 before the first."""
    opened = (RoundRow.municipality_id == municipality_id) & RoundRow.opened_at.is_not(None)
    return db.scalar(select(RoundRow.number).where(opened).order_by(RoundRow.number.desc()).limit(1)) or 0


def askable(db: Session, municipality_id: int, number: int) -> tuple[OwnStatement, ...]:
    """Those that round ``number`` may ask: approved, and announced in an earlier round's invitation."""
    return tuple(s for s in own(db, municipality_id) if s.announced is not None and s.announced < number)


def announced_in(db: Session, municipality_id: int, number: int) -> tuple[OwnStatement, ...]:
    """Those that the invitation of round ``number`` announces."""
    return tuple(s for s in own(db, municipality_id) if s.announced == number)


def next_statements(db: Session, municipality_id: int, number: int, form: Form) -> tuple[Statement, ...]:
    """What round ``number`` asks if it opens now: the bank's and the municipality's own, each when it is its turn."""
    own_ones = (s.as_statement() for s in askable(db, municipality_id, number))
    return compose((*bank(), *own_ones), form, last_asked(db, municipality_id, number))


def last_asked(db: Session, municipality_id: int, before: int) -> dict[str, int]:
    """For rotating statements the number of the last round that asked them, of rounds before number ``before``."""
    rows = db.execute(
        select(StatementRow.key, func.max(RoundRow.number))
        .join(RoundRow, RoundRow.id == StatementRow.round_id)
        .where(
            RoundRow.municipality_id == municipality_id,
            RoundRow.number.between(before - LOOK_BACK, before - 1),
            RoundRow.cancelled_at.is_(None),
            StatementRow.role == ItemRole.ROTATING,
        )
        .group_by(StatementRow.key)
    )
    return {key: number for key, number in rows}  # noqa: C416  (dict() of rows is not typed)


def _own(row: OwnStatementRow) -> OwnStatement:
    return OwnStatement(
        id=row.id, municipality_id=row.municipality_id, dimension=Dimension(row.dimension), de=row.de, en=row.en,
        proposed_by=row.proposed_by, is_approved=row.approved_at is not None, announced=row.announced,
    )  # fmt: skip
