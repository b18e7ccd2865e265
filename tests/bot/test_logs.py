"""What the program writes about itself: no token, no text, no value ever stands in it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

SECRET = "4711:AAgeheim_bleibt-geheim"
SET_UP = """
    import asyncio, logging, threading, warnings
    import structlog
    from bot import logs
    logs.set_up()
    SECRET = "4711:AAgeheim_bleibt-geheim"
"""


def written(script: str) -> list[str]:
    """What a program with our logs writes, on both streams, line by line."""
    done = subprocess.run(
        [sys.executable, "-c", dedent(SET_UP) + dedent(script)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "geheim" not in done.stdout + done.stderr
    assert not done.stdout
    return done.stderr.splitlines()


LOUD = [
    "httpx", "httpcore.http11", "aiohttp.access", "aiohttp.client", "telegram", "telegram.ext.ExtBot", "telegram.Bot",
    "apscheduler.executors.default", "sqlalchemy.engine.Engine", "uvicorn", "uvicorn.error", "uvicorn.access",
    "asyncio", "alembic.runtime.migration", "some.other.library",
]  # fmt: skip


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_libraries_are_silent_below_a_warning(level: str) -> None:
    script = f"""
        for name in {LOUD!r}:
            logging.getLogger(name).{level.lower()}("POST https://api.telegram.org/bot%s/getMe", SECRET)
    """
    assert written(script) == []


def test_a_warning_of_a_library_says_who_and_not_what() -> None:
    script = f"""
        for name in {LOUD!r}:
            logging.getLogger(name).warning("POST https://api.telegram.org/bot%s/getMe", SECRET)
    """
    lines = [json.loads(line) for line in written(script)]
    assert [line["logger"] for line in lines] == [name for name in LOUD if name != "uvicorn.access"]
    assert {line["level"] for line in lines} == {"WARNING"}
    assert {line["event"] for line in lines} == {"library"}


def test_an_exception_of_a_library_is_type_and_frames_only() -> None:
    script = """
        def deliver(token):
            raise ConnectionError(f"cannot reach /bot{token}") from KeyError(token)
        try:
            deliver(SECRET)
        except ConnectionError as error:
            error.add_note(SECRET)
            logging.getLogger("aiohttp.client").exception("sending %s failed", SECRET, extra={"token": SECRET})
            logging.getLogger("aiohttp.client").error(SECRET, exc_info=error, stack_info=True)
    """
    lines = [json.loads(line) for line in written(script)]
    assert [line["type"] for line in lines] == ["ConnectionError", "ConnectionError"]
    assert [frame.split()[1] for frame in lines[0]["frames"]] == ["<module>", "deliver"]


def test_arguments_that_do_not_fit_a_message_do_not_come_out_as_a_complaint() -> None:
    """Python's own complaint about a wrong log call prints message and arguments."""
    assert [json.loads(line)["level"] for line in written('logging.getLogger("x").error("%d", SECRET)')] == ["ERROR"]


def test_a_task_that_fails_unseen_is_type_and_frames_only() -> None:
    script = """
        async def fails():
            raise ValueError(SECRET)
        async def main():
            task = asyncio.create_task(fails(), name=SECRET)
            await asyncio.wait([task])
            del task
        asyncio.run(main())
    """
    (line,) = [json.loads(line) for line in written(script)]
    assert (line["logger"], line["type"]) == ("asyncio", "ValueError")


def test_our_own_lines_are_json_with_a_time() -> None:
    (line,) = written('structlog.get_logger().info("started", webhook=False)')
    told = json.loads(line)
    assert told.pop("timestamp").endswith("Z")
    assert told == {"event": "started", "level": "info", "webhook": False}


def test_our_own_lines_below_the_level_are_not_written() -> None:
    assert written('structlog.get_logger().debug("secret", token=SECRET)') == []


def test_frames_name_files_lines_and_functions_and_no_values() -> None:
    script = """
        def inner(token):
            raise ValueError(token)
        try:
            inner(SECRET)
        except ValueError as error:
            structlog.get_logger().error("incident", frames=logs.frames(error))
    """
    (line,) = [json.loads(line) for line in written(script)]
    assert [frame.split(":")[0] for frame in line["frames"]] == ["<string>", "<string>"]
    assert [frame.split()[1] for frame in line["frames"]] == ["<module>", "inner"]
