"""Settings: a bad one fails with one sentence that names it and keeps secrets to itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config import OFFICIAL_API, Settings, SettingsError, load

TOKEN = "4711:AAgeheim_bleibt-geheim"
WEBHOOK = {
    "WEBHOOK_URL": "https://bot.musterland.de",
    "WEBHOOK_SECRET": "ganz-geheim",
    "LISTEN": "127.0.0.1:8080",
}


@pytest.fixture(autouse=True)
def _empty_house(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting from outside, and no .env but the test's."""
    for name in os.environ:
        if name.upper().startswith("DREIKLANG_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def given(monkeypatch: pytest.MonkeyPatch, **settings: str) -> Settings:
    for name, value in settings.items():
        monkeypatch.setenv(f"DREIKLANG_{name}", value)
    return load()


def sentence(monkeypatch: pytest.MonkeyPatch, **settings: str) -> str:
    with pytest.raises(SettingsError) as raised:
        given(monkeypatch, **settings)
    hidden = raised.value.__suppress_context__ and raised.value.__cause__ is None
    assert hidden or raised.value.__context__ is None, "the error behind it holds the value"
    return str(raised.value)


def test_without_any_setting_everything_has_its_default() -> None:
    settings = load()
    assert settings.token.get_secret_value() == ""
    assert settings.api_url == OFFICIAL_API
    assert settings.database_url == "sqlite:///data/dreiklang.db"
    assert settings.data == Path("data")
    assert settings.urn_folder == Path("data/urn")
    assert settings.operator_chat is None
    assert settings.address is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKEN", "geheimnis"),
        ("TOKEN", "4711:"),
        ("TOKEN", "4711:zwei worte-geheimnis"),
        ("TOKEN", f"{TOKEN}\n"),
        ("TOKEN", f"bot{TOKEN}"),
        ("API_URL", "api.telegram.org"),
        ("API_URL", "ftp://api.telegram.org"),
        ("DATABASE_URL", "mysql://nutzer:geheimnis@host/db"),
        ("DATABASE_URL", "postgres://nutzer:geheimnis@host/db"),
        ("DATABASE_URL", "dreiklang.db"),
        ("URN_URL", "sqlite:///urne.db"),
        ("URN_URL", "mysql://nutzer:geheimnis@host/db"),
        ("OPERATOR_CHAT", "ich"),
        ("OPERATOR_CHAT", "1.5"),
        ("WEBHOOK_URL", "bot.musterland.de"),
        ("WEBHOOK_SECRET", "mit leerzeichen-geheimnis"),
        ("WEBHOOK_SECRET", "ä-geheimnis"),
        ("WEBHOOK_SECRET", "x" * 257),
        ("LISTEN", "8080"),
        ("LISTEN", "127.0.0.1"),
        ("LISTEN", "127.0.0.1:0"),
        ("LISTEN", "127.0.0.1:65536"),
        ("LISTEN", "127.0.0.1:http"),
        ("LISTEN", "zwei worte:80"),
    ],
)
def test_a_bad_setting_fails_with_one_sentence_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    said = sentence(monkeypatch, **{name: value})
    assert said.startswith((f"DREIKLANG_{name} ", f"DREIKLANG_{name}: "))
    assert said.endswith(".")
    assert "\n" not in said
    assert ". " not in said
    assert "pydantic" not in said.lower()
    assert "geheim" not in said
    assert value not in said.partition(" must look like ")[0]


@pytest.mark.parametrize("missing", ["WEBHOOK_SECRET", "LISTEN"])
def test_a_webhook_needs_its_secret_and_an_address(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    said = sentence(monkeypatch, **{name: value for name, value in WEBHOOK.items() if name != missing})
    assert said.startswith(f"DREIKLANG_WEBHOOK_URL needs DREIKLANG_{missing} beside it")
    assert said.endswith(".")
    assert WEBHOOK["WEBHOOK_SECRET"] not in said


def test_a_webhook_with_both_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = given(monkeypatch, **WEBHOOK)
    assert settings.webhook_secret.get_secret_value() == WEBHOOK["WEBHOOK_SECRET"]
    assert settings.address == ("127.0.0.1", 8080)


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("0.0.0.0:8080", ("0.0.0.0", 8080)),  # noqa: S104  (nothing listens here)
        ("localhost:1", ("localhost", 1)),
        ("bot:65535", ("bot", 65535)),
        ("[::1]:8080", ("::1", 8080)),
        ("", None),
    ],
)
def test_the_address_to_listen_on(
    monkeypatch: pytest.MonkeyPatch, listen: str, address: tuple[str, int] | None
) -> None:
    assert given(monkeypatch, LISTEN=listen).address == address


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("API_URL", "http://127.0.0.1:8081/", "api_url", "http://127.0.0.1:8081"),
        ("DATABASE_URL", "postgresql://nutzer@host/db", "database_url", "postgresql://nutzer@host/db"),
        ("DATABASE_URL", "postgresql+psycopg://host/db", "database_url", "postgresql+psycopg://host/db"),
        ("URN_URL", "postgresql://host/urne", "urn_url", "postgresql://host/urne"),
        ("OPERATOR_CHAT", "-1001234567890", "operator_chat", -1001234567890),
        ("DATA", "/srv/dreiklang", "data", Path("/srv/dreiklang")),
        ("API_URL", "", "api_url", OFFICIAL_API),
        ("OPERATOR_CHAT", "", "operator_chat", None),
    ],
)
def test_good_settings_are_taken_and_empty_ones_are_not_set(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, field: str, expected: object
) -> None:
    assert getattr(given(monkeypatch, **{name: value}), field) == expected


def test_a_file_is_read_and_the_environment_is_stronger(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text(
        f"# Straße\nDREIKLANG_TOKEN={TOKEN}\nDREIKLANG_DATA=aus-der-datei\nPOSTGRES_PASSWORD=x\n", encoding="utf-8"
    )
    assert load().token.get_secret_value() == TOKEN
    assert load().data == Path("aus-der-datei")
    assert given(monkeypatch, DATA="aus-der-umgebung").data == Path("aus-der-umgebung")


def test_a_bad_line_in_the_file_fails_with_the_same_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("DREIKLANG_TOKEN=geheimnis\n", encoding="utf-8")
    assert sentence(monkeypatch).startswith("DREIKLANG_TOKEN ")


def test_a_file_in_another_encoding_fails_with_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_bytes(f"# Straße, geheim\nDREIKLANG_TOKEN={TOKEN}\n".encode("latin-1"))
    said = sentence(monkeypatch)
    assert said.startswith(".env ")
    assert "UTF-8" in said
    assert said.count(".") == 2
    assert "geheim" not in said


def test_secrets_do_not_show_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = given(monkeypatch, TOKEN=TOKEN, **WEBHOOK)
    assert "geheim" not in f"{settings!r} {settings}"


@pytest.mark.parametrize(
    ("command", "settings", "begins"),
    [
        ("run", {}, "DREIKLANG_TOKEN is not set"),
        ("run", {"DREIKLANG_TOKEN": "geheimnis"}, "DREIKLANG_TOKEN does not look like"),
        ("doctor", {"DREIKLANG_DATABASE_URL": "mysql://u:geheimnis@h/d"}, "DREIKLANG_DATABASE_URL must begin"),
    ],
)
def test_the_program_says_the_sentence_and_nothing_else(
    tmp_path: Path, command: str, settings: dict[str, str], begins: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", command],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2]), **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(begins)
    assert done.stderr.count("\n") == 1
    assert "geheim" not in done.stdout + done.stderr
