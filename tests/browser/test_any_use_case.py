"""The site of use cases that are not Titanic: odd names, sixty columns, a fresh system. It needs no cloud."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from .conftest import NETWORK
from .made_up import MadeUp, odd, schema, served, wide
from .test_every_page import PAGES, RULES, WIDTHS

Visit = Callable[..., Page]
ODD = 'with "quotes", <b>tags</b> & more'


@dataclass
class Visits:
    """Pages of made-up sites, and what the browser complained of."""

    browser: Browser
    stack: ExitStack
    complaints: list[str] = field(default_factory=list)
    forgiven: bool = False  # answers that are none, where a test provokes them

    def __call__(self, api: MadeUp, name: str = "index.html", url: str | None = None, **options: Any) -> Page:
        url = url or self.stack.enter_context(served(api))
        context = self.browser.new_context(**options)
        self.stack.callback(context.close)
        page = context.new_page()
        page.on("console", lambda said: said.type in ("error", "warning") and self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{url}/{name}")
        return page


@pytest.fixture
def visits(browser: Browser) -> Iterator[Visits]:
    with ExitStack() as stack:
        one = Visits(browser, stack)
        yield one
        assert not [said for said in one.complaints if not (one.forgiven and NETWORK.search(said))]


def predict(page: Page) -> None:
    page.get_by_role("button", name="What are the odds?").click()


def answered(page: Page) -> None:
    """Press the button until its own answer is shown: that of the opening example may be there already."""
    with page.expect_response("**/predict?group=true"):
        predict(page)
    expect(page.locator("#predict")).not_to_have_attribute("aria-busy", "true")


def sent(api: MadeUp) -> Any:
    """The body of the last request."""
    return [body for method, _, body in api.asked if method == "POST"][-1]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("told", "opened"), [("127.0.0.1", "localhost"), ("localhost", "127.0.0.1")])
def test_the_site_works_under_either_name_of_this_machine(visits: Visits, told: str, opened: str, name: str) -> None:
    api = MadeUp(odd())
    url = visits.stack.enter_context(served(api))
    api.origin = url.replace("127.0.0.1", told)
    page = visits(api, name, url.replace("127.0.0.1", opened))

    expect(page.locator("#status")).to_have_attribute("data-state", "well")
    assert page.locator("#docs").get_attribute("href") == f"{url.replace('127.0.0.1', opened)}/api/docs"


def test_older_versions_come_page_by_page(visits: Visits) -> None:
    page = visits(MadeUp(odd(), older=4), "model.html")
    rows = page.get_by_role("table", name="Model versions").locator("tbody tr")
    more = page.get_by_role("button", name="Show older versions")

    for shown in (2, 4, 5):
        expect(rows).to_have_count(shown)
        if shown < 5:
            more.click()
    expect(more).to_have_count(0)
    expect(rows.nth(4)).to_contain_text("0000000000000004")


@pytest.mark.parametrize("name", PAGES)
def test_a_fresh_system_has_no_errors(visits: Visits, name: str) -> None:
    """No champion, no drift report, no traffic: each page says what is not there yet."""
    page = visits(MadeUp(odd(), champion=None), name)
    words = {
        "index.html": "No model serves yet: the first run of the pipeline makes one.",
        "batch.html": "The first line names the columns.",
        "pipeline.html": "None yet: upload a file, and its run appears here.",
        "model.html": "No model serves yet: the first run of the pipeline makes one.",
        "monitoring.html": "No drift report yet: the first comes with 100 predictions, then one every hour.",
    }
    expect(page.get_by_role("main")).to_contain_text(words[name])
    page.wait_for_load_state("networkidle")


def test_releases_are_marked_on_the_charts(visits: Visits) -> None:
    page = visits(MadeUp(odd()), "monitoring.html")
    for place in ("#requests", "#latency"):
        expect(page.locator(place)).to_contain_text("release titanic-12ab34cd")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_the_schema_once_and_speaks_by_it(visits: Visits, name: str) -> None:
    api = MadeUp(
        {**odd(), "title": "Customers", "source": "From the shop", "entity": {"one": "client", "many": "clients"}}
    )
    page = visits(api, name)
    expect(page).to_have_title(re.compile(" · Customers$"))
    expect(page.locator("header")).to_contain_text("Customers")
    expect(page.locator("footer")).to_contain_text("From the shop")
    expect(page.get_by_role("main")).to_contain_text("client")
    page.wait_for_load_state("networkidle")
    assert sum(path == "/schema" for _, path, _ in api.asked) == 1
    assert not page.locator(".pending").count()


def test_odd_names_are_sent_as_the_csv_spells_them(visits: Visits) -> None:
    api = MadeUp(odd())
    page = visits(api)
    expect(page.locator("#form").get_by_label("education.num")).to_have_value("9")  # the first example
    page.get_by_role("button", name="Clear").click()
    page.locator("#form").get_by_label("education.num").fill("12")
    page.get_by_text("plus", exact=True).first.click()
    page.locator("#form").get_by_label("Größe (m)").fill("1.7")
    page.locator("#form").get_by_label(ODD).select_option("c")
    page.locator("#form").get_by_label("home town", exact=True).select_option(
        "Another …"
    )  # an open choice takes others
    expect(page.locator("#form").get_by_label("home town: another")).to_be_focused()
    page.locator("#form").get_by_label("home town: another").fill("Bern")
    page.locator("#form").get_by_label("since").fill("NA")  # not recorded
    assert page.locator("#form").get_by_label("Unnamed: 0").count() == 0
    answered(page)
    expect(page.locator("#verdict")).to_contain_text("Most likely Left?: ")
    assert sent(api) == {"education.num": 12, "class": "plus", "Größe (m)": 1.7, ODD: "c", "home town": "Bern"}
    for place in ("#why", "#seen"):
        expect(page.locator(place)).to_contain_text(ODD)
        expect(page.locator(place)).to_contain_text("not recorded")
    page.get_by_role("combobox", name=f"What if: {ODD}").select_option("d")
    expect(page.locator("#change")).to_contain_text("points against what was entered")
    assert sent(api) == {"education.num": 12, "class": "plus", "Größe (m)": 1.7, ODD: "d", "home town": "Bern"}


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("education.num", "-1", "A whole number, 0 or more."),
        ("education.num", "1.5", "A whole number, 0 or more."),
        ("education.num", "", "This is needed."),
        ("Größe (m)", "3.1", "A number from 0 to 3."),
        ("constructor", "100", "A whole number, 99 or less."),
        ("since", "x" * 11, "At most 10 characters."),
    ],
)
def test_a_form_complains_by_the_schema(visits: Visits, name: str, typed: str, words: str) -> None:
    api = MadeUp(odd())
    page = visits(api)
    page.locator("#form").get_by_label(name).fill(typed)
    predict(page)
    expect(page.locator(f'[data-complaint="{name}"]')).to_have_text(words)
    expect(page.locator("#form").get_by_label(name)).to_be_focused()
    expect(page.locator("#form").get_by_label(name)).to_have_attribute("aria-invalid", "true")
    assert "/predict?group=true" not in [path for _, path, _ in api.asked]


def test_what_the_api_alone_refuses_is_said_at_its_field(visits: Visits) -> None:
    visits.forgiven = True
    api = MadeUp(odd())
    page = visits(api)
    expect(page.locator("#form").get_by_label("since")).to_be_visible()
    needed = [{**each, "required": True} for each in api.schema["columns"] if not each["ignored"]]
    api.schema = {**api.schema, "columns": needed}
    predict(page)
    expect(page.locator('[data-complaint="since"]')).to_have_text("Field required.")
    expect(page.locator("#form").get_by_label(ODD)).to_be_focused()


def test_sixty_columns_fit_a_form(visits: Visits) -> None:
    """What is needed comes first, the card scrolls and can be searched, a few features can be turned."""
    api = MadeUp(wide())
    page = visits(api, viewport={"width": 390, "height": 800})
    fields = page.get_by_role("region", name="Fields")
    expect(fields.get_by_role("heading")).to_have_text(["Needed (12)", "Optional (48)"])
    assert fields.evaluate("box => box.scrollHeight > 2 * box.clientHeight && box.clientHeight < innerHeight")
    assert page.evaluate("document.documentElement.scrollHeight") < 3600
    search = page.locator("#form").get_by_label("Find a field")
    search.fill("text 19")
    expect(page.locator(".field:visible")).to_have_count(1)
    page.locator("#form").get_by_label("text 19", exact=True).fill("found")
    search.fill("no such")
    expect(page.get_by_text("0 fields")).to_be_visible()
    page.locator("#form").get_by_label("whole 0", exact=True).evaluate("input => input.value = ''")
    predict(page)  # what is refused is shown, found or not
    expect(page.locator("#form").get_by_label("whole 0", exact=True)).to_be_focused()
    page.locator("#form").get_by_label("whole 0", exact=True).fill("7")
    answered(page)
    assert page.locator("#why tbody tr").count() <= 17  # the small ones are one line
    assert sent(api) == {**api.schema["examples"][0]["row"], "whole 0": 7, "text 19": "found"}
    assert page.locator("#sliders").get_by_role("slider").count() + page.locator("#sliders select").count() == 5


def test_a_batch_keeps_the_file_and_sends_what_the_api_takes(visits: Visits) -> None:
    visits.forgiven = True
    api = MadeUp(odd())
    page = visits(api, "batch.html")
    head = ["Customer ID", "", "education.num", "class", ODD, "remarks", "Left?"]
    rows = [
        ["a1", "0", "9", "plus", "a", "kept, too", "no"],
        ["", "1", "", "basic", "b", "", "yes"],
        ["a3", "2", "11", "basic", "NA", '"', ""],
    ]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([head, *rows])
    page.locator("#file").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": text.getvalue().encode()})
    expect(page.locator("#phase")).to_have_text("All 3 rows")
    expect(page.locator("#scored")).to_have_text("2")
    assert sent(api)["rows"] == [
        {"Customer ID": "a1", "education.num": "9", "class": "plus", ODD: "a"},
        {"Customer ID": "a3", "education.num": "11", "class": "basic", ODD: "NA"},
    ]
    page.get_by_role("button", name=ODD).click()
    expect(page.locator("[aria-rowindex='2']")).to_contain_text("plus")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download as CSV").click()
    with Path(saved.value.path()).open(newline="") as file:
        names, *scored = csv.reader(file)
    assert names == [*head, "probability", "predicted", "prediction_id", "error"]
    assert [row[: len(head)] for row in scored] == rows
    assert [row[-1] for row in scored] == ["", "education.num: Field required", ""]


@pytest.mark.parametrize(
    ("name", "place", "words"), [("batch.html", "#phase", "All 1 row"), ("pipeline.html", "#chosen", "a.csv")]
)
def test_a_file_that_is_chosen_before_the_script_is_there_is_taken(
    visits: Visits, name: str, place: str, words: str
) -> None:
    page, held = visits(MadeUp(odd()), name), list[Route]()
    script = re.compile(f"/{name.removesuffix('.html')}/page.js$")
    page.route(script, lambda route: held.append(route))
    with page.expect_request(script):
        page.reload(wait_until="commit")
    file = {"name": "a.csv", "mimeType": "text/csv", "buffer": b"education.num,class\n9,plus\n"}
    page.locator("#file").set_input_files(file)
    held[0].continue_()
    expect(page.locator(place)).to_have_text(words)


def test_a_file_that_is_there_before_the_schema_waits_for_it(visits: Visits) -> None:
    page, held = visits(MadeUp(odd()), "batch.html"), list[Route]()
    page.route("**/schema", lambda route: held.append(route))
    with page.expect_request("**/schema"):
        page.reload()
    file = {"name": "a.csv", "mimeType": "text/csv", "buffer": b"education.num,class\n9,plus\n"}
    page.locator("#file").set_input_files(file)
    held[0].continue_()
    expect(page.locator("#phase")).to_have_text("All 1 row")


def test_the_card_shows_baselines_beside_the_model(visits: Visits) -> None:
    page = visits(MadeUp(odd()), "model.html")
    table = page.get_by_role("table", name="Accuracy beside the baselines")
    expect(table.get_by_role("row")).to_contain_text(["Rule", "82.5%", "Majority class", "Logistic regression"])
    for heading in ("ROC curve", "Calibration", "Confusion matrix", "Feature importance", "Slices"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()


def test_an_api_that_comes_up_late_is_asked_again(visits: Visits) -> None:
    visits.forgiven = True
    api = MadeUp(odd())
    page = visits(api, "batch.html")
    expect(page.locator("#columns")).to_contain_text("education.num")
    page.route("**/api/**", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("The API is away")
    page.unroute_all()
    expect(page.locator("#columns")).to_contain_text("education.num", timeout=10_000)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_form_that_is_not_there_is_made_of_the_columns(visits: Visits) -> None:
    page = visits(MadeUp({**odd(), "form": "nowhere/form.js"}))
    expect(page.locator("#form").get_by_label("education.num")).to_be_visible()
    assert [said for said in visits.complaints if not NETWORK.search(said)] == [visits.complaints[-1]]
    visits.complaints.clear()  # the answer that is none, and that the module is not to be had


def test_a_use_case_of_nothing_but_numbers_needs_no_examples(visits: Visits) -> None:
    columns = [each for each in wide(8)["columns"] if each["type"] == "decimal"]
    page = visits(MadeUp(schema(columns)))
    expect(page.get_by_role("heading", level=1)).to_have_text("Predict Left?")
    expect(page.locator("#examples")).to_be_hidden()
    page.locator("#form").get_by_label("decimal 5").fill("2.5")
    answered(page)
    expect(page.get_by_role("slider", name="What if: decimal 5")).to_be_visible()


@pytest.mark.parametrize("name", [PAGES[0], *(pytest.param(name, marks=pytest.mark.long) for name in PAGES[1:])])
def test_axe_finds_no_violation(visits: Visits, name: str) -> None:
    for made, width, scheme in zip((odd, wide), WIDTHS, ("dark", "light"), strict=True):
        options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "reduced_motion": "reduce"}
        page = visits(MadeUp(made()), name, **options)
        page.wait_for_load_state("networkidle")
        if name == "index.html":
            answered(page)
        found = Axe().run(page, options=RULES)
        assert found.violations_count == 0, found.generate_report()
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider == 0, f"{name} is {wider} pixels wider than a window of {width}"
