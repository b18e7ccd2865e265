"""The demo as a newcomer meets it: `dreiklang demo`, a browser, part of the story."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium")
PATIENCE = 30_000
EVENTS = 3
"""Half-time, the last morning, the close."""
REQUIRED = "DREIKLANG_REQUIRE_BROWSER" in os.environ

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="there is no Chromium"),
]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that the program prints."""
    folder = tmp_path_factory.mktemp("demo")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DREIKLANG_")} | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "bot", "demo", "--port", "0"]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert address, line
        yield address[0]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


@pytest.fixture
def page(demo: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        page = browser.new_page(viewport={"width": 1600, "height": 900})
        page.goto(demo)
        yield page
        browser.close()


def _chat(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def test_a_visitor_answers_moves_the_clock_and_reads_the_result(page: Page) -> None:
    channel = _chat(page, "Koordination Bildung")
    expect(channel.get_by_text("Pulsrunde 13")).to_be_visible()
    katrin = _chat(page, "Katrin Çelik")
    katrin.get_by_role("button", name="Beginnen").click()
    for number in range(1, 10):
        expect(katrin.get_by_text(f"Aussage {number} von 9")).to_be_visible()
        katrin.get_by_role("button", name="stimme eher zu", exact=True).click()
    expect(katrin.get_by_text("Danke!")).to_be_visible()
    ivana = _chat(page, "Ivana Kovač")
    expect(ivana.get_by_role("button", name="Begin", exact=True)).to_be_visible()
    # Up to two reminders come first, depending on the day on which this runs.
    following = page.get_by_role("button", name="Nächstes Ereignis")
    ended = channel.get_by_text("Pulsrunde 14")
    for _ in range(EVENTS):
        was = following.inner_text()
        following.click()
        expect(following).not_to_have_text(was, timeout=PATIENCE)
        if "Runde beendet" in katrin.inner_text() or ended.count():
            break
    expect(ended).to_be_visible(timeout=PATIENCE)
    expect(channel.get_by_role("img").last).to_be_visible()
    # Telegram's limits hold in the demo too: after seven quick presses her chat has to wait its turn.
    expect(katrin).to_contain_text("Runde beendet", timeout=PATIENCE)
    expect(ivana).to_contain_text("Round ended", timeout=PATIENCE)
    expect(ivana).to_contain_text("pulse round 14", timeout=PATIENCE)


def test_a_visitor_coordinates(page: Page) -> None:
    maren = _chat(page, "Maren Vogt")
    maren.get_by_role("textbox").fill("/koordination")
    maren.get_by_role("textbox").press("Enter")
    expect(maren.get_by_text("Koordination – Landkreis Musterland")).to_be_visible()
    expect(maren.get_by_text("Die Einrichtung ist vollständig.")).to_be_visible()
    maren.get_by_role("button", name="Ressorts", exact=True).click()
    maren.get_by_role("button", name="Jugendamt").click()
    expect(maren.get_by_text("Silke Hoffmann-Brandenburg – Stellvertretung 1: verbunden")).to_be_visible()
