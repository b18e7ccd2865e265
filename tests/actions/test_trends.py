"""What can be looked up of closed rounds, what members see of them, and that a long history costs no more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from core import questions
from core.db import Database
from core.queries import people as people_queries
from core.queries import trends
from core.rules.pulse import Dimension, compose
from core.rules.trends import Code, Figure, Participation
from core.tables import FigureRow, RoundRow, StatementRow
from core.urn import Urns
from handlers import trends as handlers
from handlers.turn import Turn
from screens import Press, Screen
from screens.buttons import ExplainResult, ReadingLink, ResultsLink, ShowDetails, ShowResults
from screens.l10n import texts
from tests.actions.town import Town, found

FOUR_WEEKS = timedelta(weeks=4)
STATEMENTS = compose(questions.bank())
Published = Mapping[tuple[str, str], tuple[int, str, int]]
"""(kind, subject) → value, code, n."""
ALL: Published = {
    ("dimension", "must"): (75, "", 12),
    ("dimension", "want"): (10, "<", 12),
    ("dimension", "can"): (90, "≥", 12),
    ("item", "motivation"): (65, "", 12),
    ("item", "trust"): (60, "", 12),
}


@dataclass(frozen=True)
class Desk:
    """Rounds of the past, written as the count leaves them."""

    town: Town

    def hold(self, number: int, figures: Published, place: int = 0, **changes: Any) -> int:
        ends = self.ends(number)
        facts = {"opened_at": ends, "closing_at": ends, "closed_at": ends, "destroyed_at": ends} | changes
        row = RoundRow(
            municipality_id=place or self.town.id, number=number, topic="Frühe Hilfen", minimum=5, invited=44,
            opens_at=ends - timedelta(days=4), closes_at=ends, took_part=31, base=40, **facts,
        )  # fmt: skip
        with self.town.database.begin() as db:
            db.add(row)
            db.flush()
            for position, s in enumerate(STATEMENTS):
                db.add(
                    StatementRow(
                        round_id=row.id, position=position, key=s.key, dimension=s.dimension, role=s.role, de=s.de,
                        en=s.en,
                    )
                )  # fmt: skip
            for (kind, subject), (value, code, n) in figures.items():
                db.add(FigureRow(round_id=row.id, kind=kind, subject=subject, value=value, code=code, n=n))
            return row.id

    def reword(self, round_id: int, key: str, wording: str) -> None:
        with self.town.database.begin() as db:
            db.query(StatementRow).filter_by(round_id=round_id, key=key).update({"de": wording})

    def ends(self, number: int) -> datetime:
        return self.town.now + number * FOUR_WEEKS

    def on(self, number: int) -> date:
        return self.ends(number).date()

    def numbers(self, **asked: Any) -> list[int]:
        return [result.number for result in self.town.do(trends.results, self.town.id, **asked)]

    def values(self, subject: str, **asked: Any) -> list[int]:
        found = self.town.do(trends.history, self.town.id, **asked)
        return [published.figure.value for published in found[subject]]


@pytest.fixture
def desk(town: Town) -> Desk:
    return Desk(town)


RUNNING: dict[str, Any] = dict.fromkeys(("closing_at", "closed_at", "destroyed_at"))
CANCELLED: dict[str, Any] = {"closed_at": None, "cancelled_at": datetime.fromisoformat("2026-01-01T00:00+00:00")}


def must(value: int) -> Published:
    return {("dimension", "must"): (value, "", 12)}


# Results


def test_a_result_holds_all_that_was_published_and_nothing_else(desk: Desk) -> None:
    shares: Published = {("share", "trust"): (90, ">", 24), ("share", "shaping"): (62, "", 24)}
    round_id = desk.hold(1, {**ALL, **shares})
    (result,) = desk.town.do(trends.results, desk.town.id)
    assert (result.round_id, result.number, result.closed_on) == (round_id, 1, desk.on(1))
    assert (result.participation, result.minimum, result.invited) == (Participation(31, 40), 5, 44)
    assert result.figures == {
        Dimension.MUST: Figure(75, Code.EXACT, 12),
        Dimension.WANT: Figure(10, Code.BELOW, 12),
        Dimension.CAN: Figure(90, Code.FROM, 12),
    }
    assert result.items == {"motivation": Figure(65, Code.EXACT, 12), "trust": Figure(60, Code.EXACT, 12)}
    assert result.shares == {"trust": Figure(90, Code.ABOVE, 24), "shaping": Figure(62, Code.EXACT, 24)}
    assert result.statements == STATEMENTS


def test_a_round_keeps_the_wording_that_it_asked(desk: Desk) -> None:
    desk.reword(desk.hold(1, ALL), "trust", "Auf die anderen ist Verlass.")
    desk.hold(2, ALL)
    first, second = desk.town.do(trends.results, desk.town.id)
    assert {s.de for s in first.statements} - {s.de for s in second.statements} == {"Auf die anderen ist Verlass."}


def test_results_are_closed_rounds_of_this_municipality_oldest_first(desk: Desk, urns: Urns) -> None:
    other = found(desk.town.database, urns, desk.town.now, "Stadt Beispielhausen", 1_002)
    for number in (1, 2, 4):
        desk.hold(number, ALL)
    desk.hold(3, {}, **CANCELLED)
    desk.hold(5, {}, **RUNNING)
    desk.hold(6, ALL, other.id)
    assert desk.numbers() == [1, 2, 4]
    assert desk.numbers(up_to=4) == [1, 2, 4]
    assert desk.numbers(up_to=3) == [1, 2]
    assert desk.numbers(limit=2) == [2, 4]
    assert desk.numbers(up_to=0) == []


def test_no_more_results_come_than_the_picture_shows(desk: Desk) -> None:
    for number in range(1, 15):
        desk.hold(number, {})
    assert desk.numbers() == list(range(3, 15))


def test_a_result_is_out_only_when_the_answers_are_destroyed(desk: Desk) -> None:
    place = desk.town.id
    assert desk.town.do(trends.newest, place) is None
    for number in (1, 3):
        desk.hold(number, ALL)
    desk.hold(2, {}, **CANCELLED)
    desk.hold(4, ALL, destroyed_at=None)
    assert desk.town.do(trends.newest, place) == 3
    assert desk.town.do(trends.newest, place, 2) == 1
    assert desk.town.do(trends.newest, place, 99) == 3
    assert desk.town.do(trends.following, place, 1) == 3
    assert desk.town.do(trends.following, place, 3) is None


# History


def test_history_holds_the_last_thirteen_published_values_oldest_first(desk: Desk) -> None:
    """Twelve, and the one that a word needs to know what it said one round ago."""
    for number in range(1, 17):
        desk.hold(number, must(number))
    assert desk.values("must") == list(range(4, 17))
    assert desk.values("must", up_to=15) == list(range(3, 16))
    assert desk.values("want") == []


def test_a_round_that_shows_nothing_of_a_subject_is_no_value_of_it(desk: Desk) -> None:
    for number in range(1, 31):
        desk.hold(number, must(number) if number % 2 else {})
    assert desk.values("must") == list(range(5, 31, 2))


def test_history_has_every_subject_with_its_code_its_day_and_its_wording(desk: Desk) -> None:
    desk.reword(desk.hold(1, ALL), "shared_problems", "Wir sehen dieselben Probleme.")
    desk.hold(2, ALL)
    history = desk.town.do(trends.history, desk.town.id)
    assert set(history) == {*Dimension, "motivation", "trust"}
    by_key = {s.key: s.de for s in STATEMENTS}
    for subject, keys in {
        "must": ("necessity", "shared_problems"),
        "want": ("motivation", "trust"),
        "can": ("shaping", "channels"),
        "motivation": ("motivation",),
        "trust": ("trust",),
    }.items():
        first, second = history[subject]
        assert (first.on, second.on) == (desk.on(1), desk.on(2))
        assert second.wording == tuple(by_key[key] for key in keys)
        assert (first.wording == second.wording) == (subject != "must")
    assert history["want"][0].figure == Figure(10, Code.BELOW, 12)
    assert history["trust"][0].figure == Figure(60, Code.EXACT, 12)


def test_a_rotating_statement_is_no_part_of_a_dimension(desk: Desk) -> None:
    round_id = desk.hold(1, ALL)
    with desk.town.database.begin() as db:
        values = {
            "position": 8,
            "key": "goals",
            "dimension": "want",
            "role": "rotating",
            "de": "Ziele.",
            "en": "Goals.",
        }
        db.execute(insert(StatementRow).values(round_id=round_id, **values))
    (published,) = desk.town.do(trends.history, desk.town.id)["want"]
    assert "Ziele." not in published.wording
    assert len(published.wording) == 2


def test_an_item_or_a_share_of_the_same_name_is_no_value_of_a_dimension(desk: Desk) -> None:
    desk.hold(1, {("share", "trust"): (80, "", 24), ("item", "must"): (50, "", 12)})
    history = desk.town.do(trends.history, desk.town.id)
    assert (history["trust"], history["must"]) == ((), ())


def test_history_is_of_closed_rounds_of_this_municipality(desk: Desk, urns: Urns) -> None:
    other = found(desk.town.database, urns, desk.town.now, "Stadt Beispielhausen", 1_002)
    desk.hold(1, must(1))
    desk.hold(2, must(2), **CANCELLED)
    desk.hold(3, must(3), **RUNNING)
    desk.hold(4, must(4), other.id)
    assert desk.values("must") == [1]
    assert desk.town.do(trends.history, other.id, up_to=3)["must"] == ()
    assert desk.values("must", up_to=0) == []


def test_values_of_long_ago_are_no_longer_looked_for(desk: Desk) -> None:
    desk.hold(1, must(1))
    desk.hold(2, must(2))
    desk.hold(trends.LOOK_BACK + 1, {})
    assert desk.values("must") == [2]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("figures", [ALL, {}], ids=["shown", "never shown"])
def test_a_long_history_costs_no_more_than_a_short_one(desk: Desk, figures: Published) -> None:
    """In steps of SQLite's machine, where every row that is looked at counts."""
    for number in range(1, 71):
        desk.hold(number, figures)
    short = steps(desk.town.database, desk.town.id)
    for number in range(71, 211):
        desk.hold(number, figures)
    assert steps(desk.town.database, desk.town.id) <= short * 1.05


def steps(database: Database, place: int) -> int:
    counted = 0

    def one() -> int:
        nonlocal counted
        counted += 1
        return 0

    with database.begin() as db:
        raw: Any = db.connection().connection.dbapi_connection
        raw.set_progress_handler(one, 1)
        try:
            trends.history(db, place)
            trends.results(db, place)
        finally:
            raw.set_progress_handler(None, 1)
    return counted


def test_what_a_count_publishes_is_what_is_looked_up(town: Town) -> None:
    town.close(town.open_with([(4, 5, 3, 4, 2, 3)] * 20))
    (result,) = town.do(trends.results, town.id)
    assert result.participation == Participation(20, 21)
    assert set(result.figures) == set(Dimension)
    assert result.items["motivation"] == Figure(50, Code.EXACT, 20)
    assert result.shares["trust"] == Figure(90, Code.ABOVE, 20)
    assert result.statements == STATEMENTS
    history = town.do(trends.history, town.id)
    assert {subject: len(values) for subject, values in history.items()} == dict.fromkeys(history, 1)
    assert history["trust"][0].figure == result.items["trust"]


# Looking at them


def look(town: Town, asked: object) -> Screen:
    handle: Any = {
        ShowResults: handlers.show, ResultsLink: handlers.show, ShowDetails: handlers.details,
        ExplainResult: handlers.explain, ReadingLink: handlers.explain,
    }[type(asked)]  # fmt: skip
    with town.database.begin() as db:
        account, members = people_queries.identity(db, 1_001)
        turn = Turn(db, town.urns, texts("de"), town.now, "bot", 1_001, account, members, town.coordinator)
        screen: Screen = handle(turn, asked)
        assert not db.new
        assert not db.dirty
        return screen


def turns(screen: Screen) -> list[int]:
    """The numbers of the rounds to which one can leaf."""
    keys = [key.button for row in screen.keyboard for key in row if isinstance(key, Press)]
    return [button.number for button in keys if isinstance(button, ShowResults)]


def test_one_leafs_through_what_is_out(desk: Desk) -> None:
    town = desk.town
    for number in (1, 2, 4):
        desk.hold(number, ALL)
    desk.hold(3, {}, **CANCELLED)
    desk.hold(5, must(55), destroyed_at=None)
    seen = {number: look(town, ShowResults(town.id, number)) for number in (0, 1, 2, 3, 4, 5)}
    assert {number: turns(screen) for number, screen in seen.items()} == {
        0: [2], 1: [2], 2: [1, 4], 3: [1, 4], 4: [2], 5: [2]
    }  # fmt: skip
    for number, shown in {0: 4, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4}.items():
        assert f"Pulsrunde {shown}<" in seen[number].text
        assert f"Runde {shown}," in look(town, ShowDetails(town.id, number)).text
    assert seen[0] == seen[4] == look(town, ResultsLink(town.id, 0)) == look(town, ResultsLink(town.id, 4))


def test_an_earlier_round_is_shown_as_it_was_published(desk: Desk) -> None:
    """What came later does not show in it: not in its picture, and not in its words."""
    for number in range(1, 8):
        desk.hold(number, ALL)
    before = look(desk.town, ShowResults(desk.town.id, 6)), look(desk.town, ShowDetails(desk.town.id, 6))
    for screen in before:
        assert screen.text.count("\nstabil\n") > 1
    for number in range(8, 14):
        desk.hold(number, {**ALL, ("dimension", "must"): (20, "", 12), ("item", "trust"): (20, "", 12)})
    assert (look(desk.town, ShowResults(desk.town.id, 6)), look(desk.town, ShowDetails(desk.town.id, 6))) == before


@pytest.mark.parametrize("asked", [ShowResults, ShowDetails, ResultsLink])
@pytest.mark.parametrize("number", [0, 1, 7])
def test_without_a_result_there_is_a_sentence(town: Town, asked: type[Any], number: int) -> None:
    town.open()
    screen = look(town, asked(town.id, number))
    assert "noch kein Ergebnis" in screen.text
    assert screen.chart is None


def test_a_round_with_too_few_answers_shows_the_sentence_and_no_details(town: Town) -> None:
    town.close(town.open_with([(4,) * 6] * 4))
    result, details = look(town, ShowResults(town.id, 0)), look(town, ShowDetails(town.id, 0))
    for screen in (result, details):
        assert "Weniger als fünf Antworten." in screen.text
        assert screen.chart is None
    assert not any(isinstance(k, Press) and isinstance(k.button, ShowDetails) for row in result.keyboard for k in row)


def test_how_to_read_leads_back_to_where_one_came_from(town: Town) -> None:
    def back(screen: Screen) -> Sequence[object]:
        keys = [key.button for row in screen.keyboard for key in row if isinstance(key, Press)]
        return [button for button in keys if isinstance(button, ShowResults | ShowDetails)]

    assert back(look(town, ExplainResult(town.id, 4))) == [ShowResults(town.id, 4), ShowDetails(town.id, 4)]
    assert back(look(town, ReadingLink(town.id))) == [ShowResults(town.id, 0), ShowDetails(town.id, 0)]
