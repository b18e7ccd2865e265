"""The command line."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from bot.app import App
    from bot.config import Settings

# Imports stand in the commands: `--help` answers fast.

cli = typer.Typer(
    help="Dreiklang: coordination across departments in German municipalities, on Telegram.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

DEMO_PORT = 8800

T = TypeVar("T")


@cli.command()
def run() -> None:
    """Run the bot on Telegram (long polling, or a webhook if DREIKLANG_WEBHOOK_URL is set)."""
    from bot import app, logs, schema

    settings = _settings(needs_token=True)
    logs.set_up()

    async def main() -> None:
        application = app.build(settings)
        if not schema.is_current(application.database):
            _fail("The database needs a migration first: dreiklang migrate")
        await _until_signalled(application)

    _run(main())


@cli.command()
def demo(port: Annotated[int, typer.Option(help="Port of the page; 0 takes any free one.")] = DEMO_PORT) -> None:
    """Run the bot against a small Telegram of our own, with a page in the browser. Nothing leaves this machine."""
    from bot import demo as show
    from bot import logs

    settings = _settings()
    logs.set_up()
    typer.echo("Building a town with a year of rounds; this takes a few seconds …", err=True)

    async def main() -> None:
        await show.run(settings.data / "demo", port, _announce, _stop_on_signals)

    try:
        _run(main())
    except OSError as error:
        _fail(f"The demo cannot listen on port {port} ({error.strerror}); try: dreiklang demo --port 0")


@cli.command()
def found(
    name: Annotated[str, typer.Argument(help="The municipality's name.")],
    again: Annotated[bool, typer.Option("--again", help="A new coordinator's link for one that exists.")] = False,
) -> None:
    """Found a municipality and print the one-time link of its first coordinator."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot.app import wall_clock
    from core.actions import people
    from core.db import Database
    from core.rules.refusal import Refusal
    from screens import refusals
    from screens.buttons import JoinLink, Token
    from screens.l10n import texts

    settings = _settings(needs_token=True)
    bot_name = _run(_bot_name(settings))
    database = Database(settings.database_url)
    try:
        with database.begin() as db:
            token = people.found(db, name, wall_clock(), again=again)
    except Refusal as refusal:
        _fail(refusals.words(texts("en"), refusal))
    except SQLAlchemyError as error:
        _fail(_unreadable(error))
    finally:
        database.dispose()
    typer.echo(f"https://t.me/{bot_name}?start={JoinLink(Token(token)).pack()}")


@cli.command()
def migrate() -> None:
    """Bring the database to the schema that this version needs."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot import schema

    settings = _settings()
    try:
        schema.upgrade(settings.database_url)
    except SQLAlchemyError as error:
        _fail(_unreadable(error))
    typer.echo("The database is up to date.")


@cli.command()
def doctor() -> None:
    """Say in plain words what is wrong; the exit code is 1 if anything is."""
    from bot import doctor as checks

    findings = checks.examine(_settings())
    for finding in findings:
        typer.echo(f"{'ok' if finding.ok else 'WRONG'}: {finding.words}")
    raise typer.Exit(code=0 if all(finding.ok for finding in findings) else 1)


def main() -> None:
    # Names and answers are for this account on the machine alone.
    os.umask(0o077)
    cli()


async def _until_signalled(application: "App") -> None:
    _stop_on_signals(application)
    await application.run()


def _stop_on_signals(application: "App") -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, application.stop)


def _announce(url: str) -> None:
    typer.echo(f"Dreiklang demo: {url}  (stop with Ctrl+C)")
    sys.stdout.flush()


def _settings(*, needs_token: bool = False) -> "Settings":
    from bot import config

    try:
        settings = config.load()
    except config.SettingsError as error:
        _fail(str(error))
    if needs_token and not settings.token.get_secret_value():
        _fail("DREIKLANG_TOKEN is not set: put the token from @BotFather there, or try `dreiklang demo`.")
    return settings


def _run(main: Coroutine[Any, Any, T]) -> T:
    from sqlalchemy.exc import SQLAlchemyError

    from bot.errors import Fatal

    try:
        return asyncio.run(main)
    except Fatal as error:
        _fail(str(error))
    except SQLAlchemyError as error:
        _fail(_unreadable(error))


async def _bot_name(settings: "Settings") -> str:
    from telegram import Bot
    from telegram.error import InvalidToken, TelegramError

    from bot.errors import Fatal
    from bot.http import AiohttpRequest

    bot = Bot(settings.token.get_secret_value(), f"{settings.api_url}/bot", request=AiohttpRequest(),
              get_updates_request=AiohttpRequest())  # fmt: skip
    try:
        async with bot:
            return bot.username
    except InvalidToken:
        raise Fatal("Telegram does not accept this token (DREIKLANG_TOKEN).") from None
    except TelegramError as error:
        raise Fatal(f"Telegram cannot be reached at DREIKLANG_API_URL ({type(error).__name__}).") from None


def _unreadable(error: Exception) -> str:
    return (
        f"The database cannot be read ({type(error).__name__}): check DREIKLANG_DATABASE_URL, or run dreiklang migrate."
    )


def _fail(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(code=2)


if __name__ == "__main__":
    main()
