"""How a bot receives its updates: by polling and by a webhook."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sandbox.people import Person, Telegram
from tests.sandbox.api import Api, check_update


def texts(updates: list[dict[str, Any]]) -> list[str]:
    return [update["message"]["text"] for update in updates]


def test_updates_stay_until_the_offset_passes_them(api: Api, anna: Person) -> None:
    for text in "abcd":
        anna.writes(text)
    batch = api.do("getUpdates", limit=2)
    assert texts(batch) == ["a", "b"]
    ids = [update["update_id"] for update in api.do("getUpdates")]
    assert ids == list(range(ids[0], ids[0] + 4))
    assert texts(api.do("getUpdates", offset=ids[0] + 1)) == ["b", "c", "d"]
    assert texts(api.do("getUpdates", offset=-2)) == ["c", "d"]
    assert texts(api.do("getUpdates")) == ["c", "d"]
    assert api.do("getUpdates", offset=ids[-1] + 1) == []


def test_every_message_of_a_person_is_an_update(api: Api, anna: Person) -> None:
    anna.writes("/start@dreiklang_demo_bot jetzt")
    anna.sends_document("Liste.csv", b"a;b", "text/csv", caption="bitte /hilfe")
    command, document = api.updates()
    for update in (command, document):
        check_update(update)
    assert command["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 25}]
    path = api.do("getFile", file_id=document["message"]["document"]["file_id"])["file_path"]
    assert api.exchange(f"/file/bot1:TEST/{path}") == (200, b"a;b")


def test_a_long_poll_ends_with_the_next_update(api: Api, anna: Person, telegram: Telegram) -> None:
    polls = telegram.updates.poller
    with ThreadPoolExecutor() as pool:
        poll = pool.submit(api.do, "getUpdates", timeout=30)
        assert telegram.wait_for(lambda: telegram.updates.poller > polls, 5)
        anna.writes("Hallo")
        assert texts(poll.result(5)) == ["Hallo"]


def test_a_second_poller_supersedes_the_first(api: Api, anna: Person, telegram: Telegram) -> None:
    polls = telegram.updates.poller
    with ThreadPoolExecutor() as pool:
        first = pool.submit(api.refusal, "getUpdates", timeout=30)
        assert telegram.wait_for(lambda: telegram.updates.poller == polls + 1, 5)
        second = pool.submit(api.do, "getUpdates", timeout=30)
        assert first.result(5) == (
            "409 Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
        )
        anna.writes("Hallo")
        assert texts(second.result(5)) == ["Hallo"]


def test_only_allowed_kinds_are_kept(api: Api, anna: Person) -> None:
    api.do("getUpdates", allowed_updates=["callback_query"])
    anna.writes("ungehört")
    assert api.do("getUpdates") == []
    api.do("getUpdates", allowed_updates=[])
    anna.writes("gehört")
    assert texts(api.do("getUpdates")) == ["gehört"]


def test_wait_idle_waits_for_the_confirmation(api: Api, anna: Person, telegram: Telegram) -> None:
    telegram.wait_idle()
    anna.writes("Hallo")
    with pytest.raises(AssertionError, match="Hallo"):
        telegram.wait_idle(seconds=0)
    api.updates()
    telegram.wait_idle()


@dataclass
class Receiver:
    """A bot's webhook: keeps what it got and answers with the next of the given statuses, else 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    got: list[tuple[str | None, dict[str, Any]]] = field(default_factory=list)
    running: int = 0
    most: int = 0
    gate: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            update = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with receiver.lock:
                receiver.running += 1
                receiver.most = max(receiver.most, receiver.running)
                receiver.got.append((self.headers["X-Telegram-Bot-Api-Secret-Token"], update))
                status = receiver.statuses.pop(0) if receiver.statuses else 200
            receiver.gate.wait(10)
            with receiver.lock:
                receiver.running -= 1
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook?a=b"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield receiver
        receiver.gate.set()
        server.shutdown()
        thread.join()


def test_a_webhook_gets_every_update_in_order(api: Api, anna: Person, telegram: Telegram, receiver: Receiver) -> None:
    anna.writes("vorher")
    answer = api.call("setWebhook", url=receiver.url, secret_token="geheim_1", max_connections=3)
    assert answer["description"] == "Webhook was set"
    refused = api.refusal("getUpdates")
    assert refused.startswith("409 Conflict: can't use getUpdates method while webhook is active")
    for number in range(20):
        anna.writes(str(number))
    telegram.wait_idle()
    assert {secret for secret, _ in receiver.got} == {"geheim_1"}
    assert texts([update for _, update in receiver.got]) == ["vorher", *map(str, range(20))]
    info = api.do("getWebhookInfo")
    assert (info["url"], info["pending_update_count"], info["max_connections"]) == (receiver.url, 0, 3)
    assert api.call("deleteWebhook")["description"] == "Webhook was deleted"
    assert api.do("getWebhookInfo")["url"] == ""
    assert api.do("getUpdates") == []


def test_a_failing_webhook_is_tried_again(api: Api, anna: Person, telegram: Telegram, receiver: Receiver) -> None:
    receiver.statuses = [503, 500]
    api.do("setWebhook", url=receiver.url)
    anna.writes("eins")
    anna.writes("zwei")
    telegram.wait_idle()
    assert texts([update for _, update in receiver.got]) == ["eins", "eins", "eins", "zwei"]
    assert api.do("getWebhookInfo")["last_error_message"].startswith("Wrong response from the webhook: 500")


def test_an_absent_webhook_is_noted(api: Api, anna: Person, telegram: Telegram, receiver: Receiver) -> None:
    api.do("setWebhook", url="http://127.0.0.1:9/hook")
    anna.writes("eins")

    def noted() -> bool:
        webhook = telegram.updates.webhook
        return webhook is not None and webhook.last_error is not None

    assert telegram.wait_for(noted, 5)
    assert api.do("getWebhookInfo")["last_error_message"] == "Connection failed: ConnectionRefusedError"
    api.do("setWebhook", url=receiver.url)
    telegram.wait_idle()
    assert texts([update for _, update in receiver.got]) == ["eins"]


def test_chats_are_delivered_side_by_side_but_not_too_many(api: Api, telegram: Telegram, receiver: Receiver) -> None:
    receiver.gate.clear()
    api.do("setWebhook", url=receiver.url, max_connections=2)
    for number in range(5):
        telegram.person(f"Person {number}").writes("Hallo")
    api.do("getWebhookInfo")
    receiver.gate.set()
    telegram.wait_idle()
    assert len(receiver.got) == 5
    assert receiver.most <= 2


def test_a_webhook_ends_the_poll_and_is_checked(api: Api, telegram: Telegram, receiver: Receiver) -> None:
    polls = telegram.updates.poller
    with ThreadPoolExecutor() as pool:
        poll = pool.submit(api.refusal, "getUpdates", timeout=30)
        assert telegram.wait_for(lambda: telegram.updates.poller > polls, 5)
        api.do("setWebhook", url=receiver.url)
        assert poll.result(5) == "409 Conflict: terminated by setWebhook request"
    assert api.refusal("setWebhook", url="ftp://a.de").startswith("400 Bad Request: bad webhook")
    bad = api.refusal("setWebhook", url=receiver.url, secret_token="ä")
    assert bad == "400 Bad Request: secret token contains unallowed characters"
    api.do("setWebhook", url="")
    assert api.call("deleteWebhook")["description"] == "Webhook is already deleted"


def test_pending_updates_can_be_dropped(api: Api, anna: Person) -> None:
    anna.writes("weg")
    api.do("deleteWebhook", drop_pending_updates=True)
    assert api.do("getUpdates") == []
