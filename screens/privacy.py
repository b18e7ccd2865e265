"""What we promise, and what we must admit, in words."""

from markupsafe import Markup

from core.rules.people import Member
from screens import Press, Screen
from screens.buttons import Button, OpenMenu, ShowInvitation, ShowPrivacy, ShowPrivacyInFull, Token
from screens.l10n import Texts, lines


def short_notice(t: Texts) -> Markup:
    """Stands before every first question and every joining."""
    return t(
        "Taking part is voluntary; not taking part has no disadvantages. No screen and no list shows whether or what "
        "you answer. Only rounded totals are published, and only from five answers on; after that the single answers "
        "are destroyed. Telegram itself can see which buttons you press; and whoever operates the server could link "
        "answers while the round is open."
    )


def in_short(t: Texts) -> Markup:
    return lines(t("<b>Data protection in short</b>"), short_notice(t))


def notice(t: Texts, member: Member | None) -> Screen:
    return Screen(in_short(t), ((Press(t.plain("Read the full notice"), ShowPrivacyInFull()),), *_home(t, member)))


def full_notice(t: Texts, member: Member | None) -> Screen:
    return Screen(in_full(t), ((Press(t.plain("Short version"), ShowPrivacy()),), *_home(t, member)))


def notice_for_invited(t: Texts, token: Token) -> Screen:
    return Screen(in_full(t), ((Press(t.plain("Back to the invitation"), ShowInvitation(token)),),))


def in_full(t: Texts) -> Markup:
    return lines(
        t("<b>Data protection in full</b>"),
        t(
            "<b>What is stored about you:</b> your name as you confirmed it, department and role, the number of your "
            "Telegram account, your language, which rounds you were invited to, and whether you have blocked the bot. "
            "Your Telegram name is not stored."
        ),
        t(
            "<b>Your answers</b> lie encrypted in an urn of their own while the round is open. The urn holds "
            "neither names nor times; there is no list of who has answered. You can change each answer until the "
            "close."
        ),
        t(
            "<b>At the close</b> the totals are computed once. Below five answers nothing is shown. Values are "
            "rounded, and very low and very high ones are only given as “below 10” or “90 and above”. Then the urn "
            "and its key are destroyed. The urn does not belong in any backup."
        ),
        t(
            "<b>What remains:</b> whoever knows all answers but one could work out the last one. While a round is "
            "open, whoever operates the server could link answers. Telegram can see which buttons you press."
        ),
        t(
            "<b>How long:</b> your entry in the register until the coordination removes it, at once if you ask for it; "
            "messages to you 30 days after their matter has ended; a name that you began to enter 7 days."
        ),
    )


def _home(t: Texts, member: Member | None) -> tuple[tuple[Press, ...], ...]:
    if member is None:
        return ()
    home: Button = OpenMenu(member.municipality_id)
    return ((Press(t.plain("To the menu"), home),),)
