"""The complete bot beside bare ones, all of them up, each under load in its turn.

A machine drifts and has other things to do. So everybody's turns alternate, and a ratio is the median of the ratios
of single rounds; the figures themselves are medians of rounds and say little about another machine.
"""

import asyncio
import os
import platform
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.stub import Line, Measured, Stub
from benchmarks.town import Town, found

ROOT = Path(__file__).parent.parent
LOADS = {1: 100, 32: 400, 300: 600}
"""People at once → presses that they make together, per round."""
MOST = max(LOADS)
WARM_UP = 60
STARTS = 3
START_LIMIT = STOP_LIMIT = 60.0
BUDGET = 80.0
"""No new round begins after so many seconds of rounds."""
FEWEST_ROUNDS, MOST_ROUNDS = 3, 9

COMPLETE, SAME_CLIENT, AIOGRAM = "Dreiklang, complete", "PTB, same client", "aiogram 3"
CONTENDERS = {
    COMPLETE: "dreiklang",
    SAME_CLIENT: "ptb_on_aiohttp",
    "PTB, default client": "ptb_on_httpx",
    AIOGRAM: "aiogram_3",
}
GOALS = {SAME_CLIENT: 0.7, AIOGRAM: 1.0}
"""What the complete bot's presses per second are to be, at least, as a multiple of another's."""


@dataclass
class Contender:
    name: str
    line: Line
    start_ups: list[float] = field(default_factory=list)
    rounds: list[dict[int, Measured]] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    """Milliseconds of processor time per press with most people at once, per round."""
    peak: float = 0.0
    """MiB."""

    @property
    def module(self) -> str:
        return CONTENDERS[self.name]

    def speeds(self, people: int) -> list[float]:
        """Presses per second, per round."""
        return [len(measured[people].edited) / measured[people].seconds for measured in self.rounds]

    async def take_turn(self, pid: int) -> None:
        """One round: every load once."""
        measured = {}
        for people, presses in LOADS.items():
            before = _processor_seconds(pid)
            measured[people] = await self.line.load(people, presses)
            cost = (_processor_seconds(pid) - before) / presses * 1000
        self.costs.append(cost)
        self.rounds.append(measured)


def main() -> None:
    begun = perf_counter()
    with TemporaryDirectory(prefix="dreiklang-bench-") as name:
        contenders = asyncio.run(measure(found(Path(name), MOST), Path(name)))
    helps = [_help_seconds() for _ in range(STARTS)]
    for line in (*table(contenders), "", *verdict(contenders)):
        print(line)
    print(f"\ndreiklang --help: {median(helps):.2f} s. This part took {perf_counter() - begun:.0f} s.")


async def measure(town: Town, folder: Path) -> list[Contender]:
    contenders = [Contender(name, Line(town, MOST)) for name in CONTENDERS]
    async with Stub({c.module: c.line for c in contenders}) as stub, AsyncExitStack() as stack:
        for _ in range(STARTS - 1):
            for contender in contenders:
                async with _running(contender, stub.url, folder):
                    pass
        bots = [(c, await stack.enter_async_context(_running(c, stub.url, folder))) for c in contenders]
        for contender, _ in bots:
            await contender.line.load(32, WARM_UP)
        begun = perf_counter()
        for number in range(MOST_ROUNDS):
            if number >= FEWEST_ROUNDS and perf_counter() - begun > BUDGET:
                break
            for contender, bot in bots:
                await contender.take_turn(bot.pid)
        for contender, bot in bots:
            contender.peak = _peak(bot.pid)
    return contenders


@asynccontextmanager
async def _running(contender: Contender, api_url: str, folder: Path) -> AsyncIterator[Process]:
    """A contender from its start to its orderly stop, in an environment without settings and proxies of somebody's."""
    log = folder / f"{contender.module}.log"
    contender.line.polled.clear()
    arguments = ("-m", f"benchmarks.bots.{contender.module}", f"1:{contender.module}", api_url, str(folder))
    begun = perf_counter()
    with log.open("wb") as file:
        bot = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, cwd=folder, env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
            stdout=file, stderr=file,
        )  # fmt: skip
    died = asyncio.create_task(bot.wait())
    polled = asyncio.create_task(contender.line.polled.wait())
    try:
        await asyncio.wait((died, polled), timeout=START_LIMIT, return_when=asyncio.FIRST_COMPLETED)
        if not polled.done():
            sys.exit(f"{contender.name} does not poll:\n{log.read_text(errors='replace')}")
        contender.start_ups.append(perf_counter() - begun)
        yield bot
    finally:
        polled.cancel()
        if not died.done():
            bot.send_signal(signal.SIGTERM)
            await asyncio.wait((died,), timeout=STOP_LIMIT)
        if not died.done():
            bot.kill()
            await died


def table(contenders: list[Contender]) -> list[str]:
    rounds = len(contenders[0].rounds)
    presses = sum(LOADS.values())
    return [
        f"Python {platform.python_version()}, {os.cpu_count()} processors, loopback; medians of {rounds} rounds of "
        f"{presses:,} presses each, in turns".replace(",", " ", 1),
        "",
        f"{'':<22}{'presses per second':>24}{f'with {MOST} at once: press →':>30}{'cost':>9}{'start':>9}{'memory':>9}",
        f"{'people at once':<22}"
        + "".join(f"{people:>8}" for people in LOADS)
        + f"{'answer p50/p99 edit p50/p99':>30}{'ms':>9}{'s':>9}{'MiB':>9}",
        *(_row(contender) for contender in contenders),
    ]


def _row(contender: Contender) -> str:
    crowds = [measured[MOST] for measured in contender.rounds]
    return (
        f"{contender.name:<22}"
        + "".join(f"{median(contender.speeds(people)):>8.0f}" for people in LOADS)
        + f"{_latency([m.answered for m in crowds]):>17}{_latency([m.edited for m in crowds]):>13}"
        + f"{median(contender.costs):>9.2f}{median(contender.start_ups):>9.2f}{contender.peak:>9.0f}"
    )


def verdict(contenders: list[Contender]) -> list[str]:
    """How the complete bot compares, whether that meets the goals, and what went wrong."""
    complete, *others = contenders
    lines = [f"{COMPLETE} ÷"]
    for other in others:
        ratios = {
            people: median(a / b for a, b in zip(complete.speeds(people), other.speeds(people), strict=True))
            for people in LOADS
        }
        judged = ""
        if goal := GOALS.get(other.name):
            missed = [str(people) for people, ratio in ratios.items() if ratio < goal]
            judged = f"   goal {goal:.1f}: " + (f"missed with {', '.join(missed)} at once" if missed else "met")
        lines.append(f"  {other.name:<20}" + "".join(f"{ratio:>8.2f}" for ratio in ratios.values()) + judged)
    for contender in contenders:
        if lost := sum(m.lost for measured in contender.rounds for m in measured.values()):
            lines.append(f"{contender.name} lost {lost} presses.")
        if contender.line.unknown:
            lines.append(f"{contender.name} called {', '.join(sorted(contender.line.unknown))}.")
    return lines


def _latency(rounds: list[list[float]]) -> str:
    """Median and 99th percentile in milliseconds, each the median of the rounds'."""
    cuts = [quantiles(times, n=100) for times in rounds if len(times) > 1]
    return f"{median(c[49] for c in cuts) * 1000:.0f}/{median(c[98] for c in cuts) * 1000:.0f}" if cuts else "–"


def _help_seconds() -> float:
    begun = perf_counter()
    subprocess.run([sys.executable, "-m", "bot", "--help"], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return perf_counter() - begun


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak(pid: int) -> float:
    """Most memory that a process has ever held, in MiB. getrusage would count the parent's before the exec, too."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
