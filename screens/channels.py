"""The coordination channel: how to set it up, the question whether this is it, and its loss."""

from core.rules.people import Channel, Setup
from screens import Press, Screen
from screens.buttons import ConfirmChannel, DeclineChannel, Panel
from screens.l10n import Texts, lines


def guide(t: Texts, setup: Setup, bot_name: str) -> Screen:
    here = setup.municipality
    text = lines(
        t("<b>Coordination channel</b>"),
        t("Now: {title}", title=setup.channel.title) if setup.channel else t("None has been confirmed yet."),
        t(
            "How to set it up: create a private Telegram channel and add @{bot} as an administrator who may post "
            "messages; or create a private group and add @{bot} as a simple member. Then come back to this chat: the "
            "bot asks you here whether it is the right one.",
            bot=bot_name,
        ),
    )
    return Screen(text, ((Press(t.plain("To the coordination"), Panel(here.id)),),))


def proposal(t: Texts, municipality: str, channel: Channel) -> Screen:
    text = lines(
        t("You have added the bot to “{title}”.", title=channel.title),
        t("Is this the coordination channel of <b>{municipality}</b>? Summaries will be posted there, where all "
          "of its members can read them.", municipality=municipality),
    )  # fmt: skip
    place = channel.municipality_id
    return Screen(
        text,
        (
            (Press(t.plain("Yes, this is the channel"), ConfirmChannel(place, channel.id)),),
            (Press(t.plain("No"), DeclineChannel(place, channel.id)),),
        ),
    )


def confirmed(t: Texts, channel: Channel) -> Screen:
    return Screen(
        t("“{title}” is now the coordination channel.", title=channel.title),
        ((Press(t.plain("To the coordination"), Panel(channel.municipality_id)),),),
    )


def declined(t: Texts, place: int) -> Screen:
    return Screen(
        t("The bot will post nothing there. You can remove it from that chat."),
        ((Press(t.plain("To the coordination"), Panel(place)),),),
    )


def lost(t: Texts, channel: Channel) -> Screen:
    text = t(
        "The bot can no longer post in the coordination channel “{title}”. Please add it again, or set up another "
        "channel.",
        title=channel.title,
    )
    return Screen(text, ((Press(t.plain("To the coordination"), Panel(channel.municipality_id)),),))
