"""The demo page over HTTP, and in a browser, with a small bot that speaks plain HTTP to the sandbox."""

from __future__ import annotations

import io
import json
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from starlette.applications import Starlette

from sandbox.page import Shown, routes
from sandbox.people import Person, Room, Telegram
from sandbox.server import serve

TOKEN = "123456:sandbox-only"
BERLIN_NINE = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CHROMIUM = shutil.which("chromium")
EVIL = "<img src=x onerror=\"document.title='hacked'\"><b>nicht fett</b>"


@dataclass
class Clock:
    time: datetime = BERLIN_NINE
    next: datetime | None = BERLIN_NINE + timedelta(hours=30)

    def now(self) -> datetime:
        return self.time

    async def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        if self.next and self.time >= self.next:
            self.next = None

    def next_event(self) -> datetime | None:
        return self.next


class EchoBot(threading.Thread):
    """Repeats what it is told; `/start` brings buttons, "Bild" a picture, "Datei" a file."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.http = httpx.Client(base_url=f"{url}/bot{TOKEN}/", timeout=30)

    def call(self, method: str, **parameters: Any) -> Any:
        return self.http.post(method, json=parameters).raise_for_status().json()["result"]

    def upload(self, method: str, chat: int, caption: str, **file: tuple[str, bytes, str]) -> None:
        self.http.post(method, data={"chat_id": chat, "caption": caption}, files=file).raise_for_status()

    def run(self) -> None:
        offset = 0
        try:
            while True:
                for update in self.call("getUpdates", offset=offset, timeout=20):
                    offset = update["update_id"] + 1
                    self.hear(update)
        except httpx.HTTPError:
            self.http.close()  # the sandbox has ended

    def hear(self, update: dict[str, Any]) -> None:
        if query := update.get("callback_query"):
            self.pressed(query)
        elif "text" in (message := update.get("message", {})):
            self.told(message["chat"]["id"], message["text"])

    def told(self, chat: int, text: str) -> None:
        if text.startswith("/start"):
            self.call("sendMessage", chat_id=chat, text=f"Willkommen {text}", reply_markup=statement(1))
        elif text == "Bild":
            self.upload("sendPhoto", chat, "Drei Werte", photo=("bild.png", picture(), "image/png"))
        elif text == "Datei":
            self.upload("sendDocument", chat, "", document=("Ämter „2026“.ics", b"BEGIN:VCALENDAR", "text/calendar"))
        else:
            self.call("sendMessage", chat_id=chat, text=text)

    def pressed(self, query: dict[str, Any]) -> None:
        chat, message, number = query["message"]["chat"]["id"], query["message"]["message_id"], query["data"]
        last = number == "3"
        self.call(
            "answerCallbackQuery", callback_query_id=query["id"], text=f"Toast {number}", show_alert=number == "3"
        )
        markup = None if last else statement(int(number) + 1)
        text = f"Aussage <b>{number}</b>"
        self.call(
            "editMessageText", chat_id=chat, message_id=message, text=text, parse_mode="HTML", reply_markup=markup
        )


def statement(number: int) -> dict[str, Any]:
    first = [{"text": "zurück", "callback_data": str(number)}, {"text": "weiter", "callback_data": str(number)}]
    return {"inline_keyboard": [first, [{"text": "Mehr lesen", "url": "https://example.org/"}]]}


def picture() -> bytes:
    Image.new("RGB", (640, 400), "white").save(stream := io.BytesIO(), "PNG")
    return stream.getvalue()


@dataclass
class Demo:
    telegram: Telegram
    url: str
    anna: Person
    bela: Person
    channel: Room
    clock: Clock
    bot: EchoBot
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, timeout=30)

    def state(self) -> Any:
        return self.http.get("/state").json()

    def post_to_channel(self, text: str, url: str) -> None:
        keyboard = {"inline_keyboard": [[{"text": "Zum Thema machen", "url": url}]]}
        self.bot.call("sendMessage", chat_id=self.channel.id, text=text, reply_markup=keyboard)


@pytest.fixture
def demo() -> Iterator[Demo]:
    clock = Clock()
    telegram = Telegram(TOKEN, "dreiklang_bot", now=clock.now)
    anna, bela = telegram.person("Anna Adler"), telegram.person("Béla Brandt", language="en")
    channel = telegram.channel("Koordination Musterland", anna)
    chats = [Shown(anna.id, "Koordination"), Shown(bela.id, "Ansprechperson"), Shown(channel.id, "Koordinationskanal")]
    page = Starlette(routes=routes(telegram, chats=chats, clock=clock))
    with serve(telegram, page=page) as address:
        bot = EchoBot(address.url)
        bot.start()
        demo = Demo(telegram, address.url, anna, bela, channel, clock, bot)
        yield demo
        demo.http.close()
    bot.join(15)


# Over HTTP


def test_the_page_and_its_parts_come_from_here_and_load_nothing_else(demo: Demo) -> None:
    page = demo.http.get("/")
    assert "nichts verlässt ihn" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for part in ("page.css", "page.svg", "page.js", "chat.js", "dialogs.js", "message.js", "server.js", "words.js"):
        answer = demo.http.get(f"/{part}")
        assert answer.status_code == 200
        assert "//cdn" not in answer.text


def test_state_shows_the_chats_in_order_with_their_captions(demo: Demo) -> None:
    demo.anna.writes("Hallo")
    demo.anna.sees("Hallo")
    state = demo.state()
    assert [(chat["name"], chat["caption"], chat["person"]) for chat in state["chats"]] == [
        ("Anna Adler", "Koordination", True),
        ("Béla Brandt", "Ansprechperson", True),
        ("Koordination Musterland", "Koordinationskanal", False),
    ]
    assert state["chats"][0]["messages"][0]["text"] == "Hallo"
    assert state["chats"][0]["messages"][0]["mine"]
    assert state["clock"] == {"now": "2026-03-02T08:00:00+00:00", "next": "2026-03-03T14:00:00+00:00"}


def test_write_and_press_reach_the_bot_and_the_toast_comes_back(demo: Demo) -> None:
    assert demo.http.post("/write", json={"chat": demo.anna.id, "text": "/start"}).is_success
    message = demo.anna.sees_button("weiter")
    press = {"chat": demo.anna.id, "as": demo.anna.id, "message": message.id, "data": "1"}
    assert demo.http.post("/press", json=press).json() == {"text": "Toast 1", "alert": False}
    assert demo.anna.sees("Aussage 1").edited


def test_a_deep_link_opens_as_the_chosen_person(demo: Demo) -> None:
    answer = demo.http.post("/open", json={"as": demo.bela.id, "url": "https://t.me/dreiklang_bot?start=abc"})
    assert answer.is_success
    assert demo.bela.sees("Willkommen /start abc")
    assert not demo.anna.messages


def test_the_bot_is_added_to_the_channel_by_its_owner(demo: Demo) -> None:
    assert not demo.state()["chats"][2]["bot"]
    assert demo.http.post("/join", json={"chat": demo.channel.id}).is_success
    assert demo.state()["chats"][2]["bot"]
    demo.post_to_channel("Lagebild", "https://t.me/dreiklang_bot?start=x")
    assert demo.state()["chats"][2]["messages"][0]["keyboard"][0][0]["text"] == "Zum Thema machen"


@pytest.mark.parametrize(
    ("step", "expected"), [("hour", "2026-03-02T09"), ("day", "2026-03-03T08"), ("next", "2026-03-03T14")]
)
def test_the_clock_moves_on(demo: Demo, step: str, expected: str) -> None:
    assert demo.http.post("/clock", json={"step": step}).is_success
    assert demo.state()["clock"]["now"].startswith(expected)


def test_the_clock_refuses_what_it_cannot(demo: Demo) -> None:
    demo.clock.next = None
    assert demo.http.post("/clock", json={"step": "next"}).status_code == 409
    assert demo.http.post("/clock", json={"step": "year"}).status_code == 409


def test_events_tell_of_every_change(demo: Demo) -> None:
    with demo.http.stream("GET", "/events") as stream:
        lines = (line for line in stream.iter_lines() if line.startswith("data:"))
        first = json.loads(next(lines).removeprefix("data:"))
        demo.anna.writes("Hallo")
        second = json.loads(next(lines).removeprefix("data:"))
    assert second[0] > first[0]


def test_files_are_served_by_their_id_only(demo: Demo) -> None:
    demo.anna.writes("Datei")
    demo.anna.sees("2026")
    demo.anna.writes("Bild")
    demo.anna.sees("Drei Werte")
    files = [message["file"] for message in demo.state()["chats"][0]["messages"] if message["file"]]
    document, photo = (demo.http.get(f"/{file['url']}") for file in files)
    assert document.content == b"BEGIN:VCALENDAR"
    assert document.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%C3%84mter")
    assert photo.headers["content-type"] == "image/png"
    assert "content-disposition" not in photo.headers
    assert (files[1]["width"], files[1]["height"]) == (640, 400)


@pytest.mark.parametrize(
    "path", ["/file/../page.html", "/file/..%2f..%2fpyproject.toml", "/..%2fguard.py", "/guard.py", "/file/x"]
)
def test_no_path_leads_out_of_the_page(demo: Demo, path: str) -> None:
    assert demo.http.get(path).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "dreiklang.example"},
        {"Host": "127.0.0.1.example:80"},
        {"Host": "["},
        {"Origin": "https://dreiklang.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ],
)
def test_foreign_names_and_pages_are_refused(demo: Demo, headers: dict[str, str]) -> None:
    assert demo.http.get("/state", headers=headers).status_code == 403
    written = demo.http.post("/write", json={"chat": demo.anna.id, "text": "Hallo"}, headers=headers)
    assert written.status_code == 403
    assert not demo.anna.messages


def test_a_link_to_the_page_may_be_followed_from_anywhere(demo: Demo) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert demo.http.get("/", headers=followed).is_success
    assert demo.http.post("/write", json={"chat": demo.anna.id, "text": "Hallo"}, headers=followed).status_code == 403


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/write", {"chat": 1, "text": "Hallo"}, 404),
        ("/write", {"text": "Hallo"}, 400),
        ("/write", {"chat": True, "text": "Hallo"}, 400),
        ("/write", ["Hallo"], 400),
        ("/open", {"as": "anna", "url": "https://t.me/dreiklang_bot"}, 400),
        ("/clock", {}, 400),
    ],
)
def test_what_makes_no_sense_is_refused(demo: Demo, path: str, body: Any, status: int) -> None:
    assert demo.http.post(path, json=body).status_code == status


def test_telegram_refuses_and_the_page_is_told(demo: Demo) -> None:
    anna = demo.anna.id
    assert demo.http.post("/write", json={"chat": anna, "text": "  "}).status_code == 409
    assert demo.http.post("/write", json={"chat": demo.channel.id, "text": "Hallo"}).status_code == 404
    assert demo.http.post("/open", json={"as": anna, "url": "https://t.me/other_bot"}).status_code == 409
    assert demo.http.post("/press", json={"chat": anna, "as": anna, "message": 9, "data": "1"}).status_code == 409
    assert demo.http.post("/write", content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    assert demo.http.post("/write", content=b"{", headers={"Content-Type": "application/json"}).status_code == 400


# In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("DREIKLANG_REQUIRE_BROWSER"):
            pytest.fail("DREIKLANG_REQUIRE_BROWSER is set, and there is no Chromium")
        pytest.skip("No Chromium")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, demo: Demo) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1600, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    page.goto(demo.url)
    yield page
    context.close()
    assert not faults


def column(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


@pytest.mark.browser
def test_pressing_a_button_edits_the_message_and_shows_the_toast(page: Page, demo: Demo) -> None:
    anna = column(page, "Anna Adler")
    anna.get_by_role("button", name="Starten").click()
    anna.get_by_role("button", name="weiter").click()
    expect(anna.get_by_text("Toast 1")).to_be_visible()
    expect(anna.locator("b", has_text="1")).to_be_visible()
    expect(anna.get_by_text("bearbeitet")).to_be_visible()
    link = anna.get_by_role("link", name="Mehr lesen")
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noopener noreferrer")


@pytest.mark.browser
def test_writing_a_text(page: Page, demo: Demo) -> None:
    demo.bela.opens("https://t.me/dreiklang_bot")
    bela = column(page, "Béla Brandt")
    bela.get_by_role("textbox").fill("Jugendamt\nSchulamt")
    bela.get_by_role("button", name="Senden").click()
    expect(bela.locator(".bubble:not(.mine)", has_text="Schulamt")).to_be_visible()
    expect(bela.get_by_role("textbox")).to_have_value("")


@pytest.mark.browser
def test_the_keyboard_alone_is_enough(page: Page, demo: Demo) -> None:
    demo.bot.call("setMyCommands", commands=[{"command": "menu", "description": "Das Menü"}])
    demo.anna.opens("https://t.me/dreiklang_bot")
    anna = column(page, "Anna Adler")
    forward = anna.get_by_role("button", name="weiter")
    anna.get_by_role("log").focus()
    while forward.evaluate("node => node !== document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(anna.get_by_text("Aussage 1")).to_be_visible()
    expect(forward).to_be_focused()
    page.keyboard.press("Enter")
    expect(anna.get_by_text("Aussage 2")).to_be_visible()
    expect(forward).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Toast 3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(anna.locator(".bubble", has_text="Aussage 3")).to_be_focused()
    page.keyboard.press("Tab")
    expect(anna.locator("summary")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(anna.get_by_role("button", name="/menu Das Menü")).to_be_focused()
    page.keyboard.press("Escape")
    expect(anna.locator("summary")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("Hallo")
    page.keyboard.press("Enter")
    expect(anna.locator(".bubble:not(.mine)", has_text="Hallo")).to_be_visible()
    expect(anna.get_by_role("textbox")).to_be_focused()


@pytest.mark.browser
def test_a_link_in_the_channel_asks_who_opens_it(page: Page, demo: Demo) -> None:
    channel = column(page, "Koordination Musterland")
    channel.get_by_role("button", name="Bot als Administrator hinzufügen").click()
    expect(channel.get_by_text("schreibt nur der Bot")).to_be_visible()
    demo.post_to_channel("Lagebild", "https://t.me/dreiklang_bot?start=thema")
    channel.get_by_role("button", name="Zum Thema machen").click()
    page.get_by_role("dialog", name="Als wer öffnen?").get_by_role("button", name="Béla Brandt").click()
    expect(column(page, "Béla Brandt").get_by_text("Willkommen /start thema")).to_be_visible()
    assert not demo.anna.messages


@pytest.mark.browser
def test_an_invitation_is_passed_on_to_another_person(page: Page, demo: Demo) -> None:
    demo.anna.writes("Für Béla: https://t.me/dreiklang_bot?start=einladung")
    anna = column(page, "Anna Adler")
    anna.locator(".bubble:not(.mine)").get_by_role("button", name="öffnen als …").click()
    page.get_by_role("dialog").get_by_role("button", name="Béla Brandt").click()
    bela = column(page, "Béla Brandt")
    expect(bela.get_by_text("Willkommen /start einladung")).to_be_visible()
    expect(bela.get_by_role("log")).to_be_focused()


@pytest.mark.browser
def test_markup_in_a_message_stays_text(page: Page, demo: Demo) -> None:
    demo.anna.writes(EVIL)
    anna = column(page, "Anna Adler")
    expect(anna.locator(".bubble:not(.mine) .text")).to_have_text(EVIL)
    expect(anna.locator(".text img, .text b")).to_have_count(0)
    expect(page).to_have_title("Dreiklang – Demo")


@pytest.mark.browser
def test_a_picture_grows_and_a_file_is_downloaded(page: Page, demo: Demo) -> None:
    demo.anna.writes("Bild")
    demo.anna.sees("Drei Werte")
    demo.anna.writes("Datei")
    anna = column(page, "Anna Adler")
    anna.get_by_role("button", name="Bild vergrößern: Drei Werte").click()
    expect(page.get_by_role("dialog").get_by_role("img", name="Drei Werte")).to_be_visible()
    page.keyboard.press("Escape")
    with page.expect_download() as download:
        anna.get_by_role("link", name="Datei herunterladen").click()
    assert download.value.suggested_filename.endswith(".ics")


@pytest.mark.browser
def test_the_clock_is_moved_and_told(page: Page, demo: Demo) -> None:
    expect(page.locator("#now")).to_have_text("Montag, 2. März 2026, 09:00 Uhr")
    following = page.get_by_role("button", name="Nächstes Ereignis")
    expect(following).to_contain_text("Di., 3. März, 15:00")
    page.get_by_role("button", name="+1 Stunde").click()
    expect(page.locator("#now")).to_have_text("Montag, 2. März 2026, 10:00 Uhr")
    following.click()
    expect(page.locator("#now")).to_have_text("Dienstag, 3. März 2026, 15:00 Uhr")
    expect(following).to_be_disabled()
    expect(following).to_be_focused()


@pytest.mark.browser
def test_the_pages_own_words_change_their_language_and_are_remembered(page: Page, demo: Demo) -> None:
    demo.anna.writes("Guten Tag")
    expect(column(page, "Anna Adler").locator(".bubble")).to_have_count(2)
    page.reload()
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(column(page, "Anna Adler").get_by_text("Coordination")).to_be_visible()
    expect(column(page, "Anna Adler").locator(".bubble:not(.mine)")).to_contain_text("Guten Tag")
    expect(page.locator(".pill:visible")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="Next event")).to_be_visible()


@pytest.mark.browser
def test_what_is_new_elsewhere_is_counted_and_takes_no_focus(page: Page, demo: Demo) -> None:
    anna, bela = column(page, "Anna Adler"), column(page, "Béla Brandt")
    demo.anna.writes("eins")
    demo.bela.writes("zwei")
    expect(anna.locator(".bubble")).to_have_count(2)
    anna.get_by_role("textbox").fill("halb geschr")
    demo.bot.call("sendMessage", chat_id=demo.bela.id, text="Neues für Sie")
    expect(bela.locator("header .pill")).to_have_text("1 neu")
    expect(anna.get_by_role("textbox")).to_be_focused()
    expect(anna.get_by_role("textbox")).to_have_value("halb geschr")
    bela.hover()
    expect(bela.locator("header .pill")).to_be_hidden()


@pytest.mark.browser
def test_the_newest_message_is_in_sight_unless_the_visitor_reads_above(page: Page, demo: Demo) -> None:
    for number in range(12):
        demo.anna.writes(f"Nachricht {number}\n\nmit mehreren Zeilen")
    demo.anna.writes("die letzte")
    anna = column(page, "Anna Adler")
    bot_says = anna.locator(".bubble:not(.mine)")
    page.reload()
    expect(bot_says.filter(has_text="die letzte")).to_be_in_viewport()
    demo.bot.call("sendMessage", chat_id=demo.anna.id, text="und noch eine")
    expect(bot_says.filter(has_text="und noch eine")).to_be_in_viewport()
    # Whoever points at a chat reads it; until then an answer that came late may still count as new.
    anna.get_by_role("log").hover()
    expect(anna.locator("header .pill")).to_be_hidden()
    anna.get_by_role("log").evaluate("node => node.scrollTo(0, 0)")
    expect(anna.locator(".bubble").first).to_be_in_viewport()
    demo.bot.call("sendMessage", chat_id=demo.anna.id, text="unten")
    expect(anna.locator("header .pill")).to_have_text("1 neu")
    expect(bot_says.filter(has_text="unten")).not_to_be_in_viewport()


@pytest.mark.browser
def test_a_phone_shows_one_chat_at_a_time(page: Page, demo: Demo) -> None:
    demo.anna.opens("https://t.me/dreiklang_bot?start=" + "x" * 64)
    page.set_viewport_size({"width": 360, "height": 740})
    page.reload()
    page.get_by_role("navigation", name="Chats").get_by_role("button", name="Béla").click()
    expect(column(page, "Béla Brandt")).to_be_in_viewport(ratio=0.9)
    expect(column(page, "Anna Adler")).not_to_be_in_viewport()
    expect(page.get_by_role("button", name="Béla")).to_have_attribute("aria-current", "true")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    for log in page.get_by_role("log").all():
        assert log.evaluate("node => node.scrollWidth <= node.clientWidth")
