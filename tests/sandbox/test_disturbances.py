"""Flood limits, and what can go wrong between a bot and Telegram."""

import http.client
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.people import Person, Telegram
from tests.sandbox.api import Api, Clock

CUT = (http.client.RemoteDisconnected, ConnectionResetError)


def send(api: Api, chat_id: int, text: str = "x") -> int:
    answer = api.call("sendMessage", chat_id=chat_id, text=text)
    return 0 if answer["ok"] else int(answer["parameters"]["retry_after"])


def test_one_message_a_second_to_a_person(api: Api, anna: Person, telegram: Telegram, clock: Clock) -> None:
    telegram.limits.enforced = True
    assert [send(api, anna.id) for _ in range(4)] == [0, 0, 0, 1]
    clock.seconds += 1
    assert [send(api, anna.id) for _ in range(2)] == [0, 1]
    answer = api.call("editMessageText", chat_id=anna.id, message_id=anna.last().id, text="y")
    assert (answer["error_code"], answer["description"]) == (429, "Too Many Requests: retry after 1")
    bernd = telegram.person("Bernd")
    bernd.writes("Hallo")
    assert send(api, bernd.id) == 0


def test_twenty_messages_a_minute_into_a_channel(api: Api, anna: Person, telegram: Telegram, clock: Clock) -> None:
    telegram.limits.enforced = True
    channel = telegram.channel("Kanal", owner=anna)
    anna.adds_bot(channel)
    assert [send(api, channel.id) for _ in range(21)] == [0] * 20 + [3]
    clock.seconds += 3
    assert send(api, channel.id) == 0


def test_thirty_messages_a_second_overall(api: Api, telegram: Telegram) -> None:
    telegram.limits.enforced = True
    people = [telegram.person(f"Person {number}") for number in range(31)]
    for person in people:
        person.writes("Hallo")
    assert [send(api, person.id) for person in people] == [0] * 30 + [1]


def test_the_next_call_fails(api: Api, anna: Person, telegram: Telegram) -> None:
    telegram.fail_next("sendMessage", 502)
    assert api.exchange("/bot1:TEST/sendMessage", b"{}", "application/json")[0] == 502
    telegram.fail_next("sendMessage", 403, "Forbidden: user is deactivated", chat_id=anna.id)
    api.do("getMe")
    assert api.refusal("sendMessage", chat_id=anna.id, text="x") == "403 Forbidden: user is deactivated"
    telegram.fail_next("*", 429, retry_after=7, times=2)
    assert [send(api, anna.id) for _ in range(3)] == [7, 7, 0]
    assert [call.status for call in telegram.calls if call.method == "sendMessage"] == [502, 403, 429, 429, 200]


def test_a_connection_is_cut_after_and_before_delivery(api: Api, anna: Person, telegram: Telegram) -> None:
    telegram.cut_next("sendMessage")
    with pytest.raises(CUT):
        send(api, anna.id, "angekommen")
    telegram.cut_next("sendMessage", delivered=False)
    with pytest.raises(CUT):
        send(api, anna.id, "verloren")
    assert anna.has("angekommen")
    assert not anna.has("verloren")


def test_an_answer_is_kept_back(api: Api, anna: Person, telegram: Telegram) -> None:
    with ThreadPoolExecutor() as pool:
        with telegram.hold_next("sendMessage") as hold:
            sending = pool.submit(send, api, anna.id, "schon da")
            hold.wait()
            assert anna.has("schon da")
            assert not sending.done()
        assert sending.result(5) == 0


def test_telegram_is_unreachable_for_a_while(api: Api, anna: Person, telegram: Telegram) -> None:
    polls = telegram.updates.poller
    with ThreadPoolExecutor() as pool:
        poll = pool.submit(api.do, "getUpdates", timeout=30)
        assert telegram.wait_for(lambda: telegram.updates.poller > polls, 5)
        with telegram.unreachable():
            with pytest.raises(CUT):
                poll.result(5)
            with pytest.raises(CUT):
                api.do("getMe")
    api.do("getMe")


def test_whoever_waits_for_a_call_in_vain_is_told(telegram: Telegram) -> None:
    with telegram.hold_next("getMe") as hold, pytest.raises(AssertionError, match="did not call"):
        hold.wait(0)
