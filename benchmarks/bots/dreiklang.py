"""The complete bot as ``dreiklang run`` starts it, with limits that nobody meets."""

import asyncio
import signal
import sys

from pydantic import SecretStr

from benchmarks.folder import Given, database_url
from bot import app, logs, schema
from bot.config import Settings
from bot.limiter import Limits

UNMET = Limits(overall_per_second=10_000, chat_per_second=10_000, chat_burst=10_000)


async def main(given: Given) -> None:
    settings = Settings(
        token=SecretStr(given.token),
        api_url=given.api_url,
        database_url=database_url(given.folder),
        data=given.folder,
    )
    application = app.build(settings, limits=UNMET)
    if not schema.is_current(application.database):
        sys.exit("The town was not migrated.")
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, application.stop)
    await application.run()


if __name__ == "__main__":
    logs.set_up()
    asyncio.run(main(Given.on_the_command_line()))
