"""A municipality's own statements: one coordinator proposes, another one approves, a round announces them."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from core.actions.people import hold
from core.queries import statements
from core.questions import bank
from core.rules.people import Member
from core.rules.pulse import Dimension, OwnStatement
from core.rules.refusal import Reason, Refusal
from core.rules.statements import read_wording, require_new, require_room
from core.tables import OwnStatementRow


def propose(db: Session, actor: Member, dimension: Dimension, text: str) -> OwnStatement:
    """Add a statement that waits for another coordinator's approval.

    Raises TOO_MANY_STATEMENTS or STATEMENT_KNOWN, or what ``read_wording`` raises.
    """
    hold(db, actor)
    wording = read_wording(text)
    own = statements.own(db, actor.municipality_id)
    require_room(own)
    require_new(wording, (*bank(), *own))
    row = OwnStatementRow(
        municipality_id=actor.municipality_id, dimension=dimension, de=wording.de, en=wording.en,
        proposed_by=actor.account_id,
    )  # fmt: skip
    db.add(row)
    db.flush()
    return statements.statement(db, actor.municipality_id, row.id)


def approve(db: Session, actor: Member, statement_id: int, now: datetime) -> OwnStatement:
    """Let a statement be announced with the next round, and asked from the one after it.

    Raises NEEDS_ANOTHER_COORDINATOR for one's own, STATEMENT_DECIDED if somebody was faster.
    """
    hold(db, actor)
    # Accounts are compared, not members: one person may be in the register twice.
    if _proposed(db, actor, statement_id).proposed_by == actor.account_id:
        raise Refusal(Reason.NEEDS_ANOTHER_COORDINATOR)
    db.execute(update(OwnStatementRow).where(OwnStatementRow.id == statement_id).values(approved_at=now))
    return statements.statement(db, actor.municipality_id, statement_id)


def decline(db: Session, actor: Member, statement_id: int) -> OwnStatement:
    """Delete a statement that is only proposed: another coordinator declines it, whoever wrote it withdraws it.

    Returns what it was; raises STATEMENT_DECIDED if somebody was faster.
    """
    hold(db, actor)
    declined = _proposed(db, actor, statement_id)
    db.execute(delete(OwnStatementRow).where(OwnStatementRow.id == statement_id))
    return declined


def retire(db: Session, actor: Member, statement_id: int, now: datetime) -> OwnStatement:
    """Ask an approved statement no more; the rounds that have asked it keep it. Returns what it was."""
    hold(db, actor)
    retired = statements.statement(db, actor.municipality_id, statement_id)
    if not retired.is_approved:
        raise Refusal(Reason.NOT_FOUND)
    db.execute(update(OwnStatementRow).where(OwnStatementRow.id == statement_id).values(retired_at=now))
    return retired


def announce(db: Session, municipality_id: int, number: int) -> None:
    """Note that the invitation of round ``number`` names all approved statements that none has named yet."""
    db.execute(
        update(OwnStatementRow)
        .where(
            OwnStatementRow.municipality_id == municipality_id,
            OwnStatementRow.approved_at.is_not(None),
            OwnStatementRow.retired_at.is_(None),
            OwnStatementRow.announced.is_(None),
        )
        .values(announced=number)
    )


def _proposed(db: Session, actor: Member, statement_id: int) -> OwnStatement:
    statement = statements.statement(db, actor.municipality_id, statement_id)
    if statement.is_approved:
        raise Refusal(Reason.STATEMENT_DECIDED)
    return statement
