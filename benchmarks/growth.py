"""How cost grows with work: one year and ten of rounds, 30 members and 3 000, one municipality and 500.

Each size has a database of its own, filled in bulk, in which the real deeds then carry one municipality through one
round after the other. Sizes take turns, deed by deed; what is counted is processor time, and of that the least of all
tries: whatever else a machine has to do only adds to it.
"""

import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from sqlalchemy import update

from benchmarks.history import NEXT, Size, cast_ballots, fill
from core.db import Database
from core.queries import people, plans, pulse, trends
from core.tables import OutboxRow, OutboxState
from core.urn import Urns
from handlers import pulse as handlers
from handlers.turn import Turn
from scheduler import BEATS, Beat
from scheduler import plans as plan_steps
from scheduler import pulse as pulse_steps
from scheduler.moment import Moment
from screens import digest as digest_screens
from screens import trends as trend_screens
from screens.buttons import PulseAnswer
from screens.l10n import texts

PRESSES = 40
REPEATED = 7
"""What costs little is tried so many times in a turn."""
MORE_ROUNDS = 2
BUDGET = 60.0
"""No new turn begins after so many seconds of turns."""
FEWEST_TURNS, MOST_TURNS = 3, 7
SAME = 1.5
"""A ratio up to here counts as no growth: a busy machine is no quieter."""
LINEAR = 100 * SAME
"""The same for what may grow with the members: a hundred times as many, a hundred times the cost."""

OPENING = (pulse_steps.open_due, pulse_steps.invite)
CLOSING = (
    pulse_steps.begin_close, pulse_steps.count, pulse_steps.destroy, pulse_steps.tell_end, pulse_steps.settle,
)  # fmt: skip


YEARS = (1, 10)
FEW, MANY = 30, 3000
CROWDS = ((FEW, 1), (MANY, 1), (FEW, 500))
"""Members of each municipality, and municipalities: all three thousand in each of five hundred would be a country."""
SIZES = tuple(Size(years, *crowd) for crowd in CROWDS for years in YEARS)


@dataclass(frozen=True)
class Way:
    """One in which work grows; each pair is a large size beside a small one."""

    name: str
    pairs: tuple[tuple[Size, Size], ...]


WAYS = (
    Way("10 years ÷ 1", tuple((Size(10, *crowd), Size(1, *crowd)) for crowd in CROWDS)),
    Way("3 000 members ÷ 30", tuple((Size(years, MANY, 1), Size(years, FEW, 1)) for years in YEARS)),
    Way("500 municipalities ÷ 1", tuple((Size(years, FEW, 500), Size(years, FEW, 1)) for years in YEARS)),
)
DEEDS: dict[str, tuple[float | None, ...]] = {
    "opening and inviting": (SAME, LINEAR, SAME),
    "one press": (SAME, SAME, SAME),
    "closing, telling everybody": (SAME, LINEAR, SAME),
    "composing a summary": (SAME, SAME, SAME),
    "composing the digest": (SAME, SAME, SAME),
    "idle beat: pulse": (SAME, SAME, None),
    "idle beat: plans": (SAME, SAME, None),
    "idle beat: upkeep": (SAME, None, None),
}
"""Up to which ratio each cost may grow in each of the ways; None where there is no limit."""
ALLOWED = (
    f"Allowed: up to {SAME}, which no machine can tell from 1. Opening and closing may grow with their members, up to",
    f"{LINEAR:.0f} times; idle beats with municipalities, and upkeep with members, too: it looks through messages.",
)


def main() -> None:
    begun = perf_counter()
    with TemporaryDirectory(prefix="dreiklang-growth-") as name:
        towns = [_filled(Path(name), size) for size in SIZES]
        try:
            turns = _measure(towns)
        finally:
            for town in towns:
                town.close()
    for line in (*table(towns, turns), "", *verdict(towns)):
        print(line)
    print(f"\nThis part took {perf_counter() - begun:.0f} s.")


def _filled(folder: Path, size: Size) -> "Town":
    begun = perf_counter()
    ballots = folder / f"ballots-{size.members}"
    if not ballots.exists():
        cast_ballots(ballots, size.members)
    here = folder / f"{size.years}-{size.members}-{size.places}"
    here.mkdir()
    rows = fill(f"sqlite:///{here / 'dreiklang.db'}", size)
    town = Town(size, here, ballots)
    print(f"Filled: {_described(size)}: {_number(rows)} rows in {perf_counter() - begun:.0f} s", flush=True)
    return town


def _measure(towns: list["Town"]) -> int:
    """Let the sizes take their turns; returns how many each had."""
    begun = perf_counter()
    for number in range(MOST_TURNS):
        if number >= FEWEST_TURNS and perf_counter() - begun > BUDGET:
            return number
        _turn(towns)
        print(f"Turn {number + 1}: {perf_counter() - begun:.0f} s", flush=True)
    return MOST_TURNS


def _turn(towns: list["Town"]) -> None:
    """One round in every size, from its opening to its digest; in small ones some more, as they take no time at all."""
    small = [town for town in towns if town.size.members == FEW]
    for town in small * MORE_ROUNDS:
        town.open_round()
        town.close_round()
    for town in towns:
        town.open_round()
    for number, town in product(range(PRESSES), towns):
        town.press(number)
    for beat, _, town in product(BEATS, range(REPEATED), towns):
        town.idle(beat)
    for town in towns:
        town.close_round()
    for town in towns * REPEATED:
        town.summarise()
        town.digest()


class Town:
    """One database, of which the last municipality is looked at."""

    def __init__(self, size: Size, folder: Path, ballots: Path) -> None:
        self.size = size
        self._costs: dict[str, list[float]] = defaultdict(list)
        """Deed → milliseconds of processor time, try by try."""
        self._place = size.places
        self._folder = folder / "urn"
        self._ballots = ballots
        self._database = Database(f"sqlite:///{folder / 'dreiklang.db'}")
        self._urns = Urns(self._folder)
        self._now = datetime.combine(NEXT, time(), UTC) - timedelta(days=7)
        self._folder.mkdir()
        with self._database.begin() as db:
            for round_ in pulse.with_urn(db):
                self._copy_ballots(round_.id)

    def close(self) -> None:
        self._urns.close()
        self._database.dispose()

    def cost(self, deed: str) -> float:
        return min(self._costs[deed])

    def open_round(self) -> None:
        """Plan the next round and let it open; and everybody votes."""
        self._exhaust((plan_steps.plan_ahead,))
        with self._database.begin() as db:
            planned = pulse.running(db, self._place)
        if planned is None:
            raise LookupError("no round was planned")
        self._round, self._now = planned, planned.opens_at
        with self._timing("opening and inviting"):
            self._exhaust(OPENING)
        self._deliver()
        self._copy_ballots(planned.id)
        # What is due by now is done here, so that the beats that are measured are idle.
        self._now += timedelta(hours=1)
        for beat in BEATS:
            self._exhaust(beat.steps)

    def press(self, number: int) -> None:
        button = PulseAnswer(self._place, self._round.id, number % 9, 1 + number % 5)
        telegram_id = self.size.person(number)
        with self._timing("one press"), self._database.begin() as db:
            account, members = people.identity(db, telegram_id)
            turn = Turn(
                db=db, urns=self._urns, t=texts("de"), now=self._now, bot_name="dreiklang_bot",
                telegram_id=telegram_id, account=account, members=members, acting=members[0],
            )  # fmt: skip
            handlers.answer(turn, button)

    def idle(self, beat: Beat) -> None:
        with self._timing(f"idle beat: {beat.name}"):
            self._exhaust(beat.steps)

    def close_round(self) -> None:
        """The round's time is up: count, destroy, post the summary, and tell everybody."""
        with self._database.begin() as db:
            self._now = pulse.round_by_id(db, self._round.id).closes_at
        with self._timing("closing, telling everybody"):
            self._exhaust(CLOSING)
        with self._database.begin() as db:
            if trends.newest(db, self._place) != self._round.number:
                raise LookupError("the round was not counted")
        self._deliver()
        self._now += timedelta(hours=1)

    def summarise(self) -> None:
        with self._timing("composing a summary"), self._database.begin() as db:
            here, number = people.municipality(db, self._place), self._round.number
            results = trends.results(db, here.id, up_to=number)
            history = trends.history(db, here.id, up_to=number)
            trend_screens.for_channel(texts("de"), here, results, history)

    def digest(self) -> None:
        with self._timing("composing the digest"), self._database.begin() as db:
            here, newest = people.municipality(db, self._place), trends.newest(db, self._place)
            results, history = trends.results(db, here.id, up_to=newest), trends.history(db, here.id, up_to=newest)
            today = self._now.astimezone(plans.calendar(db, here.id).zone).date()
            digest_screens.digest(texts("de"), here, today, results, history, next_opens=None, open_until=None)

    @contextmanager
    def _timing(self, deed: str) -> Iterator[None]:
        begun = process_time()
        yield
        self._costs[deed].append((process_time() - begun) * 1000)

    def _exhaust(self, steps: Iterable[Callable[[Moment], bool]]) -> None:
        """As a beat does: each step in transactions of its own until it finds nothing more to do."""
        for step in steps:
            more = True
            while more:
                with self._database.begin() as db:
                    more = step(Moment(db, self._urns, self._now))

    def _deliver(self) -> None:
        """All that waits has gone out."""
        gone = {"state": OutboxState.SENT, "ended_at": self._now, "message_id": OutboxRow.id}
        with self._database.begin() as db:
            db.execute(update(OutboxRow).where(OutboxRow.state == OutboxState.WAITING).values(gone))

    def _copy_ballots(self, round_id: int) -> None:
        """Put the ballots that were cast once in place of an urn: casting 27 000 takes longer than all the rest."""
        for kind in ("key", "db"):
            shutil.copyfile(self._ballots / f"1.{kind}", self._folder / f"{round_id}.{kind}")
        with closing(sqlite3.connect(self._folder / f"{round_id}.db")) as urn, urn:
            urn.execute("UPDATE ballot SET urn = ?", (round_id,))


def table(towns: list[Town], turns: int) -> list[str]:
    """Milliseconds for every deed and size."""
    head = f"{'':<28}"
    return [
        f"Milliseconds of processor time, the least of all tries in {turns} turns, on SQLite",
        "",
        head + "".join(f"{_number(town.size.places):>10}" for town in towns) + "  municipalities",
        head + "".join(f"{_number(town.size.members):>10}" for town in towns) + "  members each",
        head + "".join(f"{town.size.years:>10}" for town in towns) + "  years of 13 rounds",
        *(f"{deed:<28}" + "".join(f"{town.cost(deed):>10.2f}" for town in towns) for deed in DEEDS),
    ]


def verdict(towns: list[Town]) -> list[str]:
    """How each cost grows, up to where it may, and whether that holds."""
    by_size = {town.size: town for town in towns}
    lines = [f"{'':<28}" + "".join(f"{way.name:>26}" for way in WAYS)]
    missed = []
    for deed, allowed in DEEDS.items():
        lines.append(f"{deed:<28}")
        for way, limit in zip(WAYS, allowed, strict=True):
            ratios = [by_size[large].cost(deed) / by_size[small].cost(deed) for large, small in way.pairs]
            lines[-1] += f"{'  '.join(f'{ratio:.2f}' for ratio in ratios):>26}"
            if limit is not None and max(ratios) > limit:
                missed.append(f"{deed} grows {max(ratios):.1f} times with {way.name}, allowed are {limit:.1f}")
    return [*lines, "", *ALLOWED, *(missed or ("That holds.",))]


def _described(size: Size) -> str:
    years, places = ("year", "years")[size.years > 1], ("municipality", "municipalities")[size.places > 1]
    return f"{size.years} {years}, {size.places} {places} of {_number(size.members)} members"


def _number(number: int) -> str:
    return f"{number:,}".replace(",", " ")
