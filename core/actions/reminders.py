"""While a round is open: whom to remind, how many have taken part, and one extension."""

from contextlib import suppress
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.actions.people import hold
from core.actions.pulse import voter
from core.db import own_round, share_round
from core.queries import plans, pulse
from core.rules import workdays
from core.rules.people import Account, Member
from core.rules.plans import Calendar
from core.rules.pulse import COUNTED_FROM, REMINDER_SLOTS, Round, may_extend, next_look
from core.rules.refusal import Reason, Refusal
from core.rules.trends import SMALLEST_GROUP
from core.tables import InviteeRow, RoundRow
from core.urn import InvalidTag, UrnMissing, Urns


def due(db: Session, round_id: int, now: datetime) -> int:
    """Note that a reminder is due; returns which, the first or the second, or 0 if it is too late for it.

    After an outage only the latest one is sent, and only within the sending hours.
    """
    round_, calendar = pulse.round_by_id(db, round_id), _calendar(db, round_id)
    first_moment = round_.opened_at or round_.opens_at
    moments = workdays.reminders(first_moment, round_.closes_at, calendar.zone, calendar.closed)
    later = workdays.sending(now, calendar.zone, calendar.closed)
    if later > now:
        _set(db, round_id, remind_at=later if later < round_.closes_at else None)
        return 0
    which = len([moment for moment in moments if moment <= now])
    _set(db, round_id, remind_at=next((m for m in moments if m > now), None), reminded=which)
    return which


def claim(db: Session, urns: Urns, round_: Round, account: Account, which: int, now: datetime) -> bool:
    """Whether this account is to be reminded now; if so, the urn remembers that it was, before anything is sent.

    Decided from the urn, and remembered nowhere else: who has dealt with every statement, is away, or was reminded
    already is left out. Writes nothing to the main database.
    """
    # Alone, so that two that are sending cannot both find somebody not reminded yet.
    own_round(db, round_.id)
    today = now.astimezone(plans.calendar(db, round_.municipality_id).zone).date()
    if not round_.is_open(now) or (account.away_until is not None and account.away_until >= today):
        return False
    slot, who = REMINDER_SLOTS[which - 1], voter(round_, account.id)
    count = len(pulse.statements(db, round_.id))
    try:
        dealt = urns.dealt(round_.id, who, (*range(count), slot))
        if slot in dealt or len(dealt) == count:
            return False
        urns.put(round_.id, who, slot, None)
    except UrnMissing:
        return False
    return True


def release(db: Session, urns: Urns, round_: Round, account: Account, which: int) -> None:
    """Take back ``claim``: the reminder was certainly not sent."""
    share_round(db, round_.id)
    with suppress(UrnMissing):
        urns.remove(round_.id, voter(round_, account.id), (REMINDER_SLOTS[which - 1],))


def look(db: Session, urns: Urns, round_id: int, now: datetime) -> datetime | None:
    """Renew the count of answers that coordinators see (RULES 4.1).

    Returns until when the round can be extended if that is to be offered (RULES 4.3).
    """
    share_round(db, round_id)
    round_, calendar = pulse.round_by_id(db, round_id), _calendar(db, round_id)
    try:
        # Never fewer than before: a count that falls when somebody leaves would tell that they had taken part.
        taken_part = max(urns.count(round_id).voters, round_.answered or 0)
    except (UrnMissing, InvalidTag):
        # What becomes of such a round is decided when it is cancelled or counted.
        _set(db, round_id, look_at=None)
        return None
    following = next_look(now, calendar.zone)
    _set(
        db, round_id,
        answered=taken_part if taken_part >= COUNTED_FROM else None,
        look_at=following if following < round_.closes_at else None,
    )  # fmt: skip
    return extendable_until(db, pulse.round_by_id(db, round_id), now)


def extendable_until(db: Session, round_: Round, now: datetime) -> datetime | None:
    """The later close that a round can be given now: on its last day, once, if too few have taken part."""
    calendar = plans.calendar(db, round_.municipality_id)
    enough = round_.answered is not None and round_.answered >= max(round_.minimum, SMALLEST_GROUP)
    if enough or not may_extend(round_, now, calendar.zone):
        return None
    return workdays.extended(round_.opened_at or now, round_.closes_at, calendar.zone, calendar.closed)


def extend(db: Session, actor: Member, round_id: int, now: datetime) -> Round:
    """Keep a round open for longer, once, on its last day, while fewer people than the minimum have taken part.

    Raises NOT_EXTENDABLE.
    """
    hold(db, actor)
    own_round(db, round_id)
    round_ = pulse.round_of(db, actor.municipality_id, round_id)
    calendar = plans.calendar(db, actor.municipality_id)
    closes_at = extendable_until(db, round_, now)
    if closes_at is None:
        raise Refusal(Reason.NOT_EXTENDABLE)
    row = db.get_one(RoundRow, round_id, populate_existing=True)
    moments = workdays.reminders(round_.opened_at or round_.opens_at, closes_at, calendar.zone, calendar.closed)
    row.closes_at, row.extended_at, row.look_at = closes_at, now, next_look(now, calendar.zone)
    row.remind_at = next((m for m in moments[row.reminded :] if m > now), None)
    # The invitation goes out again, with the new date.
    db.execute(update(InviteeRow).where(InviteeRow.round_id == round_id).values(told_at=None))
    db.flush()
    return pulse.as_round(row)


def _calendar(db: Session, round_id: int) -> Calendar:
    return plans.calendar(db, db.get_one(RoundRow, round_id).municipality_id)


def _set(db: Session, round_id: int, **values: object) -> None:
    db.execute(update(RoundRow).where(RoundRow.id == round_id).values(**values))
