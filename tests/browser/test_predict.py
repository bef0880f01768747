"""The Predict page on the real API."""

import json
import re
from contextlib import suppress

import pytest
from playwright.sync_api import Error, Page, Route, expect

from clouds import Cloud, until

from .conftest import Site, Visit, outage, round_trip


def first_example(page: Page) -> None:
    page.get_by_role("button", name="Mrs James Joseph Brown").click()
    expect(page.locator("#logged")).to_have_text("This prediction was logged.")


def chance(page: Page) -> str:
    """What the gauge says to whoever cannot see it: the figure that it moves to, at once."""
    return page.locator("#gauge svg").get_attribute("aria-label") or ""


def complaint(column: str) -> str:
    """Where the form says what is wrong with a column."""
    return f'[data-complaint="{column}"]'


def weights(page: Page) -> list[float]:
    """The figures of the contribution chart: the base rate, the steps, and what they end at."""
    said = page.locator("#why tbody td:last-child").all_inner_texts()
    return [float(each.replace("−", "-").rstrip("%")) for each in said]


def test_a_passenger_of_the_list_is_predicted_and_explained(visit: Visit, cloud: Cloud) -> None:
    page = visit()
    with page.expect_response(re.compile(r"/predict\?group=true$")) as asked:
        first_example(page)
    answer = asked.value.json()
    assert chance(page) == f"Chance of “survived”: {answer['probability']:.0%}"
    expect(page.locator("#gauge text")).to_have_text(f"{answer['probability']:.0%}")
    expect(page.locator("#truth")).to_contain_text("In truth survived")
    expect(page.locator("#seen")).to_contain_text("Cherbourg")
    expect(page.locator("#group")).to_have_text("The model knows no woman or child of this party.")
    expect(page.locator("#version")).to_have_text(cloud.champion())
    base, *steps, end = weights(page)
    assert base == pytest.approx(100 * answer["contributions"]["base"], abs=0.051)
    assert end == pytest.approx(100 * answer["probability"], abs=0.051)
    assert base + sum(steps) == pytest.approx(end, abs=0.05 * (len(steps) + 2))


def test_the_form_alone_is_enough_and_needs_no_mouse(visit: Visit) -> None:
    page = visit()
    page.get_by_label("Surname").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("Doe")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")  # a man
    with page.expect_request(re.compile(r"/predict\?group=true$")) as asked:
        page.keyboard.press("Enter")
    body = asked.value.post_data_json
    assert body == {
        **{"Name": "Doe, Mr. James Joseph (Margaret Tobin)", "Sex": "male", "Age": 44, "Pclass": 1, "SibSp": 0},
        **{"Parch": 0, "Fare": 27.7208, "Embarked": "C", "Ticket": "PC 17610", "Cabin": "B4"},
    }
    expect(page.locator("#verdict")).to_contain_text("Would probably")


def test_the_page_opens_with_an_example_that_is_answered_and_not_logged(site: Site) -> None:
    page = site.visit()
    expect(page.locator("#why table")).to_be_visible()
    expect(page.locator("#who")).to_have_text("Mrs James Joseph Brown")
    expect(page.get_by_role("button", name="Mrs James Joseph Brown")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#logged")).to_contain_text("not logged")
    asked = [url.partition("/live")[2] for url in site.asked if "/live/predict" in url]
    assert asked == ["/predict?what_if=true&group=true"]


def test_a_link_asks_the_same_again(site: Site) -> None:
    page = site.visit()
    page.get_by_label("Surname").fill("Zürcher & Söhne")
    page.get_by_label("Cabin").fill("")
    with page.expect_request(re.compile(r"/predict\?group=true$")) as asked:
        page.get_by_role("button", name="What are the odds?").click()
    expect(page.locator("#logged")).to_have_text("This prediction was logged.")
    said = chance(page)

    other = site.blank()
    with other.expect_request(re.compile("what_if=true")) as again:
        other.goto(page.url)
    assert again.value.post_data_json == asked.value.post_data_json
    expect(other.locator("#gauge svg")).to_have_attribute("aria-label", said)


def test_a_link_with_what_the_table_has_not_is_the_page_as_ever(visit: Visit) -> None:
    page = visit("index.html#who=%22%3Cscript%3E&__proto__=1")
    expect(page.locator("#who")).to_have_text("Mrs James Joseph Brown")


@pytest.mark.parametrize(
    ("label", "typed", "field", "words"),
    [
        ("Age", "200", "Age", "A number from 0 to 120."),
        ("Fare in pounds", "10001", "Fare", "A number from 0 to 10,000."),
        ("Siblings, spouse", "1.5", "SibSp", "A whole number from 0 to 30."),
        ("Parents, children", "", "Parch", "This is needed."),
        ("Surname", "x" * 201, "Name", "At most 200 characters."),
    ],
)
def test_the_form_knows_what_the_api_would_refuse(site: Site, label: str, typed: str, field: str, words: str) -> None:
    page = site.blank()
    page.goto(f"{site.url}/index.html")
    expect(page.get_by_label("Age", exact=True)).to_have_attribute("max", "120")
    page.get_by_label(label, exact=True).fill(typed)
    page.get_by_role("button", name="What are the odds?").click()
    expect(page.locator(complaint(field))).to_have_text(words)
    expect(page.get_by_label(label, exact=True)).to_be_focused()
    assert not any("/predict?group" in url for url in site.asked)


def test_what_the_api_refuses_is_said_at_its_field(site: Site, cloud: Cloud) -> None:
    """With a schema that knows no bounds the page cannot know better, and the API's own 422 is shown."""
    site.forgive()
    page = site.blank()
    known = cloud.call("/schema")
    lax = {**known, "columns": [{**each, "minimum": None, "maximum": None} for each in known["columns"]]}
    page.route("**/schema", lambda route: route.fulfill(json=lax))
    page.goto(f"{site.url}/index.html")
    page.get_by_label("Age", exact=True).fill("200")
    page.get_by_role("button", name="What are the odds?").click()
    expect(page.locator(complaint("Age"))).to_have_text("This is not a decimal number from 0 to 120.")
    expect(page.get_by_role("alert")).to_contain_text("Age")


def test_what_if_follows_the_sliders_and_only_the_last_counts(visit: Visit, cloud: Cloud) -> None:
    page = visit()
    first_example(page)
    before = chance(page)
    slider = page.get_by_role("slider", name="What if: Class")
    slider.focus()
    with page.expect_response(lambda answer: (answer.request.post_data_json or {}).get("Pclass") == 3) as asked:
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
    then = asked.value.json()["probability"]
    assert "what_if=true" in asked.value.url, "it would look like drift"
    expect(page.locator("#gauge svg")).to_have_attribute("aria-label", f"Chance of “survived”: {then:.0%}")
    expect(page.locator("#change")).to_contain_text("points against what was entered")
    page.get_by_role("button", name="Back to what was entered").click()
    assert chance(page) == before
    expect(slider).to_have_value("1")


def test_an_overtaken_answer_is_not_shown(site: Site) -> None:
    """The first of two questions is answered last, by a network that holds it back."""
    page = site.visit()
    first_example(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if json.loads(route.request.post_data or "{}").get("Pclass") == 2:
            held.append(route)
        else:
            route.continue_()

    page.route("**/predict?what_if=true*", hold)
    page.get_by_role("slider", name="What if: Class").focus()
    with page.expect_request(re.compile("what_if=true")):
        page.keyboard.press("ArrowRight")
    with page.expect_response(re.compile("what_if=true")) as asked:
        page.keyboard.press("ArrowRight")
    shown = f"Chance of “survived”: {asked.value.json()['probability']:.0%}"
    expect(page.locator("#gauge svg")).to_have_attribute("aria-label", shown)
    (late,) = held
    with suppress(Error):  # whoever asked may be gone
        late.continue_()
    round_trip(page)
    assert chance(page) == shown
    expect(page.locator("#trouble")).to_be_empty()


def test_nothing_of_the_last_answer_is_turned_while_the_next_one_is_awaited(site: Site) -> None:
    """Neither by hand nor by a movement just before: it would ask about the old row, and the new one were lost."""
    page, held = site.visit(), list[Route]()
    expect(page.locator("#why table")).to_be_visible()
    page.route("**/predict?group=true", lambda route: held.append(route))
    page.get_by_role("slider", name="What if: Class").focus()
    asked = len(site.asked)
    with page.expect_request(re.compile(r"/predict\?group=true$")):
        page.evaluate(
            "const slider = document.activeElement; slider.stepUp(); slider.dispatchEvent(new Event('input'));"
            "document.querySelectorAll('#examples button')[1].click()"
        )
    page.evaluate("document.querySelector('#sliders input').focus()")
    assert not page.evaluate("document.querySelector('#sliders').contains(document.activeElement)")
    page.keyboard.press("ArrowRight")
    page.evaluate("document.querySelector('#reset').click()")  # no way around it either
    round_trip(page)
    page.evaluate("new Promise((done) => setTimeout(done, 200))")  # longer than the sliders' own pause
    held[0].continue_()
    expect(page.locator("#logged")).to_have_text("This prediction was logged.")
    expect(page.locator("#sliders")).not_to_have_attribute("inert", "")
    assert [url.partition("/live")[2] for url in site.asked[asked:] if "/predict" in url] == ["/predict?group=true"]


def test_what_is_typed_before_the_api_has_answered_stays(site: Site) -> None:
    page, held = site.blank(), list[Route]()
    page.route("**/health", lambda route: held.append(route), times=1)
    page.goto(f"{site.url}/index.html")
    page.get_by_label("Surname").fill("Doe")
    held[0].continue_()
    expect(page.locator("#status")).to_have_text("API is up")
    round_trip(page)
    expect(page.get_by_label("Surname")).to_have_value("Doe")
    assert not any("what_if" in url for url in site.asked)


def test_a_page_whose_api_is_away_says_so_and_recovers_by_itself(site: Site) -> None:
    site.forgive()
    page = site.visit()
    expect(page.locator("#why table")).to_be_visible()  # and the whole page with it
    page.context.set_offline(True)
    page.get_by_role("button", name="What are the odds?").click()
    expect(page.get_by_role("alert")).to_contain_text("The API is away")
    expect(page.locator("#status")).to_have_text("API is away")
    page.context.set_offline(False)
    expect(page.locator("#status")).to_have_text("API is up")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#logged")).to_have_text("This prediction was logged.")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_slow_api_is_called_slow(site: Site) -> None:
    page = site.visit()
    expect(page.locator("#status")).to_have_text("API is up")
    network = page.context.new_cdp_session(page)
    late = {"offline": False, "latency": 4000, "downloadThroughput": -1, "uploadThroughput": -1}
    network.send("Network.emulateNetworkConditions", late)
    page.get_by_role("button", name="What are the odds?").click()
    expect(page.locator("#status")).to_contain_text("API is slow")
    expect(page.locator("#why table")).to_be_visible()
    expect(page.locator("#status")).to_have_text("API is up")


def test_an_answer_without_the_log_is_shown_as_degraded(visit: Visit, cloud: Cloud) -> None:
    page = visit()
    with outage(cloud, "valkey"):
        first_example(page)
        expect(page.locator("#degraded")).to_be_visible()

    def whole_again() -> bool:
        with page.expect_response(re.compile(r"/predict\?group=true$")):
            page.get_by_role("button", name="What are the odds?").click()
        return page.locator("#degraded").is_hidden()

    until(whole_again)


def test_too_many_at_once_is_said_in_words(site: Site) -> None:
    """API Gateway throttles on AWS alone, so the answer is made up here, in its own words."""
    site.forgive()
    page = site.visit()
    page.route("**/predict?group=true", lambda route: route.fulfill(status=429, json={"message": "Too Many Requests"}))
    page.get_by_role("button", name="What are the odds?").click()
    expect(page.get_by_role("alert")).to_contain_text("Too many are asking at once")
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#logged")).to_have_text("This prediction was logged.")


def test_the_page_waits_for_a_schema_that_comes_late(site: Site) -> None:
    page, held = site.blank(), list[Route]()
    page.route("**/schema", lambda route: held.append(route))
    with page.expect_request("**/schema"):
        page.goto(f"{site.url}/index.html")
    expect(page.locator("#waiting")).to_be_visible()
    expect(page.locator("form")).to_be_hidden()
    held[0].continue_()
    expect(page.get_by_label("Surname")).to_be_visible()
    expect(page.locator("#waiting")).to_be_hidden()
