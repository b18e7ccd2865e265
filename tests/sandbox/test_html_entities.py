"""Telegram's HTML, and what Telegram recognises by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.entities import command, find, length, parse_html, strip, with_found
from sandbox.errors import ApiError


def spans(html: str) -> tuple[str, list[tuple[str, int, int]]]:
    text, entities = parse_html(html)
    return text, [(entity["type"], entity["offset"], entity["length"]) for entity in entities]


@pytest.mark.parametrize(
    ("html", "text", "entities"),
    [
        ("<b>fett</b>", "fett", [("bold", 0, 4)]),
        ("<B>a</b>", "a", [("bold", 0, 1)]),
        ("<strong>a</strong><em>b</em><ins>c</ins>", "abc", [("bold", 0, 1), ("italic", 1, 1), ("underline", 2, 1)]),
        ("<s>a</s><del>b</del><strike>c</strike>", "abc", [("strikethrough", i, 1) for i in range(3)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("😀<b>😀</b>", "😀😀", [("bold", 2, 2)]),
        ("<b></b>x", "x", []),
        ("<b>x</>", "x", [("bold", 0, 1)]),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1)]),
        ("<tg-spoiler>x</tg-spoiler>", "x", [("spoiler", 0, 1)]),
        ("<blockquote>x</blockquote>", "x", [("blockquote", 0, 1)]),
        ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
        ("<code>x</code>", "x", [("code", 0, 1)]),
        ("&lt;b&gt; &amp; &quot; &#39; &#x27; &euro; & &#0;", "<b> & \" ' ' &euro; & &#0;", []),
        ("&amp;lt;", "&lt;", []),
        ("a > b", "a > b", []),
    ],
)
def test_html_becomes_text_and_entities(html: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    assert spans(html) == (text, entities)


def test_links_and_languages_are_kept() -> None:
    assert parse_html('<a href="https://a.de/?x=1&amp;y=2">x</a>')[1][0]["url"] == "https://a.de/?x=1&y=2"
    assert parse_html("<a href='a.de'>x</a>")[1][0]["url"] == "http://a.de/"
    assert parse_html("<a>https://a.de/b</a>")[1][0]["url"] == "https://a.de/b"
    assert parse_html('<a href="nowhere">x</a>') == ("x", [])
    assert parse_html('<a href="tg://user?id=7">x</a>')[1][0]["user_id"] == 7
    assert parse_html('<pre><code class="language-python">x</code></pre>')[1] == [
        {"type": "pre", "offset": 0, "length": 1, "language": "python"}
    ]
    assert parse_html('<code class="language-python">x</code>')[1] == [{"type": "code", "offset": 0, "length": 1}]
    assert parse_html('<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>')[1][0]["custom_emoji_id"]


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("a <", "Unclosed start tag at byte offset 2"),
        ("ä <b", "Unclosed start tag at byte offset 3"),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("<br>", 'Unsupported start tag "br" at byte offset 0'),
        ("ü<h1>x</h1>", 'Unsupported start tag "h1" at byte offset 2'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a href>x</a>", 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'),
        ('<a ="x">x</a>', 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href='x", 'Unclosed start tag "a" at byte offset 0'),
        ("<a href=", 'Unclosed start tag "a" at byte offset 0'),
        ("<a ", 'Unclosed start tag "a" at byte offset 0'),
        ("<a href=a/b>x</a>", "Unexpected end of name token at byte offset 8"),
        ("<tg-emoji emoji-id='x'>x</tg-emoji>", "Invalid custom emoji identifier specified"),
    ],
)
def test_bad_html_is_refused_in_telegrams_words(html: str, reason: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse_html(html)
    assert refused.value.description == f"Bad Request: can't parse entities: {reason}"


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")))
def test_escaped_text_comes_back(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert parse_html(f"<b>{escaped}</b>")[0] == text


def test_telegram_recognises_commands_links_and_mentions() -> None:
    def found(text: str) -> list[tuple[str, str]]:
        return [(each["type"], text[each["offset"] : each["offset"] + each["length"]]) for each in find(text)]

    assert found("/start abc, /hilfe@a_bot und a/b und 24/7") == [
        ("bot_command", "/start"),
        ("bot_command", "/hilfe@a_bot"),
    ]
    assert found("Siehe https://a.de/b?c=d. Oder @annamueller, #Pulse #12, a@b.de") == [
        ("url", "https://a.de/b?c=d"),
        ("mention", "@annamueller"),
        ("hashtag", "#Pulse"),
        ("email", "a@b.de"),
    ]
    assert find("😀 /x")[0]["offset"] == 3
    assert command("/start abc", find("/start abc")) == "start"
    assert command("geh /start", find("geh /start")) is None


def test_recognised_entities_leave_links_and_code_alone() -> None:
    text, given_here = parse_html('<code>/x</code> <b>/y</b> <a href="https://a.de">/z</a>')
    kinds = [entity["type"] for entity in with_found(text, given_here)]
    assert kinds == ["code", "bold", "bot_command", "text_link"]


def test_white_space_around_is_cut_and_entities_follow() -> None:
    text, entities = strip(*parse_html("\n <b>a </b>\n"))
    assert (text, entities) == ("a", [{"type": "bold", "offset": 0, "length": 1}])
    assert strip(*parse_html("a<b> </b>")) == ("a", [])
    assert length("a😀ä") == 4
