"""Found a municipality, build its register, invite people and let them join."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.queries import people
from core.rules.people import (
    CROWD_CAPACITY,
    LINK_LIFETIME,
    NOTE_LIMIT,
    TOPIC_LIMIT,
    Account,
    DepartmentKind,
    Involvement,
    Member,
    Municipality,
    Role,
    clean_line,
    clean_name,
    name_key,
    next_rank,
)
from core.rules.refusal import Reason, Refusal
from core.tables import (
    AccountRow,
    DepartmentRow,
    DraftRow,
    InvitationRow,
    InviteeRow,
    MemberRow,
    MunicipalityRow,
    OutboxRow,
    OwnStatementRow,
    RoundRow,
)


def found(db: Session, name: str, now: datetime, *, again: bool = False) -> str:
    """Create a municipality and return the token of its first coordinator's link.

    ``again`` makes a new coordinator's link for one that exists. Raises NAME_TAKEN or NOT_FOUND.
    """
    name = clean_name(name)
    existing = people.municipality_named(db, name)
    if again != (existing is not None):
        raise Refusal(Reason.NOT_FOUND if again else Reason.NAME_TAKEN, name=name)
    if existing is not None:
        return _link(db, existing.id, Role.COORDINATOR, now)
    row = MunicipalityRow(name=name, name_key=name_key(name), created_at=now)
    db.add(row)
    db.flush()
    return _link(db, row.id, Role.COORDINATOR, now)


def set_topic(db: Session, actor: Member, text: str) -> Municipality:
    """Record what the cooperation is about; it stands before every pulse."""
    _settings(db, actor).topic = clean_line(text, TOPIC_LIMIT)
    return _flushed(db, actor)


def record_involvement(db: Session, actor: Member, which: Involvement, note: str) -> Municipality:
    """Record how the staff council or the data-protection officer is involved, in words."""
    row = _settings(db, actor)
    note = clean_line(note, NOTE_LIMIT)
    if which is Involvement.COUNCIL:
        row.council = note
    else:
        row.protection = note
    return _flushed(db, actor)


def add_departments(
    db: Session, actor: Member, names: Sequence[str], kind: DepartmentKind
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Add the names that are new; returns those added and those that were there already."""
    hold(db, actor)
    known = {name_key(d.name) for d in people.departments(db, actor.municipality_id)}
    added = tuple(name for name in names if name_key(name) not in known)
    for name in added:
        db.add(DepartmentRow(municipality_id=actor.municipality_id, name=name, name_key=name_key(name), kind=kind))
    db.flush()
    return added, tuple(name for name in names if name not in added)


def remove_department(db: Session, actor: Member, department_id: int) -> str:
    """Remove a department without people and return its name; raises DEPARTMENT_NOT_EMPTY."""
    require_coordinator(actor)
    hold(db, actor)
    department = people.department(db, actor.municipality_id, department_id)
    if people.members(db, actor.municipality_id, department_id):
        raise Refusal(Reason.DEPARTMENT_NOT_EMPTY, name=department.name)
    db.execute(delete(DepartmentRow).where(DepartmentRow.id == department_id))
    return department.name


def invite(
    db: Session, actor: Member, role: Role, department_id: int | None, name: str, now: datetime
) -> tuple[Member, str]:
    """Register somebody by name; returns the member and the token of a one-time link.

    Raises SEAT_TAKEN if the department already has a contact person.
    """
    hold(db, actor)
    municipality_id = actor.municipality_id
    if department_id is not None:
        people.department(db, municipality_id, department_id)
    elif role in {Role.REPRESENTATIVE, Role.DEPUTY}:
        raise Refusal(Reason.NOT_FOUND)
    present = people.members(db, municipality_id, department_id) if department_id is not None else ()
    if role is Role.REPRESENTATIVE and (seated := [m for m in present if m.role is role]):
        raise Refusal(Reason.SEAT_TAKEN, department=seated[0].department, name=seated[0].name)
    rank = next_rank(m.rank for m in present if m.role is role) if role is Role.DEPUTY else 0
    row = MemberRow(
        municipality_id=municipality_id, department_id=department_id, role=role, rank=rank, name=clean_name(name),
        created_at=now,
    )  # fmt: skip
    db.add(row)
    db.flush()
    token = _link(db, municipality_id, role, now, department_id=department_id, member_id=row.id)
    return people.member(db, municipality_id, row.id), token


def renew_link(db: Session, actor: Member, member_id: int, now: datetime) -> tuple[Member, str]:
    """A new one-time link for somebody not yet connected; older ones stop working."""
    hold(db, actor)
    person = people.member(db, actor.municipality_id, member_id)
    if person.account_id is not None:
        raise Refusal(Reason.ALREADY_CONNECTED, name=person.name)
    db.execute(
        update(InvitationRow)
        .where(InvitationRow.member_id == member_id, InvitationRow.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    token = _link(db, actor.municipality_id, person.role, now, department_id=person.department_id, member_id=member_id)
    return person, token


def invite_many(db: Session, actor: Member, now: datetime) -> str:
    """The token of a link for many participants. An older one stops working."""
    require_coordinator(actor)
    hold(db, actor)
    _revoke_crowd_links(db, actor, now)
    return _link(db, actor.municipality_id, Role.PARTICIPANT, now, capacity=CROWD_CAPACITY)


def revoke_many(db: Session, actor: Member, now: datetime) -> None:
    """Make the municipality's link for many stop working."""
    require_coordinator(actor)
    if not _revoke_crowd_links(db, actor, now):
        raise Refusal(Reason.NOTHING_TO_UNDO)


def join(db: Session, hashed: str, telegram_id: int, locale: str, name: str, now: datetime) -> Member:
    """Accept an invitation; ``name`` is what the person confirmed. Doing it twice is joining once."""
    # Whoever comes by the same link at the same moment waits here, and finds what the first has done.
    db.execute(select(InvitationRow.id).where(InvitationRow.token_hash == hashed).with_for_update())
    account = people.account(db, telegram_id)
    invitation, mine = people.invitation(db, hashed, account.id if account else None, now)
    if mine is not None:
        return mine
    name = clean_name(name or invitation.name)
    used = db.scalar(
        update(InvitationRow)
        .where(InvitationRow.id == invitation.id, InvitationRow.uses < InvitationRow.capacity)
        .values(uses=InvitationRow.uses + 1)
        .returning(InvitationRow.id)
    )
    if used is None:
        raise Refusal(Reason.LINK_FULL if invitation.for_many else Reason.LINK_USED)
    account_id = account.id if account else _new_account(db, telegram_id, locale)
    department_id = db.scalar(select(InvitationRow.department_id).where(InvitationRow.id == invitation.id))
    member_id = invitation.member_id
    if member_id is None:
        row = MemberRow(
            municipality_id=invitation.municipality_id, department_id=department_id, role=invitation.role, name=name,
            created_at=now,
        )  # fmt: skip
        db.add(row)
        db.flush()
        member_id = row.id
    seated = db.scalar(
        update(MemberRow)
        .where(MemberRow.id == member_id, MemberRow.account_id.is_(None))
        .values(account_id=account_id, name=name)
        .returning(MemberRow.id)
    )
    if seated is None:
        raise Refusal(Reason.LINK_USED)
    db.execute(
        update(AccountRow)
        .where(AccountRow.id == account_id)
        .values(municipality_id=invitation.municipality_id, blocked_at=None)
    )
    db.expire_all()
    return people.member(db, invitation.municipality_id, member_id)


def remove(db: Session, actor: Member, member_id: int) -> Member:
    """Take somebody out of the register; ballots already in an urn stay there, untraceable.

    Raises LAST_COORDINATOR rather than leave a municipality without one.
    """
    hold(db, actor)
    person = people.member(db, actor.municipality_id, member_id)
    connected = people.coordinators(db, actor.municipality_id)
    if person.is_coordinator and {a.id for a in connected} <= {person.account_id}:
        raise Refusal(Reason.LAST_COORDINATOR, name=person.name)
    account_id = db.scalar(delete(MemberRow).where(MemberRow.id == member_id).returning(MemberRow.account_id))
    if account_id is not None:
        forget_account(db, account_id, actor.municipality_id)
    return person


def forget_account(db: Session, account_id: int, municipality_id: int) -> None:
    """Delete what still ties an account to a municipality that it has left; after the last one, the account itself."""
    db.flush()
    left_in = set(db.scalars(select(MemberRow.municipality_id).where(MemberRow.account_id == account_id)))
    if not left_in:
        telegram_id = select(AccountRow.telegram_id).where(AccountRow.id == account_id)
        db.execute(delete(DraftRow).where(DraftRow.telegram_id.in_(telegram_id)))
        db.execute(delete(OutboxRow).where(OutboxRow.chat_id.in_(telegram_id)))
        db.execute(delete(AccountRow).where(AccountRow.id == account_id))
    elif municipality_id not in left_in:
        rounds = select(RoundRow.id).where(RoundRow.municipality_id == municipality_id)
        for table in (InviteeRow, OutboxRow):
            db.execute(delete(table).where(table.account_id == account_id, table.round_id.in_(rounds)))
        # A message about no round does not say which municipality it comes from.
        db.execute(delete(OutboxRow).where(OutboxRow.account_id == account_id, OutboxRow.round_id.is_(None)))
        written = (OwnStatementRow.proposed_by == account_id) & (OwnStatementRow.municipality_id == municipality_id)
        db.execute(update(OwnStatementRow).where(written).values(proposed_by=None))
        here = (AccountRow.id == account_id) & (AccountRow.municipality_id == municipality_id)
        db.execute(update(AccountRow).where(here).values(municipality_id=None))


def set_locale(db: Session, account: Account, locale: str) -> None:
    db.execute(update(AccountRow).where(AccountRow.id == account.id).values(locale=locale))


def switch(db: Session, account: Account, members: Sequence[Member], municipality_id: int) -> None:
    """Choose the municipality that menu commands open."""
    if municipality_id not in {m.municipality_id for m in members}:
        raise Refusal(Reason.NOT_A_MEMBER)
    db.execute(update(AccountRow).where(AccountRow.id == account.id).values(municipality_id=municipality_id))


def mark_blocked(db: Session, telegram_id: int, now: datetime) -> None:
    """The person has blocked the bot: they cannot be written to until they come back."""
    db.execute(
        update(AccountRow)
        .where(AccountRow.telegram_id == telegram_id, AccountRow.blocked_at.is_(None))
        .values(blocked_at=now)
    )


def mark_reachable(db: Session, telegram_id: int) -> None:
    db.execute(
        update(AccountRow)
        .where(AccountRow.telegram_id == telegram_id, AccountRow.blocked_at.is_not(None))
        .values(blocked_at=None)
    )


def require_coordinator(actor: Member) -> None:
    if not actor.is_coordinator:
        raise Refusal(Reason.NOT_A_COORDINATOR)


def hold(db: Session, actor: Member) -> None:
    """Let a coordinator's deeds in one municipality wait for one another; SQLite does so by itself.

    Raises NOT_A_MEMBER if the actor was removed while waiting.
    """
    require_coordinator(actor)
    wait_for_others(db, actor.municipality_id)
    if db.scalar(select(MemberRow.id).where(MemberRow.id == actor.id)) is None:
        raise Refusal(Reason.NOT_A_MEMBER)


def wait_for_others(db: Session, municipality_id: int) -> None:
    """One deed at a time on the register of a municipality, until this transaction ends."""
    db.execute(select(MunicipalityRow.id).where(MunicipalityRow.id == municipality_id).with_for_update(key_share=True))


def _settings(db: Session, actor: Member) -> MunicipalityRow:
    require_coordinator(actor)
    return db.get_one(MunicipalityRow, actor.municipality_id)


def _flushed(db: Session, actor: Member) -> Municipality:
    db.flush()
    return people.municipality(db, actor.municipality_id)


def _link(
    db: Session,
    municipality_id: int,
    role: Role,
    now: datetime,
    *,
    department_id: int | None = None,
    member_id: int | None = None,
    capacity: int = 1,
) -> str:
    token = secrets.token_hex(16)
    db.add(
        InvitationRow(
            municipality_id=municipality_id, department_id=department_id, member_id=member_id, role=role,
            token_hash=people.token_hash(token), capacity=capacity, created_at=now, expires_at=now + LINK_LIFETIME,
        )
    )  # fmt: skip
    db.flush()
    return token


def _revoke_crowd_links(db: Session, actor: Member, now: datetime) -> bool:
    revoked = db.scalars(
        update(InvitationRow)
        .where(
            InvitationRow.municipality_id == actor.municipality_id,
            InvitationRow.capacity > 1,
            InvitationRow.revoked_at.is_(None),
        )
        .values(revoked_at=now)
        .returning(InvitationRow.id)
    ).all()
    return bool(revoked)


def _new_account(db: Session, telegram_id: int, locale: str) -> int:
    row = AccountRow(telegram_id=telegram_id, locale=locale)
    db.add(row)
    db.flush()
    return row.id
