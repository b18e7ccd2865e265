"""The bot as a process of its own that may be killed at a named step: run by test_kill.py, not by pytest.

Arguments: folder, address of the sandbox, and optionally the step, as ``module:function:before|after:nth call``.
The clock is the file ``clock`` in the folder.
"""

import asyncio
import functools
import importlib
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot import logs
from bot.app import build
from bot.config import Settings
from tests.journeys.installation import TOKEN, UNHURRIED


def arm(step: str) -> None:
    """Die by SIGKILL before or after the nth call of a function, wherever it is looked up by name."""
    place, name, when, nth = step.split(":")
    module_name, _, class_name = place.partition("#")
    holder: Any = importlib.import_module(module_name)
    if class_name:
        holder = getattr(holder, class_name)
    real: Callable[..., Any] = getattr(holder, name)
    calls = 0

    def is_due() -> bool:
        nonlocal calls
        calls += 1
        return calls == int(nth)

    if asyncio.iscoroutinefunction(real):

        @functools.wraps(real)
        async def armed(*args: Any, **kwargs: Any) -> Any:
            due = is_due()
            if due and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            value = await real(*args, **kwargs)
            if due:
                os.kill(os.getpid(), signal.SIGKILL)
            return value
    else:

        @functools.wraps(real)
        def armed(*args: Any, **kwargs: Any) -> Any:
            due = is_due()
            if due and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            value = real(*args, **kwargs)
            if due:
                os.kill(os.getpid(), signal.SIGKILL)
            return value

    setattr(holder, name, armed)


async def main(folder: Path, url: str) -> None:
    settings = Settings(
        token=SecretStr(TOKEN), api_url=url, database_url=f"sqlite:///{folder / 'dreiklang.db'}", data=folder,
        webhook_url="", listen="", urn_url="",
    )  # fmt: skip
    app = build(settings, clock=lambda: datetime.fromisoformat((folder / "clock").read_text()), limits=UNHURRIED)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, app.stop)
    await app.run()


if __name__ == "__main__":
    logs.set_up()
    if len(sys.argv) > 3:
        arm(sys.argv[3])
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
