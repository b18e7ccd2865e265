"""The bare bot on PTB's default client."""

from benchmarks.bots.ptb import run
from benchmarks.folder import Given

if __name__ == "__main__":
    run(Given.on_the_command_line())
