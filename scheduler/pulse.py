"""What is due in the life of rounds. Each function does one step in one transaction and says whether it did any."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.actions import outbox, reminders
from core.actions import pulse as deeds
from core.queries import people, plans, pulse, statements, trends
from core.rules import workdays
from core.rules.people import Account, Municipality
from core.rules.pulse import Round, is_small_circle
from scheduler.moment import BATCH, Moment
from screens import Screen, as_json
from screens import pulse as screens
from screens import rounds as round_screens
from screens import trends as trend_screens
from screens.l10n import LOCALES, Texts, texts

RESULT_LIVES = timedelta(days=30)
"""A result is worth sending late: after a long outage too."""


@dataclass(frozen=True)
class Nudge:
    """One person's reminder, made while it is being sent; ``place`` is where to go on after it.

    ``invitation``: the message that becomes a pointer to the reminder, if it is known.
    """

    place: int
    chat_id: int
    screen: Screen | None
    invitation: int | None = None
    pointer: Screen | None = None


def open_due(moment: Moment) -> bool:
    """Open a planned round within the sending hours; one whose hours are over waits for the next morning.

    A plan's date that was missed until its round would be over, or that has come into a pause, is left out.
    """
    waiting = set(moment.failed)
    while (due := pulse.due_to_open(moment.db, moment.now, waiting)) is not None:
        with moment.on(due.id):
            calendar = plans.calendar(moment.db, due.municipality_id)
            if workdays.sending(moment.now, calendar.zone, calendar.closed) > moment.now:
                waiting.add(due.id)
                continue
            today = moment.now.astimezone(calendar.zone).date()
            if due.occurrence is not None and (moment.now >= due.closes_at or today in calendar.pauses):
                deeds.leave_out(moment.db, due.id)
                return True
            opened = deeds.open_round(moment.db, moment.urns, due.id, moment.now)
            if opened:
                _warn_of_small_circle(moment, due)
            return opened
    return False


def invite(moment: Moment) -> bool:
    """Put invitations of open rounds into the outbox; after an extension once more, with the new date."""
    round_, accounts = pulse.untold(moment.db, BATCH, moment.failed)
    if round_ is None:
        return False
    with moment.on(round_.id):
        here = people.municipality(moment.db, round_.municipality_id)
        told = {locale: as_json(_invitation(moment, texts(locale), here, round_)) for locale in LOCALES}
        pointer = {locale: as_json(screens.extended_pointer(texts(locale))) for locale in LOCALES}
        at = _invitations_at(moment, round_)
        word = "extension" if round_.extended_at else "invitation"
        for account in accounts:
            if round_.extended_at:
                _edit_invitation(moment, round_, account, "extended", pointer[account.locale])
            outbox.post(
                moment.db, f"round:{round_.id}:{word}:{account.id}", outbox.Kind.INVITATION, account.telegram_id,
                told[account.locale], moment.now, at=at, lives=round_.closes_at - at,
                account_id=account.id, round_id=round_.id,
            )  # fmt: skip
            deeds.mark_told(moment.db, round_.id, account.id, moment.now)
    return True


def remind(moment: Moment) -> bool:
    """Put one row for the whole round into the outbox: whom it goes to is decided while it is being sent."""
    due = pulse.due_to_remind(moment.db, moment.now, moment.failed)
    if due is None:
        return False
    with moment.on(due.id):
        which = reminders.due(moment.db, due.id, moment.now)
        if which:
            until = min(due.closes_at, _sending_ends(moment, due.municipality_id))
            outbox.post(
                moment.db, f"round:{due.id}:reminder:{which}", outbox.Kind.REMINDER, outbox.NO_CHAT, {"which": which},
                moment.now, lives=until - moment.now, round_id=due.id,
            )  # fmt: skip
    return True


def next_nudge(moment: Moment, round_id: int, which: int, after: int) -> Nudge | None:
    """The next invited person of a round, with the reminder if they are to get one; None after the last."""
    following = pulse.next_invitee(moment.db, round_id, after)
    if following is None:
        return None
    place, account, reachable = following
    round_ = pulse.round_by_id(moment.db, round_id)
    if not reachable or not reminders.claim(moment.db, moment.urns, round_, account, which, moment.now):
        return Nudge(place, account.telegram_id, None)
    t = texts(account.locale)
    here = people.municipality(moment.db, round_.municipality_id)
    last_day = (
        moment.now.astimezone(ZoneInfo(here.zone)).date() == round_.closes_at.astimezone(ZoneInfo(here.zone)).date()
    )
    return Nudge(
        place, account.telegram_id, screens.reminder(t, here, round_, last_day=last_day),
        outbox.message_of(moment.db, round_id, account.id, outbox.Kind.INVITATION), screens.reminder_pointer(t),
    )  # fmt: skip


def withdraw_nudge(moment: Moment, round_id: int, which: int, place: int) -> None:
    """The reminder for the person at ``place`` was certainly not sent: they may still get it."""
    claimed = pulse.next_invitee(moment.db, round_id, place - 1)
    if claimed is not None and claimed[0] == place:
        round_ = pulse.round_by_id(moment.db, round_id)
        reminders.release(moment.db, moment.urns, round_, claimed[1], which)


def look(moment: Moment) -> bool:
    """Renew the coordinators' count of answers, and offer an extension on the last morning."""
    due = pulse.due_for_a_look(moment.db, moment.now, moment.failed)
    if due is None:
        return False
    with moment.on(due.id):
        longer = reminders.look(moment.db, moment.urns, due.id, moment.now)
        if longer is not None:
            here = people.municipality(moment.db, due.municipality_id)
            _tell_coordinators(moment, due, "offer", lambda t: round_screens.extension_offer(t, here, due, longer))
    return True


def cancel_without_urn(moment: Moment) -> bool:
    gone = [r for r in pulse.with_urn(moment.db) if deeds.cancel_without_urn(moment.db, moment.urns, r, moment.now)]
    return bool(gone)


def begin_close(moment: Moment) -> bool:
    due = pulse.due_to_close(moment.db, moment.now, moment.failed)
    if due is None:
        return False
    with moment.on(due.id):
        deeds.begin_close(moment.db, due.id, moment.now)
    return True


def count(moment: Moment) -> bool:
    due = pulse.due_to_count(moment.db, moment.failed)
    if due is None:
        return False
    with moment.on(due.id):
        deeds.count(moment.db, moment.urns, due.id, moment.now)
    return True


def destroy(moment: Moment) -> bool:
    """Destroy the urn of a round that is over; only then its summary goes to the channel."""
    due = pulse.due_to_destroy(moment.db, moment.failed)
    if due is None:
        return False
    with moment.on(due.id):
        if deeds.destroy(moment.db, moment.urns, due.id, moment.now) and due.closed_at is not None:
            _post_summary(moment, people.municipality(moment.db, due.municipality_id), due)
    return True


def tell_end(moment: Moment) -> bool:
    """Edit the invitations of rounds that are over, and send everyone who was invited the result."""
    round_, accounts = pulse.unended(moment.db, BATCH, moment.failed)
    if round_ is None:
        return False
    with moment.on(round_.id):
        ended = {locale: as_json(_ended(texts(locale), round_)) for locale in LOCALES}
        result = {locale: as_json(_result(moment, texts(locale), round_)) for locale in LOCALES}
        at = plans.sending(moment.db, round_.municipality_id, moment.now)
        for account in accounts:
            _edit_invitation(moment, round_, account, "end", ended[account.locale])
            outbox.post(
                moment.db, f"round:{round_.id}:result:{account.id}", outbox.Kind.RESULT, account.telegram_id,
                result[account.locale], moment.now, at=at, lives=RESULT_LIVES, account_id=account.id,
                round_id=round_.id,
            )  # fmt: skip
            deeds.mark_ended(moment.db, round_.id, account.id, moment.now)
    return True


def settle(moment: Moment) -> bool:
    due = pulse.due_to_settle(moment.db)
    if due is not None:
        deeds.settle(moment.db, due.id, moment.now)
    return due is not None


def _ended(t: Texts, round_: Round) -> Screen:
    return screens.cancelled(t, round_.number) if round_.cancelled_at else screens.over(t, round_.number)


def _result(moment: Moment, t: Texts, round_: Round) -> Screen:
    """What everybody invited gets to read; a cancelled round has no result."""
    if round_.cancelled_at is not None:
        return screens.cancelled(t, round_.number)
    here = people.municipality(moment.db, round_.municipality_id)
    results = trends.results(moment.db, here.id, up_to=round_.number)
    return trend_screens.for_member(t, here, results, trends.history(moment.db, here.id, up_to=round_.number))


def _post_summary(moment: Moment, here: Municipality, round_: Round) -> None:
    channel = people.coordination_channel(moment.db, here.id)
    if channel is not None:
        results = trends.results(moment.db, here.id, up_to=round_.number)
        history = trends.history(moment.db, here.id, up_to=round_.number)
        told = trend_screens.for_channel(texts(here.locale), here, results, history)
        for key, screen in zip(("summary", "details"), told, strict=False):
            outbox.post(
                moment.db, f"round:{round_.id}:{key}", outbox.Kind.SUMMARY, channel.chat_id, as_json(screen),
                moment.now, at=plans.sending(moment.db, here.id, moment.now), lives=RESULT_LIVES, round_id=round_.id,
            )  # fmt: skip


def _invitation(moment: Moment, t: Texts, here: Municipality, round_: Round) -> Screen:
    count = len(pulse.statements(moment.db, round_.id))
    announced = statements.announced_in(moment.db, here.id, round_.number)
    if round_.extended_at:
        return screens.extension(t, here, round_, count)
    return screens.invitation(t, here, round_, count, tuple(s.wording(t.locale) for s in announced))


def _invitations_at(moment: Moment, round_: Round) -> datetime:
    """At once if a person has just started the round, else within the sending hours (RULES 7)."""
    calendar = plans.calendar(moment.db, round_.municipality_id)
    opened = round_.opened_at or moment.now
    by_a_person = workdays.sending(opened, calendar.zone, calendar.closed) > opened
    return moment.now if by_a_person else workdays.sending(moment.now, calendar.zone, calendar.closed)


def _edit_invitation(moment: Moment, round_: Round, account: Account, word: str, screen: dict[str, object]) -> None:
    invitation = outbox.sent_to(moment.db, round_.id, account.id, outbox.Kind.INVITATION)
    if invitation is not None:
        outbox.post(
            moment.db, f"round:{round_.id}:{word}:{account.id}", outbox.Kind.EDIT, account.telegram_id, screen,
            moment.now, account_id=account.id, round_id=round_.id, edits_id=invitation,
        )  # fmt: skip


def _warn_of_small_circle(moment: Moment, due: Round) -> None:
    round_ = pulse.round_by_id(moment.db, due.id)
    if round_.opened_at is not None and is_small_circle(round_):
        here = people.municipality(moment.db, due.municipality_id)
        _tell_coordinators(moment, round_, "small", lambda t: round_screens.small_circle(t, here, round_))


def _tell_coordinators(moment: Moment, round_: Round, word: str, screen: Callable[[Texts], Screen]) -> None:
    at = plans.sending(moment.db, round_.municipality_id, moment.now)
    told = {locale: as_json(screen(texts(locale))) for locale in LOCALES}
    coordinators = people.coordinators(moment.db, round_.municipality_id)
    outbox.notify(moment.db, f"round:{round_.id}:{word}", coordinators, told, moment.now, at=at, round_id=round_.id)


def _sending_ends(moment: Moment, municipality_id: int) -> datetime:
    zone = plans.calendar(moment.db, municipality_id).zone
    return workdays.instant(moment.now.astimezone(zone).date(), workdays.SENDING_UNTIL, zone)
