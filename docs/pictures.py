"""Renew docs/demo.png and docs/summary.png from a running demo: `make pictures`, where Chromium is installed."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

DOCS = Path(__file__).parent
ROOT = DOCS.parent


def main() -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is not installed (Debian: apt-get install chromium).")
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(
        [sys.executable, "-m", "bot", "demo", "--port", "0"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as demo:  # fmt: skip
        try:
            address = re.search(r"http://\S+", demo.stdout.readline() if demo.stdout else "")
            if address is None:
                sys.exit("The demo did not start.")
            _take(chromium, address[0])
        finally:
            demo.terminate()


def _take(chromium: str, address: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        page = browser.new_page(viewport={"width": 1800, "height": 1000})
        page.goto(address)
        channel = page.get_by_role("region", name="Koordination Bildung")
        channel.get_by_role("img").last.wait_for()
        maren = page.get_by_role("region", name="Maren Vogt")
        maren.get_by_role("textbox").fill("/koordination")
        maren.get_by_role("textbox").press("Enter")
        maren.get_by_text("Die Einrichtung ist vollständig.").wait_for()
        katrin = page.get_by_role("region", name="Katrin Çelik")
        katrin.get_by_role("button", name="Beginnen").click()
        katrin.get_by_text("Aussage 1 von 9").wait_for()
        page.screenshot(path=DOCS / "demo.png")
        source = channel.get_by_role("img").last.evaluate("image => image.src")
        (DOCS / "summary.png").write_bytes(page.request.get(source).body())
        browser.close()


if __name__ == "__main__":
    main()
