"""Retention, by itself; and what a start has to put in order."""

from core.actions import absence, drafts, outbox
from core.actions import pulse as deeds
from scheduler.moment import Moment


def forget(moment: Moment) -> bool:
    """Drop messages that are too late, and delete what has been kept for long enough."""
    outbox.expire(moment.db, moment.now)
    drafts.expire(moment.db, moment.now)
    absence.forget_past(moment.db, moment.now)
    deeds.destroy_orphans(moment.db, moment.urns)
    return False


def recover(moment: Moment) -> int:
    """After a start: the number of messages that are newly in doubt."""
    deeds.destroy_orphans(moment.db, moment.urns)
    return outbox.recover(moment.db, moment.now)
