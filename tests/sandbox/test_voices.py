"""What people do and see, with a small bot that polls in a thread of its own."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from sandbox.people import Person, Telegram
from sandbox.server import Address, serve
from tests.sandbox.api import Api, Clock

LINK = "https://t.me/dreiklang_demo_bot?start=weiter"
MENU = {
    "inline_keyboard": [
        [{"text": "1 · stimme zu", "callback_data": "yes"}, {"text": "2 · stimme nicht zu", "callback_data": "no"}],
        [{"text": "Weiter", "url": LINK}],
    ]
}


class Bot(threading.Thread):
    """Greets who starts it, thanks for pressed buttons."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self.api = api
        self.over = threading.Event()

    def run(self) -> None:
        offset = 0
        while not self.over.is_set():
            for update in self.api.do("getUpdates", offset=offset, timeout=30):
                offset = update["update_id"] + 1
                if "callback_query" in update:
                    self.press(update["callback_query"])
                elif "message" in update:
                    self.greet(update["message"])

    def greet(self, message: dict[str, dict[str, int]]) -> None:
        text = f"Willkommen: {message['text']}"
        self.api.do("sendMessage", chat_id=message["chat"]["id"], text=text, reply_markup=MENU)

    def press(self, query: dict[str, dict[str, int]]) -> None:
        self.api.do("answerCallbackQuery", callback_query_id=query["id"], text=f"Danke für {query['data']}")
        here = {"chat_id": query["from"]["id"], "message_id": query["message"]["message_id"]}
        self.api.do("editMessageText", **here, text=f"Danke für {query['data']}")


@pytest.fixture
def bot(api: Api, telegram: Telegram) -> Iterator[Bot]:
    bot = Bot(api)
    bot.start()
    yield bot
    bot.over.set()
    telegram.person("Die Letzte").writes("wach auf")
    bot.join()


def test_a_story(bot: Bot, telegram: Telegram) -> None:
    anna = telegram.person("Anna Müller", language="de")
    anna.opens("https://t.me/dreiklang_demo_bot?start=abc")
    welcome = anna.sees("Willkommen: /start abc")
    assert welcome.buttons == ["1 · stimme zu", "2 · stimme nicht zu", "Weiter"]
    assert anna.presses("Weiter") == ""
    anna.sees("/start weiter", after=welcome)
    assert anna.presses("stimme zu") == "Danke für yes"
    assert anna.sees("Danke für yes").edited
    assert anna.presses("nicht", message=welcome) == "Danke für no"
    assert anna.raw_callback(anna.last(), "forged") == "Danke für forged"
    telegram.wait_idle()
    assert "Anna Müller: /start abc\n" in anna.transcript()
    assert "Dreiklang: Danke für forged (edited)" in anna.transcript()
    methods = [call.method for call in telegram.calls if call.method.startswith("answer")]
    assert methods == ["answerCallbackQuery"] * 3


def test_many_people_at_once(bot: Bot, telegram: Telegram) -> None:
    people = [telegram.person(f"Person {number}") for number in range(30)]
    for person in people:
        person.writes(f"Hier ist {person.id}")
    for person in people:
        assert person.sees(f"Willkommen: Hier ist {person.id}")
        assert person.presses("stimme nicht zu") == "Danke für no"


def test_what_is_not_seen_is_told_with_the_transcript(anna: Person) -> None:
    anna.writes("Hallo\nWelt")
    with pytest.raises(AssertionError, match="Anna Müller did not see 'Danke' within 0 s:\n── Anna Müller ──\n"):
        anna.sees("Danke", seconds=0)
    with pytest.raises(AssertionError, match="a button 'OK'"):
        anna.sees_button("OK", seconds=0)


def test_an_ambiguous_button_is_not_pressed(api: Api, anna: Person) -> None:
    api.do("sendMessage", chat_id=anna.id, text="?", reply_markup=MENU)
    with pytest.raises(AssertionError, match="is on several buttons"):
        anna.presses("stimme")
    with pytest.raises(AssertionError, match="No button 'nein'"):
        anna.presses("nein", message=anna.last())


def test_people_cannot_do_what_telegram_does_not_let_them(anna: Person, telegram: Telegram) -> None:
    with pytest.raises(ValueError, match="Not a link"):
        anna.opens("https://t.me/other_bot")
    with pytest.raises(ValueError, match="64 characters"):
        anna.opens(f"https://t.me/dreiklang_demo_bot?start={'x' * 65}")
    with pytest.raises(ValueError, match="4096"):
        anna.writes("x" * 4097)
    with pytest.raises(ValueError, match="64 bytes"):
        anna.raw_callback(anna.last(), "x" * 65)
    group = telegram.group("Gruppe", owner=anna)
    with pytest.raises(ValueError, match="is not in Gruppe"):
        telegram.person("Bernd").writes("Hallo", chat=group)
    with pytest.raises(ValueError, match="no right called"):
        anna.adds_bot(group, rights={"can_fly"})
    with pytest.raises(ValueError, match="already a person"):
        telegram.person("Anna", id=anna.id)
    anna.blocks()
    with pytest.raises(ValueError, match="has blocked"):
        anna.writes("Hallo")
    anna.opens("https://t.me/dreiklang_demo_bot")
    assert anna.last().text == "/start"


def test_a_page_sees_a_chat_as_json(api: Api, anna: Person, telegram: Telegram, png: bytes) -> None:
    api.upload("sendPhoto", {"photo": ("a.png", png, "image/png")}, chat_id=anna.id, caption="Bild", reply_markup=MENU)
    shown = telegram.snapshot(anna.id)
    assert (shown["name"], shown["bot"], shown["revision"]) == ("Anna Müller", "member", telegram.revision)
    picture = shown["messages"][-1]
    assert (picture["text"], picture["by_bot"], picture["from"]) == ("Bild", True, "Dreiklang")
    assert picture["keyboard"][0][0] == {"text": "1 · stimme zu", "callback_data": "yes"}
    assert telegram.file(picture["file"]["id"]).content == png


def test_a_page_is_woken_by_changes_until_the_server_stops(telegram: Telegram) -> None:
    telegram.serve(serving=True)

    async def watch() -> list[int]:
        return [revision async for revision in telegram.revisions(telegram.revision)]

    async def story() -> list[int]:
        watching = asyncio.create_task(watch())
        await asyncio.sleep(0)
        person = await asyncio.to_thread(telegram.person, "Anna")
        await telegram.changed(telegram.revision - 1)
        assert person.chat.messages == {}
        telegram.serve(serving=False)
        return await watching

    seen = asyncio.run(story())
    assert seen == sorted(seen)
    assert seen[-1] == telegram.revision


def test_serving_again_loses_nothing(telegram: Telegram, clock: Clock) -> None:
    anna = telegram.person("Anna")
    anna.writes("vor dem Neustart")
    with serve(telegram) as first:
        pass
    with serve(telegram, port=first.port) as second:
        assert second == Address("127.0.0.1", first.port)
        assert Api(telegram, second).updates()[0]["message"]["date"] == int(clock.now().timestamp())


def test_a_second_server_on_the_same_port_is_refused(telegram: Telegram) -> None:
    with serve(telegram) as address, pytest.raises(OSError, match="in use"), serve(Telegram("2:X", "b"), address.port):
        pass
