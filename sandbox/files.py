"""The files people and the bot have sent."""

from __future__ import annotations

import secrets
from typing import Literal

from sandbox.model import File


class Files:
    """Not locked: the world that owns it holds its lock around every call."""

    def __init__(self) -> None:
        self._by_id: dict[str, File] = {}
        self._by_path: dict[str, File] = {}

    def __getitem__(self, file_id: str) -> File:
        return self._by_id[file_id]

    def get(self, file_id: str) -> File | None:
        return self._by_id.get(file_id)

    def at(self, path: str) -> File | None:
        return self._by_path.get(path)

    def add(self, kind: Literal["photo", "document"], name: str, content: bytes, mime_type: str) -> File:
        width, height = (image_size(content) or (0, 0)) if kind == "photo" else (0, 0)
        if kind == "photo":
            mime_type = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
            ending = mime_type.rpartition("/")[2]
        else:
            ending = name.rpartition(".")[2] if "." in name else "bin"
        number = len(self._by_id)
        prefix = "AgACAgIAAxk" if kind == "photo" else "BQACAgIAAxk"
        file = File(
            id=f"{prefix}{secrets.token_urlsafe(24)}",
            unique_id=f"AQAD{secrets.token_urlsafe(9)}",
            kind=kind,
            name=name,
            mime_type=mime_type,
            path=f"{kind}s/file_{number}.{ending}",
            content=content,
            width=width,
            height=height,
        )
        self._by_id[file.id] = self._by_path[file.path] = file
        return file


def image_size(content: bytes) -> tuple[int, int] | None:
    """Read width and height of a PNG or JPEG; None if it is neither."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    if not content.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            return int.from_bytes(content[at + 7 : at + 9], "big"), int.from_bytes(content[at + 5 : at + 7], "big")
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return None
