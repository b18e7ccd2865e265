"""Settings from the environment or ``.env``; a bad value fails with one sentence."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

OFFICIAL_API = "https://api.telegram.org"
_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{3,}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_LISTEN = re.compile(r"(?P<host>\[[0-9a-f:]+\]|[^:\s]+):(?P<port>\d{1,5})")


class SettingsError(Exception):
    """One sentence that names the setting and says what is wrong with it."""


def _database_url(url: str) -> str:
    if not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    return url


def _urn_url(url: str) -> str:
    if url and not url.startswith(("postgresql://", "postgresql+psycopg://")):
        raise ValueError("must begin with postgresql://, or be empty for files beside the keys")
    return url


def _web_url(url: str) -> str:
    if url and not url.startswith(("https://", "http://")):
        raise ValueError("must begin with https:// or http://")
    return url.rstrip("/")


def _token(token: SecretStr) -> SecretStr:
    if token.get_secret_value() and not _TOKEN.fullmatch(token.get_secret_value()):
        raise ValueError("does not look like a bot's token (digits, a colon, letters)")
    return token


def _secret(secret: SecretStr) -> SecretStr:
    if secret.get_secret_value() and not _SECRET.fullmatch(secret.get_secret_value()):
        raise ValueError("may hold 1 to 256 letters, digits, _ and - only")
    return secret


def _listen(address: str) -> str:
    match = _LISTEN.fullmatch(address) if address else None
    if address and (match is None or not 0 < int(match["port"]) < 65536):
        raise ValueError("must look like 127.0.0.1:8080")
    return address


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="DREIKLANG_", env_file=".env", extra="ignore", env_ignore_empty=True)

    token: Annotated[SecretStr, AfterValidator(_token)] = SecretStr("")
    api_url: Annotated[str, AfterValidator(_web_url)] = OFFICIAL_API
    database_url: Annotated[str, AfterValidator(_database_url), Field(repr=False)] = "sqlite:///data/dreiklang.db"
    data: Path = Path("data")
    urn_url: Annotated[str, AfterValidator(_urn_url), Field(repr=False)] = ""
    operator_chat: int | None = None
    webhook_url: Annotated[str, AfterValidator(_web_url)] = ""
    webhook_secret: Annotated[SecretStr, AfterValidator(_secret)] = SecretStr("")
    listen: Annotated[str, AfterValidator(_listen)] = ""

    @property
    def urn_folder(self) -> Path:
        return self.data / "urn"

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port to listen on, if any."""
        match = _LISTEN.fullmatch(self.listen)
        return (match["host"].strip("[]"), int(match["port"])) if match else None


def load() -> Settings:
    """Read the settings; raises SettingsError."""
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = f"DREIKLANG_{first['loc'][0]}".upper()
        message = str(first.get("ctx", {}).get("error", first["msg"]))
        raise SettingsError(f"{name} {message}." if "ctx" in first else f"{name}: {message}.") from None
    except UnicodeDecodeError:
        raise SettingsError(".env must be saved as UTF-8.") from None
    if settings.webhook_url and not settings.webhook_secret.get_secret_value():
        raise SettingsError("DREIKLANG_WEBHOOK_URL needs DREIKLANG_WEBHOOK_SECRET beside it.")
    if settings.webhook_url and settings.address is None:
        raise SettingsError("DREIKLANG_WEBHOOK_URL needs DREIKLANG_LISTEN beside it, for example 0.0.0.0:8080.")
    return settings
