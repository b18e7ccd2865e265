"""A bot that speaks plain HTTP, and checks every answer and update against aiogram's models of the Bot API."""

from __future__ import annotations

import http.client
import io
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiogram.methods
from aiogram.types import Update
from PIL import Image
from pydantic import BaseModel, TypeAdapter

from sandbox.people import Telegram
from sandbox.server import Address

Answer = dict[str, Any]
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def known(model: object) -> None:
    """Find a field anywhere that the Bot API does not have."""
    if isinstance(model, BaseModel):
        assert not model.model_extra, f"{type(model).__name__} has no {sorted(model.model_extra)}"
        for field in model.model_fields_set:
            known(getattr(model, field))
    elif isinstance(model, list | tuple):
        for element in model:
            known(element)


def check(method: str, result: Any) -> None:
    declared = getattr(aiogram.methods, method[0].upper() + method[1:])
    known(TypeAdapter(declared.__returning__).validate_python(result))


def check_update(update: Answer) -> None:
    known(Update.model_validate(update))


@dataclass
class Api:
    telegram: Telegram
    address: Address
    token: str = "1:TEST"

    def exchange(self, path: str, body: bytes | None = None, kind: str = "") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.address.host, self.address.port, timeout=20)
        try:
            headers = {"Content-Type": kind} if kind else {}
            connection.request("POST" if body is not None else "GET", path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def call(self, method: str, **parameters: Any) -> Answer:
        """Call a method with a JSON body; return the whole answer, checked."""
        body = json.dumps(parameters).encode()
        return self._read(method, *self.exchange(f"/bot{self.token}/{method}", body, "application/json"))

    def upload(self, method: str, files: dict[str, tuple[str, bytes, str]], **parameters: Any) -> Answer:
        """Call a method with a multipart body."""
        border = uuid.uuid4().hex
        body = b""
        for name, value in parameters.items():
            text = value if isinstance(value, str) else json.dumps(value)
            body += f'--{border}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, (filename, content, mime_type) in files.items():
            head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"\r\nContent-Type: {mime_type}'
            body += f"--{border}\r\n{head}\r\n\r\n".encode() + content + b"\r\n"
        body += f"--{border}--\r\n".encode()
        kind = f"multipart/form-data; boundary={border}"
        return self._read(method, *self.exchange(f"/bot{self.token}/{method}", body, kind))

    def do(self, method: str, **parameters: Any) -> Any:
        """Call a method that succeeds; return its result."""
        answer = self.call(method, **parameters)
        assert answer["ok"], answer
        return answer["result"]

    def refusal(self, method: str, **parameters: Any) -> str:
        """Call a method that is refused; return the refusal's status and words."""
        answer = self.call(method, **parameters)
        assert not answer["ok"], answer
        return f"{answer['error_code']} {answer['description']}"

    def updates(self, **parameters: Any) -> list[Answer]:
        """Take and confirm what waits."""
        taken: list[Answer] = self.do("getUpdates", **parameters)
        if taken:
            self.do("getUpdates", offset=taken[-1]["update_id"] + 1, limit=1)
        return taken

    def _read(self, method: str, status: int, body: bytes) -> Answer:
        answer: Answer = json.loads(body)
        if answer["ok"]:
            assert status == 200
            check(method, answer["result"])
        else:
            assert status == answer["error_code"]
            assert set(answer) <= {"ok", "error_code", "description", "parameters"}
        return answer


@dataclass
class Clock:
    """A clock that moves only when it is told."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


def image(kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", size, "navy").save(drawn, kind)
    return drawn.getvalue()
