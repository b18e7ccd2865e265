"""What does not stand in the picture: the single statements, a question and an impulse; and how to read it all."""

from markupsafe import Markup

from core import questions
from core.questions import Impulse
from core.rules.people import Municipality
from core.rules.pulse import Dimension, Statement
from core.rules.trends import (
    HIGH_END,
    ITEMS_FROM,
    LOW_END,
    SHARES_FROM,
    SMALL_GROUP,
    STABLE_WITHIN,
    STEP,
    TREND_FROM,
    WHOLE_POINTS_FROM,
    Result,
    bottleneck,
)
from screens import Press, Screen
from screens.buttons import ExplainResult, OpenMenu, ShowDetails, ShowResults
from screens.figures import History, nothing_shown, trend_in, trend_word, value
from screens.l10n import N_, Texts, lines

WITH_TREND = {"motivation": N_("Motivation of those involved"), "trust": N_("Trust between departments")}
"""The single statements that stand by themselves, by the statement's key."""

QUESTIONS = {
    Dimension.MUST: N_("Which task can no department solve alone?"),
    Dimension.WANT: N_("What does your department gain if we succeed together?"),
    Dimension.CAN: N_("Where do we lack a reliable way to decide together?"),
}


def details(t: Texts, here: Municipality, now: Result, history: History) -> Screen:
    """The second message of a result; text only."""
    title = t("<b>{municipality} – round {number}, statement by statement</b>",
              municipality=here.name, number=now.number)  # fmt: skip
    if now.participation is None:
        text = lines(title, nothing_shown(t, now))
    else:
        text = lines(title, _statements(t, now, history), *_outlook(t, now))
    keys = (
        (Press(t.plain("How to read this"), ExplainResult(here.id, now.number)),),
        (Press(t.plain("To the menu"), OpenMenu(here.id)),),
    )
    return Screen(text, keys, protected=True)


def reading(t: Texts, here: Municipality, number: int = 0) -> Screen:
    """How to read results; ``number`` is the round that the reader comes from, 0 for the newest."""
    keys = (
        (Press(t.plain("To the result"), ShowResults(here.id, number)),),
        (Press(t.plain("Single statements"), ShowDetails(here.id, number)),),
        (Press(t.plain("To the menu"), OpenMenu(here.id)),),
    )
    return Screen(lines(t("<b>How to read this</b>"), *_explained(t, here.minimum)), keys)


def outlook(number: int, lowest: Dimension | None) -> tuple[Dimension, Impulse]:
    """Whose question is asked in round ``number``, with the impulse of one building block of that dimension.

    The impulses take turns and are never chosen by a value: a question must not give away a low one.
    """
    dimensions = tuple(Dimension)
    dimension = lowest or dimensions[number % len(dimensions)]
    # Where the dimensions take turns, each comes back after three rounds and then goes on to its next impulse.
    turn = number if lowest else number // len(dimensions)
    blocks = [impulse for impulse in questions.impulses() if impulse.dimension is dimension]
    return dimension, blocks[turn % len(blocks)]


def _outlook(t: Texts, now: Result) -> tuple[Markup, Markup]:
    dimension, impulse = outlook(now.number, bottleneck(now.figures))
    return (
        Markup("\n").join((t("<b>Outlook</b>"), t(QUESTIONS[dimension]))),
        Markup("\n").join(
            (
                t("<b>Suggestion: {building_block}</b>", building_block=impulse.building_block(t.locale)),
                Markup.escape(impulse.wording(t.locale)),
            )
        ),
    )


def _statements(t: Texts, now: Result, history: History) -> Markup:
    if not now.items:
        return t("Single statements are shown from {n} answers on.", n=max(now.minimum, ITEMS_FROM))
    first = [s for s in now.statements if s.key in WITH_TREND]
    others = [s for s in now.statements if s.key not in WITH_TREND]
    return lines(
        *(_statement(t, now, s, history) for s in first),
        t("<b>The other statements</b>") if others else "",
        *(_statement(t, now, s, history) for s in others),
        Markup("\n").join(_remarks(t, now)),
    )


def _statement(t: Texts, now: Result, statement: Statement, history: History) -> Markup:
    name = WITH_TREND.get(statement.key)
    said = trend_in(history, statement.key, now)
    parts = (
        t("<b>{name}</b>", name=t.plain(name)) if name else Markup(),
        t("“{statement}”", statement=statement.wording(t.locale)),
        _result(t, now, statement.key),
        trend_word(t, said) if said else Markup(),
    )
    return Markup("\n").join(part for part in parts if part)


def _result(t: Texts, now: Result, key: str) -> Markup:
    figure = now.items.get(key)
    if figure is None:
        return t("not shown")
    points = {"value": value(t, figure), "n": figure.n}
    if not now.shares:
        return t("<b>{value} points</b> ({n} answers)", **points)
    if share := now.shares.get(key):
        return t("<b>{value} points</b> ({n} answers), agreement {share}%", **points, share=value(t, share))
    return t("<b>{value} points</b> ({n} answers), agreement not shown", **points)


def _remarks(t: Texts, now: Result) -> list[Markup]:
    remarks = [t("Points (0 to 100), not per cent. Single statements swing more than the three values.")]
    if now.shares:
        remarks.append(t("Agreement: how many somewhat or strongly agree."))
    else:
        remarks.append(t("How many agree is shown from {n} answers on.", n=max(now.minimum, SHARES_FROM)))
    return remarks


def _explained(t: Texts, minimum: int) -> tuple[Markup, ...]:
    return (
        t(
            "<b>Points.</b> “Strongly disagree” counts 0 points, “strongly agree” counts 100, and what lies between in "
            "equal steps. A value is the average of all answers; “prefer not to say” does not count. Points are not "
            "per cent."
        ),
        t(
            "<b>Must, Want, Can.</b> Each of the three values rests on two statements, the same ones in every round. "
            "With fewer than {whole} answers it is rounded to the nearest {step}; below {low} and from {high} on the "
            "exact value is not shown; a “90” without a sign is just below it, rounded.",
            whole=WHOLE_POINTS_FROM, step=STEP, low=LOW_END, high=HIGH_END,
        ),
        t(
            "<b>± and answers.</b> A value usually varies by this much by chance alone, although nothing has changed. "
            "The more answers, the less it varies. In the picture it is the light band. There can be fewer answers "
            "than people who took part: nobody has to answer every statement."
        ),
        t(
            "<b>Small group.</b> With fewer than {n} answers a single person already makes a visible difference.",
            n=SMALL_GROUP,
        ),
        t(
            "<b>Trend.</b> Trend words come from {needed} rounds on. “Rising” and “falling” stand there only when the "
            "values of several rounds go the same way, more clearly than chance would have it, twice running. A "
            "“possible” rise or fall is not confirmed yet. “Stable”: within about {points} points. “No clear trend”: "
            "nobody can tell yet.",
            needed=TREND_FROM, points=STABLE_WITHIN,
        ),
        t(
            "<b>Why no arrows?</b> From one round to the next most ups and downs are chance. An arrow would promise "
            "more than anybody can know."
        ),
        t(
            "<b>Where to start.</b> This line names the lowest of the three values, if it lies clearly below the "
            "others. Behind it is a model: cooperation lasts where Must, Want and Can come together. It is a hint for "
            "your conversation, not a grade."
        ),
        t(
            "<b>Not shown.</b> With fewer than {minimum} answers nothing is shown, with fewer than {items} no single "
            "statement, with fewer than {shares} no agreement. That protects those who answered.",
            minimum=t.count(minimum), items=max(minimum, ITEMS_FROM), shares=max(minimum, SHARES_FROM),
        ),
    )  # fmt: skip
