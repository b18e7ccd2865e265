"""The demo: our own small Telegram, the unmodified bot, a fictional municipality, and a clock to move on.

The only module of the program that knows the sandbox; it is reached from the command line alone.
"""

import asyncio
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from starlette.applications import Starlette

from bot import schema
from bot.app import App, build
from bot.config import Settings
from core.actions import channels, people, plans, pulse
from core.db import Database, Session
from core.queries import people as people_queries
from core.queries import pulse as pulse_queries
from core.rules import workdays
from core.rules.people import Account, DepartmentKind, Involvement, Member, Role
from core.rules.plans import Land, Plan, PlanKind, suggested
from core.rules.pulse import Form, Round
from core.rules.recurrence import Cadence, Recurrence
from core.urn import Urns
from sandbox.page import Shown, routes
from sandbox.people import Person, Telegram
from sandbox.server import serve
from scheduler import BEATS
from scheduler.moment import Moment
from screens.l10n import texts
from screens.people import involved_on

TOKEN = "1000001:demo"  # noqa: S105  (opens nothing but the sandbox)
BOT_NAME = "dreiklang_demo_bot"
ZONE = ZoneInfo("Europe/Berlin")
PAST_ROUNDS = 13
CADENCE = timedelta(weeks=4)
SEED = 3

T = TypeVar("T")


@dataclass(frozen=True)
class Figure:
    """Somebody of the fictional municipality; ``caption`` stands beside the chat, which is not shown without one."""

    name: str
    role: Role
    department: str = ""
    language: str = "de"
    caption: str = ""


COORDINATOR = Figure("Maren Vogt", Role.COORDINATOR, caption="Koordination")
CAST = (
    Figure("Jonas Albrecht", Role.COORDINATOR, caption="Zweite Koordination"),
    Figure("Katrin Çelik", Role.REPRESENTATIVE, "Jugendamt", caption="Ansprechperson, Jugendamt"),
    Figure("Bernd Östreich", Role.REPRESENTATIVE, "Schulverwaltungsamt", caption="Ansprechperson, Schulverwaltungsamt"),
    Figure(
        "Ivana Kovač", Role.REPRESENTATIVE, "Volkshochschule", "en", caption="Ansprechperson, Volkshochschule (English)"
    ),
    Figure("Holger Petersen", Role.REPRESENTATIVE, "Sozialamt"),
    Figure("Amina Yıldız", Role.REPRESENTATIVE, "Gesundheitsamt"),
    Figure("Ulrich Groß", Role.REPRESENTATIVE, "Amt für Wirtschaftsförderung"),
    Figure("Dörte Lüdemann", Role.REPRESENTATIVE, "Kämmerei"),
    Figure("Stefan Wójcik", Role.REPRESENTATIVE, "Amt für Statistik und Wahlen"),
    Figure("Birgit Schäfer", Role.REPRESENTATIVE, "Kreisbibliothek"),
    Figure("Tomáš Novák", Role.REPRESENTATIVE, "Musikschule"),
    Figure("Silke Hoffmann-Brandenburg", Role.DEPUTY, "Jugendamt"),
    Figure("Rainer Köhler", Role.DEPUTY, "Schulverwaltungsamt"),
    Figure("Fatma Demir", Role.DEPUTY, "Sozialamt"),
    Figure("Jörg Weiß", Role.PARTICIPANT),
    Figure("Annegret Böhm", Role.PARTICIPANT),
    Figure("Lukas Jäger", Role.PARTICIPANT),
)
PARTNERS = ("Agentur für Arbeit", "Gesamtschule am See")


class DemoClock:
    """Real time, moved on by what the visitor asked for."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._app: App | None = None

    def attach(self, app: App) -> None:
        """From now on ``app`` lives by this clock, in the running loop."""
        self._app = app
        self._loop = asyncio.get_running_loop()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    async def advance(self, seconds: float) -> None:
        """Move on and let everything happen that is due by then; messages follow at Telegram's pace."""
        self._offset += timedelta(seconds=seconds)
        if self._app and self._loop:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._app.beats.run_all(), self._loop))

    def next_event(self) -> datetime | None:
        if self._app is None or self._loop is None:
            return None
        return asyncio.run_coroutine_threadsafe(self._app.next_due(), self._loop).result(15)


async def run(folder: Path, port: int, announce: Callable[[str], None], running: Callable[[App], None]) -> None:
    """Run the demo in ``folder``, which is emptied first, until the app is stopped."""
    shutil.rmtree(folder, ignore_errors=True)
    settings = Settings(
        token=SecretStr(TOKEN),
        database_url=f"sqlite:///{folder / 'dreiklang.db'}",
        data=folder,
        webhook_url="",
        listen="",
    )
    schema.upgrade(settings.database_url)
    clock = DemoClock()
    telegram = Telegram(TOKEN, BOT_NAME, now=clock.now)
    town = Town(settings, telegram, clock.now())
    chats = await asyncio.to_thread(town.build)
    page = Starlette(routes=routes(telegram, chats=chats, clock=clock))
    with serve(telegram, port, page=page) as address:
        app = build(settings.model_copy(update={"api_url": address.url}), clock=clock.now)
        clock.attach(app)
        running(app)
        await app.run(started=lambda: announce(address.url))


def _local(moment: datetime, later: timedelta) -> datetime:
    """The same time of day on the clock on the wall, so many days later."""
    here = moment.astimezone(ZONE)
    return workdays.instant(here.date() + later, here.time(), ZONE)


class Town:
    """Landkreis Musterland: ten departments, a year of past rounds, one open; built by the deeds that people do."""

    def __init__(self, settings: Settings, telegram: Telegram, now: datetime) -> None:
        self._database = Database(settings.database_url)
        self._urns = Urns(settings.urn_folder)
        self._telegram = telegram
        self._now = now
        self._random = random.Random(SEED)  # noqa: S311  (the same town at every start)
        self._people: list[tuple[Figure, Person]] = []

    def build(self) -> Sequence[Shown]:
        """Fill database and sandbox; returns the chats to show."""
        today = self._now.astimezone(ZONE).date()
        opening = next(
            moment
            for days in range(7)
            if workdays.is_working_day(today - timedelta(days))
            and (moment := workdays.instant(today - timedelta(days), workdays.OPENING_HOUR, ZONE)) <= self._now
        )
        founded = opening - PAST_ROUNDS * CADENCE - timedelta(days=14)
        actor = self._settle(founded)
        channel = self._open_channel(actor, founded)
        for number in range(PAST_ROUNDS):
            self._hold_round(actor, _local(opening, -(PAST_ROUNDS - number) * CADENCE), number)
        self._leave_open(actor, opening)
        self._plan_ahead(actor, opening)
        self._database.dispose()
        self._urns.close()
        shown = [Shown(person.id, figure.caption) for figure, person in self._people if figure.caption]
        newcomer = self._telegram.person("Nele Neu")
        return [
            *shown,
            Shown(channel, "Koordinationskanal"),
            Shown(newcomer.id, "Noch nicht dabei: hier Einladungen öffnen"),
        ]

    def _settle(self, founded: datetime) -> Member:
        token = self._do(lambda db: people.found(db, "Landkreis Musterland", founded))
        actor = self._join(COORDINATOR, token, founded)
        self._do(lambda db: people.set_topic(db, actor, "Kommunales Bildungsmanagement"))
        for which in Involvement:
            note = involved_on(texts("de"), founded.astimezone(ZONE).date())
            self._do(partial(people.record_involvement, actor=actor, which=which, note=note))
        self._do(lambda db: plans.set_land(db, actor, Land.BB, founded))
        names = tuple(dict.fromkeys(f.department for f in CAST if f.department))
        self._do(lambda db: people.add_departments(db, actor, names, DepartmentKind.DEPARTMENT))
        self._do(lambda db: people.add_departments(db, actor, PARTNERS, DepartmentKind.PARTNER))
        places = {d.name: d.id for d in self._do(lambda db: people_queries.departments(db, actor.municipality_id))}
        for figure in CAST:
            place = places.get(figure.department)
            _, token = self._do(
                partial(
                    people.invite, actor=actor, role=figure.role, department_id=place, name=figure.name, now=founded
                )
            )
            self._join(figure, token, founded)
        return actor

    def _join(self, figure: Figure, token: str, founded: datetime) -> Member:
        person = self._telegram.person(figure.name, language=figure.language)
        person.writes("/start")
        self._people.append((figure, person))
        hashed = people_queries.token_hash(token)
        return self._do(lambda db: people.join(db, hashed, person.id, figure.language, figure.name, founded))

    def _open_channel(self, actor: Member, founded: datetime) -> int:
        owner = self._people[0][1]
        room = self._telegram.channel("Koordination Bildung", owner=owner)
        owner.adds_bot(room)
        channel = self._do(lambda db: channels.propose(db, actor, room.id, "Koordination Bildung", is_public=False))
        self._do(lambda db: channels.confirm(db, actor, channel.id, founded))
        return room.id

    def _hold_round(self, actor: Member, opening: datetime, number: int) -> None:
        round_ = self._open(actor, opening)
        for _, person in self._people:
            if self._random.random() < 0.8:
                self._answer(round_, person, number)
        self._beat(round_.closes_at)

    def _leave_open(self, actor: Member, opening: datetime) -> None:
        """Those whose chats are not shown have answered already, so that the close has something to show."""
        round_ = self._open(actor, opening)
        for figure, person in self._people:
            if not figure.caption:
                self._answer(round_, person, PAST_ROUNDS)

    def _plan_ahead(self, actor: Member, opening: datetime) -> None:
        """The rhythm of the past goes on, and the channel gets a digest on every first Monday."""
        today = opening.astimezone(ZONE).date()
        rhythm = Recurrence(Cadence.FOUR_WEEKS, today.isoweekday(), 0, today + CADENCE)
        rounds = Plan(PlanKind.PULSE, rhythm, workdays.OPENING_HOUR.hour, workdays.OPEN_WORKING_DAYS, Form.LONG)
        for plan in (rounds, suggested(PlanKind.DIGEST, today)):
            self._do(partial(plans.save, actor=actor, plan=plan, now=opening))

    def _open(self, actor: Member, opening: datetime) -> Round:
        planned = self._do(lambda db: pulse.plan(db, actor, opening, Form.LONG, opening))
        self._beat(opening)
        return self._do(lambda db: pulse_queries.round_of(db, actor.municipality_id, planned.id))

    def _answer(self, round_: Round, person: Person, number: int) -> None:
        account = self._do(lambda db: people_queries.account(db, person.id))
        if account is not None:
            self._do(partial(self._put, account=account, round_=round_, number=number))

    def _put(self, db: Session, account: Account, round_: Round, number: int) -> None:
        first, *others = enumerate(self._values(number))
        pulse.answer(db, self._urns, account, round_.municipality_id, round_.id, *first, round_.opens_at)
        for position, value in others:
            # Admitted once is enough here: a thousand admissions would let the visitor wait.
            self._urns.put(round_.id, pulse.voter(round_, account.id), position, value)

    def _values(self, number: int) -> Iterator[int]:
        """Nine answers; necessity is clear, motivation grows slowly, competence stays in the middle."""
        drift = number / PAST_ROUNDS
        for centre in (4.1, 3.7, 3.5, 2.7 + drift, 2.8 + 1.1 * drift, 3.1, 3.2, 3.0 + 0.3 * drift, 3.3):
            yield max(1, min(5, round(self._random.gauss(centre, 0.9))))

    def _beat(self, now: datetime) -> None:
        for beat in BEATS:
            for step in beat.steps:
                while self._do(partial(self._step, step=step, now=now)):
                    pass

    def _step(self, db: Session, step: Callable[[Moment], bool], now: datetime) -> bool:
        return step(Moment(db, self._urns, now))

    def _do(self, deed: Callable[[Session], T]) -> T:
        with self._database.begin() as db:
            return deed(db)
