"""What a contender is started with: a token, the stub's address, and a folder with the town and the texts to send."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Shown:
    """One message as plain data: HTML, rows of (label, callback data), and the toast that goes with it."""

    text: str
    keyboard: list[list[tuple[str, str]]]
    toast: str


@dataclass(frozen=True)
class Given:
    token: str
    api_url: str
    folder: Path

    @classmethod
    def on_the_command_line(cls) -> Self:
        token, api_url, folder = sys.argv[1:]
        return cls(token, api_url, Path(folder))


def database_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'dreiklang.db'}"


def save_replies(folder: Path, replies: list[Shown]) -> None:
    """Keep what is shown after an answer to each statement, for bots that only show it."""
    plain = [(shown.text, shown.keyboard, shown.toast) for shown in replies]
    (folder / "replies.json").write_text(json.dumps(plain), encoding="utf-8")


def load_replies(folder: Path) -> list[Shown]:
    return [Shown(*plain) for plain in json.loads((folder / "replies.json").read_text(encoding="utf-8"))]


def position(callback_data: str | None) -> int:
    """Which statement a press answers; nothing else is read from it."""
    return int((callback_data or "").split(":")[3])
