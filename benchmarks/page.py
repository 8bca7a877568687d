"""The page in Chromium: chart updates while delta is dragged, and a change of method beside an empty rerun."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.table import Row, row

ROOT = Path(__file__).resolve().parents[1]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SETTLED = '[data-testid="stApp"][data-test-script-state="notRunning"]'
CHART = ".st-key-delta .marks"

# One step of the slider a frame, as fast as frames come; counts the frames in which the chart's words have changed.
DRAG = """async (seconds) => {
    const slider = document.querySelector('.st-key-delta input[type=range]')
    const words = () => document.querySelector('.st-key-delta .marks').textContent
    const start = performance.now()
    let updates = 0, exponent = -3, step = -0.125, before = words()
    while (performance.now() - start < seconds * 1000) {
        exponent += step
        if (exponent <= -10 || exponent >= -1) step = -step
        slider.value = exponent
        slider.dispatchEvent(new Event('input', {bubbles: true}))
        await new Promise(requestAnimationFrame)
        const now = words()
        updates += now !== before
        before = now
    }
    return updates / ((performance.now() - start) / 1000)
}"""

# Milliseconds from a click to the first frame in which the watched element says something else.
CLICK = """([button, watched]) => new Promise(done => {
    const says = () => document.querySelector(watched)?.textContent
    const before = says()
    const start = performance.now()
    const look = () => {
        const now = says()
        if (now && now !== before) done(performance.now() - start)
        else requestAnimationFrame(look)
    }
    button.click()
    look()
})"""


@contextmanager
def _served(script: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port=0", "--server.headless=true"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with tempfile.NamedTemporaryFile("w+") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            for _ in range(600):
                found = re.search(r"http://localhost:\d+", Path(log.name).read_text())
                if found:
                    yield found.group()
                    return
                time.sleep(0.1)
            raise RuntimeError("Streamlit did not start")
        finally:
            process.terminate()
            process.wait()


def _open(browser: Any, address: str, ready: str) -> Any:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    page.wait_for_selector(SETTLED, state="attached")
    page.wait_for_selector(ready)
    page.wait_for_timeout(1500)
    return page


def _change(page: Any, turn: int, watched: str) -> float:
    name = ("Central", "Forward")[turn % 2]
    button = page.locator(".st-key-method button", has_text=name).element_handle()
    milliseconds: float = page.evaluate(CLICK, [button, watched])
    page.wait_for_selector(SETTLED, state="attached")
    page.wait_for_timeout(150)
    return milliseconds


def measure(turns: int = 30) -> list[Row]:
    """Blank rows where there is no browser."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    rates: list[float] = []
    changes: list[float] = []
    empty: list[float] = []
    if program:
        from playwright.sync_api import sync_playwright

        with (
            sync_playwright() as playwright,
            _served(ROOT / "streamlit_app.py") as ours,
            _served(ROOT / "benchmarks/apps/empty_rerun.py") as floor,
        ):
            browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
            page = _open(browser, ours, CHART)
            bare = _open(browser, floor, ".st-key-answer")
            for turn in range(turns + 4):  # in turn, so that a drifting machine drifts for both
                page.bring_to_front()
                mine = _change(page, turn, CHART)
                bare.bring_to_front()
                least = _change(bare, turn, ".st-key-answer")
                if turn >= 4:
                    changes.append(mine)
                    empty.append(least)
            page.bring_to_front()
            rates = [page.evaluate(DRAG, 1.0) for _ in range(5)]
            browser.close()
    against = ("an empty rerun", empty)
    return [
        row("chart updates while delta is dragged", rates, unit="1/s", target="≥ 30"),
        row("change of method → new chart", changes, target="≤ 3 × an empty rerun", against=against),
        row("an empty rerun: a word follows a control", empty),
    ]
