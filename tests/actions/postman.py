"""The outbox's way out as ``bot.delivery`` and ``bot.nudges`` go it, without a network: claim, send, record."""

from collections.abc import Callable, Iterator
from datetime import datetime

from core.actions import outbox
from core.db import Session
from scheduler.moment import Moment
from scheduler.pulse import Nudge, next_nudge
from tests.actions.town import Town


def _nothing(_note: str = "") -> None:
    return


def deliver(
    town: Town, now: datetime, sent: Callable[[str], None] = _nothing, step: Callable[[], None] = _nothing
) -> None:
    """Send all that is due. ``sent`` gets a line for each message: row, kind, chat, and the message that is edited.

    ``step`` is called before and after a message goes out.
    """
    while (parcel := town.do(outbox.claim, now)) is not None:
        step()
        if parcel.kind is outbox.Kind.REMINDER:
            for chat_id in remind(town, parcel, now):
                step()
                sent(f"{parcel.id} {parcel.kind} {chat_id} {parcel.screen['which']}")
                step()
            town.do(outbox.record_reminded, parcel, now)
        else:
            sent(f"{parcel.id} {parcel.kind} {parcel.chat_id} {parcel.message_id}")
            step()
            town.do(outbox.record_sent, parcel, parcel.message_id or 10_000 + parcel.id, now)


def remind(town: Town, parcel: outbox.Parcel, now: datetime) -> Iterator[int]:
    """The chats that a round's reminder goes to, each as soon as the urn knows of it."""
    place = 0
    while (nudge := town.do(_next, town, parcel, now, place)) is not None:
        place = nudge.place
        if nudge.screen is not None:
            yield nudge.chat_id


def _next(db: Session, town: Town, parcel: outbox.Parcel, now: datetime, after: int) -> Nudge | None:
    return next_nudge(Moment(db, town.urns, now), parcel.round_id or 0, int(parcel.screen["which"]), after)
