"""What a button carries: at most 64 bytes there and the same value back, and nothing forged gets through."""

import re
from dataclasses import fields
from enum import StrEnum
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.rules.refusal import Reason, Refusal
from screens import buttons
from screens.buttons import (
    LARGEST,
    SIZE_LIMIT,
    Button,
    DeepLink,
    JoinLink,
    MenuLink,
    OpenMenu,
    PulseAnswer,
    Sketch,
    Token,
)

KINDS = [*Button.known.values(), *DeepLink.known.values()]
HEX = "0123456789abcdef"


def value_of(hint: Any) -> st.SearchStrategy[Any]:
    if hint is int:
        return st.integers(0, LARGEST) | st.sampled_from([0, 1, LARGEST])
    if hint is Token:
        return st.text(HEX, min_size=32, max_size=32)
    if hint is Sketch:
        return st.from_regex(buttons._SKETCH, fullmatch=True)
    assert issubclass(hint, StrEnum)
    return st.sampled_from(hint)


def packed(kind: Any) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: value_of(hints[field.name]) for field in fields(kind)})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_value_comes_back_as_it_was_packed(kind: type[Any]) -> None:
    @settings(max_examples=30)
    @given(packed(kind))
    def comes_back(value: Any) -> None:
        data = value.pack()
        family = Button if isinstance(value, Button) else DeepLink
        assert 0 < len(data.encode()) <= SIZE_LIMIT
        back = family.unpack(data)
        assert back == value
        assert type(back) is kind
        for field in fields(value):
            assert type(getattr(back, field.name)) is type(getattr(value, field.name))
        if family is DeepLink:
            assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", data)

    comes_back()


def read(family: type[Button | DeepLink], data: str) -> Button | DeepLink | None:
    """None for a refusal; anything but a value or STALE_BUTTON is a failure."""
    try:
        return family.unpack(data)
    except Refusal as refusal:
        assert refusal.reason is Reason.STALE_BUTTON  # noqa: PT017
        return None


near = st.one_of(*(packed(kind) for kind in KINDS)).map(lambda value: str(value.pack()))


@st.composite
def forged(draw: st.DrawFn) -> str:
    """A packed value, cut, doubled, or with something foreign in it."""
    data = draw(near)
    at = draw(st.integers(0, len(data)))
    put = draw(st.text(alphabet=":_0123456789abcdefxmp-+ ٣²\n\x00é", max_size=4))
    return data[:at] + put + data[at + draw(st.integers(0, 3)) :]


@given(st.one_of(st.text(), forged(), near), st.sampled_from([Button, DeepLink]))
def test_whatever_comes_back_is_a_value_that_we_would_have_packed_so_or_is_refused(
    data: str, family: type[Button | DeepLink]
) -> None:
    value = read(family, data)
    assert value is None or value.pack() == data


@pytest.mark.parametrize(
    "data",
    [
        "", ":", "m", "m:", "m:x", "m:-1", "m:+1", "m: 1", "m:1 ", "m:01", "m:1.0", "m:1e3", "m:1_0", "m:0x1", "m:1\n",
        "m:1:2", "M:1", "zz:1", "m:2147483648", "m:9999999999", "m:99999999999999999999", "m:1٣", "m:٣", "m:1²",
        "ls:fr", "ls:DE", "ls:", "jc:" + "g" * 32, "jc:" + "a" * 31, "jc:" + "A" * 32, "jc:" + "a" * 32 + "\n", "i_x",
        "p_1",
    ],
)  # fmt: skip
def test_a_forged_button_is_refused(data: str) -> None:
    assert read(Button, data) is None


@pytest.mark.parametrize("data", ["", "_", "p", "p_", "p_01", "p_1٣", "p:1", "i_" + "a" * 33, "i_" + "A" * 32, "x_1"])
def test_a_forged_link_is_refused(data: str) -> None:
    assert read(DeepLink, data) is None


def test_a_button_packs_as_its_tag_and_fields() -> None:
    assert PulseAnswer(1, 12, 4, 5).pack() == "pa:1:12:4:5"
    assert JoinLink(Token("ab" * 16)).pack() == "i_" + "ab" * 16
    assert MenuLink(7).pack() == "m_7"
    assert Button.unpack("m:0") == OpenMenu(0)
    assert Button.unpack(f"m:{LARGEST}") == OpenMenu(LARGEST)


@pytest.mark.parametrize("number", [-1, LARGEST + 1])
def test_a_number_that_would_not_come_back_is_not_packed(number: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        OpenMenu(number).pack()


def subclasses(kind: type[Any]) -> set[type[Any]]:
    return {below for child in kind.__subclasses__() for below in (child, *subclasses(child))}


@pytest.mark.parametrize("family", [Button, DeepLink])
def test_every_class_is_known_by_a_tag_of_its_own(family: type[Any]) -> None:
    assert set(family.known.values()) == subclasses(family)
    assert len(family.known) == len(set(family.known.values()))
    assert all(kind.tag == tag and family.separator not in tag for tag, kind in family.known.items())


def test_a_tag_cannot_be_given_twice() -> None:
    with pytest.raises(TypeError, match="taken by OpenMenu"):
        type("Another", (Button,), {}, tag=OpenMenu.tag)


def test_what_could_grow_too_long_is_found_at_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buttons, "SIZE_LIMIT", 45)
    with pytest.raises(TypeError, match=r"PulseAnswer may pack to 46 bytes"):
        buttons._check_sizes()
