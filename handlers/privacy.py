"""The privacy notice, short and in full."""

from handlers.turn import Turn
from screens import Screen, privacy
from screens.buttons import ReadNotice, ShowPrivacy, ShowPrivacyInFull


def notice(turn: Turn, _asked: ShowPrivacy | str) -> Screen:
    return privacy.notice(turn.t, turn.acting)


def notice_for_invited(turn: Turn, button: ReadNotice) -> Screen:
    return privacy.notice_for_invited(turn.t, button.token)


def full_notice(turn: Turn, _button: ShowPrivacyInFull) -> Screen:
    return privacy.full_notice(turn.t, turn.acting)
