"""Logs say what happened, never to whom or what: no names, ids, answers, texts or tokens."""

import json
import logging
import sys
import traceback
from pathlib import Path

import structlog

QUIET = ("httpx", "httpcore", "aiohttp", "telegram", "apscheduler", "sqlalchemy", "uvicorn", "asyncio", "alembic")


def set_up(level: int = logging.INFO) -> None:
    """JSON lines on stderr; libraries only from WARNING on (some log every URL, with the token in it)."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Foreign())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").disabled = True


def frames(error: BaseException) -> list[str]:
    """Where it happened: file, line and function, without source lines or values."""
    return [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]


class _Foreign(logging.Formatter):
    """A library's record: its name, level and type of exception; its message may hold anything, so it is left out."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {"event": "library", "logger": record.name, "level": record.levelname}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line |= {"type": type(error).__name__, "frames": frames(error)}
        return json.dumps(line)
