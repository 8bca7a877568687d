"""Drive the page in a real browser: one Streamlit server a script, one browser, a fresh context for every test.

A test fails when the page throws or logs an error, whatever else it has checked.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

collect_ignore = ["apps"]  # pages, not modules with doctests
ROOT = Path(__file__).resolve().parents[2]
SETTLED = '[data-testid="stApp"][data-test-script-state="notRunning"]'
PATIENCE = 30.0  # seconds; CI runs on two cores
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: they are slow, and Playwright keeps an event loop running in this thread from then on."""
    here = Path(__file__).parent
    items.sort(key=lambda item: here in item.path.parents)


def _missing(message: str) -> None:
    """Skip at a desk; fail in CI, where a skipped browser test would look like a passed one."""
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def _browser_program() -> str:
    named = os.environ.get("CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        tried = named or ", ".join(BROWSERS)
        _missing(f"no browser found ({tried}): apt-get install chromium, or set CHROMIUM to the program")
    return str(found)


@contextmanager
def _served(script: Path, log: Path) -> Iterator[str]:
    """A Streamlit server for one script; gives its address and ends it."""
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port=0", "--server.headless=true"]
    command += ["--browser.gatherUsageStats=false", "--global.developmentMode=false", "--server.fileWatcherType=none"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield _address(process, log)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < deadline:
        found = re.search(r"http://(?:localhost|127\.0\.0\.1):\d+", log.read_text())
        if found:
            return found.group().replace("localhost", "127.0.0.1")
        if process.poll() is not None:
            break
        time.sleep(0.05)
    pytest.fail(f"Streamlit did not start:\n{log.read_text()}", pytrace=False)


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path | str], str]]:
    """`serve(script)` gives the address of a server for that script, started once a session."""
    logs = tmp_path_factory.mktemp("streamlit")
    addresses: dict[Path, str] = {}
    with ExitStack() as servers:

        def start(script: Path | str) -> str:
            path = Path(script).resolve()
            if path not in addresses:
                log = logs / f"{len(addresses)}-{path.stem}.log"
                addresses[path] = servers.enter_context(_served(path, log))
            return addresses[path]

        yield start


@pytest.fixture(scope="session")
def app_url(serve: Callable[[Path | str], str]) -> str:
    """The address of the real page."""
    return serve(ROOT / "streamlit_app.py")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One headless Chromium for all tests."""
    program = _browser_program()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("playwright is missing: pip install 'graphviz_tools[test]'")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield chromium
        chromium.close()


class Problems(list[str]):
    """What went wrong inside a page, in the order it happened."""

    def watch(self, page: Any) -> None:
        page.on("pageerror", lambda error: self.append(f"pageerror: {error}"))
        page.on("console", lambda line: line.type == "error" and self.append(f"console: {line.text}"))


@pytest.fixture
def problems() -> Problems:
    """The errors of this test's pages. The test fails if any is left at the end; one that expects them clears them."""
    return Problems()


@pytest.fixture
def new_page(browser: Any, problems: Problems) -> Iterator[Callable[..., Any]]:
    """`new_page(viewport=..., color_scheme=..., has_touch=..., ...)`: a page in a context of its own."""
    with ExitStack() as contexts:

        def start(**options: Any) -> Any:
            context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
            contexts.callback(context.close)
            context.set_default_timeout(PATIENCE * 1000)
            page = context.new_page()
            problems.watch(page)
            return page

        yield start
    assert not problems, "the page reported errors:\n" + "\n".join(problems)


@pytest.fixture
def page(new_page: Callable[..., Any]) -> Any:
    """A page of 1440 x 900 in the light theme."""
    return new_page()


@pytest.fixture
def settled() -> Callable[[Any], None]:
    """`settled(page)` waits until Streamlit's script has run to its end."""

    def wait(page: Any) -> None:
        page.wait_for_selector(SETTLED, state="attached")

    return wait


@pytest.fixture
def look(request: pytest.FixtureRequest) -> Callable[..., Path]:
    """`look(page, "name")` saves a screenshot under /tmp for a person to look at."""

    def save(page: Any, name: str = "") -> Path:
        folder = Path(os.environ.get("LOOKS", "/tmp/looks"))
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{request.node.name.removeprefix('test_')}{name and '-' + name}.png"
        page.screenshot(path=str(path))
        return path

    return save
