"""Every refusal has words in both languages that fit the details which really come with it."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from core.rules.refusal import Reason, Refusal
from screens import refusals
from screens.l10n import LOCALES, texts
from tests.screens.gallery import Town, refusals_of

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "handlers", "scheduler", "screens", "core")


def raised() -> Iterator[tuple[str, Reason, frozenset[str]]]:
    """Where, which, and with what details: every ``Refusal(Reason.X, …)`` of the program."""
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refusal":
                    details = frozenset(keyword.arg or "**" for keyword in node.keywords)
                    for reason in reasons(node.args[0]):
                        yield f"{file.relative_to(ROOT)}:{node.lineno}", reason, details


def reasons(node: ast.expr) -> Iterator[Reason]:
    found = [Reason[n.attr] for n in ast.walk(node) if isinstance(n, ast.Attribute) and n.attr in Reason.__members__]
    assert found, ast.unparse(node)
    yield from found


SITES = sorted(raised(), key=lambda site: site[0])


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(("where", "reason", "details"), SITES, ids=[f"{w}-{r.name}" for w, r, _ in SITES])
def test_the_words_fit_the_details_of_each_place_that_refuses(
    where: str, reason: Reason, details: frozenset[str], locale: str
) -> None:
    words = refusals.words(texts(locale), Refusal(reason, **dict.fromkeys(details, "ß&<{")))
    assert words
    needed = {name for _, name, _, _ in Formatter().parse(refusals.WORDS[reason]) if name}
    assert needed <= details, where


def test_each_reason_is_given_somewhere_and_has_words() -> None:
    assert {reason for _, reason, _ in SITES} == set(Reason)
    assert set(refusals.WORDS) == set(Reason)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("reason", Reason)
def test_words_are_whole_sentences_without_markup_or_gaps(reason: Reason, locale: str) -> None:
    """They are sent as plain text: HTML would be seen as such."""
    words = refusals.words(texts(locale), refusals_of(Town())[reason])
    assert words[0].isupper() or words[0] in "„“"
    assert words[-1] in ".?0"  # 0: "… 9:00"
    assert not {"<", "{", "}"} & set(words)


def test_no_two_reasons_have_the_same_words() -> None:
    assert len(set(refusals.WORDS.values())) == len(Reason)


@pytest.mark.parametrize("locale", LOCALES)
def test_an_incident_has_its_number(locale: str) -> None:
    assert "4F9A2C" in refusals.incident(texts(locale), "4F9A2C")
