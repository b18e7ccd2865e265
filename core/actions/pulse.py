"""The life of a round: plan, open, answer, close, count, destroy. Each deed is one transaction and may be repeated."""

from datetime import datetime

from sqlalchemy import Update, delete, func, insert, select, update
from sqlalchemy.orm import Session

from core.actions import statements as own_statements
from core.actions.people import hold, require_coordinator
from core.db import own_round, own_urns, share_round, share_urns
from core.queries import people, plans, pulse, statements
from core.rules import trends, workdays
from core.rules.people import BLOCKING_GAPS, Account, Member
from core.rules.pulse import NO_ANSWER, Form, Round, Statement, admit, next_form, next_look
from core.rules.refusal import Reason, Refusal
from core.tables import FigureRow, InviteeRow, MunicipalityRow, RoundRow, StatementRow
from core.urn import InvalidTag, UrnMissing, Urns


def foresee(db: Session, actor: Member, opens_at: datetime, form: Form, now: datetime) -> Round:
    """The round that ``plan`` would make or move; its id is 0 if there is none yet.

    A round for later opens within the sending hours (RULES 7); "now" is now.
    Raises SETUP_INCOMPLETE, ROUND_RUNNING, NOBODY_TO_INVITE or DATE_TOO_FAR.
    """
    require_coordinator(actor)
    setup = people.setup(db, actor.municipality_id)
    if BLOCKING_GAPS & set(setup.gaps):
        raise Refusal(Reason.SETUP_INCOMPLETE)
    waiting = pulse.running(db, actor.municipality_id)
    if waiting is not None and waiting.opened_at is not None:
        raise Refusal(Reason.ROUND_RUNNING)
    invited = len(pulse.invitable(db, actor.municipality_id))
    if not invited:
        raise Refusal(Reason.NOBODY_TO_INVITE)
    here, calendar = setup.municipality, plans.calendar(db, actor.municipality_id)
    opens_at = workdays.sending(opens_at, calendar.zone, calendar.closed) if opens_at > now else now
    if opens_at - now > workdays.FURTHEST:
        raise Refusal(Reason.DATE_TOO_FAR)
    days = waiting.days if waiting else workdays.OPEN_WORKING_DAYS
    form = next_form(form, plans.last_forms(db, here.id))
    last = db.scalar(select(func.max(RoundRow.number)).where(RoundRow.municipality_id == here.id))
    return Round(
        id=waiting.id if waiting else 0, municipality_id=here.id, number=waiting.number if waiting else (last or 0) + 1,
        topic=here.topic, minimum=here.minimum, invited=invited, form=form, days=days, opens_at=opens_at,
        closes_at=workdays.closing(opens_at, calendar.zone, calendar.closed, days),
        occurrence=waiting.occurrence if waiting else None, opened_at=None, closing_at=None, closed_at=None,
        cancelled_at=None, answered=None, extended_at=None,
    )  # fmt: skip


def plan(db: Session, actor: Member, opens_at: datetime, form: Form, now: datetime) -> Round:
    """Plan the next round, or move the one that waits; ``opens_at`` not after ``now`` means at once.

    Raises what ``foresee`` raises.
    """
    hold(db, actor)
    foreseen = foresee(db, actor, opens_at, form, now)
    values = {
        "topic": foreseen.topic, "minimum": foreseen.minimum, "form": foreseen.form, "opens_at": foreseen.opens_at,
        "closes_at": foreseen.closes_at,
    }  # fmt: skip
    if not foreseen.id:
        row = RoundRow(municipality_id=foreseen.municipality_id, number=foreseen.number, days=foreseen.days, **values)
        db.add(row)
        db.flush()
        return pulse.as_round(row)
    # A beat may have opened it since we looked: what is open is frozen.
    waits = (RoundRow.id == foreseen.id, RoundRow.opened_at.is_(None), RoundRow.cancelled_at.is_(None))
    if db.scalar(update(RoundRow).where(*waits).values(values).returning(RoundRow.id)) is None:
        raise Refusal(Reason.ROUND_RUNNING)
    return pulse.round_by_id(db, foreseen.id)


def unplan(db: Session, actor: Member, round_id: int) -> None:
    """Take back a round that has not opened; a plan goes on with its next date. Raises ROUND_NOT_PLANNED."""
    require_coordinator(actor)
    gone = db.scalar(
        delete(RoundRow)
        .where(
            RoundRow.id == round_id,
            RoundRow.municipality_id == actor.municipality_id,
            RoundRow.opened_at.is_(None),
            RoundRow.cancelled_at.is_(None),
        )
        .returning(RoundRow.id)
    )
    if gone is None:
        raise Refusal(Reason.ROUND_NOT_PLANNED)


def open_round(db: Session, urns: Urns, round_id: int, now: datetime) -> bool:
    """Freeze statements, topic, minimum and invited people, and make the urn; False if another has done it.

    The closing time moves with a late opening, so that the round is open for its working days. A round that
    nobody could answer any more is cancelled.
    """
    opened = db.scalar(
        update(RoundRow)
        .where(RoundRow.id == round_id, RoundRow.opened_at.is_(None), RoundRow.cancelled_at.is_(None))
        .values(opened_at=now)
        .returning(RoundRow.id)
    )
    if opened is None:
        return False
    row = db.get_one(RoundRow, round_id, populate_existing=True)
    municipality = db.get_one(MunicipalityRow, row.municipality_id)
    invited = pulse.invitable(db, row.municipality_id)
    if not invited:
        row.opened_at, row.cancelled_at = None, now
        return True
    calendar = plans.calendar(db, row.municipality_id)
    row.topic, row.minimum, row.invited = municipality.topic, municipality.minimum, len(invited)
    row.closes_at = workdays.closing(max(now, row.opens_at), calendar.zone, calendar.closed, row.days)
    row.remind_at = next(iter(workdays.reminders(now, row.closes_at, calendar.zone, calendar.closed)), None)
    row.look_at = next_look(now, calendar.zone)
    db.execute(insert(InviteeRow), [{"round_id": round_id, "account_id": account_id} for account_id in invited])
    asked = statements.next_statements(db, row.municipality_id, row.number, Form(row.form))
    for position, s in enumerate(asked):
        db.add(
            StatementRow(
                round_id=round_id, position=position, key=s.key, dimension=s.dimension, role=s.role, de=s.de, en=s.en
            )
        )
    own_statements.announce(db, row.municipality_id, row.number)
    db.flush()
    # The urn is on disk before the round is open for anybody; an urn without an open round is an orphan.
    share_urns(db)
    urns.create(round_id)
    return True


def leave_out(db: Session, round_id: int) -> None:
    """Withdraw a round whose date was missed; its plan goes on with the next one."""
    db.execute(delete(RoundRow).where(RoundRow.id == round_id, RoundRow.opened_at.is_(None)))


def answer(
    db: Session,
    urns: Urns,
    account: Account,
    municipality_id: int,
    round_id: int,
    position: int,
    value: int,
    now: datetime,
) -> tuple[Round, tuple[Statement, ...], set[int]]:
    """Put one answer into the urn, in place of an earlier one; ``value`` 0 is "keine Angabe".

    Returns with the round and its statements the positions dealt with so far, this one among them.
    Writes nothing to the main database. Raises ROUND_OVER, NOT_INVITED or STALE_BUTTON.
    """
    share_round(db, round_id)
    round_ = pulse.round_of(db, municipality_id, round_id)
    asked = pulse.statements(db, round_id)
    admit(round_, position, len(asked), value, now)
    _require_invited(db, round_, account)
    who = voter(round_, account.id)
    try:
        dealt = urns.put(round_id, who, position, None if value == NO_ANSWER else value, range(len(asked)))
    except UrnMissing:
        raise Refusal(Reason.ROUND_OVER) from None
    return round_, asked, dealt


def dealt(db: Session, urns: Urns, account: Account, round_: Round, count: int, now: datetime) -> set[int]:
    """Positions of the statements that this account has dealt with. Raises ROUND_OVER or NOT_INVITED."""
    share_round(db, round_.id)
    if not round_.is_open(now):
        raise Refusal(Reason.ROUND_OVER)
    _require_invited(db, round_, account)
    try:
        return urns.dealt(round_.id, voter(round_, account.id), range(count))
    except UrnMissing:
        raise Refusal(Reason.ROUND_OVER) from None


def begin_close(db: Session, round_id: int, now: datetime) -> None:
    """From here on no answer is admitted; answers in hand are waited for."""
    own_round(db, round_id)
    db.execute(
        update(RoundRow)
        .where(RoundRow.id == round_id, RoundRow.closing_at.is_(None), RoundRow.closes_at <= now)
        .values(closing_at=now)
    )


def count(db: Session, urns: Urns, round_id: int, now: datetime) -> None:
    """Tally the urn and store what may be published; a round whose urn cannot be read is cancelled."""
    own_round(db, round_id)
    row = db.get_one(RoundRow, round_id, populate_existing=True)
    if row.closed_at is not None or row.cancelled_at is not None:
        return
    # What coordinators saw while the round was open is no published number, and does not outlive it.
    row.answered = None
    try:
        counted = urns.count(round_id)
    except (UrnMissing, InvalidTag):
        row.cancelled_at = now
        return
    asked = pulse.statements(db, round_id)
    tally = trends.Tally({s.key: counted.values.get(i, []) for i, s in enumerate(asked)}, counted.voters)
    # Whether somebody who was away took part all the same must not show: the circle is never told person by person.
    zone = plans.calendar(db, row.municipality_id).zone
    first, last = ((at or row.opens_at).astimezone(zone).date() for at in (row.opened_at, row.closes_at))
    base = row.invited - pulse.away_throughout(db, round_id, first, last)
    shown = trends.participation(tally, base, row.minimum)
    if shown is not None:
        row.took_part, row.base = shown.took_part, shown.base
    published = (
        ("dimension", trends.figures(tally, asked, row.minimum)),
        ("item", trends.single_items(tally, asked, row.minimum)),
        ("share", trends.agreement(tally, asked, row.minimum)),
    )
    for kind, figures in published:
        for subject, figure in figures.items():
            db.add(
                FigureRow(
                    round_id=round_id, kind=kind, subject=subject, value=figure.value, code=figure.code, n=figure.n
                )
            )
    row.closed_at = now


def destroy(db: Session, urns: Urns, round_id: int, now: datetime) -> bool:
    """Destroy the urn of a round that is over and record it; False if another has done it."""
    own_round(db, round_id)
    urns.destroy(round_id)
    done = db.scalar(
        update(RoundRow)
        .where(RoundRow.id == round_id, RoundRow.destroyed_at.is_(None))
        .values(destroyed_at=now)
        .returning(RoundRow.id)
    )
    return done is not None


def cancel_without_urn(db: Session, urns: Urns, round_: Round, now: datetime) -> bool:
    """Cancel an open round whose urn is gone, as after a restore; True if it was."""
    if urns.exists(round_.id):
        return False
    db.execute(
        update(RoundRow)
        .where(RoundRow.id == round_.id, RoundRow.closed_at.is_(None))
        .values(cancelled_at=now, answered=None)
    )
    return True


def destroy_orphans(db: Session, urns: Urns) -> None:
    """Destroy urns that belong to no round: left by a crash between making an urn and opening its round."""
    own_urns(db)
    for urn_id in urns.known() - pulse.undestroyed(db):
        urns.destroy(urn_id)


def mark_told(db: Session, round_id: int, account_id: int, now: datetime) -> None:
    db.execute(_invitee(round_id, account_id).values(told_at=now))


def mark_ended(db: Session, round_id: int, account_id: int, now: datetime) -> None:
    db.execute(_invitee(round_id, account_id).values(ended_at=now))


def settle(db: Session, round_id: int, now: datetime) -> None:
    """Nothing is left to do for this round."""
    db.execute(update(RoundRow).where(RoundRow.id == round_id).values(settled_at=now))


def voter(round_: Round, account_id: int) -> str:
    """Who votes, as the urn's HMAC sees it: one ballot per account and municipality."""
    return f"{round_.municipality_id}|{account_id}"


def _require_invited(db: Session, round_: Round, account: Account) -> None:
    if not pulse.is_invited(db, round_.id, account.id):
        raise Refusal(Reason.NOT_INVITED)


def _invitee(round_id: int, account_id: int) -> Update:
    return update(InviteeRow).where(InviteeRow.round_id == round_id, InviteeRow.account_id == account_id)
