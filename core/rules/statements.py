"""A municipality's own statements: their wording, how many there may be, and where each of them stands."""

import re
from collections.abc import Iterable, Sequence
from enum import Enum, auto
from typing import NamedTuple

from core.rules.people import clean_line
from core.rules.pulse import OwnStatement, Statement
from core.rules.refusal import Reason, Refusal

WORDING_LIMIT = 200
AT_MOST = 12
"""Own statements of one municipality, the retired ones not counted: more would never come to their turn."""
LANGUAGES = 2

_WORDS = re.compile(r"\w+")


class Stage(Enum):
    """From the proposal on, each of them comes after the one before."""

    PROPOSED = auto()
    APPROVED = auto()
    ANNOUNCED = auto()
    IN_USE = auto()


class Wording(NamedTuple):
    """``en`` is empty where nobody has written it."""

    de: str
    en: str


def read_wording(text: str) -> Wording:
    """One line is the German wording, a second one the English.

    Raises TEXT_EMPTY, TEXT_TOO_LONG or TOO_MANY_LINES.
    """
    lines = [_line(line) for line in text.splitlines() if line.strip()]
    if not lines or not all(map(_key, lines)):
        raise Refusal(Reason.TEXT_EMPTY)
    if len(lines) > LANGUAGES:
        raise Refusal(Reason.TOO_MANY_LINES, limit=LANGUAGES, length=len(lines))
    return Wording(lines[0], lines[1] if len(lines) == LANGUAGES else "")


def is_question(wording: Wording) -> bool:
    """Whether it ends like a question, to which nobody can agree."""
    return any(line.rstrip(" .!…\"'”“»«)").endswith("?") for line in wording)


def require_room(own: Sequence[OwnStatement]) -> None:
    """Raise TOO_MANY_STATEMENTS where no further one fits; ``own`` are those that are not retired."""
    if len(own) >= AT_MOST:
        raise Refusal(Reason.TOO_MANY_STATEMENTS, limit=AT_MOST)


def require_new(wording: Wording, known: Iterable[Statement | OwnStatement]) -> None:
    """Raise STATEMENT_KNOWN if one of ``known`` reads the same but for capitals, spaces and punctuation."""
    keys = {_key(line) for line in wording if line}
    if any(keys & {_key(statement.de), _key(statement.en)} for statement in known):
        raise Refusal(Reason.STATEMENT_KNOWN)


def stage(statement: OwnStatement, latest: int) -> Stage:
    """``latest`` is the number of the last round that has opened, 0 before the first."""
    if not statement.is_approved:
        return Stage.PROPOSED
    if statement.announced is None:
        return Stage.APPROVED
    return Stage.IN_USE if statement.announced < latest else Stage.ANNOUNCED


def _line(text: str) -> str:
    line = clean_line(text, WORDING_LIMIT)
    # An invitation may announce all of them at once, and a message's room is counted in UTF-16.
    if (length := len(line.encode("utf-16-le")) // 2) > WORDING_LIMIT:
        raise Refusal(Reason.TEXT_TOO_LONG, limit=WORDING_LIMIT, length=length)
    return line


def _key(line: str) -> str:
    return " ".join(_WORDS.findall(line.casefold()))
