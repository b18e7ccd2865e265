"""Look up a municipality's calendar, its plans and the dates that they make."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import takewhile
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from core.queries import pulse
from core.rules.plans import A_DAY, LOOK_BACK, Calendar, Outlook, Period, PeriodKind, Plan, PlanKind, Standing
from core.rules.plans import dues as dates_of
from core.rules.plans import outlook as seen_from
from core.rules.pulse import SHORT_IN_A_ROW, Form, Round
from core.rules.recurrence import Recurrence
from core.rules.workdays import DaysOff, Periods
from core.rules.workdays import sending as sending_hours
from core.tables import MunicipalityRow, PeriodRow, PlanRow, RoundRow


def calendar(db: Session, municipality_id: int) -> Calendar:
    here = db.get_one(MunicipalityRow, municipality_id)
    rows = db.scalars(
        select(PeriodRow).where(PeriodRow.municipality_id == municipality_id).order_by(PeriodRow.first)
    ).all()
    closing = tuple((row.first, row.last) for row in rows if row.kind == PeriodKind.CLOSING)
    pauses = tuple((row.first, row.last) for row in rows if row.kind == PeriodKind.PAUSE)
    return Calendar(ZoneInfo(here.zone), DaysOff(here.land, closing), Periods(pauses))


def periods(db: Session, municipality_id: int, kind: PeriodKind, today: date) -> tuple[Period, ...]:
    """Those that are not over, the nearest first."""
    rows = db.scalars(
        select(PeriodRow)
        .where(PeriodRow.municipality_id == municipality_id, PeriodRow.kind == kind, PeriodRow.last >= today)
        .order_by(PeriodRow.first, PeriodRow.last, PeriodRow.id)
    )
    return tuple(Period(row.id, row.first, row.last) for row in rows)


def standing(db: Session, municipality_id: int, kind: PlanKind) -> Standing | None:
    row = db.scalar(select(PlanRow).where(PlanRow.municipality_id == municipality_id, PlanRow.kind == kind))
    return None if row is None else as_standing(row)


def as_standing(row: PlanRow) -> Standing:
    recurrence = Recurrence.read(row.rule, row.start)
    plan = Plan(PlanKind(row.kind), recurrence, row.minute // 60, row.days, Form(row.form))
    return Standing(row.id, row.municipality_id, plan, row.done, row.next_at, row.paused_at is not None)


def made_by(db: Session, by: Standing) -> Round | None:
    """The round that waits as the plan made it: it has not opened, and nobody has given it another moment."""
    waiting = pulse.running(db, by.municipality_id)
    if waiting is None or waiting.opened_at is not None or waiting.occurrence is None:
        return None
    planned = next(dates_of(by.plan, calendar(db, by.municipality_id), waiting.occurrence - A_DAY), None)
    as_planned = planned is not None and (planned.on, planned.at) == (waiting.occurrence, waiting.opens_at)
    return waiting if as_planned else None


def used(db: Session, municipality_id: int, after: date) -> frozenset[date]:
    """Dates by the rule, later than ``after``, that have had their round: each one, whatever becomes of the plan."""
    rows = db.scalars(
        select(RoundRow.occurrence).where(RoundRow.municipality_id == municipality_id, RoundRow.occurrence > after)
    )
    return frozenset(day for day in rows if day is not None)


def free_from(db: Session, municipality_id: int) -> datetime:
    """When the last round was over, or was to be: a date before that has been missed."""
    last = db.scalar(
        select(RoundRow)
        .where(
            RoundRow.municipality_id == municipality_id,
            RoundRow.closed_at.is_not(None) | RoundRow.cancelled_at.is_not(None),
        )
        .order_by(RoundRow.number.desc())
        .limit(1)
    )
    return datetime.min.replace(tzinfo=UTC) if last is None else last.cancelled_at or last.closes_at


def last_forms(db: Session, municipality_id: int) -> tuple[Form, ...]:
    """Of the last rounds that opened, the newest last."""
    rows = db.scalars(
        select(RoundRow.form)
        .where(RoundRow.municipality_id == municipality_id, RoundRow.opened_at.is_not(None))
        .order_by(RoundRow.number.desc())
        .limit(SHORT_IN_A_ROW)
    ).all()
    return tuple(Form(form) for form in reversed(rows))


def to_plan(db: Session, skipping: Collection[int] = (), only: int | None = None) -> int | None:
    """The id of a plan whose next round is to be made; ``only`` looks at this one."""
    here = MunicipalityRow
    unfinished = exists().where(
        RoundRow.municipality_id == PlanRow.municipality_id,
        RoundRow.closed_at.is_(None),
        RoundRow.cancelled_at.is_(None),
    )
    query = (
        select(PlanRow.id)
        .join(here, here.id == PlanRow.municipality_id)
        .where(
            PlanRow.kind == PlanKind.PULSE,
            PlanRow.paused_at.is_(None),
            PlanRow.id.not_in(skipping),
            # The setup without which no round opens (core.rules.people.BLOCKING_GAPS).
            here.topic != "",
            here.council != "",
            here.protection != "",
            ~unfinished,
        )
        .order_by(PlanRow.id)
        .limit(1)
    )
    return db.scalar(query if only is None else query.where(PlanRow.id == only))


def due_digest(db: Session, now: datetime, skipping: Collection[int] = ()) -> tuple[int, int] | None:
    """The ids of the plan whose digest is longest overdue, and of its municipality."""
    row = db.execute(
        select(PlanRow.id, PlanRow.municipality_id)
        .where(PlanRow.next_at <= now, PlanRow.id.not_in(skipping))
        .order_by(PlanRow.next_at, PlanRow.id)
        .limit(1)
    ).first()
    return None if row is None else (row.id, row.municipality_id)


def outlook(db: Session, municipality_id: int, plan: Plan, now: datetime) -> Outlook:
    """What dates ``plan`` makes if it is (or stays) in force: without those used, skipped or covered by a round."""
    days = calendar(db, municipality_id)
    long_ago = now.astimezone(days.zone).date() - LOOK_BACK
    current = standing(db, municipality_id, plan.kind)
    same = current if current is not None and current.plan.recurrence == plan.recurrence else None
    if plan.kind is PlanKind.DIGEST:
        return seen_from(plan, days, same.done if same else long_ago, (), now)
    made = made_by(db, current) if current else None
    running = pulse.running(db, municipality_id)
    since = now if running is None or running == made else max(now, running.closes_at)
    gone = used(db, municipality_id, long_ago) - ({made.occurrence} if made else set())
    if same is None:
        return seen_from(plan, days, long_ago, gone, since)
    done = made.occurrence - A_DAY if made and made.occurrence else same.done
    passed = takewhile(lambda due: due.on <= done, dates_of(plan, days, long_ago))
    skipped = [due for due in passed if due.at > since and due.on not in gone]
    return replace(seen_from(plan, days, done, gone, since), skipped=skipped[-1] if skipped else None)


def next_digest(db: Session, now: datetime) -> datetime | None:
    """When the next digest is due."""
    return db.scalar(select(func.min(PlanRow.next_at)).where(PlanRow.next_at > now, PlanRow.paused_at.is_(None)))


def next_opening(db: Session, municipality_id: int, now: datetime) -> datetime | None:
    """When the next round opens by the plan, if one is in force."""
    by = standing(db, municipality_id, PlanKind.PULSE)
    if by is None or by.is_paused:
        return None
    return next((due.at for due in outlook(db, municipality_id, by.plan, now).dues), None)


def sending(db: Session, municipality_id: int, now: datetime) -> datetime:
    """Now, or when people there may be written to next without having asked for it (RULES 7)."""
    here = calendar(db, municipality_id)
    return sending_hours(now, here.zone, here.closed)
