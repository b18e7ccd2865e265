"""What is due in the life of rounds. Each function does one step in one transaction and says whether it did any."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from core.actions import outbox
from core.actions import pulse as deeds
from core.queries import people, pulse, trends
from core.rules.people import Account, Municipality
from core.rules.pulse import Round
from scheduler.moment import BATCH, Moment
from screens import Screen, as_json
from screens import pulse as screens
from screens import trends as trend_screens
from screens.l10n import LOCALES, Texts, texts

RESULT_LIVES = timedelta(days=30)
"""A result is worth sending late: after a long outage too."""


def open_due(moment: Moment) -> bool:
    due = pulse.due_to_open(moment.db, moment.now, moment.failed)
    if due is None:
        return False
    with moment.on(due.id):
        return deeds.open_round(moment.db, moment.urns, due.id, moment.now)


def invite(moment: Moment) -> bool:
    """Put invitations of open rounds into the outbox."""
    untold = pulse.untold(moment.db, BATCH)
    for round_, accounts in _by_round(untold):
        here = people.municipality(moment.db, round_.municipality_id)
        count = len(pulse.statements(moment.db, round_.id))
        told = {locale: as_json(screens.invitation(texts(locale), here, round_, count)) for locale in LOCALES}
        for account in accounts:
            outbox.post(
                moment.db, f"round:{round_.id}:invitation:{account.id}", outbox.Kind.INVITATION, account.telegram_id,
                told[account.locale], moment.now, lives=round_.closes_at - moment.now,
                account_id=account.id, round_id=round_.id,
            )  # fmt: skip
            deeds.mark_told(moment.db, round_.id, account.id, moment.now)
    return bool(untold)


def cancel_without_urn(moment: Moment) -> bool:
    gone = [r for r in pulse.with_urn(moment.db) if deeds.cancel_without_urn(moment.db, moment.urns, r, moment.now)]
    return bool(gone)


def begin_close(moment: Moment) -> bool:
    due = pulse.due_to_close(moment.db, moment.now, moment.failed)
    if due is not None:
        deeds.begin_close(moment.db, due.id, moment.now)
    return due is not None


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
    unended = pulse.unended(moment.db, BATCH)
    for round_, accounts in _by_round(unended):
        ended = {locale: as_json(_ended(texts(locale), round_)) for locale in LOCALES}
        result = {locale: as_json(_result(moment, texts(locale), round_)) for locale in LOCALES}
        for account in accounts:
            invitation = outbox.sent_to(moment.db, round_.id, account.id, outbox.Kind.INVITATION)
            if invitation is not None:
                outbox.post(
                    moment.db, f"round:{round_.id}:end:{account.id}", outbox.Kind.EDIT, account.telegram_id,
                    ended[account.locale], moment.now, account_id=account.id, round_id=round_.id, edits_id=invitation,
                )  # fmt: skip
            outbox.post(
                moment.db, f"round:{round_.id}:result:{account.id}", outbox.Kind.RESULT, account.telegram_id,
                result[account.locale], moment.now, lives=RESULT_LIVES, account_id=account.id, round_id=round_.id,
            )  # fmt: skip
            deeds.mark_ended(moment.db, round_.id, account.id, moment.now)
    return bool(unended)


def _by_round(asked: Iterable[tuple[Round, Account]]) -> Iterator[tuple[Round, tuple[Account, ...]]]:
    rounds: dict[int, tuple[Round, list[Account]]] = {}
    for round_, account in asked:
        rounds.setdefault(round_.id, (round_, []))[1].append(account)
    for round_, accounts in rounds.values():
        yield round_, tuple(accounts)


def _ended(t: Texts, round_: Round) -> Screen:
    return screens.cancelled(t, round_.number) if round_.cancelled_at else screens.over(t, round_.number)


def _result(moment: Moment, t: Texts, round_: Round) -> Screen:
    """What everybody invited gets to read; a cancelled round has no result."""
    if round_.cancelled_at is not None:
        return screens.cancelled(t, round_.number)
    here = people.municipality(moment.db, round_.municipality_id)
    return trend_screens.summary(t, here, trends.results(moment.db, here.id, up_to=round_.number))


def _post_summary(moment: Moment, here: Municipality, round_: Round) -> None:
    channel = people.coordination_channel(moment.db, here.id)
    if channel is not None:
        results = trends.results(moment.db, here.id, up_to=round_.number)
        outbox.post(
            moment.db, f"round:{round_.id}:summary", outbox.Kind.SUMMARY, channel.chat_id,
            as_json(trend_screens.for_channel(texts(here.locale), here, results)), moment.now, lives=RESULT_LIVES,
            round_id=round_.id,
        )  # fmt: skip
