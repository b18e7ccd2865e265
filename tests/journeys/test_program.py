"""The program as the operator meets it: commands, webhook, health, logs, and Telegram's bad days."""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import schema
from sandbox.people import Telegram
from sandbox.server import serve
from tests.journeys.installation import BOT_NAME, TOKEN, Clock, Installation, at
from tests.journeys.register import Register, settle_town

ROOT = Path(__file__).parents[2]


def _dreiklang(*arguments: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DREIKLANG_")} | settings
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_run_without_a_token_fails_with_one_sentence(tmp_path: Path) -> None:
    done = _dreiklang("run", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "DREIKLANG_TOKEN is not set" in done.stderr


def test_a_bad_setting_fails_with_one_sentence(tmp_path: Path) -> None:
    done = _dreiklang("run", folder=tmp_path, DREIKLANG_DATABASE_URL="mysql://x")
    assert done.returncode == 2
    assert done.stderr == "DREIKLANG_DATABASE_URL must begin with sqlite:/// or postgresql://.\n"


def test_run_on_an_unmigrated_database_says_what_to_do(tmp_path: Path) -> None:
    done = _dreiklang("run", folder=tmp_path, DREIKLANG_TOKEN=TOKEN)
    assert done.returncode == 2
    assert done.stderr.endswith("dreiklang migrate\n")


def test_help_loads_neither_telegram_nor_the_database(tmp_path: Path) -> None:
    heavy = "{'telegram', 'sqlalchemy', 'matplotlib', 'aiohttp'}"
    code = f"import sys, bot.__main__; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
    assert "demo" in _dreiklang("--help", folder=tmp_path).stdout


def test_found_prints_a_link_that_works_and_again_rescues(tmp_path: Path) -> None:
    telegram = Telegram(TOKEN, BOT_NAME)
    with serve(telegram) as address:
        settings = {"DREIKLANG_TOKEN": TOKEN, "DREIKLANG_API_URL": address.url}
        assert _dreiklang("migrate", folder=tmp_path, **settings).returncode == 0
        first = _dreiklang("found", "Landkreis Musterland", folder=tmp_path, **settings)
        assert re.fullmatch(rf"https://t\.me/{BOT_NAME}\?start=i_[0-9a-f]{{32}}\n", first.stdout)
        twice = _dreiklang("found", "landkreis  musterland", folder=tmp_path, **settings)
        assert twice.returncode == 2
        assert "already a municipality with this name" in twice.stderr
        again = _dreiklang("found", "--again", "Landkreis Musterland", folder=tmp_path, **settings)
        assert again.stdout.startswith("https://t.me/")
        assert again.stdout != first.stdout
        assert _dreiklang("found", "--again", "Nirgendwo", folder=tmp_path, **settings).returncode == 2
        wrong = settings | {"DREIKLANG_TOKEN": "1:wrong"}
        assert "does not accept this token" in _dreiklang("found", "X-Stadt", folder=tmp_path, **wrong).stderr
    gone = _dreiklang("found", "Y-Stadt", folder=tmp_path, **settings)
    assert "Telegram cannot be reached" in gone.stderr


def test_doctor_tells_what_is_wrong(tmp_path: Path) -> None:
    sick = _dreiklang("doctor", folder=tmp_path)
    assert sick.returncode == 1
    assert "WRONG: DREIKLANG_TOKEN is not set" in sick.stdout
    assert "dreiklang migrate" in sick.stdout
    _dreiklang("migrate", folder=tmp_path)
    well = _dreiklang("doctor", folder=tmp_path, DREIKLANG_TOKEN=TOKEN)
    assert well.returncode == 0
    assert "WRONG" not in well.stdout


def test_an_occupied_port_and_an_absent_database_are_said_in_one_sentence(tmp_path: Path) -> None:
    telegram = Telegram(TOKEN, BOT_NAME)
    with serve(telegram) as address, socket.socket() as occupied:
        occupied.bind(("127.0.0.1", 0))
        occupied.listen()
        settings = {"DREIKLANG_TOKEN": TOKEN, "DREIKLANG_API_URL": address.url}
        assert _dreiklang("migrate", folder=tmp_path, **settings).returncode == 0
        listen = f"127.0.0.1:{occupied.getsockname()[1]}"
        done = _dreiklang("run", folder=tmp_path, DREIKLANG_LISTEN=listen, **settings)
        assert done.returncode == 2
        assert done.stderr.splitlines()[-1] == f"DREIKLANG_LISTEN: cannot listen on {listen} (Address already in use)."
        absent = settings | {"DREIKLANG_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}
        for command in ("run", "migrate"):
            done = _dreiklang(command, folder=tmp_path, **absent)
            assert done.returncode == 2
            assert done.stderr.startswith("The database cannot be read")


@pytest.fixture
def hooked(telegram: Telegram, clock: Clock, database_url: str, tmp_path: Path) -> Iterator[Installation]:
    """An installation that listens to a webhook."""
    with serve(telegram) as address:
        installation = Installation(telegram, address.url, database_url, tmp_path / "data", clock)
        installation.listen_to_webhook()
        installation.start()
        yield installation
        installation.stop()


def test_by_webhook_the_same_things_happen(hooked: Installation, telegram: Telegram) -> None:
    with hooked.down():
        register = settle_town(hooked.settings.database_url, telegram, hooked.clock.now())
    hooked.settle()
    register.owner.writes("/koordination")
    register.owner.presses("Pulsrunde")
    register.owner.presses("Jetzt beginnen …")
    register.owner.presses("Jetzt beginnen und alle einladen")
    hooked.settle()
    for person in register.everybody:
        person.presses("Beginnen")
        for number in range(1, 10):
            person.sees(f"Aussage {number} von 9")
            person.presses("teils, teils")
        person.sees("Danke!")
    hooked.advance(at(2026, 11, 27, 14))
    register.channel.sees("Beteiligung: 6 von 6")


def test_health_tells_the_truth(hooked: Installation) -> None:
    connection = http.client.HTTPConnection(hooked.settings.listen, timeout=10)
    connection.request("GET", "/healthz")
    assert json.load(connection.getresponse()) == {"database": True, "beats": True}
    connection.close()


def test_telegrams_429_delays_and_loses_nothing(town: Installation, telegram: Telegram, register: Register) -> None:
    for person in register.staff[:3]:
        telegram.fail_next("sendMessage", 429, "Too Many Requests: retry after 70", retry_after=70, chat_id=person.id)
    _start_round(town, register)
    town.settle()
    assert [person.has("Puls – ") for person in register.staff] == [False, False, False, True, True]
    town.advance(at(2026, 11, 23, 8, 1))
    assert [person.has("Puls – ") for person in register.staff] == [False, False, False, True, True]
    town.advance(at(2026, 11, 23, 8, 2))
    for person in register.everybody:
        assert len([m for m in person.messages if m.contains("Puls – ")]) == 1


def test_what_could_not_be_sent_is_sent_when_telegram_is_back(
    town: Installation, telegram: Telegram, register: Register
) -> None:
    register.owner.writes("/koordination")
    register.owner.presses("Pulsrunde")
    register.owner.presses("Am nächsten Arbeitstag um 09:00 Uhr …")
    register.owner.presses("So planen")
    register.owner.sees("ist geplant")
    telegram.fail_next("sendMessage", 429, "Too Many Requests: retry after 5", retry_after=5, times=4)
    town.advance(at(2026, 11, 24, 8))
    town.advance(at(2026, 11, 24, 9))
    town.advance(at(2026, 11, 24, 10))
    for person in register.everybody:
        assert len([m for m in person.messages if m.contains("Puls – ")]) == 1


def test_a_message_that_arrived_without_an_answer_is_not_sent_twice(
    town: Installation, telegram: Telegram, register: Register
) -> None:
    telegram.cut_next("sendMessage", delivered=True, chat_id=register.staff[2].id)
    _start_round(town, register)
    town.advance(at(2026, 11, 23, 9))
    assert len([m for m in register.staff[2].messages if m.contains("Puls – ")]) == 1


def test_an_update_that_nobody_can_read_stops_nobody(
    town: Installation, telegram: Telegram, register: Register
) -> None:
    with telegram.change():
        telegram.updates.add("message", {"message_id": "not a number", "chat": 7}, 1)
    register.staff[0].writes("/datenschutz")
    register.staff[0].sees("Datenschutz in Kürze")
    telegram.wait_idle()


def test_logs_hold_no_names_ids_texts_or_tokens(tmp_path: Path, telegram: Telegram, clock: Clock) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    url = f"sqlite:///{folder / 'dreiklang.db'}"
    schema.upgrade(url)
    register = settle_town(url, telegram, clock.now())
    (folder / "clock").write_text(clock.now().isoformat())
    with serve(telegram) as address, (tmp_path / "log").open("wb") as log:
        telegram.fail_next("sendMessage", 400, "Bad Request: chat not found", chat_id=register.staff[0].id)
        command = [sys.executable, "-m", "tests.journeys.child", str(folder), address.url]
        with subprocess.Popen(command, cwd=ROOT, stderr=log, stdout=log) as process:
            register.owner.writes("/koordination")
            register.owner.presses("Worum es geht")
            register.owner.writes("Geheimes Vorhaben")
            register.owner.sees("Geheimes Vorhaben")
            register.owner.presses("Pulsrunde")
            register.owner.presses("Jetzt beginnen …")
            register.owner.presses("Jetzt beginnen und alle einladen")
            register.staff[1].presses("Beginnen")
            register.staff[1].presses("stimme eher zu")
            register.staff[1].sees("Aussage 2 von 9")
            with telegram.change():
                telegram.updates.add("message", {"message_id": "unreadable"}, 1)
            telegram.wait_idle()
            process.terminate()
            assert process.wait(30) == 0
    written = (tmp_path / "log").read_text()
    assert "started" in written
    assert "incident" in written
    secrets = [
        TOKEN,
        TOKEN.split(":")[1],
        "Geheimes",
        "Maren",
        "Musterland",
        "stimme",
        "pa:",
        *(str(p.id) for p in register.everybody),
    ]
    assert [secret for secret in secrets if secret in written] == []


def _start_round(town: Installation, register: Register) -> None:
    register.owner.writes("/koordination")
    register.owner.presses("Pulsrunde")
    register.owner.presses("Jetzt beginnen …")
    register.owner.presses("Jetzt beginnen und alle einladen")
    town.telegram.wait_idle()
