"""A municipality with an open round, made by the deeds that people do; and what the bare bots say in its place."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.folder import Shown, database_url, save_replies
from bot import schema
from core.actions import people, pulse
from core.db import Database, Session
from core.queries import people as people_queries
from core.queries import pulse as pulse_queries
from core.rules.people import CROWD_CAPACITY, Involvement, Member, Municipality
from core.rules.pulse import Form, Round
from core.urn import Urns
from screens import Press, Screen
from screens import pulse as screens
from screens.buttons import PulseAnswer
from screens.l10n import texts

FIRST_PERSON = 1_000_001


@dataclass(frozen=True)
class Town:
    municipality: int
    round: int
    statements: list[Shown]
    replies: list[Shown]
    """What is shown after an answer to each statement."""

    def press(self, count: int) -> tuple[int, str]:
        """The statement and the button of one person's press number ``count``, again and again from the beginning."""
        position = count % len(self.statements)
        return position, PulseAnswer(self.municipality, self.round, position, 1 + count % 5).pack()


def found(folder: Path, size: int) -> Town:
    """Prepare ``folder`` for a round that ``size`` people are invited to answer, and for the bare bots."""
    schema.upgrade(database_url(folder))
    database, urns = Database(database_url(folder)), Urns(folder / "urn")
    try:
        with database.begin() as db:
            here, round_ = _open_round(db, urns, size, datetime.now(UTC))
            town = _described(db, here, round_)
    finally:
        urns.close()
        database.dispose()
    save_replies(folder, town.replies)
    return town


def _open_round(db: Session, urns: Urns, size: int, now: datetime) -> tuple[Municipality, Round]:
    actor = _join(db, people.found(db, "Landkreis Musterland", now), 0, now)
    people.set_topic(db, actor, "Kommunales Bildungsmanagement")
    for which in Involvement:
        people.record_involvement(db, actor, which, "beteiligt")
    for number in range(1, size):
        if number % CROWD_CAPACITY == 1:
            token = people.invite_many(db, actor, now)
        _join(db, token, number, now)
    planned = pulse.plan(db, actor, now, Form.LONG, now)
    pulse.open_round(db, urns, planned.id, now)
    # Without this the complete bot would begin by sending everybody an invitation.
    for account in pulse_queries.untold(db, size)[1]:
        pulse.mark_told(db, planned.id, account.id, now)
    return people_queries.municipality(db, actor.municipality_id), pulse_queries.round_by_id(db, planned.id)


def _join(db: Session, token: str, number: int, now: datetime) -> Member:
    hashed = people_queries.token_hash(token)
    return people.join(db, hashed, FIRST_PERSON + number, "de", f"Person {number}", now)


def _described(db: Session, here: Municipality, round_: Round) -> Town:
    t, statements = texts("de"), pulse_queries.statements(db, round_.id)
    asked = [
        screens.statement(t, round_, statements, position, dealt=True, toast=screens.stored(t))
        for position in range(len(statements))
    ]
    last = screens.thanks(t, here, round_, screens.stored(t))
    return Town(here.id, round_.id, [_shown(s) for s in asked], [_shown(s) for s in (*asked[1:], last)])


def _shown(screen: Screen) -> Shown:
    rows = [[(key.label, key.button.pack()) for key in row if isinstance(key, Press)] for row in screen.keyboard]
    return Shown(str(screen.text), rows, screen.toast)
