"""What a bot says about itself: its command menu and its descriptions."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.model import JSON

Scope = tuple[str, int | None, int | None]
"""Type, chat and user of a BotCommandScope."""


class Profile:
    """Not locked: the world that owns it holds its lock around every call."""

    def __init__(self) -> None:
        self.commands: dict[tuple[Scope, str], Sequence[JSON]] = {}
        self.descriptions: dict[tuple[str, str], str] = {}
        """By field (`description`, `short_description`, `name`) and language code; an empty code is the default."""

    def menu(self, user_id: int, language: str) -> list[JSON]:
        """Choose the commands of a private chat: the narrower scope first, then the language."""
        scopes: tuple[Scope, ...] = (
            ("chat", user_id, None),
            ("all_private_chats", None, None),
            ("default", None, None),
        )
        for scope in scopes:
            for code in (language, ""):
                if commands := self.commands.get((scope, code)):
                    return list(commands)
        return []

    def describe(self, field: str, language: str, text: str) -> None:
        if text:
            self.descriptions[field, language] = text
        else:
            self.descriptions.pop((field, language), None)

    def description(self, field: str, language: str) -> str:
        return self.descriptions.get((field, language)) or self.descriptions.get((field, ""), "")
