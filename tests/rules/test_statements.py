"""How an own statement is read, which ones are refused, and where each of them stands."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import questions
from core.rules.pulse import Dimension, OwnStatement, Statement
from core.rules.refusal import Reason, Refusal
from core.rules.statements import (
    AT_MOST,
    WORDING_LIMIT,
    Stage,
    Wording,
    is_question,
    read_wording,
    require_new,
    require_room,
    stage,
)

OWN = OwnStatement(1, 1, Dimension.CAN, "Wir informieren uns früh.", "We tell one another early.", 3, False, None)
APPROVED = replace(OWN, is_approved=True)
ANNOUNCED = replace(APPROVED, announced=7)


def refusal(deed: object, *args: object) -> Reason | None:
    assert callable(deed)
    try:
        deed(*args)
    except Refusal as refused:
        return refused.reason
    return None


@pytest.mark.parametrize(
    ("text", "wording"),
    [
        ("Wir wissen das.", Wording("Wir wissen das.", "")),
        ("  Wir \t wissen\u00a0das. ", Wording("Wir wissen das.", "")),
        ("Wir wissen das.\nWe know that.", Wording("Wir wissen das.", "We know that.")),
        ("\n\r\n Wir wissen das. \r\n\n We know that.\n\n", Wording("Wir wissen das.", "We know that.")),
        ("Wir\u200b wissen\u202e das.", Wording("Wir wissen das.", "")),
        ("x" * WORDING_LIMIT, Wording("x" * WORDING_LIMIT, "")),
        ("𝔄" * (WORDING_LIMIT // 2), Wording("𝔄" * (WORDING_LIMIT // 2), "")),
    ],
)
def test_the_first_line_is_german_and_the_second_english(text: str, wording: Wording) -> None:
    assert read_wording(text) == wording
    assert read_wording("\n".join(wording)) == wording


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.TEXT_EMPTY),
        (" \n \n", Reason.TEXT_EMPTY),
        ("\u200b", Reason.TEXT_EMPTY),
        ("…!", Reason.TEXT_EMPTY),
        ("👍", Reason.TEXT_EMPTY),
        ("Wir wissen das.\n?", Reason.TEXT_EMPTY),
        ("x" * (WORDING_LIMIT + 1), Reason.TEXT_TOO_LONG),
        ("x\n" + "x" * (WORDING_LIMIT + 1), Reason.TEXT_TOO_LONG),
        ("𝔄" * (WORDING_LIMIT // 2) + "x", Reason.TEXT_TOO_LONG),
        ("a\nb\nc", Reason.TOO_MANY_LINES),
    ],
)
def test_what_is_no_statement_is_refused(text: str, reason: Reason) -> None:
    assert refusal(read_wording, text) is reason


@given(st.text(max_size=500))
def test_whatever_is_typed_is_refused_or_fits(text: str) -> None:
    try:
        wording = read_wording(text)
    except Refusal:
        return
    assert 0 < len(wording.de) <= WORDING_LIMIT
    assert len(wording.en) <= WORDING_LIMIT
    assert all(len(line.splitlines()) <= 1 for line in wording)


@pytest.mark.parametrize(
    ("wording", "asks"),
    [
        (Wording("Läuft es gut?", ""), True),
        (Wording("„Läuft es gut?“", ""), True),
        (Wording("Läuft es gut ?!", ""), True),
        (Wording("Es läuft gut.", "Does it go well?"), True),
        (Wording("Es läuft gut.", "It goes well."), False),
        (Wording("Was „gut?“ heißt, ist klar.", ""), False),
    ],
)
def test_a_question_is_noticed(wording: Wording, asks: bool) -> None:
    assert is_question(wording) is asks


@pytest.mark.parametrize("statement", questions.bank(), ids=lambda s: s.key)
def test_what_the_bank_says_is_known_in_each_language_and_however_it_is_written(statement: Statement) -> None:
    de, en = statement.de, statement.en
    for wording in (
        Wording(de, ""),
        Wording(de.upper().rstrip("."), ""),
        Wording("Ganz anders.", en),
        Wording(f"„{de}“ ", "Quite different."),
        Wording(en.replace(" ", "  "), ""),
    ):
        assert refusal(require_new, wording, questions.bank()) is Reason.STATEMENT_KNOWN, wording


def test_what_another_own_statement_says_is_known() -> None:
    known = (OWN, replace(OWN, id=2, de="Anders.", en=""))
    assert refusal(require_new, Wording("wir informieren uns  früh", ""), known) is Reason.STATEMENT_KNOWN
    assert refusal(require_new, Wording("Neu.", "We tell one another early!"), known) is Reason.STATEMENT_KNOWN
    assert refusal(require_new, Wording("Wir informieren uns früher.", ""), known) is None
    # Two without an English wording have none in common.
    assert refusal(require_new, Wording("Neu.", ""), known) is None


def test_there_is_room_for_so_many_and_no_more() -> None:
    assert refusal(require_room, (OWN,) * (AT_MOST - 1)) is None
    assert refusal(require_room, (OWN,) * AT_MOST) is Reason.TOO_MANY_STATEMENTS


@pytest.mark.parametrize(
    ("statement", "latest", "expected"),
    [
        (OWN, 0, Stage.PROPOSED),
        (OWN, 9, Stage.PROPOSED),
        (APPROVED, 9, Stage.APPROVED),
        (ANNOUNCED, 7, Stage.ANNOUNCED),
        (ANNOUNCED, 8, Stage.IN_USE),
        (ANNOUNCED, 20, Stage.IN_USE),
    ],
)
def test_where_a_statement_stands(statement: OwnStatement, latest: int, expected: Stage) -> None:
    assert stage(statement, latest) is expected
