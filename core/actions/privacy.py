"""The rights of the people in the register: to know what is held about them, and to leave at once."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.actions import drafts
from core.actions.people import forget_account, wait_for_others
from core.actions.pulse import dealt, voter
from core.db import own_round
from core.queries import people, pulse
from core.queries.privacy import with_ballots
from core.rules.people import Account, Member
from core.rules.privacy import Holdings
from core.rules.pulse import REMINDER_SLOTS
from core.rules.refusal import Reason, Refusal
from core.tables import MemberRow
from core.urn import UrnMissing, Urns


def lying(db: Session, urns: Urns, holdings: Holdings, now: datetime) -> Mapping[int, int]:
    """By round, for the rounds open now: how many of its statements lie in the urn for this account, never which.

    Writes nothing to the main database.
    """
    counts: dict[int, int] = {}
    if holdings.account is not None:
        for asked in (asked for asked in holdings.rounds if asked.round.is_open(now)):
            # It may have been closed just now, or its urn be gone: then there is nothing to count.
            with suppress(Refusal):
                found = dealt(db, urns, holdings.account, asked.round, asked.statements, now)
                counts[asked.round.id] = len(found)
    return counts


def seats_to_leave(db: Session, account: Account, municipality_id: int) -> tuple[Member, ...]:
    """What this account is in a municipality; raises LAST_TO_COORDINATE if nobody would be left to coordinate."""
    mine = tuple(m for m in people.members(db, municipality_id) if m.account_id == account.id)
    coordinating = {a.id for a in people.coordinators(db, municipality_id)}
    if any(m.is_coordinator for m in mine) and coordinating <= {account.id}:
        raise Refusal(Reason.LAST_TO_COORDINATE)
    return mine


def leave(db: Session, urns: Urns, account: Account, municipality_id: int) -> tuple[Member, ...]:
    """Delete all that ties an account to a municipality: open ballots first, then the register, then the rest.

    Returns what the account was there; nothing if it had left before. Raises LAST_TO_COORDINATE.
    """
    wait_for_others(db, municipality_id)
    mine = seats_to_leave(db, account, municipality_id)
    if not mine:
        return ()
    for round_ in with_ballots(db, municipality_id, account.id):
        # Exclusively: an answer of the same person that is in hand elsewhere must not arrive after the removal.
        own_round(db, round_.id)
        slots = range(len(pulse.statements(db, round_.id)))
        with suppress(UrnMissing):
            urns.remove(round_.id, voter(round_, account.id), (*slots, *REMINDER_SLOTS))
    # Their personal links go with the members.
    db.execute(delete(MemberRow).where(MemberRow.id.in_([m.id for m in mine])))
    forget_account(db, account.id, municipality_id)
    drafts.drop(db, account.telegram_id)
    return mine
