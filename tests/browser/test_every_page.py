"""What holds for every page: accessible in any light and at any width, at home on both origins, small."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from clouds import Cloud

from .conftest import Site, Visit

PAGES = ("index.html", "batch.html", "pipeline.html", "model.html", "monitoring.html")
WIDTHS = (390, 1280)
VIOLATIONS = {"resultTypes": ["violations"]}  # what passes is half of axe's work, and nobody reads it
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], **VIOLATIONS}
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"], **VIOLATIONS}
FIRST_LOAD_BYTES = 150_000
SCRIPT_BYTES = 60_000


def complete(page: Page, name: str) -> None:
    """Everything that the page has to show is in sight."""
    match name:
        case "index.html":
            page.get_by_role("button", name="Mrs James Joseph Brown").click()
            expect(page.locator("#logged")).to_have_text("This prediction was logged.")
        case "batch.html":
            page.get_by_role("button", name="Try the sample file").click()
            expect(page.locator("#phase")).to_have_text("All 891 passengers")
            expect(page.locator("[aria-rowindex='2']")).to_contain_text("%")
        case "pipeline.html":
            expect(page.locator("[data-step]").first).to_be_visible()
            expect(page.get_by_role("table", name="Runs of the pipeline")).to_be_visible()
        case "model.html":
            expect(page.get_by_role("img", name="ROC curve")).to_be_visible()
            expect(page.get_by_role("table", name="Model versions")).to_be_visible()
        case "monitoring.html":
            expect(page.get_by_role("img", name="Requests over time")).to_be_visible()
            expect(page.locator("#drift")).not_to_contain_text("Asking")
            expect(page.locator("#retraining")).not_to_contain_text("Asking")


@pytest.fixture(scope="module")
def reported(cloud: Cloud) -> None:
    """A drift report, so that a page that asks for it gets one."""
    done = cloud.run("invoke", "MonitoringFunction", '{"task": "drift"}')
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation(visit: Visit, reported: None, name: str) -> None:
    """At each width in each light; only colours differ between the lights."""
    page = visit(name, reduced_motion="reduce")
    complete(page, name)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme, rules in (("light", RULES), ("dark", COLOURS)):
            page.emulate_media(color_scheme=scheme)
            found = Axe().run(page, options=rules)
            assert found.violations_count == 0, f"{scheme}, {width} pixels wide: {found.generate_report()}"
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider == 0, f"{name} is {wider} pixels wider than a window of {width}"


def test_axe_finds_no_violation_in_what_goes_wrong(site: Site) -> None:
    """The complaints of a form, the dialog, a refused file."""
    page = site.visit()
    page.get_by_label("Surname").fill("")
    page.get_by_label("Given names").fill("")
    page.get_by_label("Age", exact=True).fill("200")
    expect(page.locator('[data-complaint="Age"]')).to_be_visible()
    refused = site.visit("batch.html")
    refused.locator("#file").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"a"})
    expect(refused.get_by_role("alert")).to_be_visible()
    for each in (page, refused):
        found = Axe().run(each, options=RULES)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", PAGES)
def test_no_form_can_be_sent_before_its_script_is_there(site: Site, reported: None, name: str) -> None:
    """The browser itself would send it, and leave the page."""
    page = site.visit(name, java_script_enabled=False)
    buttons = [each for each in page.locator("form button:not([type=button])").all() if each.is_visible()]
    assert not [each.text_content() for each in buttons if each.is_enabled()]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_at_home_on_the_website_endpoint_too(site: Site, reported: None, name: str) -> None:
    """Another origin than the API's: the policy lets the page ask, and the API lets it read."""
    page = site.visit(name, site.other_url)
    complete(page, name)
    expect(page.locator("#status")).to_have_text("API is up")


def test_the_website_endpoint_begins_with_the_predict_page(site: Site) -> None:
    page = site.visit("", site.other_url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Would you have survived the Titanic?")
    expect(page.get_by_label("Surname")).to_be_visible()  # whoever leaves earlier ends what is being fetched
    page.get_by_role("link", name="Model").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Model")


def test_the_first_load_is_small(site: Site) -> None:
    page = site.blank()
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.update({answer.url: len(answer.body())}))
    page.goto(f"{site.url}/index.html", wait_until="networkidle")
    scripts = sum(size for url, size in sizes.items() if url.endswith(".js"))
    print(f"first load {sum(sizes.values()):,} bytes in {len(sizes)} answers, {scripts:,} of them JavaScript")
    assert any(url.endswith("/schema") for url in sizes)  # it is part of the load
    assert 0 < sum(sizes.values()) < FIRST_LOAD_BYTES
    assert 0 < scripts < SCRIPT_BYTES


def test_the_api_is_described_from_the_sites_own_files(site: Site) -> None:
    page = site.visit()
    expect(page.get_by_label("Surname")).to_be_visible()  # whoever leaves earlier ends what is being fetched
    page.get_by_role("link", name="The API, to try out").click()
    expect(page.get_by_role("heading", name=re.compile("^Titanic"))).to_be_visible()
    expect(page.locator("#operations-default-predict_predict_post, [id*=predict_post]").first).to_be_visible()
    assert any(url.endswith("swagger-ui-bundle.js") for url in site.asked)


def test_a_page_may_not_ask_anyone_else(site: Site) -> None:
    """The policy itself, for nothing in the page tries."""
    site.forgive(re.compile("Content Security Policy|Refused to connect|Fetch API cannot load"))
    page = site.visit()
    refused = page.evaluate("fetch('http://127.0.0.1:9/').then(() => false, () => true)")
    assert refused
    site.asked.remove("http://127.0.0.1:9/") if "http://127.0.0.1:9/" in site.asked else None
    assert any("Content Security Policy" in said for said in site.complaints)


def test_whoever_wants_no_motion_gets_none(visit: Visit) -> None:
    page = visit(reduced_motion="reduce")
    complete(page, "index.html")
    shown = page.locator("#gauge .gauge-arc").evaluate("arc => getComputedStyle(arc).transitionDuration")
    assert shown == "0s"


def test_the_content_is_one_key_away(visit: Visit) -> None:
    page = visit()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
