"""The Monitoring page on what serving really did."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from clouds import Cloud

from .conftest import Site, Visit, outage, round_trip

# As a browser does with the page of another tab.
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def invoke(cloud: Cloud, event: dict[str, Any]) -> Any:
    done = cloud.run("invoke", "MonitoringFunction", json.dumps(event))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def served(cloud: Cloud, passenger: dict[str, Any]) -> Cloud:
    """A cloud that has predicted the same woman over and over, and looked at it twice."""
    invoke(cloud, {"task": "minute"})
    cloud.call("/predict/batch", {"passengers": [passenger] * 1000})  # the whole window
    invoke(cloud, {"task": "minute"})
    invoke(cloud, {"task": "drift"})
    return cloud


def rises(page: Page, cloud: Cloud) -> None:
    """The figures of the page are those of the API, whose own answer counts itself."""
    shown = int(page.locator("#activity dd").nth(0).locator("span").first.inner_text().replace(",", ""))
    assert shown == sum(point["predictions"] for point in cloud.call("/activity")["points"])


def test_it_shows_what_was_served_and_how_it_drifts(visit: Visit, served: Cloud) -> None:
    page = visit("monitoring.html")
    for name in ("Requests over time", "Latency of predictions", "Cold starts", "Distribution of the predicted"):
        expect(page.get_by_role("img", name=name)).to_be_visible()
    rises(page, served)
    report = served.call("/drift")
    cards = page.locator("#drift li")
    expect(cards).to_have_count(len(report["features"]) + 1)
    sex = next(each for each in report["features"] if each["name"] == "sex")
    assert sex["status"] == "drift"
    card = cards.filter(has=page.get_by_role("heading", name="Sex", exact=True))
    expect(card).to_contain_text(f"PSI {sex['psi']:.3f}")
    expect(card).to_contain_text("Drift")
    expect(page.locator("#retraining")).not_to_contain_text("Asking")


def test_it_refreshes_by_itself_but_not_while_nobody_looks(site: Site, served: Cloud) -> None:
    page = site.blank()
    page.clock.install()
    page.goto(f"{site.url}/monitoring.html")
    expect(page.get_by_role("img", name="Requests over time")).to_be_visible()

    def asked() -> int:
        return sum("/activity" in url for url in site.asked)

    def idle() -> None:
        round_trip(page)
        expect(page.get_by_role("main")).to_have_attribute("aria-busy", "false")

    def rests_after(change: Callable[[], object]) -> bool:
        idle()
        before = asked()
        change()
        idle()
        page.clock.run_for(16_000)
        idle()
        return asked() == before

    def hide(hidden: bool) -> None:
        page.evaluate(HIDE, hidden)

    with page.expect_request("**/activity*"):
        page.clock.run_for(16_000)
    assert rests_after(lambda: hide(True))
    with page.expect_request("**/activity*"):
        hide(False)
    assert rests_after(page.get_by_role("button", name="Pause").click)
    with page.expect_request("**/activity?hours=1"):
        page.get_by_text("1 h", exact=True).click()
    assert not rests_after(page.get_by_role("button", name="Go on").click)


def test_without_its_store_it_says_so_and_shows_the_rest(site: Site, served: Cloud) -> None:
    site.forgive()
    with outage(served, "valkey"):
        page = site.visit("monitoring.html")
        expect(page.locator("#activity").get_by_role("alert")).to_be_visible()
        expect(page.locator("#charts")).to_be_hidden()
        expect(page.locator("#drift li").first).to_be_visible()


def test_before_the_first_report_it_says_when_there_will_be_one(site: Site) -> None:
    """Made up: whether this cloud has a report depends on the tests before."""
    page = site.blank()
    page.route("**/drift", lambda route: route.fulfill(json={"status": "none"}))
    page.goto(f"{site.url}/monitoring.html")
    expect(page.locator("#drift")).to_have_text(
        "No drift report yet: the first comes with 100 predictions, then one every hour."
    )
