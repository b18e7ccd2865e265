"""Plans of rounds and of the digest, and the calendar that they go by. Each deed is one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.actions.people import hold
from core.queries import people, plans
from core.rules.people import BLOCKING_GAPS, Member
from core.rules.plans import (
    A_DAY,
    LOOK_BACK,
    MINIMA,
    PERIODS_AT_MOST,
    Due,
    Land,
    Lateness,
    Period,
    PeriodKind,
    Plan,
    PlanKind,
    dues,
    lateness,
    left_out,
    next_round,
    spent,
)
from core.rules.pulse import next_form
from core.rules.refusal import Reason, Refusal
from core.rules.workdays import FURTHEST, closing, sending
from core.tables import MunicipalityRow, PeriodRow, PlanRow, RoundRow

FORGOTTEN_AFTER = timedelta(days=60)
"""A period that has been over for so long moves nothing any more."""


def save(db: Session, actor: Member, plan: Plan, now: datetime) -> None:
    """Put a plan in force, in place of an earlier one; what was skipped stays so if the dates remain the same.

    Raises SETUP_INCOMPLETE or DATE_TOO_FAR.
    """
    hold(db, actor)
    place, today = actor.municipality_id, _today(db, actor, now)
    if plan.kind is PlanKind.PULSE and BLOCKING_GAPS & set(people.setup(db, place).gaps):
        raise Refusal(Reason.SETUP_INCOMPLETE)
    if plan.recurrence.start - today > FURTHEST:
        raise Refusal(Reason.DATE_TOO_FAR)
    with _replanning(db, place, now):
        row = _row(db, place, plan.kind)
        if row is None or plans.as_standing(row).plan.recurrence != plan.recurrence:
            row = row or PlanRow(municipality_id=place, kind=plan.kind)
            row.rule, row.start, row.done = plan.recurrence.rule, plan.recurrence.start, today - LOOK_BACK
        row.minute, row.days, row.form = plan.hour * 60, plan.days, plan.form
        db.add(row)


def pause(db: Session, actor: Member, kind: PlanKind, now: datetime) -> None:
    """Let nothing happen by the plan until it goes on. Raises PLAN_GONE."""
    hold(db, actor)
    with _replanning(db, actor.municipality_id, now):
        row = _existing(db, actor, kind)
        row.paused_at = row.paused_at or now


def resume(db: Session, actor: Member, kind: PlanKind, now: datetime) -> None:
    """Raises PLAN_GONE."""
    hold(db, actor)
    with _replanning(db, actor.municipality_id, now):
        _existing(db, actor, kind).paused_at = None


def discard(db: Session, actor: Member, kind: PlanKind, now: datetime) -> None:
    """Delete a plan; what a person has dated by hand stays. Raises PLAN_GONE."""
    hold(db, actor)
    with _replanning(db, actor.municipality_id, now):
        db.delete(_existing(db, actor, kind))


def skip(db: Session, actor: Member, on: date, now: datetime) -> Due:
    """Leave out the plan's next date, which by the rule is ``on``. Raises PLAN_GONE or ROUND_NOT_PLANNED."""
    hold(db, actor)
    row = _existing(db, actor, PlanKind.PULSE)
    coming = plans.outlook(db, actor.municipality_id, plans.as_standing(row).plan, now).dues
    if not coming or coming[0].on != on:
        raise Refusal(Reason.ROUND_NOT_PLANNED)
    with _replanning(db, actor.municipality_id, now):
        row.done = on
    return coming[0]


def undo_skip(db: Session, actor: Member, on: date, now: datetime) -> Due:
    """Let the date that was skipped last take place after all. Raises PLAN_GONE or NOTHING_TO_UNDO."""
    hold(db, actor)
    row = _existing(db, actor, PlanKind.PULSE)
    skipped = plans.outlook(db, actor.municipality_id, plans.as_standing(row).plan, now).skipped
    if skipped is None or skipped.on != on:
        raise Refusal(Reason.NOTHING_TO_UNDO)
    with _replanning(db, actor.municipality_id, now):
        row.done = on - A_DAY
    return skipped


def add_period(db: Session, actor: Member, kind: PeriodKind, first: date, last: date, now: datetime) -> None:
    """Record closing days or a pause; the same ones twice are recorded once.

    Raises PERIOD_BACKWARDS, DATE_IN_THE_PAST, DATE_TOO_FAR or TOO_MANY_PERIODS.
    """
    hold(db, actor)
    place, today = actor.municipality_id, _today(db, actor, now)
    if last < first:
        raise Refusal(Reason.PERIOD_BACKWARDS)
    if last < today:
        raise Refusal(Reason.DATE_IN_THE_PAST)
    if first - today > FURTHEST or last - first >= FURTHEST:
        raise Refusal(Reason.DATE_TOO_FAR)
    known = plans.periods(db, place, kind, today)
    if (first, last) in {(period.first, period.last) for period in known}:
        return
    if len(known) >= PERIODS_AT_MOST:
        raise Refusal(Reason.TOO_MANY_PERIODS, limit=PERIODS_AT_MOST)
    with _replanning(db, place, now):
        db.execute(
            delete(PeriodRow).where(PeriodRow.municipality_id == place, PeriodRow.last < today - FORGOTTEN_AFTER)
        )
        db.add(PeriodRow(municipality_id=place, kind=kind, first=first, last=last))


def remove_period(db: Session, actor: Member, period_id: int, now: datetime) -> tuple[PeriodKind, Period]:
    """Returns what is gone. Raises NOT_FOUND."""
    hold(db, actor)
    row = db.get(PeriodRow, period_id)
    if row is None or row.municipality_id != actor.municipality_id:
        raise Refusal(Reason.NOT_FOUND)
    with _replanning(db, actor.municipality_id, now):
        db.delete(row)
    return PeriodKind(row.kind), Period(row.id, row.first, row.last)


def set_land(db: Session, actor: Member, land: Land, now: datetime) -> None:
    """Whose public holidays count."""
    hold(db, actor)
    with _replanning(db, actor.municipality_id, now):
        db.get_one(MunicipalityRow, actor.municipality_id).land = land


def set_minimum(db: Session, actor: Member, minimum: int) -> None:
    """Fewest answers for which anything is shown, from the next round on; an open one keeps what it promised."""
    hold(db, actor)
    if minimum not in MINIMA:
        raise Refusal(Reason.STALE_BUTTON)
    db.get_one(MunicipalityRow, actor.municipality_id).minimum = minimum


def set_channel_locale(db: Session, actor: Member, locale: str) -> None:
    """The language of what goes to the coordination channel."""
    hold(db, actor)
    db.get_one(MunicipalityRow, actor.municipality_id).locale = locale


def plan_ahead(db: Session, plan_id: int, now: datetime) -> bool:
    """Make the plan's next round; False if there is nothing to make (any more).

    Two that do this at the same moment wait for one another, and for a coordinator who plans by hand. That a date is
    used once at most, the unique occurrence of a round guarantees.
    """
    place = db.scalar(select(PlanRow.municipality_id).where(PlanRow.id == plan_id))
    db.execute(select(MunicipalityRow.id).where(MunicipalityRow.id == place).with_for_update(key_share=True))
    if plans.to_plan(db, only=plan_id) is None:
        return False
    row = db.get_one(PlanRow, plan_id, populate_existing=True)
    here, days, plan = db.get_one(MunicipalityRow, place), plans.calendar(db, row.municipality_id), _plan(row)
    due = next_round(plan, days, row.done, plans.used(db, here.id, row.done), plans.free_from(db, here.id), now)
    if due is None:
        raise LookupError("a plan without a next date")
    last = db.scalar(select(func.max(RoundRow.number)).where(RoundRow.municipality_id == here.id))
    db.add(
        RoundRow(
            municipality_id=here.id, number=(last or 0) + 1, topic=here.topic, minimum=here.minimum, opens_at=due.at,
            closes_at=closing(due.at, days.zone, days.closed, plan.days),
            form=next_form(plan.form, plans.last_forms(db, here.id)),
            days=plan.days, occurrence=due.on,
        )
    )  # fmt: skip
    row.done = due.on
    db.flush()
    return True


def take_digest(db: Session, plan_id: int, now: datetime) -> date | None:
    """The date by the rule of a digest that is to be posted now, and the next one is awaited; None for none to post.

    Of several that were missed none is posted, and one that is late comes at a time when people may be written to.
    """
    row = db.scalar(
        select(PlanRow)
        .where(PlanRow.id == plan_id, PlanRow.next_at <= now)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None or row.next_at is None:
        return None
    days = plans.calendar(db, row.municipality_id)
    may_send_at = sending(now, days.zone, days.closed)
    what = lateness(row.next_at, may_send_at, now)
    if what is Lateness.WAIT:
        row.next_at = may_send_at
        return None
    on = next(dues(_plan(row), days, row.done)).on
    _look_ahead(db, row, now)
    return on if what is Lateness.POST else None


@contextmanager
def _replanning(db: Session, place: int, now: datetime) -> Iterator[None]:
    """Around a change: the round that the plan has made is taken back, and the beat makes it anew.

    A round whose moment has come is left to open, and one that a person has dated stays. No change makes something
    happen for a moment that has passed; what a pause hid comes back with its end.
    """
    hidden = _take_back(db, place, now)
    yield
    db.flush()
    for changed in db.scalars(select(PlanRow).where(PlanRow.municipality_id == place)):
        if changed.kind == PlanKind.PULSE and (back := hidden - _hidden(db, changed, now)):
            changed.done = min(changed.done, min(back) - A_DAY)
        _look_ahead(db, changed, now)
    db.flush()


def _take_back(db: Session, place: int, now: datetime) -> frozenset[date]:
    """Returns what a pause hides until the change is made."""
    row = _row(db, place, PlanKind.PULSE)
    if row is None:
        return frozenset()
    made = plans.made_by(db, plans.as_standing(row))
    if made is not None and made.occurrence is not None and made.opens_at > now:
        db.execute(delete(RoundRow).where(RoundRow.id == made.id, RoundRow.opened_at.is_(None)))
        row.done = made.occurrence - A_DAY
    return _hidden(db, row, now)


def _hidden(db: Session, row: PlanRow, now: datetime) -> frozenset[date]:
    """What a pause leaves out of the dates that lie ahead and that the plan has passed over."""
    days = plans.calendar(db, row.municipality_id)
    long_ago = now.astimezone(days.zone).date() - LOOK_BACK
    return frozenset(due.on for due in left_out(_plan(row), days, long_ago, row.done))


def _look_ahead(db: Session, row: PlanRow, now: datetime) -> None:
    days = plans.calendar(db, row.municipality_id)
    row.done = spent(_plan(row), days, row.done, now)
    if row.kind == PlanKind.DIGEST:
        row.next_at = next(dues(_plan(row), days, row.done)).at if row.paused_at is None else None


def _plan(row: PlanRow) -> Plan:
    return plans.as_standing(row).plan


def _row(db: Session, place: int, kind: PlanKind) -> PlanRow | None:
    return db.scalar(select(PlanRow).where(PlanRow.municipality_id == place, PlanRow.kind == kind))


def _existing(db: Session, actor: Member, kind: PlanKind) -> PlanRow:
    row = _row(db, actor.municipality_id, kind)
    if row is None:
        raise Refusal(Reason.PLAN_GONE)
    return row


def _today(db: Session, actor: Member, now: datetime) -> date:
    return now.astimezone(plans.calendar(db, actor.municipality_id).zone).date()
