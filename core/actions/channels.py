"""The coordination channel: proposed when a coordinator adds the bot, confirmed by a press, lost with its rights."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.actions.people import hold, require_coordinator
from core.queries import people
from core.rules.people import Channel, Member
from core.rules.refusal import Reason, Refusal
from core.tables import ChannelRow, OutboxRow

TITLE_LIMIT = 255


def propose(db: Session, actor: Member, chat_id: int, title: str, *, is_public: bool) -> Channel:
    """Remember a chat to which this coordinator has added the bot. Raises CHANNEL_IS_PUBLIC or CHANNEL_IS_TAKEN."""
    hold(db, actor)
    if is_public:
        raise Refusal(Reason.CHANNEL_IS_PUBLIC, title=title)
    _refuse_taken(db, actor, chat_id, title)
    row = db.scalar(
        select(ChannelRow).where(ChannelRow.municipality_id == actor.municipality_id, ChannelRow.chat_id == chat_id)
    )
    if row is None:
        row = ChannelRow(municipality_id=actor.municipality_id, chat_id=chat_id, title="")
        db.add(row)
    row.title = title[:TITLE_LIMIT]
    db.flush()
    return people.channel(db, actor.municipality_id, row.id)


def confirm(db: Session, actor: Member, channel_id: int, now: datetime) -> Channel:
    """Make a proposed chat the coordination channel, in place of an earlier one."""
    hold(db, actor)
    channel = people.channel(db, actor.municipality_id, channel_id)
    _refuse_taken(db, actor, channel.chat_id, channel.title)
    db.execute(
        delete(ChannelRow).where(ChannelRow.municipality_id == actor.municipality_id, ChannelRow.id != channel_id)
    )
    try:
        db.execute(
            update(ChannelRow)
            .where(ChannelRow.id == channel_id, ChannelRow.confirmed_at.is_(None))
            .values(confirmed_at=now)
        )
    except IntegrityError:
        # Another municipality has confirmed it since we looked.
        raise Refusal(Reason.CHANNEL_IS_TAKEN, title=channel.title) from None
    db.expire_all()
    return people.channel(db, actor.municipality_id, channel_id)


def decline(db: Session, actor: Member, channel_id: int) -> None:
    """Forget a proposed chat; the coordination channel itself is only replaced, never declined."""
    require_coordinator(actor)
    db.execute(
        delete(ChannelRow).where(
            ChannelRow.id == channel_id,
            ChannelRow.municipality_id == actor.municipality_id,
            ChannelRow.confirmed_at.is_(None),
        )
    )


def lose(db: Session, chat_id: int) -> tuple[Channel, ...]:
    """The bot may no longer write there; returns the coordination channels lost by it."""
    rows = db.scalars(select(ChannelRow).where(ChannelRow.chat_id == chat_id)).all()
    lost = tuple(
        Channel(row.id, row.municipality_id, row.chat_id, row.title, True)
        for row in rows
        if row.confirmed_at is not None
    )
    db.execute(delete(ChannelRow).where(ChannelRow.chat_id == chat_id))
    return lost


def migrate(db: Session, old_chat_id: int, new_chat_id: int) -> None:
    """A group became a supergroup and has a new id from now on; it may have been proposed under that already."""
    known = select(ChannelRow.municipality_id).where(ChannelRow.chat_id == new_chat_id)
    db.execute(
        delete(ChannelRow).where(
            ChannelRow.chat_id == old_chat_id,
            ChannelRow.confirmed_at.is_(None),
            ChannelRow.municipality_id.in_(known),
        )
    )
    moving = select(ChannelRow.municipality_id).where(ChannelRow.chat_id == old_chat_id)
    db.execute(delete(ChannelRow).where(ChannelRow.chat_id == new_chat_id, ChannelRow.municipality_id.in_(moving)))
    for table in (ChannelRow, OutboxRow):
        db.execute(update(table).where(table.chat_id == old_chat_id).values(chat_id=new_chat_id))


def _refuse_taken(db: Session, actor: Member, chat_id: int, title: str) -> None:
    taken = db.scalar(
        select(ChannelRow.id).where(
            ChannelRow.chat_id == chat_id,
            ChannelRow.confirmed_at.is_not(None),
            ChannelRow.municipality_id != actor.municipality_id,
        )
    )
    if taken is not None:
        raise Refusal(Reason.CHANNEL_IS_TAKEN, title=title)
