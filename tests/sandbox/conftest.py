from collections.abc import Iterator

import pytest

from sandbox.people import Person, Telegram
from sandbox.server import serve
from tests.sandbox.api import Api, Clock, image


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def telegram(clock: Clock) -> Telegram:
    return Telegram("1:TEST", "dreiklang_demo_bot", now=clock.now, monotonic=clock.monotonic)


@pytest.fixture
def api(telegram: Telegram) -> Iterator[Api]:
    with serve(telegram) as address:
        yield Api(telegram, address)


@pytest.fixture
def anna(telegram: Telegram) -> Person:
    """A person who has started the bot, whose update has been read."""
    anna = telegram.person("Anna Müller")
    anna.opens("https://t.me/dreiklang_demo_bot")
    telegram.updates.pending.clear()
    return anna


@pytest.fixture
def png() -> bytes:
    return image()


@pytest.fixture
def jpeg() -> bytes:
    return image("JPEG", (60, 20))
