"""A closed round's result: text and picture, saying only what was published."""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from markupsafe import Markup

from core.rules.people import Municipality
from core.rules.pulse import Dimension
from core.rules.trends import SMALL_GROUP, Code, Figure, Result
from screens import Jump, Screen
from screens.buttons import MenuLink
from screens.chart import Chart, Panel, Point
from screens.l10n import N_, Texts, lines

NAMES = {Dimension.MUST: N_("Must"), Dimension.WANT: N_("Want"), Dimension.CAN: N_("Can")}
MEANINGS = {Dimension.MUST: N_("necessity"), Dimension.WANT: N_("motivation"), Dimension.CAN: N_("competence")}
WHOLE_MARGIN_FROM = 10


def summary(t: Texts, here: Municipality, results: Sequence[Result]) -> Screen:
    """The last of ``results`` in words, and all of them as a picture (oldest first)."""
    now = results[-1]
    title = t("<b>{municipality} – pulse round {number}</b>", municipality=here.name, number=now.number)
    if now.participation is None:
        return Screen(
            lines(
                title,
                t(
                    "Fewer than {minimum} answers. To protect those who answered nothing is shown; the answers are "
                    "deleted.",
                    minimum=t.count(now.minimum),
                ),
            ),
            protected=True,
        )
    text = lines(
        title,
        t("Participation: {took_part} of {base}", took_part=now.participation.took_part, base=now.participation.base),
        Markup("\n").join(_line(t, dimension, now.figures.get(dimension)) for dimension in Dimension),
        Markup("\n").join(_remarks(t, results)),
    )
    return Screen(text, chart=_chart(t, here, results), protected=True)


def for_channel(t: Texts, here: Municipality, results: Sequence[Result]) -> Screen:
    """The summary with a way to the private chat: in a channel keys are deep links, never presses."""
    key = Jump(t.plain("Open Dreiklang"), MenuLink(here.id).pack())
    return replace(summary(t, here, results), keyboard=((key,),))


def value(t: Texts, figure: Figure | None) -> str:
    """As published: «55», «< 10», «≥ 90» or «nicht ausgewiesen»."""
    if figure is None:
        return t.plain(N_("not shown"))
    match figure.code:
        case Code.EXACT:
            return str(figure.value)
        case Code.BELOW | Code.FROM:
            return f"{figure.code} {figure.value}"
    assert_never(figure.code)


def margin(t: Texts, figure: Figure) -> str:
    """Whole points, and halves where the margin is small."""
    points = figure.margin
    return t.number(round(points) if points >= WHOLE_MARGIN_FROM else round(points * 2) / 2)


def _line(t: Texts, dimension: Dimension, figure: Figure | None) -> Markup:
    name, meaning = t.plain(NAMES[dimension]), t.plain(MEANINGS[dimension])
    if figure is None:
        return t("{name} ({meaning}): not shown", name=name, meaning=meaning)
    return t(
        "{name} ({meaning}): <b>{value} points</b> (±{margin}, {n} answers)",
        name=name, meaning=meaning, value=value(t, figure), margin=margin(t, figure), n=figure.n,
    )  # fmt: skip


def _remarks(t: Texts, results: Sequence[Result]) -> list[Markup]:
    now = results[-1]
    before = results[-2].participation if len(results) > 1 else None
    remarks = [t("Points (0 to 100), not per cent. ± shows the usual margin.")]
    if any(figure.n < SMALL_GROUP for figure in now.figures.values()):
        remarks.append(t("Small group: swings of ±15 points are normal."))
    if now.participation and now.participation.is_limited:
        remarks.append(t("Participation under 60 per cent: of limited significance."))
    if now.participation and before and now.participation.changed_markedly(before):
        remarks.append(t("Participation has changed markedly – comparison limited."))
    return remarks


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
    return Panel(
        name=t.plain(NAMES[dimension]),
        caption=t.plain(MEANINGS[dimension]),
        points=tuple(_point(result, result.figures.get(dimension)) for result in results),
        last=value(t, last),
        detail=t.plain("±{margin}, {n}\u00a0answers", margin=margin(t, last), n=last.n) if last else "",
    )


def _point(result: Result, figure: Figure | None) -> Point:
    if figure is None:
        return Point(result.closed_on, None)
    return Point(result.closed_on, figure.value, figure.code, figure.margin)
