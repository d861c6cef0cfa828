"""The pages in a real browser: both themes, no console errors, no request to any other host."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests import billed_company as company
from warehouse import Role, Warehouse

pytestmark = pytest.mark.browser

PROJECT_ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 60
WAIT_MILLISECONDS = 30_000
SETTLE_MILLISECONDS = 600
PAGES = ("Overview", "Usage", "Invoices", "Quarantine")
THEMES = ("light", "dark")


@dataclass
class Visit:
    """One browser window on the pages, and what went wrong in it.

    Attributes:
        page: Playwright's page.
        address: Where the app is served.
        faults: Console errors, failed answers, and requests to other hosts.
    """

    page: Any
    address: str
    faults: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Notes everything that must not happen."""
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("request", self._note_request)

    def open(self, path: str = "") -> None:
        """Opens an address of the app and waits until it has settled."""
        self.page.goto(f"{self.address}/{path}")
        self.settle()

    def follow(self, title: str) -> None:
        """Goes to a page by its link in the navigation."""
        self.page.get_by_test_id("stSidebarNav").get_by_text(title, exact=True).click()
        self.page.get_by_role("heading", name=title, level=1).wait_for(timeout=WAIT_MILLISECONDS)
        self.settle()

    def settle(self) -> None:
        """Waits until the script has run and everything is drawn."""
        self.page.get_by_text("Data as of").first.wait_for(timeout=WAIT_MILLISECONDS)
        self.page.wait_for_selector("[data-testid=stStatusWidget]", state="detached")
        self.page.wait_for_timeout(SETTLE_MILLISECONDS)

    def photograph(self, folder: Path, name: str) -> None:
        """Keeps a picture of the whole page."""
        height = self.page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        self.page.set_viewport_size({"width": 1440, "height": min(max(height, 900), 3000)})
        self.page.wait_for_timeout(SETTLE_MILLISECONDS)
        self.page.screenshot(path=str(folder / f"{name}.png"))
        self.page.set_viewport_size({"width": 1440, "height": 900})

    def _note_console(self, message: Any) -> None:
        if message.type == "error" and not is_search_for_server(message.location.get("url", "")):
            self.faults.append(f"console: {message.text}")

    def _note_request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        is_elsewhere = parts.netloc != urlsplit(self.address).netloc
        if parts.scheme in {"http", "https", "ws", "wss"} and is_elsewhere:
            self.faults.append(f"request to another host: {request.url}")


def is_search_for_server(url: str) -> bool:
    """Whether this is Streamlit asking, below a page's address, where its server is."""
    path = urlsplit(url).path
    return path.endswith(("/_stcore/health", "/_stcore/host-config")) and path.count("/") > 2


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A running Chromium; the tests are skipped where there is none."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def served(billed_company: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the pages, served as `up` serves them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    reporter = billed_company.url(Role.REPORTER).render_as_string(hide_password=False)
    log = (tmp_path_factory.mktemp("streamlit") / "log").open("wb")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "streamlit", "run", str(PROJECT_ROOT / "dashboards/app.py")),
            *("--server.address=127.0.0.1", f"--server.port={port}"),
        ],
        env={
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "PYTHONPATH": str(PROJECT_ROOT),
            "METERHOUSE_REPORTER_URL": reporter,
        },
        cwd=PROJECT_ROOT / "dashboards",
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/_stcore/health")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


def wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@pytest.fixture
def theme() -> str:
    """The theme of the window, where a test doesn't ask for another."""
    return "light"


@pytest.fixture
def visit(theme: str, browser: Any, served: str) -> Iterator[Visit]:
    """A new window in a theme; whatever went wrong in it fails the test."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme=theme, accept_downloads=True
    )
    context.set_default_timeout(WAIT_MILLISECONDS)
    window = Visit(page=context.new_page(), address=served)
    window.listen()
    yield window
    context.close()
    assert window.faults == []


def is_dark(visit: Visit) -> bool:
    colour = visit.page.evaluate(
        "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    )
    red, green, blue = (int(part) for part in colour.strip("rgba()").split(",")[:3])
    return red + green + blue < 3 * 128


@pytest.mark.parametrize("theme", THEMES)
def test_every_page_renders(visit: Visit, theme: str, tmp_path: Path) -> None:
    visit.open()
    for title in PAGES:
        if title != "Overview":
            visit.follow(title)
        assert is_dark(visit) == (theme == "dark")
        assert visit.page.get_by_test_id("stException").count() == 0
        assert visit.page.get_by_test_id("stAlertContentError").count() == 0
        visit.photograph(tmp_path, f"{title.lower()}_{theme}")
    assert len(list(tmp_path.glob("*.png"))) == len(PAGES)


def test_a_shared_address_opens_the_same_view(visit: Visit) -> None:
    visit.open("invoices?status=Closed&period=2026-09&invoice_currency=EUR")
    visit.page.get_by_text("1,038.00 EUR").wait_for()
    visit.open("usage?customer=Customer+3+(c03)&group=model")
    visit.page.get_by_text("4,700", exact=True).first.wait_for()
    charts = visit.page.locator("[role=figure][aria-label]")
    assert charts.first.get_attribute("aria-label") == "API calls by day and model"


def test_a_choice_goes_into_the_address(visit: Visit) -> None:
    visit.open()
    visit.page.get_by_text("JPY", exact=True).click()
    visit.page.get_by_text("300 JPY").first.wait_for()
    assert "currency=JPY" in visit.page.url


@pytest.mark.parametrize("theme", THEMES)
def test_the_way_from_a_month_to_the_tiers_of_a_line(visit: Visit, tmp_path: Path) -> None:
    visit.open()
    visit.page.get_by_text("Invoices of 2026-09").click()
    visit.page.get_by_role("heading", name="Invoices", level=1).wait_for()
    visit.settle()
    assert "period=2026-09" in visit.page.url
    table = visit.page.get_by_test_id("stDataFrame").first.bounding_box()
    assert table is not None
    visit.page.mouse.click(table["x"] + 20, table["y"] + 54)
    visit.page.get_by_text("How each amount came about").wait_for()
    visit.settle()
    assert "invoice=" in visit.page.url
    visit.photograph(tmp_path, "invoice")
    with visit.page.expect_download() as started:
        visit.page.get_by_role("button", name="Download these lines as CSV").click()
    content = Path(started.value.path()).read_bytes()
    assert content.startswith(b"invoice_key,")
    assert started.value.suggested_filename.endswith("_lines.csv")
    visit.page.get_by_text("All invoices").click()
    visit.page.get_by_text("Billing month").wait_for()
    assert "invoice=" not in visit.page.url
    assert "period=2026-09" in visit.page.url


def test_the_usage_download_needs_no_second_look(visit: Visit) -> None:
    visit.open("usage?customer=Customer+3+(c03)")
    with visit.page.expect_download() as started:
        visit.page.get_by_role("button", name="Download these days as CSV").click()
    lines = Path(started.value.path()).read_text().splitlines()
    assert len(lines) == 1 + 3
    assert {line.split(",")[1] for line in lines[1:]} == {"c03"}
    assert company.SEPTEMBER.isoformat() < lines[1].split(",")[0]
