"""Telegram's limits with the worst names, HTML that no name can break, and screens that survive the outbox."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from sandbox.entities import length, parse_html
from screens import Document, Jump, Press, Screen, as_json, from_json
from screens.buttons import OpenMenu
from screens.chart import Chart
from screens.l10n import LOCALES, Texts, texts
from tests.screens.gallery import WIDE, WORST, WORST_NAME, Shown, Town, gallery, screens, town_of

TEXT, CAPTION, DATA, LABEL, TOAST, KEYS = 4096, 1024, 64, 64, 200, 100
TOWNS = {"plain": Town(), "worst": WORST, "wide": WIDE}
PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")
SCREENS = sorted(screens(texts("de"), Town()))


@pytest.fixture(scope="module")
def shown() -> dict[tuple[str, str], dict[str, Shown]]:
    return {(locale, name): dict(gallery(texts(locale), town)) for locale in LOCALES for name, town in TOWNS.items()}


def visible(html: str) -> str:
    return parse_html(str(html))[0]


def check(screen: Screen) -> None:
    """As Telegram would: only what it takes goes through."""
    text = visible(screen.text)
    assert text.strip()
    assert length(text) <= (CAPTION if screen.chart or screen.document else TEXT)
    assert length(visible(screen.to_pass_on)) <= TEXT
    assert length(screen.toast) <= TOAST
    assert sum(map(len, screen.keyboard)) <= KEYS
    for row in screen.keyboard:
        assert 0 < len(row) <= 8
        for key in row:
            assert key.label.strip()
            assert len(key.label) <= LABEL
            match key:
                case Press(_, button):
                    assert 0 < len(button.pack().encode()) <= DATA
                case Jump(_, payload):
                    assert PAYLOAD.fullmatch(payload)


@pytest.mark.parametrize("town", TOWNS)
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_keeps_the_limits(
    shown: dict[tuple[str, str], dict[str, Shown]], name: str, locale: str, town: str
) -> None:
    screen = shown[locale, town][name]
    assert isinstance(screen, Screen)
    check(screen)


@pytest.mark.parametrize(
    "screen",
    [
        Screen(Markup("x") * (TEXT + 1)),
        Screen(Markup("<b></b>")),
        Screen(Markup("<b>x")),
        Screen(Markup("x"), ((Press(" ", OpenMenu(1)),),)),
        Screen(Markup("x"), ((Press("x" * 65, OpenMenu(1)),),)),
        Screen(Markup("x"), ((),)),
        Screen(Markup("x"), ((Jump("x", "a b"),),)),
        Screen(Markup("x"), toast="x" * 201),
        Screen(Markup("x") * (CAPTION + 1), document=Document("x.json", {})),
        Screen(Markup("x") * (CAPTION + 1), chart=Chart("", "", (), "", "", "")),
    ],
)
def test_what_breaks_a_limit_would_be_noticed(screen: Screen) -> None:
    with pytest.raises(Exception, match=r"assert|parse"):
        check(screen)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("town", ["plain", "worst"])
def test_toasts_keep_their_limit(shown: dict[tuple[str, str], dict[str, Shown]], locale: str, town: str) -> None:
    """A refusal may be a toast; so may every sentence that is no screen."""
    for name, sentence in shown[locale, town].items():
        if isinstance(sentence, str) and name not in {"people.not_needed", *TYPED_ONLY}:
            assert 0 < length(sentence) <= TOAST, name


TYPED_ONLY = {"refusals.words: SEAT_TAKEN", "refusals.words: CHANNEL_IS_PUBLIC", "refusals.words: CHANNEL_IS_TAKEN"}
"""They answer something typed or done in a chat, so they are messages, not toasts."""

hostile = st.text(alphabet=st.sampled_from("<>&\"'{}%\\/=;:#@ \nabß\u202e😀\u0301") | st.characters(codec="utf-8"))
names = st.one_of(
    hostile,
    st.sampled_from(
        ["</b>", "<b>", "<a href='x'>", "&amp;", "&lt;", "&", "{name}", "{0}", "%s", "<!--", '"', "{", "}", "&#0;"]
    ),
)


@settings(max_examples=40, deadline=None)
@given(names, st.sampled_from(LOCALES))
def test_no_name_breaks_the_html_or_becomes_html(name: str, locale: str) -> None:
    t = texts(locale)
    plain = screens(t, Town())
    for key, screen in screens(t, replace(town_of("x" + name, "y" + name), many=9, at_once=3)).items():
        for html, ours in ((screen.text, plain[key].text), (screen.to_pass_on, plain[key].to_pass_on)):
            _, entities = parse_html(str(html))
            _, expected = parse_html(str(ours))
            assert [e["type"] for e in entities] == [e["type"] for e in expected], key


@settings(max_examples=60, deadline=None)
@given(names)
def test_a_name_reads_as_it_was_written(name: str) -> None:
    shown_ = screens(texts("de"), replace(Town(), person="x" + name, municipality="x" + name))
    assert "x" + name in visible(shown_["people.person"].text)
    assert "x" + name in visible(shown_["menu.home"].text)
    assert "x" + name in visible(shown_["people.personal_link"].to_pass_on)


def test_the_worst_name_stands_in_the_gallery() -> None:
    """Otherwise the limits above would be tested with nothing."""
    assert WORST_NAME in visible(screens(texts("de"), WORST)["people.person"].text)


@pytest.mark.parametrize("town", TOWNS)
@pytest.mark.parametrize("locale", LOCALES)
def test_a_screen_comes_out_of_the_outbox_as_it_went_in(
    shown: dict[tuple[str, str], dict[str, Shown]], locale: str, town: str
) -> None:
    for name, screen in shown[locale, town].items():
        if isinstance(screen, Screen):
            stored = json.loads(json.dumps(as_json(screen)))
            # Toasts, what is to be passed on and files answer somebody who asked: they are never in the outbox.
            assert from_json(stored) == replace(screen, toast="", to_pass_on=Markup(), document=None), name
            assert as_json(from_json(stored)) == stored


def test_every_kind_of_key_comes_out_of_the_outbox() -> None:
    keys = (Press("a", OpenMenu(7)), Jump("b", "p_7"))
    screen = Screen(Markup("<b>x</b> &amp; y"), (keys, keys[:1]), protected=True)
    assert from_json(json.loads(json.dumps(as_json(screen)))) == screen
    assert isinstance(from_json(as_json(screen)).text, Markup)


@pytest.mark.parametrize("locale", LOCALES)
def test_paragraphs_are_never_empty(locale: str) -> None:
    t: Texts = texts(locale)
    for name, screen in screens(t, Town()).items():
        assert "\n\n\n" not in screen.text, name
        assert screen.text == screen.text.strip(), name
