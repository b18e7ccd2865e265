"""The bare bot on our HTTP client."""

from benchmarks.bots.ptb import run
from benchmarks.folder import Given
from bot.http import AiohttpRequest

if __name__ == "__main__":
    run(Given.on_the_command_line(), AiohttpRequest(), AiohttpRequest(connection_pool_size=2))
