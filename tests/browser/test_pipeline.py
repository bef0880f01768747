"""The Pipeline page on the real API: a run from its upload to its decision, and one that is refused."""

import csv
import io
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from clouds import LIST, Cloud, call, until

from .conftest import Site, Visit, round_trip

RUN_MILLISECONDS = 120_000


def put(page: Page, name: str, content: bytes, key: str) -> None:
    page.locator("#file").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    page.get_by_label("Admin key").fill(key)
    page.get_by_role("button", name="Upload and train").click()


def spoilt() -> bytes:
    """The list with two bad cells, one of which a spreadsheet would run."""
    rows = list(csv.reader(io.StringIO(LIST.read_text())))
    rows[3][rows[0].index("Age")] = "=1+1"
    rows[9][rows[0].index("Pclass")] = "7"
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def test_a_file_is_followed_to_its_decision_and_its_bad_rows_are_told(
    visit: Visit, cloud: Cloud, tmp_path: Path
) -> None:
    page = visit("pipeline.html")
    expect(page.get_by_role("table", name="Runs of the pipeline")).to_contain_text("titanic.csv")
    key = cloud.outputs()["admin_api_key"]

    put(page, "two are bad.csv", spoilt(), key)

    expect(page.locator("#uploaded")).to_contain_text("two are bad.csv is uploaded")
    expect(page.locator("#run")).to_contain_text("two are bad.csv")
    expect(page.locator("[data-status=running]")).to_have_count(1)
    expect(page.locator("[data-step=Promote]")).to_have_attribute("data-status", "succeeded", timeout=RUN_MILLISECONDS)
    expect(page.locator("#run")).to_contain_text("889 taken, 2 refused")
    page.get_by_role("button", name="Show refused rows").click()
    refused = page.get_by_role("table", name="Refused cells")
    expect(refused.get_by_role("row")).to_have_count(3)
    expect(refused).to_contain_text("is not one of 1, 2, 3")
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Download as CSV").click()
    downloaded.value.save_as(tmp_path / "refused.csv")
    rows = list(csv.reader((tmp_path / "refused.csv").open(newline="")))
    assert rows[0] == ["row", "field", "value", "reason"]
    assert [row[:3] for row in rows[1:]] == [["3", "Age", "'=1+1"], ["9", "Pclass", "7"]]
    page.get_by_role("button", name="titanic.csv", exact=True).last.click()
    expect(page.locator("#run-title")).to_have_text("An earlier run")
    expect(page.locator("#run")).to_contain_text("891 taken, 0 refused")


def test_a_file_that_is_refused_says_what_to_do(site: Site, cloud: Cloud) -> None:
    site.forgive()
    page = site.visit("pipeline.html")
    put(page, "recipes.csv", b"dish,minutes\nsoup,20\n", "not the key")
    expect(page.get_by_role("alert")).to_have_text("This is not the admin key")
    page.get_by_label("Admin key").fill(cloud.outputs()["admin_api_key"])
    page.get_by_role("button", name="Upload and train").click()

    expect(page.locator("[data-step=Ingest]")).to_have_attribute("data-status", "failed", timeout=RUN_MILLISECONDS)
    expect(page.locator("#run")).to_contain_text("correct it and upload it again")
    page.get_by_role("button", name="Show the cause").click()
    expect(page.locator("#run")).to_contain_text("Missing column PassengerId")


def test_batches_are_listed_for_the_holder_of_the_key(site: Site, cloud: Cloud) -> None:
    api, key = cloud.outputs()["api_url"], cloud.outputs()["admin_api_key"]
    begun = call(f"{api}/batches", {"keys": ["raw/titanic.csv"]}, key)
    until(lambda: call(f"{api}/batches/{begun['batch_id']}", key=key)["status"] != "running")
    page = site.visit("pipeline.html")
    page.get_by_role("button", name="Show the latest").click()
    expect(page.get_by_role("alert")).to_have_text("The key is needed for that: type it above.")
    page.get_by_label("Admin key").fill(key)
    page.get_by_role("button", name="Show the latest").click()
    row = page.get_by_role("table", name="Batches").get_by_role("row", name="raw/titanic.csv").first
    expect(row).to_contain_text("succeeded")
    expect(row).to_contain_text("891")
    expect(row).to_contain_text(begun["model_version"])


def test_a_batch_that_failed_is_finished_from_the_page(site: Site, cloud: Cloud) -> None:
    """A batch that fails is not to be had here in seconds, so the answers are made up; what is asked is not."""
    key = cloud.outputs()["admin_api_key"]
    about = {"batch_id": "0" * 16, "status": "incomplete", "reason": None, "model_version": cloud.champion()}
    about |= {"format": "csv", "keys": ["raw/titanic.csv", "raw/b.csv"], "shards": 2, "shards_done": 1}
    about |= {"rows": {"in": 4, "out": 2, "refused": 1, "failed": 1}, "results": "s3://data/batches/0/"}
    page = site.visit("pipeline.html")
    page.route(re.compile("/batches$"), lambda route: route.fulfill(json={"batches": [about]}), times=1)
    page.get_by_label("Admin key").fill(key)
    page.get_by_role("button", name="Show the latest").click()
    row = page.get_by_role("row", name="raw/titanic.csv and 1 more")
    expect(row).to_contain_text("incomplete")
    site.forgive()
    refusal = {"status": 409, "json": {"detail": "It runs already"}}
    page.route(re.compile("/batches$"), lambda route: route.fulfill(**refusal), times=1)
    row.get_by_role("button", name="Finish it").click()
    expect(page.get_by_role("alert")).to_have_text("It runs already")
    round_trip(page)
    expect(page.get_by_role("alert")).to_have_text("It runs already")  # no list that followed wiped it
    with page.expect_request(lambda request: request.method == "POST") as asked:
        page.route(re.compile("/batches$"), lambda route: route.fulfill(status=202, json=about), times=1)
        row.get_by_role("button", name="Finish it").click()
    wanted = {name: about[name] for name in ("keys", "format", "model_version")}
    assert asked.value.post_data_json == wanted


def test_what_cannot_be_sent_is_said_before(site: Site) -> None:
    page = site.visit("pipeline.html")
    page.get_by_role("button", name="Upload and train").click()
    expect(page.get_by_role("alert")).to_have_text("Choose a file first.")
    for name, size, words in (("a.txt", 1, "must end with .csv"), ("a.csv", 2**22 + 1, "more than 4 MB")):
        page.locator("#file").set_input_files({"name": name, "mimeType": "text/csv", "buffer": b"a" * size})
        page.get_by_role("button", name="Upload and train").click()
        expect(page.get_by_role("alert")).to_contain_text(words)
    page.locator("#file").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"a"})
    page.get_by_role("button", name="Upload and train").click()
    expect(page.get_by_role("alert")).to_have_text("The key is needed.")
    expect(page.get_by_label("Admin key")).to_be_focused()
    assert not any("/uploads/" in url for url in site.asked)


def test_before_the_first_run_the_steps_are_there_to_see(site: Site, cloud: Cloud) -> None:
    page, known = site.blank(), cloud.call("/runs")
    page.route(re.compile("/runs$"), lambda route: route.fulfill(json={**known, "runs": []}))
    page.goto(f"{site.url}/pipeline.html")
    expect(page.locator("[data-status=waiting]")).to_have_count(len(main(known)))
    expect(page.locator("#runs")).to_contain_text("None yet")


def main(known: dict[str, Any]) -> list[Any]:
    return [step for step in known["steps"] if not step["optional"]]
