"""Die at a chosen step, as by ``kill -9``: in a child process, so that really nothing of the program runs after it."""

import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import Engine, event

from core import urn

STEPWISE = frozenset({"create", "destroy", "_shred", "_sync_folder"})
"""Functions of the urn that do something to files: every line of theirs is a step, for SQL does not show it."""

Step = Callable[[], None]


def die(last: int, deed: Callable[[Step], object]) -> int:
    """Do it in a child that is killed at its ``last`` step (0: never).

    A step is the moment before any statement or commit, on whichever database, before any line that makes or destroys
    an urn, and wherever ``deed`` says so. Returns 0 if the child was killed, else how many steps the deed has.
    """
    readable, writable = os.pipe()
    with warnings.catch_warnings():
        # Some library may have started a thread; the child never waits for it.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _child(last, deed, writable)
    os.close(writable)
    with os.fdopen(readable) as said:
        steps = said.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return 0
    assert os.WEXITSTATUS(status) == 0, steps
    return int(steps)


def _child(last: int, deed: Callable[[Step], object], writable: int) -> None:
    status, said = 1, "died without a word"
    try:
        taken = 0

        def step(*_: object, **__: object) -> None:
            nonlocal taken
            taken += 1
            if taken == last:
                os.kill(os.getpid(), signal.SIGKILL)

        def trace(frame: FrameType, what: str, _argument: Any) -> Any:
            if frame.f_code.co_filename != urn.__file__ or frame.f_code.co_name not in STEPWISE:
                return None
            if what == "line":
                step()
            return trace

        event.listen(Engine, "before_cursor_execute", step)
        event.listen(Engine, "commit", step)
        sys.settrace(trace)
        deed(step)
        sys.settrace(None)
        status, said = 0, str(taken)
    except BaseException:  # noqa: BLE001  (it must not get out: two processes would go on with the tests)
        said = traceback.format_exc()
    finally:
        with suppress(OSError):
            os.write(writable, said.encode())
        os._exit(status)


class Notes:
    """What outlives a killed process because it is outside: what Telegram has got, what people were told."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def add(self, note: str) -> None:
        handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, f"{note}\n".encode())
        os.close(handle)

    def all(self) -> list[str]:
        return self._file.read_text().splitlines() if self._file.exists() else []
