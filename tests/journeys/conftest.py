from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from sandbox.people import Telegram
from sandbox.server import serve
from tests.journeys.installation import BOT_NAME, TOKEN, Clock, Installation
from tests.journeys.register import Register, settle_town


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def telegram(clock: Clock) -> Telegram:
    return Telegram(TOKEN, BOT_NAME, now=clock.now)


@pytest.fixture
def town(telegram: Telegram, clock: Clock, database_url: str, tmp_path: Path) -> Iterator[Installation]:
    """A running installation; it is stopped at the end, whatever the story did."""
    with serve(telegram) as address:
        installation = Installation(telegram, address.url, database_url, tmp_path / "data", clock)
        installation.start()
        yield installation
        installation.stop()


@pytest.fixture
def staff() -> int:
    """How many people beside the coordinator the town has."""
    return 5


@pytest.fixture
def register(town: Installation, telegram: Telegram, staff: int) -> Register:
    with town.down():
        settled = settle_town(town.settings.database_url, telegram, town.clock.now(), staff=staff)
    town.settle()
    return settled
