"""The bot is added to a chat, or loses it; a coordinator confirms the coordination channel."""

from dataclasses import dataclass

from core.actions import channels as deeds
from core.actions import outbox
from core.queries import people
from core.rules.refusal import Reason, Refusal
from handlers.turn import Turn
from screens import Screen, as_json
from screens import channels as screens
from screens.buttons import ConfirmChannel, DeclineChannel, ShowChannel
from screens.l10n import LOCALES, texts


@dataclass(frozen=True)
class Chat:
    """A group or channel that the bot was added to, removed from, or that changed its id."""

    id: int
    title: str
    is_public: bool
    new_id: int = 0


def guide(turn: Turn, _button: ShowChannel) -> Screen:
    return screens.guide(turn.t, people.setup(turn.db, turn.member.municipality_id), turn.bot_name)


def added(turn: Turn, chat: Chat) -> Screen | None:
    """Ask the coordinator who did it, in private; anybody else gains nothing, not even an answer."""
    here = turn.acting.municipality_id if turn.acting else None
    coordinating = sorted((m for m in turn.members if m.is_coordinator), key=lambda m: m.municipality_id != here)
    actor = next(iter(coordinating), None)
    if actor is None:
        return None
    current = people.coordination_channel(turn.db, actor.municipality_id)
    if current is not None and current.chat_id == chat.id:
        return None
    channel = deeds.propose(turn.db, actor, chat.id, chat.title, is_public=chat.is_public)
    return screens.proposal(turn.t, actor.municipality, channel)


def confirm(turn: Turn, button: ConfirmChannel) -> Screen:
    return screens.confirmed(turn.t, deeds.confirm(turn.db, turn.member, button.channel, turn.now))


def decline(turn: Turn, button: DeclineChannel) -> Screen:
    deeds.decline(turn.db, turn.member, button.channel)
    return screens.declined(turn.t, turn.member.municipality_id)


def lost(turn: Turn, chat: Chat) -> None:
    """Tell every coordinator of the municipality, whoever removed the bot."""
    for channel in deeds.lose(turn.db, chat.id):
        coordinators = people.coordinators(turn.db, channel.municipality_id)
        told = {locale: as_json(screens.lost(texts(locale), channel)) for locale in LOCALES}
        # At once: a result that has nowhere to go may be due in the same hour.
        outbox.notify(turn.db, f"channel:{channel.id}:lost", coordinators, told, turn.now, at=turn.now)


def migrated(turn: Turn, chat: Chat) -> None:
    if not chat.new_id:
        raise Refusal(Reason.NOT_FOUND)
    deeds.migrate(turn.db, chat.id, chat.new_id)
