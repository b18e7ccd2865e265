"""Names as people type and paste them, deputies' numbers, and what a municipality still lacks."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.rules.people import (
    BLOCKING_GAPS,
    DEPARTMENTS_AT_ONCE,
    NAME_LIMIT,
    Channel,
    Gap,
    Member,
    Municipality,
    Reachability,
    Role,
    Setup,
    clean_line,
    clean_name,
    name_key,
    next_rank,
    pasted_names,
)
from core.rules.refusal import Reason, Refusal

ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
DIRECTIONS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c"
BLANK_LETTERS = "\u115f\u1160\u3164\uffa0\u2800"
"""Letters (and one symbol) that every font draws as nothing."""

HIDDEN = ZERO_WIDTH + DIRECTIONS
texts = st.text(max_size=200) | st.text(alphabet=HIDDEN + BLANK_LETTERS + "aé\u0301\u0308 \n\r\t-•1.)", max_size=100)


def refusal_of(clean: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as raised:
        clean()
    return raised.value


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Anna Müller", "Anna Müller"),
        ("  Anna \t Müller\n", "Anna Müller"),
        ("Anna\nMüller", "Anna Müller"),
        ("Anna\u00a0Müller", "Anna Müller"),
        ("Anna\u2028Müller", "Anna Müller"),
        ("An\u200bna M\u202eüller\u202c", "Anna Müller"),
        ("Anna Mu\u0308ller", "Anna Müller"),
        ("Anna Mu\u200d\u0308ller", "Anna Müller"),
        ("\u200fيوسف\u200f", "يوسف"),
        ("Anna\x00\x07", "Anna"),
        ("<b>Anna</b> & Co.", "<b>Anna</b> & Co."),
        ("Ressort 3.2", "Ressort 3.2"),
        ("Q", "Q"),
        ("ß" * NAME_LIMIT, "ß" * NAME_LIMIT),
    ],
)
def test_a_name_is_cleaned(typed: str, kept: str) -> None:
    assert clean_name(typed) == kept


@pytest.mark.parametrize(
    "typed", ["", "   ", "\n", "12345", "...", "😀", *HIDDEN, *BLANK_LETTERS, HIDDEN, "-" + ZERO_WIDTH]
)
def test_a_name_needs_a_letter_that_can_be_seen(typed: str) -> None:
    assert refusal_of(lambda: clean_name(typed)).reason is Reason.NAME_EMPTY


def test_a_name_is_measured_after_cleaning() -> None:
    assert clean_name(" " + "ß" * NAME_LIMIT + HIDDEN) == "ß" * NAME_LIMIT
    assert clean_name("u\u0308" * NAME_LIMIT) == "ü" * NAME_LIMIT
    refused = refusal_of(lambda: clean_name("ß" * (NAME_LIMIT + 1)))
    assert refused.reason is Reason.NAME_TOO_LONG
    assert refused.details == {"limit": NAME_LIMIT, "length": NAME_LIMIT + 1, "start": "ß" * 30}


@given(texts)
@example("e\u200d\u0301")
def test_cleaning_leaves_one_visible_composed_line_and_is_done_once(text: str) -> None:
    try:
        name = clean_name(text)
    except Refusal as refusal:
        assert refusal.reason in {Reason.NAME_EMPTY, Reason.NAME_TOO_LONG}  # noqa: PT017  (the others are failures)
        return
    assert 0 < len(name) <= NAME_LIMIT
    assert name == " ".join(name.split())
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"} for c in name)
    assert unicodedata.is_normalized("NFC", name)
    assert clean_name(name) == name


@given(texts, st.sampled_from(HIDDEN))
def test_hidden_characters_make_no_second_name(text: str, hidden: str) -> None:
    try:
        name = clean_name(text)
    except Refusal:
        return
    assert clean_name(hidden.join(name)) == name


@pytest.mark.parametrize(
    ("typed", "limit", "kept"),
    [
        ("Kommunales Bildungsmanagement", 200, "Kommunales Bildungsmanagement"),
        ("  zwei \n Zeilen ", 200, "zwei Zeilen"),
        ("2026", 200, "2026"),
        ("12345", 5, "12345"),
    ],
)
def test_a_line_of_text_is_cleaned(typed: str, limit: int, kept: str) -> None:
    assert clean_line(typed, limit) == kept


@pytest.mark.parametrize("typed", ["", " \n ", HIDDEN, BLANK_LETTERS])
def test_a_line_of_text_is_not_empty(typed: str) -> None:
    assert refusal_of(lambda: clean_line(typed, 200)).reason is Reason.TEXT_EMPTY


def test_a_line_of_text_has_a_limit() -> None:
    refused = refusal_of(lambda: clean_line("123456", 5))
    assert (refused.reason, refused.details) == (Reason.TEXT_TOO_LONG, {"limit": 5, "length": 6})


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Jugendamt", "JUGENDAMT", True),
        ("Straße", "STRASSE", True),
        ("Amt  für   Soziales", " Amt für Soziales ", True),
        ("Jugendamt", "Jugend-Amt", False),
        ("Schulamt", "Sozialamt", False),
    ],
)
def test_names_are_compared_as_a_reader_does(one: str, other: str, same: bool) -> None:
    assert (name_key(one) == name_key(other)) is same


@given(texts)
def test_the_key_of_a_key_is_itself(text: str) -> None:
    assert name_key(name_key(text)) == name_key(text)


@pytest.mark.parametrize(
    ("pasted", "names"),
    [
        ("Jugendamt", ("Jugendamt",)),
        ("Jugendamt\nSozialamt", ("Jugendamt", "Sozialamt")),
        ("Jugendamt\r\nSozialamt\r\n", ("Jugendamt", "Sozialamt")),
        ("- Jugendamt\n– Sozialamt\n• VHS\n* Kita", ("Jugendamt", "Sozialamt", "VHS", "Kita")),
        ("1. Jugendamt\n2) Sozialamt\n10. VHS", ("Jugendamt", "Sozialamt", "VHS")),
        ("Jugendamt;\n\n  Sozialamt,  \n", ("Jugendamt", "Sozialamt")),
        ("Jugendamt\nJUGENDAMT\njugendamt ", ("Jugendamt",)),
        ("Zett\nAlfa\nZett", ("Zett", "Alfa")),
        ("51 Jugendamt\n3.2 Kultur", ("51 Jugendamt", "3.2 Kultur")),
        ("E-Government", ("E-Government",)),
        ("\ufeff- Jugendamt\n\u200b\n\u200e2. Sozialamt", ("Jugendamt", "Sozialamt")),
    ],
)
def test_a_pasted_list_gives_each_name_once_and_in_order(pasted: str, names: tuple[str, ...]) -> None:
    assert pasted_names(pasted) == names


@pytest.mark.parametrize("pasted", ["", "\n \n", ";;\n,", "Jugendamt\n12", ZERO_WIDTH + "\n" + BLANK_LETTERS])
def test_a_pasted_list_without_a_name_or_with_a_wrong_one_is_refused(pasted: str) -> None:
    with pytest.raises(Refusal) as raised:
        pasted_names(pasted)
    assert raised.value.reason is Reason.NAME_EMPTY


def test_a_pasted_list_has_a_limit_of_lines() -> None:
    assert len(pasted_names("\n".join(f"Amt {n}" for n in range(DEPARTMENTS_AT_ONCE)))) == DEPARTMENTS_AT_ONCE
    with pytest.raises(Refusal) as raised:
        pasted_names("\n".join(f"Amt {n}" for n in range(DEPARTMENTS_AT_ONCE + 1)))
    assert raised.value.reason is Reason.TOO_MANY_LINES
    assert raised.value.details == {"limit": DEPARTMENTS_AT_ONCE, "length": DEPARTMENTS_AT_ONCE + 1}


@given(texts)
def test_whatever_is_pasted_gives_different_clean_names_or_a_refusal(text: str) -> None:
    try:
        names = pasted_names(text)
    except Refusal as refusal:
        assert refusal.reason in {Reason.NAME_EMPTY, Reason.NAME_TOO_LONG, Reason.TOO_MANY_LINES}  # noqa: PT017
        return
    assert names
    assert len({name_key(name) for name in names}) == len(names)
    assert all(clean_name(name) == name for name in names)


@pytest.mark.parametrize(
    ("taken", "rank"), [([], 1), ([1], 2), ([2], 1), ([1, 2, 4], 3), ([1, 1, 2], 3), ([0], 1), ([5, 7], 1)]
)
def test_a_deputy_gets_the_lowest_free_number(taken: list[int], rank: int) -> None:
    assert next_rank(taken) == rank


@given(st.lists(st.integers(-5, 40)))
def test_the_next_number_is_free_and_all_below_it_are_taken(taken: list[int]) -> None:
    rank = next_rank(iter(taken))
    assert rank not in taken
    assert set(range(1, rank)) <= set(taken)


COMPLETE = Setup(
    municipality=Municipality(1, "Musterland", "de", "Europe/Berlin", "Bildung", "beteiligt", "beteiligt", 5, "BB"),
    coordinators=2,
    departments=1,
    people=3,
    connected=3,
    blocked=0,
    channel=Channel(1, 1, -100, "Koordination", True),
)


@pytest.mark.parametrize(
    ("setup", "gaps"),
    [
        (COMPLETE, ()),
        (replace(COMPLETE, municipality=replace(COMPLETE.municipality, topic="")), (Gap.TOPIC,)),
        (replace(COMPLETE, municipality=replace(COMPLETE.municipality, council="")), (Gap.COUNCIL,)),
        (replace(COMPLETE, municipality=replace(COMPLETE.municipality, protection="")), (Gap.PROTECTION,)),
        (replace(COMPLETE, departments=0), (Gap.DEPARTMENTS,)),
        (replace(COMPLETE, coordinators=1), (Gap.COORDINATORS,)),
        (replace(COMPLETE, coordinators=3), ()),
        (replace(COMPLETE, channel=None), (Gap.CHANNEL,)),
        (replace(COMPLETE, blocked=3), ()),
    ],
)
def test_each_gap_of_a_setup_is_named(setup: Setup, gaps: tuple[Gap, ...]) -> None:
    assert setup.gaps == gaps


def test_gaps_come_in_the_order_of_work_and_three_of_them_stop_a_round() -> None:
    empty = Municipality(1, "Musterland", "de", "Europe/Berlin", "", "", "", 5, "")
    assert Setup(empty, 0, 0, 0, 0, 0, None).gaps == tuple(Gap)
    assert {Gap.TOPIC, Gap.COUNCIL, Gap.PROTECTION} == BLOCKING_GAPS


@pytest.mark.parametrize("role", Role)
def test_only_the_coordination_coordinates(role: Role) -> None:
    member = Member(1, 1, "Musterland", None, "", role, 0, "Anna", 1, Reachability.CONNECTED)
    assert member.is_coordinator is (role is Role.COORDINATOR)
