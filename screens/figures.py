"""Published numbers in words: values, margins, trends, where to start, and what to bear in mind."""

from collections.abc import Collection, Mapping, Sequence
from itertools import takewhile
from typing import assert_never

from markupsafe import Markup

from core.rules.pulse import Dimension
from core.rules.trends import (
    SMALL_GROUP,
    TREND_FROM,
    Code,
    Figure,
    Participation,
    Published,
    Result,
    State,
    Trend,
    bottleneck,
    changed_markedly,
    trend,
)
from screens.l10n import N_, Texts, lines

History = Mapping[str, Sequence[Published]]
"""By dimension or key of a statement, oldest value first."""

NAMES = {Dimension.MUST: N_("Must"), Dimension.WANT: N_("Want"), Dimension.CAN: N_("Can")}
MEANINGS = {Dimension.MUST: N_("necessity"), Dimension.WANT: N_("motivation"), Dimension.CAN: N_("competence")}
STARTS = {
    Dimension.MUST: N_("<b>Where to start: Must</b> (data, problems, whom to involve)."),
    Dimension.WANT: N_("<b>Where to start: Want</b> (backing, goals, trust)."),
    Dimension.CAN: N_("<b>Where to start: Can</b> (involvement, committees, decisions)."),
}
TRENDS = {
    State.TOO_EARLY: N_("no trend statement yet (from {needed} rounds)"),
    State.RISING: N_("<b>rising</b>, by about {points} points since {month}"),
    State.FALLING: N_("<b>falling</b>, by about {points} points since {month}"),
    State.MAYBE_RISING: N_("possible rise – wait for the next round"),
    State.MAYBE_FALLING: N_("possible fall – wait for the next round"),
    State.STABLE: N_("stable"),
    State.UNCLEAR: N_("no clear trend"),
}
WHOLE_MARGIN_FROM = 10


def value(t: Texts, figure: Figure | None) -> str:
    """As published: «55», «< 10», «≥ 90» or «nicht ausgewiesen»."""
    if figure is None:
        return t.plain(N_("not shown"))
    match figure.code:
        case Code.EXACT:
            return str(figure.value)
        case Code.BELOW | Code.FROM | Code.ABOVE:
            return f"{figure.code} {figure.value}"
    assert_never(figure.code)


def basis(t: Texts, figure: Figure) -> str:
    """What a value rests on; an end hides the value, so that a margin around it would say nothing."""
    if figure.code is Code.EXACT:
        return t.plain(N_("±{margin}, {n} answers"), margin=margin(t, figure), n=figure.n)
    return t.plain(N_("{n} answers"), n=figure.n)


def margin(t: Texts, figure: Figure) -> str:
    """Whole points, and halves where the margin is small."""
    points = figure.margin
    return t.number(round(points) if points >= WHOLE_MARGIN_FROM else round(points * 2) / 2)


def trend_in(history: History, subject: str, now: Result) -> Trend | None:
    """What the series says in this round; nothing where the round shows no value of it."""
    series = history.get(subject, ())
    return trend(series) if series and series[-1].on == now.closed_on else None


def trend_word(t: Texts, said: Trend) -> Markup:
    return t(TRENDS[said.state], needed=TREND_FROM, points=said.points, month=t.month_in_full(said.since))


def in_words(t: Texts, results: Sequence[Result], history: History) -> Markup:
    """All that the last of ``results`` says about the three dimensions; it must have been taken part in."""
    now = results[-1]
    trends = {dimension: trend_in(history, dimension, now) for dimension in Dimension}
    early = _too_early(trends.values())
    # With a trend word each they stand apart: it is plain which word belongs to which value.
    between = Markup("\n") if early else Markup("\n\n")
    return lines(
        _participation(t, now.participation),
        between.join(_dimension(t, d, now.figures.get(d), None if early else trends[d]) for d in Dimension),
        t(
            "Round {rounds} of {needed} until the first trend statement. Much only emerges in the process and takes "
            "time.",
            rounds=early,
            needed=TREND_FROM,
        )
        if early
        else "",
        _where_to_start(t, results),
        Markup("\n").join(_remarks(t, results)),
    )


def nothing_shown(t: Texts, now: Result) -> Markup:
    """In place of a result with too few answers."""
    return t(
        "Fewer than {minimum} answers. To protect those who answered nothing is shown; the answers are deleted.",
        minimum=t.count(now.minimum),
    )


def _too_early(trends: Collection[Trend | None]) -> int:
    """How many rounds there are when each of the trends needs more; 0 when one of them has something to say."""
    shown = [trend for trend in trends if trend is not None]
    if any(trend.state is not State.TOO_EARLY for trend in shown):
        return 0
    return max((trend.rounds for trend in shown), default=0)


def _participation(t: Texts, shown: Participation | None) -> Markup | str:
    return t("Participation: {took_part} of {base}", took_part=shown.took_part, base=shown.base) if shown else ""


def _dimension(t: Texts, dimension: Dimension, figure: Figure | None, said: Trend | None) -> Markup:
    name, meaning = t.plain(NAMES[dimension]), t.plain(MEANINGS[dimension])
    if figure is None:
        return t("{name} ({meaning}): not shown", name=name, meaning=meaning)
    line = t(
        "{name} ({meaning}): <b>{value} points</b> ({basis})",
        name=name, meaning=meaning, value=value(t, figure), basis=basis(t, figure),
    )  # fmt: skip
    return Markup("\n").join((line, trend_word(t, said))) if said else line


def _where_to_start(t: Texts, results: Sequence[Result]) -> Markup:
    lowest = bottleneck(results[-1].figures)
    if lowest is None:
        if len(results[-1].figures) < len(Dimension):
            return t("Where to start cannot be said: not all values are shown.")
        return t("No clear bottleneck.")
    in_a_row = sum(1 for _ in takewhile(lambda result: bottleneck(result.figures) is lowest, reversed(results)))
    again = {1: Markup(), 2: t("For the second time in a row.")}.get(in_a_row, t("More than twice in a row."))
    return Markup(" ").join(part for part in (t(STARTS[lowest]), again) if part)


def _remarks(t: Texts, results: Sequence[Result]) -> list[Markup]:
    now = results[-1]
    remarks = [t("Points (0 to 100), not per cent. ± shows the usual margin.")]
    if any(figure.n < SMALL_GROUP for figure in now.figures.values()):
        remarks.append(t("Small group: swings of ±15 points are normal."))
    if now.participation and now.participation.is_limited:
        remarks.append(t("Participation under 60 per cent: of limited significance."))
    if len(results) > 1 and changed_markedly(now, results[-2]):
        remarks.append(t("Participation has changed markedly – comparison limited."))
    return remarks
