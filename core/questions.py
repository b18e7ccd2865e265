"""The question bank, read from ``questions.toml`` beside this file."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.rules.pulse import Dimension, ItemRole, Statement


@dataclass(frozen=True)
class Impulse:
    """What a group can do next about the building block that the statement ``key`` stands for."""

    key: str
    dimension: Dimension
    block_de: str
    block_en: str
    de: str
    en: str

    def wording(self, locale: str) -> str:
        return self.de if locale == "de" else self.en

    def building_block(self, locale: str) -> str:
        return self.block_de if locale == "de" else self.block_en


@cache
def bank() -> tuple[Statement, ...]:
    """Every statement in the order of the file."""
    return tuple(
        Statement(item["key"], Dimension(item["dimension"]), ItemRole(item["role"]), item["de"], item["en"])
        for item in _items()
    )


@cache
def impulses() -> tuple[Impulse, ...]:
    """One for every statement of the bank, in the order of the file."""
    return tuple(
        Impulse(
            item["key"],
            Dimension(item["dimension"]),
            item["indicator"],
            item["indicator_en"],
            item["impulse_de"],
            item["impulse_en"],
        )
        for item in _items()
    )


def _items() -> list[dict[str, Any]]:
    return list(tomllib.loads(Path(__file__).with_name("questions.toml").read_text(encoding="utf-8"))["item"])
