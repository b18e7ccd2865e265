"""The catalogues are complete, up to date, and say the same with the same placeholders."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from screens.l10n import FOLDER, LOCALES

ROOT = FOLDER.parent
POT = FOLDER / "dreiklang.pot"
TAG = re.compile(r"</?\w+>")


def catalogue(file: Path) -> Catalog:
    with file.open("rb") as opened:
        return read_po(opened)


def translation(locale: str) -> Catalog:
    return catalogue(FOLDER / locale / "LC_MESSAGES" / "dreiklang.po")


def forms(entry: Any) -> list[str]:
    """One sentence, or one for each number."""
    return [entry] if isinstance(entry, str) else list(entry)


def ids(of: Catalog) -> set[tuple[str, ...]]:
    return {tuple(forms(message.id)) for message in of if message.id}


def placeholders(text: str) -> set[str]:
    """Raises ValueError where a brace would break the formatting."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def extract(into: Path) -> Catalog:
    """With the very command of ``make messages``."""
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    found = re.search(r"^\t@\$\(BIN\)/pybabel (.* extract .*)$", recipe, re.MULTILINE)
    assert found
    arguments = [re.sub(r"^--output-file=.*", f"--output-file={into}", part) for part in shlex.split(found[1])]
    assert f"--output-file={into}" in arguments
    subprocess.run([sys.executable, "-m", "babel.messages.frontend", *arguments], cwd=ROOT, check=True, timeout=60)
    return catalogue(into)


def test_the_template_holds_exactly_the_sentences_of_the_screens(tmp_path: Path) -> None:
    wanted = ids(extract(tmp_path / "fresh.pot"))
    assert len(wanted) > 100
    assert ids(catalogue(POT)) == wanted, "run `make messages`"


@pytest.mark.parametrize("locale", LOCALES)
def test_a_language_has_every_sentence_and_none_from_yesterday(locale: str) -> None:
    translated = translation(locale)
    assert ids(translated) == ids(catalogue(POT))
    assert not translated.obsolete
    assert str(translated.locale) == locale


def messages(locale: str) -> list[Message]:
    return [message for message in translation(locale) if message.id]


@pytest.mark.parametrize("locale", LOCALES)
def test_every_sentence_is_translated(locale: str) -> None:
    for message in messages(locale):
        assert not message.fuzzy, message.id
        translated = forms(message.string)
        assert len(translated) == len(forms(message.id)), message.id
        assert all(text.strip() for text in translated), message.id


@pytest.mark.parametrize("locale", LOCALES)
def test_a_translation_has_the_placeholders_tags_and_edges_of_its_sentence(locale: str) -> None:
    for message in messages(locale):
        for source, text in zip(forms(message.id), forms(message.string), strict=True):
            assert placeholders(text) == placeholders(source), message.id
            assert sorted(TAG.findall(text)) == sorted(TAG.findall(source)), message.id
            assert (text[:1].isspace(), text[-1:].isspace()) == (source[:1].isspace(), source[-1:].isspace())


def test_english_says_what_the_code_says() -> None:
    for message in messages("en"):
        assert forms(message.string) == forms(message.id)


def test_german_is_german_and_formal() -> None:
    familiar = re.compile(r"\b(du|dich|dir|dein\w*|ihr habt|euch|euer\w*)\b", re.IGNORECASE)
    for message in messages("de"):
        for text in forms(message.string):
            assert not familiar.search(text), text
            assert '"' not in text, text


LANDS_ALIKE = "Baden-Württemberg Berlin Brandenburg Bremen Hamburg Saarland Schleswig-Holstein Land"


def test_german_is_not_left_in_english() -> None:
    """A sentence may read alike in both only where it is made of placeholders and international words."""
    alike = {re.sub(r"\{\w+\}|</?b>", "", forms(m.id)[0]) for m in messages("de") if m.id == m.string}
    words = set(re.findall(r"[^\W\d_]{2,}", " ".join(alike)))
    assert words <= {"Start", "Name", "Dimension"} | set(re.findall(r"[^\W\d_]{2,}", LANDS_ALIKE))
