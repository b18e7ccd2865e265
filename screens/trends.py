"""A closed round's result: text and picture, saying only what was published."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from core.rules.people import Municipality
from core.rules.pulse import Dimension, ItemRole
from core.rules.trends import Figure, Result
from screens import Jump, Keyboard, Press, Screen
from screens.buttons import ExplainResult, MenuLink, OpenMenu, ReadingLink, ResultsLink, ShowDetails, ShowResults
from screens.chart import Chart, Panel, Point
from screens.details import details
from screens.figures import MEANINGS, NAMES, History, basis, in_words, nothing_shown, value
from screens.l10n import Texts, lines


def summary(t: Texts, here: Municipality, results: Sequence[Result], history: History) -> Screen:
    """The last of ``results`` in words, and all of them as a picture (oldest first)."""
    now = results[-1]
    title = t("<b>{municipality} – pulse round {number}</b>", municipality=here.name, number=now.number)
    if now.participation is None:
        return Screen(lines(title, nothing_shown(t, now)), protected=True)
    text = lines(title, in_words(t, results, history))
    return Screen(text, chart=_chart(t, here, results), protected=True)


def for_channel(t: Texts, here: Municipality, results: Sequence[Result], history: History) -> tuple[Screen, ...]:
    """The summary and, if there is anything to say, its second message.

    In a channel keys are deep links, never presses.
    """
    now = results[-1]
    first = replace(summary(t, here, results, history), keyboard=channel_keys(t, here))
    if now.participation is None:
        return (first,)
    keys: Keyboard = ((_explain_there(t, here),),)
    if len(results) > 1:
        keys += ((Jump(t.plain("Earlier results"), ResultsLink(here.id, results[-2].number).pack()),),)
    return first, replace(details(t, here, now, history), keyboard=keys)


def for_member(t: Texts, here: Municipality, results: Sequence[Result], history: History) -> Screen:
    """The summary as it is sent to everyone who was invited."""
    return replace(summary(t, here, results, history), keyboard=_keys(t, here, results[-1]))


def result(t: Texts, here: Municipality, results: Sequence[Result], history: History, following: int | None) -> Screen:
    """The same, to leaf through; ``following`` is the number of the next round, None after the newest one."""
    turn: list[Press] = []
    if len(results) > 1:
        turn.append(Press(t.plain("Earlier round"), ShowResults(here.id, results[-2].number)))
    if following is not None:
        turn.append(Press(t.plain("Later round"), ShowResults(here.id, following)))
    keys = (*((tuple(turn),) if turn else ()), *_keys(t, here, results[-1]), _back(t, here))
    return replace(summary(t, here, results, history), keyboard=keys)


def no_result(t: Texts, here: Municipality) -> Screen:
    return Screen(t("There is no result yet. It comes here when the first round has ended."), (_back(t, here),))


def channel_keys(t: Texts, here: Municipality) -> Keyboard:
    return (_explain_there(t, here),), (Jump(t.plain("Open Dreiklang"), MenuLink(here.id).pack()),)


def _explain_there(t: Texts, here: Municipality) -> Jump:
    return Jump(t.plain("How to read this"), ReadingLink(here.id).pack())


def _keys(t: Texts, here: Municipality, now: Result) -> Keyboard:
    explain = (Press(t.plain("How to read this"), ExplainResult(here.id, now.number)),)
    if now.participation is None:
        return (explain,)
    return ((Press(t.plain("Single statements"), ShowDetails(here.id, now.number)),), explain)


def _back(t: Texts, here: Municipality) -> tuple[Press]:
    return (Press(t.plain("To the menu"), OpenMenu(here.id)),)


def _chart(t: Texts, here: Municipality, results: Sequence[Result]) -> Chart:
    return Chart(
        title=t.plain("{municipality}: round {number}", municipality=here.name, number=results[-1].number),
        axis=t.plain("Points (0 to 100), not per cent. Light band: usual margin"),
        panels=tuple(_panel(t, dimension, results) for dimension in Dimension),
        since=t.month(results[0].closed_on),
        until=t.month(results[-1].closed_on),
        gap=t.plain("not shown"),
    )


def _panel(t: Texts, dimension: Dimension, results: Sequence[Result]) -> Panel:
    last = results[-1].figures.get(dimension)
    asked = _asked(results[-1], dimension)
    # Another wording started another series, and no line joins the two.
    same = list(takewhile(lambda result: _asked(result, dimension) == asked, reversed(results)))[::-1]
    return Panel(
        name=t.plain(NAMES[dimension]),
        caption=t.plain(MEANINGS[dimension]),
        points=tuple(_point(result, result.figures.get(dimension)) for result in same),
        last=value(t, last),
        # A number stays on the line of its word.
        detail=basis(t, last).replace(" ", "\u00a0").replace(",\u00a0", ", ") if last else "",
    )


def _asked(result: Result, dimension: Dimension) -> list[str]:
    return [s.de for s in result.statements if s.dimension is dimension and s.role is not ItemRole.ROTATING]


def _point(result: Result, figure: Figure | None) -> Point:
    if figure is None:
        return Point(result.closed_on, None)
    return Point(result.closed_on, figure.value, figure.code, figure.margin)
