"""What a result may say and what it must say: trend words, where to start, single statements, and nothing more."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import pytest

from core import questions
from core.rules.pulse import Dimension, Form, compose
from core.rules.trends import Code, Figure, Participation, Published, Result, State, trend
from sandbox.entities import length, parse_html
from screens import Jump, Press, Screen
from screens.details import QUESTIONS, details, outlook, reading
from screens.digest import digest
from screens.figures import History, trend_word
from screens.l10n import LOCALES, texts
from screens.trends import for_channel, for_member, result, summary
from tests.screens import gallery
from tests.screens.gallery import FALLING, LEVEL, NOISY, NOW, RISING, WIDE, WORST, Town, here, history_of, rounds

DE = texts("de")
HERE = here(Town())
SERIES = {
    State.TOO_EARLY: LEVEL[:5],
    State.RISING: RISING,
    State.FALLING: FALLING,
    State.MAYBE_RISING: RISING[:6],
    State.MAYBE_FALLING: FALLING[:6],
    State.STABLE: LEVEL,
    State.UNCLEAR: NOISY,
}
WORDS = {
    State.TOO_EARLY: "noch keine Trendaussage (ab 6 Runden)",
    State.RISING: "steigt, um etwa 45 Punkte seit Februar 2026",
    State.FALLING: "fällt, um etwa 45 Punkte seit Februar 2026",
    State.MAYBE_RISING: "möglicher Anstieg – nächste Runde abwarten",
    State.MAYBE_FALLING: "möglicher Rückgang – nächste Runde abwarten",
    State.STABLE: "stabil",
    State.UNCLEAR: "kein klarer Trend",
}
EARLY = "bis zur ersten Trendaussage. Vieles entsteht erst im Prozess und braucht Zeit."
ANY_WORD = re.compile("Trendaussage|steigt|fällt|möglicher|stabil|Trend")


def plain(screen: Screen) -> str:
    return parse_html(str(screen.text))[0]


def caption(results: Sequence[Result], history: History | None = None) -> str:
    return plain(summary(DE, HERE, results, history_of(results) if history is None else history))


def of(must: int, want: int, can: int, n: int = 50) -> Result:
    """One round with these three values."""
    return rounds(Town(), [must], [want], [can], n)[-1]


def below(text: str, name: str) -> str:
    """The line under the one that begins so."""
    lines = text.split("\n")
    return lines[next(i for i, line in enumerate(lines) if line.startswith(name)) + 1]


# Trend words


@pytest.mark.parametrize("state", State)
def test_each_state_has_its_words(state: State) -> None:
    results = rounds(Town(), LEVEL, LEVEL, LEVEL, 50)
    history = history_of(results) | {"can": history_of(rounds(Town(), LEVEL, LEVEL, SERIES[state], 50))["can"]}
    assert trend(history["can"]).state is state
    assert below(caption(results, history), "Können") == WORDS[state]
    assert below(caption(results, history), "Müssen") == "stabil"


@pytest.mark.parametrize("values", [LEVEL[:n] for n in range(1, 6)])
def test_until_the_sixth_round_one_line_stands_for_three_words(values: Sequence[int]) -> None:
    text = caption(rounds(Town(), values, values, values, 50))
    assert text.count(f"Runde {len(values)} von 6 {EARLY}") == 1
    assert len(ANY_WORD.findall(text)) == 1


def test_the_line_goes_when_one_of_the_three_has_a_word() -> None:
    text = caption(rounds(Town(), LEVEL, LEVEL[:3], LEVEL[:1], 50))
    assert EARLY not in text
    assert [below(text, name) for name in ("Müssen", "Wollen", "Können")] == ["stabil", *[WORDS[State.TOO_EARLY]] * 2]


def test_a_dimension_that_this_round_does_not_show_has_no_trend_word() -> None:
    results = rounds(Town(), RISING, FALLING, LEVEL, 50)
    history = history_of(results)
    hidden = replace(results[-1], figures={Dimension.CAN: results[-1].figures[Dimension.CAN]})
    before = {subject: values[:-1] for subject, values in history.items()} | {"can": history["can"]}
    text = caption([*results[:-1], hidden], before)
    assert "Müssen (Notwendigkeit): nicht ausgewiesen\n\nWollen (Bereitschaft): nicht ausgewiesen\n\n" in text
    assert not re.search("steigt|fällt", text)
    assert below(text, "Können") == "stabil"


def test_a_round_that_shows_no_dimension_has_no_word_at_all() -> None:
    text = caption([replace(of(60, 60, 60), figures={})])
    assert text.count("nicht ausgewiesen") == 3
    assert not ANY_WORD.search(text)


# Where to start


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ((40, 70, 75), "Hier ansetzen: Müssen (Daten, Probleme, Beteiligte)."),
        ((75, 40, 70), "Hier ansetzen: Wollen (Rückhalt, Ziele, Vertrauen)."),
        ((70, 75, 40), "Hier ansetzen: Können (Beteiligung, Gremien, Entscheidungen)."),
        ((70, 66, 68), "Kein eindeutiger Engpass."),
    ],
)
def test_where_to_start_stands_there_only_when_it_is_clear(values: tuple[int, int, int], line: str) -> None:
    text = caption([of(*values)])
    assert line in text.split("\n")
    assert ("Hier ansetzen" in text) == ("Engpass" not in text)


def test_how_often_in_a_row_is_added_when_it_is_true() -> None:
    low, level, other = of(40, 70, 75), of(70, 70, 70), of(70, 40, 70)
    for results, words in (
        ([low], ""),
        ([low, level, low], ""),
        ([other, low], ""),
        ([low, low], " Zum zweiten Mal in Folge."),
        ([low, level, low, low], " Zum zweiten Mal in Folge."),
        ([low] * 3, " Mehr als zweimal in Folge."),
        ([low] * 12, " Mehr als zweimal in Folge."),
    ):
        assert f"(Daten, Probleme, Beteiligte).{words}\n" in caption(results, {})


# The outlook


def tail(now: Result) -> str:
    """What stands in the second message below the statements."""
    return plain(details(DE, HERE, now, {})).split("\nAusblick\n")[1]


@pytest.mark.parametrize("number", range(1, 13))
def test_the_question_is_of_the_dimension_to_start_at_and_otherwise_takes_turns(number: int) -> None:
    dimensions = tuple(Dimension)
    for lowest in dimensions:
        assert outlook(number, lowest)[0] is lowest
    assert outlook(number, None)[0] is dimensions[number % 3]
    clear, level = (replace(of(*values), number=number) for values in ((75, 40, 70), (62, 60, 64)))
    assert tail(clear).startswith("Was gewinnt Ihr Ressort, wenn die Zusammenarbeit gelingt?\n\nImpuls: ")
    assert tail(level).startswith(DE.plain(QUESTIONS[dimensions[number % 3]]) + "\n\nImpuls: ")


def test_every_impulse_has_its_turn() -> None:
    every = {impulse.key for impulse in questions.impulses()}
    assert every == {s.key for s in questions.bank()}
    assert {outlook(number, None)[1].key for number in range(1, 28)} == every
    for lowest in Dimension:
        own = [impulse.key for impulse in questions.impulses() if impulse.dimension is lowest]
        assert {outlook(number, lowest)[1].key for number in range(1, len(own) + 1)} == set(own)
    for number in range(1, 40):
        for lowest in (None, *Dimension):
            dimension, impulse = outlook(number, lowest)
            assert impulse.dimension is dimension


def test_without_a_clear_bottleneck_nothing_points_at_the_lowest_value() -> None:
    """Whatever the three values and the statements are, the question and the impulse stay the same."""
    tails, lines = set(), set()
    for values in permutations((60, 62, 65)):
        now = replace(of(*values), number=7)
        items = {key: replace(figure, value=100 - figure.value) for key, figure in now.items.items()}
        for one in (now, replace(now, items=items)):
            tails.add(tail(one))
            lines.add(re.sub(r"\d+ Punkte", "", caption([one])))
    assert len(tails) == len(lines) == 1


# Single statements


def test_below_ten_answers_one_sentence_stands_for_all_statements() -> None:
    text = plain(details(DE, HERE, of(60, 60, 60, n=9), {}))
    assert "Einzelne Aussagen werden erst ab 10 Antworten ausgewiesen." in text
    assert not re.search("Punkte|Motivation|„|nicht ausgewiesen", text)
    stricter = plain(details(DE, HERE, replace(of(60, 60, 60, n=9), minimum=15), {}))
    assert "erst ab 15 Antworten" in stricter


def test_below_twenty_answers_there_is_no_agreement() -> None:
    text = plain(details(DE, HERE, of(60, 60, 60, n=19), {}))
    assert "60 Punkte (19 Antworten)\n" in text
    assert "Der Anteil der Zustimmung wird erst ab 20 Antworten ausgewiesen." in text
    assert "%" not in text


def test_what_is_not_shown_among_others_has_one_word() -> None:
    now = of(60, 60, 60)
    items = {key: figure for key, figure in now.items.items() if key not in {"trust", "channels"}}
    shares = {"necessity": Figure(90, Code.ABOVE, 50), "shaping": Figure(10, Code.BELOW, 50)}
    text = plain(details(DE, HERE, replace(now, items=items, shares=shares), {}))
    asked = {s.key: f"„{s.de}“" for s in now.statements}
    assert {key: below(text, wording) for key, wording in asked.items()} == {
        "necessity": "60 Punkte (50 Antworten), Zustimmung > 90 %",
        "shared_problems": "60 Punkte (50 Antworten), Zustimmung nicht ausgewiesen",
        "motivation": "60 Punkte (50 Antworten), Zustimmung nicht ausgewiesen",
        "trust": "nicht ausgewiesen",
        "shaping": "60 Punkte (50 Antworten), Zustimmung < 10 %",
        "channels": "nicht ausgewiesen",
    }


def test_only_motivation_and_trust_carry_trend_words_and_come_first() -> None:
    results = rounds(Town(), RISING, LEVEL, FALLING, 50)
    history = history_of(results) | {"trust": history_of(rounds(Town(), LEVEL, RISING, LEVEL, 50))["trust"]}
    text = plain(details(DE, HERE, results[-1], history))
    assert [(word.group(), text[: word.start()].count("„")) for word in ANY_WORD.finditer(text)] == [
        ("stabil", 1), ("steigt", 2)
    ]  # fmt: skip
    assert text.index("Motivation der Beteiligten") < text.index("Vertrauen zwischen den Ressorts")
    assert text.index("Vertrauen zwischen den Ressorts") < text.index("Die übrigen Aussagen")


def test_statements_stand_in_the_order_in_which_they_were_asked() -> None:
    """A ranking would be a judgement."""
    asked = compose(questions.bank(), Form.LONG)
    items = {s.key: Figure(5 * place + 10, Code.EXACT, 50) for place, s in enumerate(asked)}
    for shown in (items, {key: Figure(100 - f.value, f.code, f.n) for key, f in items.items()}):
        now = replace(of(60, 60, 60), statements=asked, items=shown, shares={})
        text = plain(details(DE, HERE, now, {}))
        rest = [s for s in asked if s.key not in {"motivation", "trust"}]
        assert re.findall("„(.*)“", text) == [s.de for s in asked if s not in rest] + [s.de for s in rest]
    assert len(rest) == 7


def test_a_trend_word_needs_a_value_of_this_round() -> None:
    results = rounds(Town(), LEVEL, LEVEL, LEVEL, 50)
    items = {key: figure for key, figure in results[-1].items.items() if key != "trust"}
    history = history_of([*results[:-1], replace(results[-1], items=items)])
    text = plain(details(DE, HERE, replace(results[-1], items=items), history))
    assert text.count("stabil") == 1


# Nothing more


ARROWS = "[\u2190-\u21ff\u25b2-\u25c5\u2b00-\u2bff\U0001f4c8\U0001f4c9\U0001f53a-\U0001f53d\U0001f800-\U0001f8ff]"
"""Arrows, triangles and charts that go up or down."""


def told(locale: str, town: Town) -> Iterator[tuple[str, Screen]]:
    for name, shown in gallery._trends(texts(locale), town):
        assert isinstance(shown, Screen)
        yield name, shown


@pytest.mark.parametrize("locale", LOCALES)
def test_there_is_no_arrow_anywhere(locale: str) -> None:
    arrows = re.compile(ARROWS)
    for name, screen in told(locale, Town()):
        assert not arrows.search(screen.text), name
        assert not any(arrows.search(key.label) for row in screen.keyboard for key in row), name


def test_with_too_few_answers_every_screen_says_the_same_whatever_was_before() -> None:
    hidden = replace(of(60, 60, 60), participation=None, figures={}, items={}, shares={})
    none: list[Result] = []
    befores = (none, rounds(Town(), RISING, RISING, RISING), rounds(Town(), FALLING, FALLING, FALLING))
    for make in (summary, for_member):
        seen = {make(DE, HERE, [*before, hidden], history_of([*before, hidden])).text for before in befores}
        (text,) = seen
        assert text.endswith(
            "Weniger als fünf Antworten. Zum Schutz der Antwortenden wird nichts ausgewiesen; die Antworten sind "
            "gelöscht."
        )
    (only,) = for_channel(DE, HERE, [*befores[1], hidden], history_of(befores[1]))
    assert only.chart is None
    digested = digest(DE, HERE, date(2027, 1, 4), [*befores[1], hidden], history_of(befores[1]), None, None)
    assert "Weniger als fünf Antworten." in digested.text
    assert not re.search("Punkte|Beteiligung", digested.text)


@pytest.mark.parametrize("locale", LOCALES)
def test_in_the_channel_keys_are_links_and_in_private_they_are_presses(locale: str) -> None:
    for name, screen in told(locale, Town()):
        kind = Jump if name.startswith(("trends.for_channel", "digest")) else Press
        assert all(isinstance(key, kind) for row in screen.keyboard for key in row), name


@pytest.mark.parametrize("locale", LOCALES)
def test_whatever_holds_a_value_is_protected(locale: str) -> None:
    for name, screen in told(locale, Town()):
        if re.search(r"\d (Punkte|points)</b>", screen.text) or screen.chart:
            assert screen.protected, name


def test_the_caption_holds_what_the_picture_names() -> None:
    for name, screen in told("de", Town()):
        if screen.chart is None:
            continue
        for panel in screen.chart.panels:
            numbers = panel.detail.replace("\u00a0", " ")
            value = f"{panel.last} Punkte ({numbers})" if numbers else panel.last
            assert f"{panel.name} ({panel.caption}): {value}" in plain(screen), name


@pytest.mark.parametrize("town", [WORST, WIDE], ids=["worst", "wide"])
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("state", State)
def test_the_caption_fits_with_the_longest_of_everything(state: State, locale: str, town: Town) -> None:
    """Three words of the same kind, all remarks, a month with a long name, and large numbers."""
    t, first = texts(locale), date(2026, 9, 30)
    series = tuple(
        Published(first + timedelta(weeks=4 * number), Figure(value, Code.EXACT, 11), ())
        for number, value in enumerate(SERIES[state])
    )
    *before, last = gallery.results_of(town)["all at once"]
    now = replace(last, closed_on=series[-1].on, participation=Participation(29_999, 100_000))
    screen = summary(t, here(town), [*before, now], dict.fromkeys(Dimension, series))
    if state is not State.TOO_EARLY:
        assert screen.text.count(trend_word(t, trend(series))) == 3
    for needed in ("Kleine Gruppe", "unter 60 Prozent", "deutlich verändert", "Mehr als zweimal"):
        assert locale == "en" or needed in screen.text
    assert length(plain(screen)) <= 1024


# The picture


def test_another_wording_starts_another_line() -> None:
    results = rounds(Town(), LEVEL, LEVEL, LEVEL)
    reworded = tuple(replace(s, de="Anders gefragt.") if s.key == "trust" else s for s in results[-1].statements)
    rotated = compose(questions.bank(), Form.LONG)
    changed = [replace(r, statements=reworded if r.number > 8 else rotated) for r in results]
    chart = summary(DE, HERE, changed, {}).chart
    assert chart is not None
    assert [len(panel.points) for panel in chart.panels] == [12, 4, 12]


def test_a_round_without_a_value_is_a_gap_in_the_picture() -> None:
    results = rounds(Town(), LEVEL, LEVEL, LEVEL)
    results[3] = replace(results[3], participation=None, figures={})
    chart = summary(DE, HERE, results, history_of(results)).chart
    assert chart is not None
    assert [[point.value is None for point in panel.points].index(True) for panel in chart.panels] == [3] * 3


# Explanations, leafing, digest


@pytest.mark.parametrize("locale", LOCALES)
def test_how_to_read_needs_no_statistics(locale: str) -> None:
    text = reading(texts(locale), HERE).text
    jargon = r"konfiden|confiden|signifik|signific|standard|median|stichprobe|sample|index|interval|regress|p-wert"
    assert not re.search(jargon, text, re.IGNORECASE)
    assert ("Modell" if locale == "de" else "model") in text


def test_how_to_read_names_the_municipality_s_own_minimum() -> None:
    assert "weniger als 12 Antworten wird nichts ausgewiesen, bei weniger als 12 keine" in reading(
        DE, replace(HERE, minimum=12)
    ).text.replace("<b>", "")


def test_leafing_goes_where_there_is_something() -> None:
    def labels(results: Sequence[Result], following: int | None) -> list[str]:
        return [key.label for row in result(DE, HERE, results, {}, following).keyboard for key in row]

    one, two = [of(60, 60, 60)], [of(60, 60, 60)] * 2
    rest = ["Einzelne Aussagen", "Wie ist das zu lesen?", "Zum Menü"]
    assert labels(one, None) == rest
    assert labels(two, None) == ["Frühere Runde", *rest]
    assert labels(one, 2) == ["Spätere Runde", *rest]
    assert labels(two, 3) == ["Frühere Runde", "Spätere Runde", *rest]


def test_the_digest_has_the_last_result_and_the_dates_that_there_are() -> None:
    results = rounds(Town(), LEVEL, RISING, FALLING, 50)
    history = history_of(results)
    full = plain(digest(DE, HERE, date(2027, 1, 4), results, history, NOW, None))
    assert full.startswith("Landkreis Musterland – Überblick\nMo., 4. Januar 2027\n\nLetztes Ergebnis: Runde 12, ")
    # All that the caption of the result says, but for its title.
    assert caption(results).split("\n", 1)[1] in full
    assert full.endswith("Nächste Termine\nDie nächste Pulsrunde öffnet: Mo., 23. November 2026, 09:00 Uhr")
    running = plain(digest(DE, HERE, date(2027, 1, 4), results, history, None, NOW))
    assert running.endswith("Eine Pulsrunde ist offen bis Mo., 23. November 2026, 09:00 Uhr.")
    assert "Termine" not in digest(DE, HERE, date(2027, 1, 4), results, history, None, None).text
    assert "noch kein Ergebnis" in digest(DE, HERE, date(2027, 1, 4), (), {}, None, None).text
