"""The Monitoring page on what serving really did."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import psycopg2
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
    """A cloud that has predicted, and has looked at it twice."""
    invoke(cloud, {"task": "minute"})
    one_woman(cloud, passenger)
    invoke(cloud, {"task": "minute"})
    return cloud


def one_woman(cloud: Cloud, passenger: dict[str, Any]) -> None:
    """The latest report is of the same woman, over and over."""
    cloud.call("/predict/batch", {"passengers": [passenger] * 1000})  # the whole window
    invoke(cloud, {"task": "drift"})


def rises(page: Page, cloud: Cloud) -> None:
    """The figures of the page are those of the API, whose own answer counts itself."""
    shown = int(page.locator("#activity dd").nth(0).locator("span").first.inner_text().replace(",", ""))
    assert shown == sum(point["predictions"] for point in cloud.call("/activity")["points"])


def test_it_shows_what_was_served_and_how_it_drifts(visit: Visit, served: Cloud, passenger: dict[str, Any]) -> None:
    one_woman(served, passenger)  # the tests before may have served others
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


def play(page: Page, cloud: Cloud, shift: str, outcomes: bool) -> None:
    page.get_by_label("What changes").select_option(shift)
    page.get_by_label("Tell what became of them").set_checked(outcomes)
    page.get_by_label("Admin key").fill(cloud.outputs()["admin_api_key"])
    page.get_by_role("button", name="Send simulated rows").click()


def test_the_demo_shows_what_a_shift_leads_to(visit: Visit, cloud: Cloud) -> None:
    """Without outcomes there is nothing to learn, and monitoring says so."""
    page = visit("monitoring.html")
    play(page, cloud, "Age", outcomes=False)
    story = page.locator("#story li")
    expect(story).to_have_count(2, timeout=60_000)
    expect(story.last).to_contain_text("drift of Age", timeout=60_000)
    expect(story.last).to_contain_text("No retraining")
    expect(page.locator("#drift")).to_contain_text("500 predictions")
    invoke(cloud, {"task": "drain"})
    with psycopg2.connect(cloud.outputs()["database_url"]) as connection, connection.cursor() as at:
        at.execute("SELECT count(*) FROM prediction_history WHERE correlation_id LIKE 'simulated-%'")
        assert at.fetchone() == (1000,)
    connection.close()


@pytest.mark.long
def test_the_whole_story_ends_in_a_decision_about_a_new_model(visit: Visit, cloud: Cloud) -> None:
    """In the browser alone, within five minutes: drift, a retraining, its run, and what the gate made of it."""
    begun = time.monotonic()
    page = visit("monitoring.html")
    play(page, cloud, "Age", outcomes=True)
    page.get_by_role("link", name="watch it on the Pipeline page").click(timeout=180_000)
    expect(page.locator("[data-step=Promote]")).to_have_attribute("data-status", "succeeded", timeout=180_000)
    expect(page.locator("#run")).to_contain_text(re.compile("New champion|Champion kept"))
    expect(page.locator("#run .note").first).to_contain_text("held-out rows")
    assert time.monotonic() - begun < 300


def test_the_demo_needs_the_key(site: Site, cloud: Cloud) -> None:
    site.forgive()
    page = site.visit("monitoring.html")
    page.get_by_role("button", name="Send simulated rows").click()
    expect(page.get_by_role("alert")).to_have_text("The key is needed.")


def test_a_first_look_is_called_preliminary(site: Site, served: Cloud) -> None:
    page, report = site.blank(), served.call("/drift")
    page.route(re.compile("/drift$"), lambda route: route.fulfill(json={**report, "preliminary": True}))
    page.goto(f"{site.url}/monitoring.html")
    expect(page.locator("#drift")).to_contain_text("Preliminary")
    expect(page.locator("#drift")).to_contain_text("nothing is decided on it")
