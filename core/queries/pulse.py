"""Look up rounds, their statements, and who was asked; never who has answered."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.queries.people import as_account
from core.rules.people import Account
from core.rules.pulse import Dimension, Form, ItemRole, Round, Statement
from core.rules.refusal import Reason, Refusal
from core.tables import AccountRow, InviteeRow, MemberRow, RoundRow, StatementRow

# Built once: putting a statement together takes longer than running it, and these run for every answer.
_ROUND = select(RoundRow).where(RoundRow.id == bindparam("round_id"))
_STATEMENTS = (
    select(StatementRow.key, StatementRow.dimension, StatementRow.role, StatementRow.de, StatementRow.en)
    .where(StatementRow.round_id == bindparam("round_id"))
    .order_by(StatementRow.position)
)
_IS_INVITED = select(
    exists().where(InviteeRow.round_id == bindparam("round_id"), InviteeRow.account_id == bindparam("account_id"))
)

# Beats look at rounds that are not settled, of which there are few, however long the history is.
_LIVING = RoundRow.settled_at.is_(None)
_OPEN = (_LIVING, RoundRow.opened_at.is_not(None), RoundRow.closing_at.is_(None), RoundRow.cancelled_at.is_(None))


def round_of(db: Session, municipality_id: int, round_id: int) -> Round:
    """A round of this municipality; raises NOT_FOUND, also for another municipality's."""
    row = db.scalar(_ROUND, {"round_id": round_id})
    if row is None or row.municipality_id != municipality_id:
        raise Refusal(Reason.NOT_FOUND)
    return as_round(row)


def round_by_id(db: Session, round_id: int) -> Round:
    """A round that is known to be there; for beats, which act for every municipality."""
    return as_round(db.get_one(RoundRow, round_id, populate_existing=True))


def running(db: Session, municipality_id: int) -> Round | None:
    """The round that is planned, open or being closed."""
    row = db.scalar(
        select(RoundRow).where(
            RoundRow.municipality_id == municipality_id, RoundRow.closed_at.is_(None), RoundRow.cancelled_at.is_(None)
        )
    )
    return None if row is None else as_round(row)


def statements(db: Session, round_id: int) -> tuple[Statement, ...]:
    """As the round asks them, in their order."""
    rows = db.execute(_STATEMENTS, {"round_id": round_id})
    return tuple(Statement(key, Dimension(dimension), ItemRole(role), de, en) for key, dimension, role, de, en in rows)


def is_invited(db: Session, round_id: int, account_id: int) -> bool:
    return bool(db.scalar(_IS_INVITED, {"round_id": round_id, "account_id": account_id}))


def away_throughout(db: Session, round_id: int, first: date, last: date) -> int:
    """How many of the invited were absent on all days from the first to the last."""
    query = (
        select(func.count())
        .select_from(AccountRow)
        .join(InviteeRow, InviteeRow.account_id == AccountRow.id)
        .where(
            InviteeRow.round_id == round_id,
            AccountRow.away_from <= first,
            AccountRow.away_until >= last,
        )
    )
    return db.scalar(query) or 0


def invitable(db: Session, municipality_id: int) -> tuple[int, ...]:
    """Accounts that a round opening now would ask: each connected account once."""
    rows = db.scalars(
        select(MemberRow.account_id)
        .where(MemberRow.municipality_id == municipality_id, MemberRow.account_id.is_not(None))
        .distinct()
        .order_by(MemberRow.account_id)
    )
    return tuple(account_id for account_id in rows if account_id is not None)


def due_to_open(db: Session, now: datetime, skipping: Collection[int] = ()) -> Round | None:
    """The longest overdue planned round."""
    return _first(
        db, skipping, _LIVING, RoundRow.opens_at <= now, RoundRow.opened_at.is_(None), RoundRow.cancelled_at.is_(None)
    )


def due_to_remind(db: Session, now: datetime, skipping: Collection[int] = ()) -> Round | None:
    return _first(db, skipping, RoundRow.remind_at <= now, *_OPEN, order=RoundRow.remind_at)


def due_for_a_look(db: Session, now: datetime, skipping: Collection[int] = ()) -> Round | None:
    """A round whose count of answers is to be renewed."""
    return _first(db, skipping, RoundRow.look_at <= now, *_OPEN, order=RoundRow.look_at)


def due_to_close(db: Session, now: datetime, skipping: Collection[int] = ()) -> Round | None:
    return _first(db, skipping, RoundRow.closes_at <= now, *_OPEN, order=RoundRow.closes_at)


def due_to_count(db: Session, skipping: Collection[int] = ()) -> Round | None:
    return _first(
        db, skipping, _LIVING, RoundRow.closing_at.is_not(None), RoundRow.closed_at.is_(None),
        RoundRow.cancelled_at.is_(None),
    )  # fmt: skip


def due_to_destroy(db: Session, skipping: Collection[int] = ()) -> Round | None:
    """A round that is over (closed or cancelled) whose urn has not been destroyed for certain."""
    return _first(
        db, skipping, _LIVING, (RoundRow.closed_at.is_not(None) | RoundRow.cancelled_at.is_not(None)),
        RoundRow.opened_at.is_not(None), RoundRow.destroyed_at.is_(None),
    )  # fmt: skip


def with_urn(db: Session) -> tuple[Round, ...]:
    """Rounds whose urn must exist: opened, and neither counted nor cancelled."""
    rows = db.scalars(
        select(RoundRow).where(
            _LIVING, RoundRow.opened_at.is_not(None), RoundRow.closed_at.is_(None), RoundRow.cancelled_at.is_(None)
        )
    )
    return tuple(as_round(row) for row in rows)


def undestroyed(db: Session) -> frozenset[int]:
    """Ids of all rounds that may have an urn on disk."""
    rows = db.scalars(
        select(RoundRow.id).where(_LIVING, RoundRow.opened_at.is_not(None), RoundRow.destroyed_at.is_(None))
    )
    return frozenset(rows)


def untold(db: Session, limit: int, skipping: Collection[int] = ()) -> tuple[Round | None, tuple[Account, ...]]:
    """An open round and invited accounts of it whose invitation is not in the outbox yet."""
    return _asked(db, limit, skipping, InviteeRow.told_at.is_(None), *_OPEN)


def next_invitee(db: Session, round_id: int, after: int) -> tuple[int, Account, bool] | None:
    """The invited account that comes after ``after`` in this round: its place, itself, whether it can be written to."""
    row = db.execute(
        select(InviteeRow.id, AccountRow)
        .join(AccountRow, AccountRow.id == InviteeRow.account_id)
        .where(InviteeRow.round_id == round_id, InviteeRow.id > after)
        .order_by(InviteeRow.id)
        .limit(1)
    ).first()
    return None if row is None else (row.id, as_account(row.AccountRow), row.AccountRow.blocked_at is None)


def unended(db: Session, limit: int, skipping: Collection[int] = ()) -> tuple[Round | None, tuple[Account, ...]]:
    """A round whose urn is destroyed, and invited accounts who have not been sent the end of it."""
    over = (_LIVING, RoundRow.destroyed_at.is_not(None))
    return _asked(db, limit, skipping, InviteeRow.ended_at.is_(None), *over)


def due_to_settle(db: Session) -> Round | None:
    """A round that is over, and of which everybody has been told; or one that never opened."""
    untold = exists().where(InviteeRow.round_id == RoundRow.id, InviteeRow.ended_at.is_(None))
    over = RoundRow.destroyed_at.is_not(None) & ~untold
    return _first(db, (), _LIVING, over | (RoundRow.cancelled_at.is_not(None) & RoundRow.opened_at.is_(None)))


def next_due(db: Session, now: datetime) -> datetime | None:
    """When the next round opens or closes, or the next reminder is due."""
    opens = select(func.min(RoundRow.opens_at)).where(
        _LIVING, RoundRow.opens_at > now, RoundRow.opened_at.is_(None), RoundRow.cancelled_at.is_(None)
    )
    closes = select(func.min(RoundRow.closes_at)).where(RoundRow.closes_at > now, *_OPEN)
    reminds = select(func.min(RoundRow.remind_at)).where(RoundRow.remind_at > now, *_OPEN)
    queries = (opens, closes, reminds)
    return min((moment for query in queries if (moment := db.scalar(query))), default=None)


def as_round(row: RoundRow) -> Round:
    return Round(
        id=row.id, municipality_id=row.municipality_id, number=row.number, topic=row.topic, minimum=row.minimum,
        opens_at=row.opens_at, closes_at=row.closes_at, opened_at=row.opened_at, closing_at=row.closing_at,
        closed_at=row.closed_at, cancelled_at=row.cancelled_at, invited=row.invited, form=Form(row.form), days=row.days,
        occurrence=row.occurrence, answered=row.answered, extended_at=row.extended_at,
    )  # fmt: skip


def _first(
    db: Session,
    skipping: Collection[int],
    *where: ColumnElement[bool],
    order: InstrumentedAttribute[Any] = RoundRow.opens_at,
) -> Round | None:
    # The default is the order of the living rounds' index: by id, SQLite would walk through all that there ever were.
    row = db.scalar(select(RoundRow).where(RoundRow.id.not_in(skipping), *where).order_by(order, RoundRow.id).limit(1))
    return None if row is None else as_round(row)


def _asked(
    db: Session, limit: int, skipping: Collection[int], *where: ColumnElement[bool]
) -> tuple[Round | None, tuple[Account, ...]]:
    """Of one round at a time, so that one that fails holds up no other."""
    living = exists().where(InviteeRow.round_id == RoundRow.id, where[0])
    round_ = _first(db, skipping, living, *where[1:])
    if round_ is None:
        return None, ()
    rows = db.scalars(
        select(AccountRow)
        .join(InviteeRow, InviteeRow.account_id == AccountRow.id)
        .where(InviteeRow.round_id == round_.id, where[0])
        .order_by(InviteeRow.id)
        .limit(limit)
    )
    return round_, tuple(as_account(row) for row in rows)
