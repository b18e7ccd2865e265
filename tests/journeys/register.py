"""Towns that are already set up, made by the deeds that people do, so that a story can begin in the middle."""

from dataclasses import dataclass
from datetime import datetime

from core.actions import channels, people
from core.db import Database, Session
from core.queries import people as queries
from core.rules.people import DepartmentKind, Involvement, Member, Role
from sandbox.people import Person, Room, Telegram


@dataclass(frozen=True)
class Register:
    municipality_id: int
    owner: Person
    staff: tuple[Person, ...]
    channel: Room

    @property
    def everybody(self) -> tuple[Person, ...]:
        return (self.owner, *self.staff)


def settle_town(
    database_url: str,
    telegram: Telegram,
    now: datetime,
    *,
    name: str = "Landkreis Musterland",
    staff: int = 5,
    language: str = "de",
) -> Register:
    """A municipality with topic, involvement, a department, a channel and connected people."""
    database = Database(database_url)
    owner = telegram.person(f"Maren {name}", language=language)
    others = tuple(telegram.person(f"Nick{number} {name}", language=language) for number in range(staff))
    channel = telegram.channel(f"Kanal {name}", owner=owner)
    for person in (owner, *others):
        person.writes("/hilfe")
    owner.adds_bot(channel)
    try:
        with database.begin() as db:
            actor = _join(db, people.found(db, name, now), owner, "Maren Vogt", now, language)
            people.set_topic(db, actor, "Kommunales Bildungsmanagement")
            for which in Involvement:
                people.record_involvement(db, actor, which, "beteiligt am 23.11.2026")
            people.add_departments(db, actor, ["Jugendamt"], DepartmentKind.DEPARTMENT)
            for number, person in enumerate(others):
                _, token = people.invite(db, actor, Role.PARTICIPANT, None, f"Beteiligte {number} Ümläut", now)
                _join(db, token, person, "", now, language)
            proposed = channels.propose(db, actor, channel.id, f"Kanal {name}", is_public=False)
            channels.confirm(db, actor, proposed.id, now)
    finally:
        database.dispose()
    return Register(actor.municipality_id, owner, others, channel)


def _join(db: Session, token: str, person: Person, name: str, now: datetime, language: str) -> Member:
    return people.join(db, queries.token_hash(token), person.id, language, name, now)


__all__ = ["Register", "settle_town"]
