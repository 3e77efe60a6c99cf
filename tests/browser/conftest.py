"""A real Chromium, and a whole Switchboard in a process of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
PATIENCE_MS = 10_000
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass
class Site:
    """The server; it can be killed and started again on the same address and database."""

    database_url: str
    port: int
    _process: "subprocess.Popen[str] | None" = field(default=None, init=False)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.browser.site", self.database_url, str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


class Visitor:
    """Somebody at a browser. Every expectation waits until it holds."""

    def __init__(self, context: BrowserContext, page: Page, address: str) -> None:
        self.context = context
        self.page = page
        self.address = address
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def opens(self, path: str = "/") -> "Visitor":
        self.page.goto(self.address + path)
        self.is_ready()
        return self

    def is_ready(self) -> None:
        expect(self.page.locator("body[data-ready]")).to_be_attached()

    def says(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def hears(self, text: str, *, count: int | None = None) -> None:
        """The newest reply is complete and has `text` in it; `count` replies are complete then."""
        expect(self.reply).to_contain_text(text)
        expect(self.page.locator(".live")).to_have_count(0)
        if count is not None:
            expect(self.page.locator(".said > .prose")).to_have_count(count)

    def releases(self) -> None:
        """Let the specialist go on."""
        assert self.page.request.post(self.address + "/_release").ok

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def second_tab(self) -> "Visitor":
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        tab = Visitor(self.context, page, self.address)
        tab.page.goto(self.page.url)
        tab.is_ready()
        return tab

    @property
    def box(self) -> Locator:
        return self.page.locator("#message")

    @property
    def reply(self) -> Locator:
        return self.page.locator(".turn").last.locator(".said")

    @property
    def overflow(self) -> int:
        """Pixels by which something is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def _chromium() -> str:
    path = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium is installed, and these tests must not be skipped in CI")
        pytest.skip("no Chromium is installed: the chat page is not tested in a browser")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = _chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all modules, as it takes seconds to start. A browser is not: its driver holds the thread's event loop."""
    _chromium()
    path: Path = tmp_path_factory.mktemp("site") / "site.db"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    site = Site(f"sqlite:///{path}", port)
    site.start()
    yield site
    site.end()


@pytest.fixture(scope="module")
def home(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    """The browser of one visitor who has been here before, so that its cache is warm, and who wants nothing to move."""
    expect.set_options(timeout=PATIENCE_MS)
    with browser.new_context(
        locale="en-US", viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
    ) as context:
        yield context


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Visitor]]:
    """Opens a browser for a new visitor, with Playwright's options for a context; no page may raise an error."""
    expect.set_options(timeout=PATIENCE_MS)
    visitors: list[Visitor] = []
    with ExitStack() as stack:

        def visit(**options: Any) -> Visitor:
            context = browser.new_context(**{"locale": "en-US", "viewport": {"width": 1280, "height": 800}, **options})
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            visitors.append(Visitor(context, page, site.address))
            return visitors[-1]

        yield visit
        assert [error for visitor in visitors for error in visitor.errors] == []


@pytest.fixture
def visitor(home: BrowserContext, site: Site) -> Iterator[Visitor]:
    """A visitor at the beginning of a new conversation; the page may raise no error."""
    page = home.new_page()
    page.set_default_timeout(PATIENCE_MS)
    visitor = Visitor(home, page, site.address).opens()
    yield visitor
    assert visitor.errors == []
    for page in home.pages:
        page.close()
