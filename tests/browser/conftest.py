"""A browser on the site of the session's cloud. Whatever happens, a page complains of nothing and asks no one else."""

import re
import time
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from browsers import program
from clouds import Cloud, kill, until
from mlops.stores.prediction_log import PAUSE

PATIENCE_MILLISECONDS = 20_000
# What Chromium itself says of an answer that is none; a test that provokes one names it.
NETWORK = re.compile("Failed to load resource")

expect.set_options(timeout=PATIENCE_MILLISECONDS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For a module, not for the session: Playwright's event loop would be in the way of other tests."""
    if program() is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program(), args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def cloud(running_cloud: Cloud) -> Cloud:
    """The session's cloud, whole at the beginning of a module; whoever breaks it mends it (see `outage`)."""
    running_cloud.up()
    return running_cloud


@contextmanager
def outage(cloud: Cloud, service: str) -> Iterator[None]:
    """Without one of the servers, for a while."""
    kill(cloud, service)
    try:
        yield
    finally:
        cloud.up()
        until(steady(cloud))


def steady(cloud: Cloud) -> Callable[[], bool]:
    """Whether the API has had its stores for so long that no instance of it remembers that they were away."""
    since = time.monotonic()

    def asked() -> bool:
        nonlocal since
        try:
            cloud.call("/activity")
        except urllib.error.HTTPError:
            since = time.monotonic()
        return time.monotonic() - since > PAUSE

    return asked


def round_trip(page: Page) -> None:
    """Until the API has answered again: what the page asked before has been asked by then."""
    page.evaluate("fetch(`${MLOPS.apiUrl}/health`).then((answer) => answer.text())")


@pytest.fixture(scope="module")
def addresses(cloud: Cloud) -> dict[str, Any]:
    return cloud.outputs()


@dataclass
class Site:
    """The site as one test sees it."""

    browser: Browser
    cloud: Cloud
    addresses: dict[str, Any]
    forgiven: list[re.Pattern[str]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    @property
    def url(self) -> str:
        return str(self.addresses["web_url"]).removesuffix("/index.html")

    @property
    def other_url(self) -> str:
        """The website endpoint: the same files from another origin than the API's."""
        port = urlsplit(self.addresses["endpoint_url"]).port
        return f"http://{self.addresses['web_bucket']}.s3-website.localhost:{port}"

    def visit(self, name: str = "index.html", url: str | None = None, **options: Any) -> Page:
        page = self.blank(**options)
        page.goto(f"{url or self.url}/{name}")
        return page

    def blank(self, **options: Any) -> Page:
        """A page that is nowhere yet, in a context of its own."""
        context = self.browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: said.type in ("error", "warning") and self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        context.on("request", lambda request: self.asked.append(request.url))
        return page

    def forgive(self, pattern: re.Pattern[str] = NETWORK) -> None:
        """What this test provokes."""
        self.forgiven.append(pattern)

    def settle(self) -> None:
        """Close every page. What a page says of being closed while it still loads is no complaint."""
        for context in self.contexts:
            for page in context.pages:
                page.title()  # after what was said before
        complaints = list(self.complaints)
        for context in self.contexts:
            context.close()
        own = {urlsplit(self.addresses["endpoint_url"]).netloc, urlsplit(self.other_url).netloc}
        foreign = [url for url in self.asked if url.startswith("http") and urlsplit(url).netloc not in own]
        assert not foreign
        assert not [said for said in complaints if not any(each.search(said) for each in self.forgiven)]


@pytest.fixture
def site(browser: Browser, cloud: Cloud, addresses: dict[str, Any]) -> Iterator[Site]:
    one = Site(browser, cloud, addresses)
    yield one
    one.settle()


Visit = Callable[..., Page]


@pytest.fixture
def visit(site: Site) -> Visit:
    return site.visit
