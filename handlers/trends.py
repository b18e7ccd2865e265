"""Looking at published results."""

from core.queries import people, trends
from core.rules.people import Municipality
from handlers.turn import Turn
from screens import Screen
from screens import details as detail_screens
from screens import trends as screens
from screens.buttons import ExplainResult, ReadingLink, ResultsLink, ShowDetails, ShowResults


def show(turn: Turn, asked: ShowResults | ResultsLink) -> Screen:
    here = _here(turn)
    number = trends.newest(turn.db, here.id, asked.number or None)
    if number is None:
        return screens.no_result(turn.t, here)
    return screens.result(
        turn.t, here,
        trends.results(turn.db, here.id, up_to=number),
        trends.history(turn.db, here.id, up_to=number),
        trends.following(turn.db, here.id, number),
    )  # fmt: skip


def details(turn: Turn, button: ShowDetails) -> Screen:
    here = _here(turn)
    number = trends.newest(turn.db, here.id, button.number or None)
    if number is None:
        return screens.no_result(turn.t, here)
    (now,) = trends.results(turn.db, here.id, up_to=number, limit=1)
    return detail_screens.details(turn.t, here, now, trends.history(turn.db, here.id, up_to=number))


def explain(turn: Turn, asked: ExplainResult | ReadingLink) -> Screen:
    return detail_screens.reading(turn.t, _here(turn), asked.number if isinstance(asked, ExplainResult) else 0)


def _here(turn: Turn) -> Municipality:
    return people.municipality(turn.db, turn.member.municipality_id)
