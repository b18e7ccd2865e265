"""The question bank, read from ``questions.toml`` beside this file."""

import tomllib
from functools import cache
from pathlib import Path

from core.rules.pulse import Dimension, ItemRole, Statement


@cache
def bank() -> tuple[Statement, ...]:
    """Every statement in the order of the file."""
    items = tomllib.loads(Path(__file__).with_name("questions.toml").read_text(encoding="utf-8"))["item"]
    return tuple(
        Statement(item["key"], Dimension(item["dimension"]), ItemRole(item["role"]), item["de"], item["en"])
        for item in items
    )
