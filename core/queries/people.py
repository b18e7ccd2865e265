"""Look up accounts, members, departments, invitations and channels of one municipality."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, case, func, select
from sqlalchemy.orm import Session

from core.rules.people import (
    Account,
    Channel,
    Department,
    DepartmentKind,
    Invitation,
    Member,
    Municipality,
    Reachability,
    Role,
    Setup,
    name_key,
)
from core.rules.refusal import Reason, Refusal
from core.tables import AccountRow, ChannelRow, DepartmentRow, InvitationRow, MemberRow, MunicipalityRow

_ROLE_ORDER = case({role.value: place for place, role in enumerate(Role)}, value=MemberRow.role)


def token_hash(token: str) -> str:
    """What is stored of a link; the token itself has 128 random bits, so no salt is needed."""
    return sha256(token.encode()).hexdigest()


def account(db: Session, telegram_id: int) -> Account | None:
    row = db.scalar(select(AccountRow).where(AccountRow.telegram_id == telegram_id))
    return None if row is None else as_account(row)


def identity(db: Session, telegram_id: int) -> tuple[Account | None, tuple[Member, ...]]:
    """The account that knocks and all its members, in one query; coordinators first."""
    rows = db.execute(_IDENTITY, {"telegram_id": telegram_id}).all()
    if not rows:
        return account(db, telegram_id), ()
    return as_account(rows[0].AccountRow), tuple(_member(row) for row in rows)


def municipality(db: Session, municipality_id: int) -> Municipality:
    row = db.get(MunicipalityRow, municipality_id)
    if row is None:
        raise Refusal(Reason.NOT_FOUND)
    return _municipality(row)


def municipality_named(db: Session, name: str) -> Municipality | None:
    row = db.scalar(select(MunicipalityRow).where(MunicipalityRow.name_key == name_key(name)))
    return None if row is None else _municipality(row)


def departments(db: Session, municipality_id: int) -> tuple[Department, ...]:
    """Departments first, partners after them, each in the order in which they were created."""
    rows = db.scalars(
        select(DepartmentRow)
        .where(DepartmentRow.municipality_id == municipality_id)
        .order_by(DepartmentRow.kind, DepartmentRow.id)
    )
    return tuple(_department(row) for row in rows)


def department(db: Session, municipality_id: int, department_id: int) -> Department:
    row = db.get(DepartmentRow, department_id)
    if row is None or row.municipality_id != municipality_id:
        raise Refusal(Reason.NOT_FOUND)
    return _department(row)


def members(db: Session, municipality_id: int, department_id: int | None = None) -> tuple[Member, ...]:
    """Everybody, or one department's people; by department, role, rank and name."""
    query = _members().where(MemberRow.municipality_id == municipality_id)
    if department_id is not None:
        query = query.where(MemberRow.department_id == department_id)
    order = (MemberRow.department_id.is_not(None), MemberRow.department_id, _ROLE_ORDER, MemberRow.rank, MemberRow.name)
    return tuple(_member(row) for row in db.execute(query.order_by(*order, MemberRow.id)))


def member(db: Session, municipality_id: int, member_id: int) -> Member:
    row = db.execute(_members().where(MemberRow.id == member_id)).one_or_none()
    if row is None or row.MemberRow.municipality_id != municipality_id:
        raise Refusal(Reason.NOT_FOUND)
    return _member(row)


def coordinators(db: Session, municipality_id: int) -> tuple[Account, ...]:
    """The connected coordinators' accounts."""
    rows = db.scalars(
        select(AccountRow)
        .join(MemberRow, MemberRow.account_id == AccountRow.id)
        .where(MemberRow.municipality_id == municipality_id, MemberRow.role == Role.COORDINATOR)
        .order_by(AccountRow.id)
    )
    return tuple(as_account(row) for row in rows)


def invitation(db: Session, hashed: str, account_id: int | None, now: datetime) -> tuple[Invitation, Member | None]:
    """What a link promises, and the member if this account has already used it.

    Raises LINK_UNKNOWN, LINK_USED, LINK_EXPIRED, LINK_REVOKED or LINK_FULL.
    """
    found = db.execute(
        select(InvitationRow, MunicipalityRow, DepartmentRow, MemberRow)
        .join(MunicipalityRow, MunicipalityRow.id == InvitationRow.municipality_id)
        .outerjoin(DepartmentRow, DepartmentRow.id == InvitationRow.department_id)
        .outerjoin(MemberRow, MemberRow.id == InvitationRow.member_id)
        .where(InvitationRow.token_hash == hashed)
    ).one_or_none()
    if found is None:
        raise Refusal(Reason.LINK_UNKNOWN)
    row = found.InvitationRow
    mine = None if account_id is None else _joined_by(db, row, account_id)
    if mine is None:
        _check_usable(row, now)
    invited = found.MemberRow
    return Invitation(
        id=row.id,
        municipality_id=row.municipality_id,
        municipality=found.MunicipalityRow.name,
        topic=found.MunicipalityRow.topic,
        department=found.DepartmentRow.name if found.DepartmentRow else "",
        role=Role(row.role),
        rank=invited.rank if invited else 0,
        name=invited.name if invited else "",
        member_id=row.member_id,
        for_many=row.capacity > 1,
    ), mine


def setup(db: Session, municipality_id: int) -> Setup:
    coordinating = case((MemberRow.role == Role.COORDINATOR, MemberRow.account_id))
    counts = db.execute(
        select(
            func.count(coordinating.distinct()).label("coordinators"),
            func.count(MemberRow.id).label("people"),
            func.count(MemberRow.account_id).label("connected"),
            func.count(AccountRow.blocked_at).label("blocked"),
        )
        .outerjoin(AccountRow, AccountRow.id == MemberRow.account_id)
        .where(MemberRow.municipality_id == municipality_id)
    ).one()
    return Setup(
        municipality=municipality(db, municipality_id),
        coordinators=counts.coordinators,
        departments=_count(db, DepartmentRow.municipality_id == municipality_id),
        people=counts.people,
        connected=counts.connected,
        blocked=counts.blocked,
        channel=coordination_channel(db, municipality_id),
    )


def coordination_channel(db: Session, municipality_id: int) -> Channel | None:
    row = db.scalar(
        select(ChannelRow).where(ChannelRow.municipality_id == municipality_id, ChannelRow.confirmed_at.is_not(None))
    )
    return None if row is None else _channel(row)


def channel(db: Session, municipality_id: int, channel_id: int) -> Channel:
    row = db.get(ChannelRow, channel_id)
    if row is None or row.municipality_id != municipality_id:
        raise Refusal(Reason.CHANNEL_IS_GONE)
    return _channel(row)


def _members() -> Select[*tuple[Any, ...]]:
    return (
        select(MemberRow, MunicipalityRow.name, DepartmentRow.name, AccountRow.blocked_at)
        .join(MunicipalityRow, MunicipalityRow.id == MemberRow.municipality_id)
        .outerjoin(DepartmentRow, DepartmentRow.id == MemberRow.department_id)
        .outerjoin(AccountRow, AccountRow.id == MemberRow.account_id)
    )


# Built once: putting a statement together takes longer than running it, and this one runs for every update.
_IDENTITY = (
    _members().add_columns(AccountRow).where(AccountRow.telegram_id == bindparam("telegram_id")).order_by(_ROLE_ORDER)
)


def _member(row: Row[*tuple[Any, ...]]) -> Member:
    person, municipality_name, department_name, blocked_at = row[:4]
    if person.account_id is None:
        reachability = Reachability.INVITED
    else:
        reachability = Reachability.CONNECTED if blocked_at is None else Reachability.BLOCKED
    return Member(
        id=person.id,
        municipality_id=person.municipality_id,
        municipality=municipality_name,
        department_id=person.department_id,
        department=department_name or "",
        role=Role(person.role),
        rank=person.rank,
        name=person.name,
        account_id=person.account_id,
        reachability=reachability,
    )


def as_account(row: AccountRow) -> Account:
    return Account(row.id, row.telegram_id, row.locale, row.municipality_id, row.away_until)


def _department(row: DepartmentRow) -> Department:
    return Department(row.id, row.municipality_id, row.name, DepartmentKind(row.kind))


def _municipality(row: MunicipalityRow) -> Municipality:
    return Municipality(
        row.id, row.name, row.locale, row.zone, row.topic, row.council, row.protection, row.minimum, row.land
    )  # fmt: skip


def _channel(row: ChannelRow) -> Channel:
    return Channel(row.id, row.municipality_id, row.chat_id, row.title, row.confirmed_at is not None)


def _joined_by(db: Session, row: InvitationRow, account_id: int) -> Member | None:
    """The member that this account became by the link, if it did."""
    query = _members().where(MemberRow.account_id == account_id)
    if row.member_id is not None:
        query = query.where(MemberRow.id == row.member_id)
    else:
        query = query.where(MemberRow.municipality_id == row.municipality_id, MemberRow.role == row.role)
    found = db.execute(query.order_by(MemberRow.id).limit(1)).one_or_none()
    return None if found is None else _member(found)


def _check_usable(row: InvitationRow, now: datetime) -> None:
    if row.revoked_at is not None:
        raise Refusal(Reason.LINK_REVOKED)
    if row.uses >= row.capacity:
        raise Refusal(Reason.LINK_USED if row.capacity == 1 else Reason.LINK_FULL)
    if now >= row.expires_at:
        raise Refusal(Reason.LINK_EXPIRED)


def _count(db: Session, *where: ColumnElement[bool]) -> int:
    return db.scalar(select(func.count()).where(*where)) or 0
