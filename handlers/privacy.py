"""The privacy notice, a copy of one's data, and signing off."""

from collections.abc import Sequence

from core.actions import outbox
from core.actions import privacy as deeds
from core.queries import people, plans
from core.queries import privacy as queries
from core.rules.people import Member
from handlers.turn import Turn
from screens import Screen, as_json, privacy
from screens.buttons import AskLeave, AskLeaveHere, Leave, ReadNotice, ShowMyData, ShowPrivacy, ShowPrivacyInFull
from screens.l10n import LOCALES, texts


def notice(turn: Turn, _asked: ShowPrivacy | str) -> Screen:
    return privacy.notice(turn.t, turn.acting)


def notice_for_invited(turn: Turn, button: ReadNotice) -> Screen:
    return privacy.notice_for_invited(turn.t, button.token)


def full_notice(turn: Turn, _button: ShowPrivacyInFull) -> Screen:
    return privacy.full_notice(turn.t, turn.acting)


def my_data(turn: Turn, _asked: ShowMyData | str) -> Screen:
    """Looks into the urn, so it writes nothing."""
    held = queries.holdings(turn.db, turn.telegram_id)
    lying = deeds.lying(turn.db, turn.urns, held, turn.now)
    return privacy.my_data(turn.t, held, lying, turn.now, turn.acting)


def ask_leave(turn: Turn, _asked: AskLeave | str) -> Screen:
    places = {m.municipality_id for m in turn.members}
    if len(places) > 1:
        return privacy.choose_leave(turn.t, turn.members)
    return _ask_leave(turn, next(iter(places), 0))


def ask_leave_here(turn: Turn, button: AskLeaveHere) -> Screen:
    return _ask_leave(turn, button.municipality)


def leave(turn: Turn, button: Leave) -> Screen:
    account = turn.account
    gone = deeds.leave(turn.db, turn.urns, account, button.municipality) if account else ()
    elsewhere = _elsewhere(turn, button.municipality)
    if not gone:
        return privacy.left_before(turn.t, elsewhere)
    _tell_coordination(turn, gone)
    return privacy.left(turn.t, gone[0].municipality, elsewhere)


def _ask_leave(turn: Turn, municipality_id: int) -> Screen:
    here = deeds.seats_to_leave(turn.db, turn.account, municipality_id) if turn.account else ()
    elsewhere = _elsewhere(turn, municipality_id)
    if not here:
        return privacy.left_before(turn.t, elsewhere)
    return privacy.ask_leave(turn.t, here, is_last=elsewhere is None)


def _elsewhere(turn: Turn, municipality_id: int) -> Member | None:
    return next((m for m in turn.members if m.municipality_id != municipality_id), None)


def _tell_coordination(turn: Turn, gone: Sequence[Member]) -> None:
    """Only of places for which somebody has to be found, and without a name."""
    for member in filter(privacy.is_missed, gone):
        coordinators = people.coordinators(turn.db, member.municipality_id)
        told = {locale: as_json(privacy.place_free(texts(locale), member)) for locale in LOCALES}
        at = plans.sending(turn.db, member.municipality_id, turn.now)
        outbox.notify(turn.db, f"left:{member.id}", coordinators, told, turn.now, at=at)
