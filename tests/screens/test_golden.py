"""What people read, in both languages, as files under ``golden/`` that a reviewer can read too.

After a wanted change: ``UPDATE_GOLDEN=1 make test ARGS=tests/screens/test_golden.py``, then read the diff.
"""

import inspect
import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from screens import (
    Jump,
    Key,
    Press,
    Screen,
    absence,
    channels,
    commands,
    details,
    digest,
    joining,
    menu,
    people,
    plans,
    privacy,
    pulse,
    refusals,
    rounds,
    settings,
    sketches,
    statements,
    trends,
)
from screens.l10n import LOCALES, texts
from tests.screens.gallery import Shown, Town, gallery

GOLDEN = Path(__file__).parent / "golden"
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
MODULES = (
    absence, channels, details, digest, joining, menu, people, plans, privacy, pulse, refusals, rounds, settings,
    sketches, statements, trends,
)  # fmt: skip
PARTS = {
    "menu.role_name",
    "menu.standing",
    "privacy.short_notice",
    "privacy.in_full",
    "privacy.in_short",
    "figures.value",
    "figures.margin",
    "figures.trend_word",
    "figures.in_words",
    "figures.nothing_shown",
    "trends.channel_keys",
    "sketches.rhythm",
    "sketches.in_words",
    "sketches.dates",
    "sketches.date_of",
    "sketches.choice",
}
"""They are seen inside other screens."""


def written(shown: Shown) -> str:
    """A screen as a page: text with its HTML, the chart's words, the keys, the toast."""
    if isinstance(shown, str):
        return f"{shown}\n"
    return "\n".join(_lines(shown)) + "\n"


def _lines(screen: Screen) -> Iterator[str]:
    if screen.to_pass_on:
        yield from (str(screen.to_pass_on), "", "––– to pass on, above; the screen itself, below –––", "")
    if chart := screen.chart:
        yield f"[picture: {chart.title}"
        yield f" {chart.axis}"
        yield from (f" {p.name} ({p.caption}): {p.last} {p.detail}".rstrip() for p in chart.panels)
        yield f" {chart.since} to {chart.until}; – means: {chart.gap}]"
        yield ""
    if file := screen.document:
        yield f"[file: {file.name}"
        yield from json.dumps(file.content, ensure_ascii=False, indent=1).splitlines()
        yield from ("]", "")
    yield str(screen.text)
    if screen.keyboard:
        yield ""
        yield from ("  ".join(map(_key, row)) for row in screen.keyboard)
    if screen.toast:
        yield from ("", f"toast: {screen.toast}")
    if screen.protected:
        yield from ("", "protected: nobody can forward it")


def _key(key: Key) -> str:
    match key:
        case Press(label, button):
            return f"[ {label} ]→{type(button).__name__}"
        case Jump(label, payload):
            return f"[ {label} ]→?start={payload}"


@cache
def pages(locale: str) -> dict[str, str]:
    """By file name. All refusals share one page, for they are read together."""
    shown = gallery(texts(locale), Town())
    refused = {name.split(": ")[1]: page for name, page in shown.items() if name.startswith("refusals.words")}
    written_pages = {
        re.sub(r"[^a-z0-9.]+", "_", name.lower()) + ".txt": written(page)
        for name, page in shown.items()
        if not name.startswith("refusals.words")
    }
    t = texts(locale)
    return written_pages | {
        "refusals.words.txt": "".join(f"{reason}\n  {page}\n" for reason, page in refused.items()),
        "commands.all.txt": "".join(f"/{c.name(locale)} – {t.plain(c.about)}\n" for c in commands.ALL),
    }


NAMES = sorted(pages("de"))


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", NAMES)
def test_a_screen_reads_as_it_was_approved(locale: str, name: str) -> None:
    file, page = GOLDEN / locale / name, pages(locale)[name]
    if UPDATE:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page, encoding="utf-8")
    assert file.exists(), f"{file} is missing; see the top of {Path(__file__).name}"
    assert page == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("locale", LOCALES)
def test_no_approved_page_is_left_over(locale: str) -> None:
    left_over = {file.name for file in (GOLDEN / locale).iterdir()} - set(NAMES)
    if UPDATE:
        for name in left_over:
            (GOLDEN / locale / name).unlink()
        return
    assert not left_over


def speaking(module: ModuleType) -> Iterator[str]:
    """The functions of a module that make something to read."""
    for name, function in inspect.getmembers(module, inspect.isfunction):
        own = function.__module__ == module.__name__ and not name.startswith("_")
        if own and "t" in inspect.signature(function).parameters:
            yield f"{module.__name__.removeprefix('screens.')}.{name}"


def test_every_screen_hangs_in_the_gallery() -> None:
    hung = {name.split(":")[0] for name in gallery(texts("de"), Town())}
    assert hung == {name for module in MODULES for name in speaking(module)} - PARTS


def test_every_module_that_speaks_is_looked_at() -> None:
    silent = {"__init__", "buttons", "chart", "commands", "figures", "l10n"}
    files = {file.stem for file in Path(inspect.getfile(menu)).parent.glob("*.py")}
    assert files - silent == {module.__name__.removeprefix("screens.") for module in MODULES}
