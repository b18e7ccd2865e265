"""Multi-step input, kept as a Draft row: it survives a restart."""

from typing import Any

from core.actions import drafts
from handlers.turn import Turn
from screens import Screen


def ask(turn: Turn, form: str, screen: Screen, **data: Any) -> Screen:
    """From now on this person's next text belongs to ``form``."""
    drafts.begin(turn.db, turn.telegram_id, form, data, turn.now)
    return screen


def done(turn: Turn) -> None:
    """The form is filled in; the next text is no longer for it."""
    drafts.drop(turn.db, turn.telegram_id)
