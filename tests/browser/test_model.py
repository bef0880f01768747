"""The Model page: the champion's card, every version, and the promotion that takes the admin key."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from clouds import Cloud, copied, until

from .conftest import Site, Visit


def test_the_card_is_the_champions(visit: Visit, cloud: Cloud) -> None:
    page = visit("model.html")
    card = cloud.call("/model")
    champion = page.get_by_role("region", name="Champion", exact=True)
    expect(champion).to_contain_text(card["model_version"])
    expect(champion).to_contain_text(f"{card['metrics']['accuracy']:.1%}")
    expect(page.get_by_role("img", name="ROC curve")).to_be_visible()
    expect(page.get_by_role("img", name="Calibration")).to_be_visible()
    confusion = page.get_by_role("table", name="Confusion matrix")
    for figure in card["metrics"]["confusion"].values():
        expect(confusion).to_contain_text(str(figure))
    importances = page.get_by_role("table", name="Importance by feature")
    expect(importances.locator("tbody tr")).to_have_count(len(card["inspection"]["permutation"]))
    first = card["inspection"]["permutation"][0]
    expect(importances.locator("tbody tr").first).to_contain_text(f"+{first['mean']:.3f}")
    expect(importances.locator("tbody tr").first).to_contain_text(f"+{first['interval'][0]:.3f}")
    dependence = page.get_by_role("region", name="Partial dependence")
    by_name = {each["feature"]: each["points"] for each in card["inspection"]["partial_dependence"]}
    by_sex = dependence.get_by_role("table", name="Chance by Sex").locator("tbody tr")
    for at, value in enumerate(("female", "male")):
        (point,) = [each for each in by_name["sex"] if each["value"] == value]
        expect(by_sex.nth(at)).to_contain_text(f"{point['probability']:.0%}")
    expect(dependence.get_by_role("img", name="Chance by")).to_have_count(
        sum(len(points) > 3 and all(type(each["value"]) is float for each in points) for points in by_name.values())
    )
    expect(page.get_by_role("table", name="Accuracy by group").locator("tbody tr")).to_have_count(len(card["slices"]))
    expect(page.get_by_role("region", name="Lineage")).to_contain_text(card["dataset_version"])
    baselines = page.get_by_role("table", name="Accuracy beside the baselines")
    for baseline in card["baselines"]:
        expect(baselines.get_by_role("row", name=baseline["name"])).to_contain_text(f"{baseline['accuracy']:.1%}")
    for decision in card.get("decisions") or []:
        expect(page.get_by_role("region", name="Decisions")).to_contain_text(decision["reason"])


def test_two_versions_stand_side_by_side_and_a_card_can_be_kept(visit: Visit, cloud: Cloud, tmp_path: Path) -> None:
    other = copied(cloud.client("s3"), cloud.outputs()["models_bucket"], cloud.champion(), b"\n\n\n\n")
    page = visit("model.html")
    table = page.get_by_role("table", name="Two versions side by side")
    expect(table).to_contain_text(cloud.champion())
    page.get_by_label("Another", exact=True).select_option(other)
    expect(table).to_contain_text(other)
    accuracy = f"{cloud.call('/model')['metrics']['accuracy']:.1%}"
    assert table.get_by_role("row", name="Accuracy").locator("td").all_inner_texts() == [accuracy] * 2
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Download the card").click()
    downloaded.value.save_as(tmp_path / "card.json")
    card = json.loads((tmp_path / "card.json").read_text())
    assert card["model_version"] == cloud.champion()
    assert card["metrics"] == cloud.call("/model")["metrics"]


def test_a_chart_is_a_table_too(visit: Visit, cloud: Cloud) -> None:
    page = visit("model.html")
    calibration = page.get_by_role("region", name="Calibration", exact=True)
    calibration.get_by_text("As a table").click()
    points = {point["predicted"] for point in cloud.call("/model")["curves"]["calibration"]}
    rows = calibration.get_by_role("table").locator("tbody tr")
    expect(rows).to_have_count(len(points | {0, 1}))


def test_the_way_back_takes_the_key_which_stays_in_memory(site: Site) -> None:
    site.forgive()  # of the wrong key
    cloud, key = site.cloud, site.addresses["admin_api_key"]
    before = cloud.champion()
    other = copied(cloud.client("s3"), site.addresses["models_bucket"], before)
    page = site.visit("model.html")
    page.get_by_role("button", name=f"Make {other} champion").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(before)
    dialog.get_by_role("button", name="Make champion").click()
    expect(dialog.get_by_role("alert")).to_have_text("The key is needed.")
    dialog.get_by_label("Admin key").fill("wrong")
    dialog.get_by_role("button", name="Make champion").click()
    expect(dialog.get_by_role("alert")).to_have_text("This is not the admin key")
    dialog.get_by_label("Admin key").fill(key)
    dialog.get_by_role("button", name="Make champion").click()
    expect(page.locator("#done")).to_contain_text(other)
    expect(page.locator("#done")).to_contain_text("serves.")
    until(lambda: cloud.champion() == other)  # other instances look again within seconds

    assert page.get_by_label("Admin key").input_value() == ""
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
    assert key not in kept
    assert kept == f'[{{}},{{}},"","{site.url}/model.html"]'
    assert not any(key in url for url in site.asked)

    page.get_by_role("button", name=f"Make {before} champion").click()  # the key is known by now
    dialog.get_by_role("button", name="Make champion").click()
    expect(page.locator("#done")).to_contain_text(re.compile(f"{before} ?serves"))
    until(lambda: cloud.champion() == before)


@pytest.mark.parametrize(("status", "words"), [(503, "No model was promoted yet"), (404, "Nothing of the kind")])
def test_a_card_that_is_not_to_be_had_is_explained(site: Site, status: int, words: str) -> None:
    """The versions are there all the same."""
    site.forgive()
    page = site.blank()
    page.route("**/model", lambda route: route.fulfill(status=status, json={"detail": words}))
    page.goto(f"{site.url}/model.html")
    expect(page.get_by_role("alert")).to_contain_text(words)
    expect(page.get_by_role("table", name="Model versions")).to_be_visible()
