"""What is wrong with an installation, in plain words and with the way to mend it."""

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from bot import schema
from bot.config import Settings
from core.db import Database
from core.queries import outbox


@dataclass(frozen=True)
class Finding:
    ok: bool
    words: str


def examine(settings: Settings) -> list[Finding]:
    """Every check that can be made without touching Telegram; stops at a database that cannot be read."""
    findings = [_token(settings), *_urn_folder(settings)]
    database = Database(settings.database_url)
    try:
        findings += _schema(database)
        if findings[-1].ok:
            findings += _outbox(database)
    finally:
        database.dispose()
    return findings


def _token(settings: Settings) -> Finding:
    if settings.token.get_secret_value():
        return Finding(True, "A token is set.")
    return Finding(False, "DREIKLANG_TOKEN is not set: put the token from @BotFather there.")


def _urn_folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.urn_folder
    if not folder.exists():
        yield Finding(True, "No urn yet; the folder is made with the first round.")
        return
    others = stat.S_IRWXG | stat.S_IRWXO
    readable = [file.name for file in (folder, *folder.glob("*.key")) if file.stat().st_mode & others]
    if readable:
        yield Finding(False, f"Others on this machine can read {', '.join(readable)} in {folder}: chmod -R go= there.")
    else:
        yield Finding(True, "The urn is readable for nobody else. Keep its folder out of backups and snapshots.")


def _schema(database: Database) -> list[Finding]:
    try:
        if schema.is_current(database):
            return [Finding(True, "The database answers and has the current schema.")]
    except SQLAlchemyError as error:
        return [Finding(False, f"The database cannot be read ({type(error).__name__}): check DREIKLANG_DATABASE_URL.")]
    return [Finding(False, "The database lacks a migration: dreiklang migrate")]


def _outbox(database: Database) -> Iterator[Finding]:
    with database.begin() as db:
        doubtful, failed = outbox.in_doubt(db), outbox.failed(db)
    yield _count(doubtful, "Messages that may or may not have arrived (in the air when the program died)")
    yield _count(failed, "Messages that Telegram refused")


def _count(numbers: Mapping[str, int], what: str) -> Finding:
    listed = ", ".join(f"{word} {number}" for word, number in sorted(numbers.items()))
    return Finding(not numbers, f"{what}: {listed or 'none'}.")
