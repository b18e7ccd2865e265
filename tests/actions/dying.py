"""Die at a chosen step, as by ``kill -9``, and what is on disk at every step at which one could die."""

import gc
import os
import shutil
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import Engine, event

from core import urn
from core.urn import Urns

STEPWISE = frozenset({"create", "destroy", "_shred", "_sync_folder"})
"""Functions of the urn that do something to files: every line of theirs is a step, for SQL does not show it."""

Step = Callable[[], None]


@contextmanager
def stepping(step: Callable[..., None]) -> Iterator[None]:
    """Call ``step`` before any statement or commit, on any database, and any line that makes or destroys urns."""

    def trace(frame: FrameType, what: str, _argument: Any) -> Any:
        if frame.f_code.co_filename != urn.__file__ or frame.f_code.co_name not in STEPWISE:
            return None
        if what == "line":
            step()
        return trace

    def traced(real: Callable[..., None]) -> Callable[..., None]:
        def deed(*arguments: object) -> None:
            # Not for the whole life: it slows down everything that Python calls.
            before = sys.gettrace()
            sys.settrace(trace)
            try:
                real(*arguments)
            finally:
                sys.settrace(before)

        return deed

    def before_statement(*_: object) -> None:
        step()

    create, destroy = Urns.create, Urns.destroy
    Urns.create, Urns.destroy = traced(create), traced(destroy)  # type: ignore[method-assign]
    for moment in ("before_cursor_execute", "commit"):
        event.listen(Engine, moment, before_statement)
    try:
        yield
    finally:
        for moment in ("before_cursor_execute", "commit"):
            event.remove(Engine, moment, before_statement)
        Urns.create, Urns.destroy = create, destroy  # type: ignore[method-assign]


def die(last: int, deed: Callable[[Step], object]) -> int:
    """Do it in a child process that is killed at its ``last`` step (0: never), so that really nothing runs after it.

    Returns 0 if the child was killed, else how many steps the deed has.
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
        # Collecting garbage would copy what the two processes still share.
        gc.disable()
        taken = 0

        def step() -> None:
            nonlocal taken
            taken += 1
            if taken == last:
                os.kill(os.getpid(), signal.SIGKILL)

        with stepping(step):
            deed(step)
        status, said = 0, str(taken)
    except BaseException:  # noqa: BLE001  (it must not get out: two processes would go on with the tests)
        said = traceback.format_exc()
    finally:
        with suppress(OSError):
            os.write(writable, said.encode())
        os._exit(status)


def images(folder: Path, deed: Callable[[Step], object], into: Path) -> tuple[list[Path], int]:
    """Copies of ``folder`` as a kill at each step of the deed would leave it, each different one once; and the steps.

    What a process has written is in the file whether it lives on or not, so a copy is what a kill leaves.
    """
    seen: dict[str, Path] = {}
    steps = 0

    def look() -> None:
        nonlocal steps
        steps += 1
        digest = sha256()
        for file in sorted(folder.rglob("*")):
            # SQLite makes its index of the log anew when the first one opens the database.
            if file.is_file() and not file.name.endswith("-shm"):
                digest.update(f"{file.relative_to(folder)} {file.stat().st_size} ".encode() + file.read_bytes())
        if (name := digest.hexdigest()) not in seen:
            seen[name] = into / f"{len(seen)}"
            shutil.copytree(folder, seen[name])

    with stepping(look):
        deed(look)
    look()
    return list(seen.values()), steps


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
