"""Look up everything that can be linked to one account; never an answer."""

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.queries import people, pulse
from core.rules.people import Account, Member
from core.rules.privacy import Asked, Holdings, Link, Membership, Message, OpenForm, Proposed
from core.rules.pulse import Dimension, Round
from core.tables import (
    AccountRow,
    DraftRow,
    InvitationRow,
    InviteeRow,
    MemberRow,
    MunicipalityRow,
    OutboxRow,
    OwnStatementRow,
    RoundRow,
    StatementRow,
)


def holdings(db: Session, telegram_id: int) -> Holdings:
    """What stands in the database about a Telegram account, also about one that belongs to nobody yet."""
    account, members = people.identity(db, telegram_id)
    row = db.get(AccountRow, account.id) if account else None
    return Holdings(
        telegram_id=telegram_id,
        account=account,
        away_from=row.away_from if row else None,
        blocked_at=row.blocked_at if row else None,
        memberships=tuple(_membership(db, member) for member in members),
        rounds=_asked(db, account) if account else (),
        proposed=_proposed(db, account) if account else (),
        messages=_messages(db, telegram_id, account),
        form=_form(db, telegram_id),
    )


def with_ballots(db: Session, municipality_id: int, account_id: int) -> tuple[Round, ...]:
    """Rounds of a municipality in whose urns this account may have ballots."""
    rows = db.scalars(
        select(RoundRow)
        .join(InviteeRow, InviteeRow.round_id == RoundRow.id)
        .where(
            InviteeRow.account_id == account_id,
            RoundRow.municipality_id == municipality_id,
            RoundRow.opened_at.is_not(None),
            RoundRow.closed_at.is_(None),
            RoundRow.cancelled_at.is_(None),
        )
        .order_by(RoundRow.id)
    )
    return tuple(pulse.as_round(row) for row in rows)


def _membership(db: Session, member: Member) -> Membership:
    since, zone = db.execute(
        select(MemberRow.created_at, MunicipalityRow.zone)
        .join(MunicipalityRow, MunicipalityRow.id == MemberRow.municipality_id)
        .where(MemberRow.id == member.id)
    ).one()
    links = db.scalars(select(InvitationRow).where(InvitationRow.member_id == member.id).order_by(InvitationRow.id))
    return Membership(member, since, zone, tuple(Link(row.created_at, row.expires_at, row.uses > 0) for row in links))


def _asked(db: Session, account: Account) -> tuple[Asked, ...]:
    statements = select(func.count()).where(StatementRow.round_id == RoundRow.id).correlate(RoundRow).scalar_subquery()
    rows = db.execute(
        select(
            RoundRow, MunicipalityRow.name, MunicipalityRow.zone, statements, InviteeRow.told_at, InviteeRow.ended_at
        )
        .join(InviteeRow, InviteeRow.round_id == RoundRow.id)
        .join(MunicipalityRow, MunicipalityRow.id == RoundRow.municipality_id)
        .where(InviteeRow.account_id == account.id)
        .order_by(RoundRow.id)
    )
    return tuple(Asked(pulse.as_round(row), *rest) for row, *rest in rows)


def _proposed(db: Session, account: Account) -> tuple[Proposed, ...]:
    rows = db.execute(
        select(OwnStatementRow, MunicipalityRow.name)
        .join(MunicipalityRow, MunicipalityRow.id == OwnStatementRow.municipality_id)
        .where(OwnStatementRow.proposed_by == account.id)
        .order_by(OwnStatementRow.id)
    )
    return tuple(
        Proposed(name, Dimension(row.dimension), row.de, row.en, row.approved_at, row.retired_at) for row, name in rows
    )


def _messages(db: Session, telegram_id: int, account: Account | None) -> tuple[Message, ...]:
    # A private chat has the number of its person.
    hers = OutboxRow.chat_id == telegram_id
    if account is not None:
        hers = or_(hers, OutboxRow.account_id == account.id)
    rows = db.execute(
        select(OutboxRow.kind, RoundRow.number, OutboxRow.state, OutboxRow.due_at, OutboxRow.ended_at)
        .outerjoin(RoundRow, RoundRow.id == OutboxRow.round_id)
        .where(hers)
        .order_by(OutboxRow.id)
    )
    return tuple(Message(*row) for row in rows)


def _form(db: Session, telegram_id: int) -> OpenForm | None:
    row = db.scalar(select(DraftRow).where(DraftRow.telegram_id == telegram_id))
    return None if row is None else OpenForm(row.form, row.data, row.changed_at)
