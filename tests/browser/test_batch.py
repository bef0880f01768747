"""The Batch page: files of all kinds, up to a hundred thousand rows, on the real API."""

import csv
import io
import itertools
import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from clouds import CHECKOUT, Cloud

from .conftest import Site, Visit

LIST = CHECKOUT / "data" / "titanic.csv"
HEAD = "Pclass,Name,Sex,Age,SibSp,Parch"
NO_COMMAS = "The cells seem to be separated by something else than commas."
MANY = 100_000
# Long enough for a person to see it; on an idle machine it is 50 (docs/site.md), and here others wait for the cores.
FROZEN_MILLISECONDS = 500
LONG_TASKS = """
globalThis.longest = 0;
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, each.duration);
}).observe({ type: "longtask" });
"""
# The same after a task of 600 ms.
BUSY = """() => new Promise((seen) => setTimeout(() => {
  for (const end = performance.now() + 600; performance.now() < end; );
  setTimeout(() => seen(longest), 200);
}))"""


def drop(page: Page, content: bytes | str, name: str = "list.csv") -> None:
    body = content.encode() if isinstance(content, str) else content
    page.locator("#file").set_input_files({"name": name, "mimeType": "text/csv", "buffer": body})


def downloaded(page: Page) -> list[dict[str, str]]:
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download as CSV").click()
    with Path(saved.value.path()).open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_list_is_scored_sorted_and_taken_away(visit: Visit, cloud: Cloud) -> None:
    page = visit("batch.html")
    page.get_by_role("button", name="Try the sample file").click()
    expect(page.locator("#phase")).to_have_text("All 891 passengers")
    expect(page.locator("#scored")).to_have_text("891")

    with LIST.open(newline="") as file:
        passengers = list(csv.DictReader(file))
    expected = [each["probability"] for each in cloud.call("/predict/batch", {"passengers": passengers})["predictions"]]
    scored = downloaded(page)
    assert [float(row["probability"]) for row in scored] == expected
    assert [{name: row[name] for name in passengers[0]} for row in scored] == passengers
    assert all(row["prediction_id"] for row in scored)

    page.get_by_role("button", name="Chance").click()
    expect(page.get_by_role("columnheader", name="Chance")).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("button", name="Chance").click()
    best = max(range(len(expected)), key=lambda at: (expected[at], -at))
    expect(page.locator("[aria-rowindex='2']")).to_contain_text(passengers[best]["Name"])


@pytest.mark.long
def test_a_hundred_thousand_rows_do_not_freeze_the_page(site: Site, tmp_path: Path) -> None:
    """Cancelled on the way, gone on with, sorted and scrolled to the end."""
    with LIST.open(newline="") as file:
        head, *rows = csv.reader(file)
    big = tmp_path / "big.csv"
    with big.open("w", newline="") as file:
        csv.writer(file).writerows([head, *itertools.islice(itertools.cycle(rows), MANY)])
    page = site.blank()
    page.add_init_script(LONG_TASKS)
    page.goto(f"{site.url}/batch.html")
    page.locator("#file").set_input_files(big)
    expect(page.locator("#phase")).to_have_text(re.compile(r"^[1-9]\d*,\d+ of 100,000 passengers"))
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#phase")).to_contain_text("Cancelled after")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#phase")).to_have_text("All 100,000 passengers", timeout=180_000)
    expect(page.locator("#scored")).to_have_text("100,000")
    page.get_by_role("button", name="Name").click()
    region = page.get_by_role("region", name="Passengers")
    region.evaluate("box => box.scrollTo(0, box.scrollHeight)")
    expect(page.locator(f"[aria-rowindex='{MANY + 1}']")).to_be_visible()
    assert page.locator("[role=row]").count() < 60
    longest = page.evaluate("longest")
    assert page.evaluate(BUSY) >= 600  # it does measure
    print(f"longest task of the page with {MANY:,} rows: {longest:.0f} ms")
    assert longest < FROZEN_MILLISECONDS
    assert len(downloaded(page)) == MANY


def test_bad_rows_do_not_cost_the_others_theirs(visit: Visit) -> None:
    page = visit("batch.html")
    good = '1,"Doe, Miss. Jane",female,30,0,0'
    drop(page, "\r\n".join([HEAD, good, '2,"Roe, Mr. Richard",male,abc,0,x', "3,too,few", good]))
    expect(page.locator("#phase")).to_have_text("All 4 passengers")
    expect(page.locator("#scored")).to_have_text("2")
    expect(page.locator("#failed")).to_have_text("2")
    page.get_by_label("Only the rows with errors").check()
    expect(page.locator("[aria-rowindex='2']")).to_contain_text("Age: ")
    expect(page.locator("[aria-rowindex='3']")).to_contain_text("3 cells where the first line has 6")
    rows = downloaded(page)
    assert [bool(row["error"]) for row in rows] == [False, True, True, False]
    assert "Parch" in rows[1]["error"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (HEAD + '\n1,"never closed,female,30,0,0\n', "The quote that line 2 opens is never closed."),
        (HEAD + '\n1,"Doe"x,female,30,0,0\n', "Line 2 has text after a quote that ended a cell."),
        (HEAD + '\n1,D"oe,female,30,0,0\n', "Line 2 has a quote inside a cell that does not begin with one."),
        ("Pclass,Name,Age\n1,a,2\n", "The first line does not name these columns: Sex, SibSp, Parch."),
        (HEAD.replace(",", ";") + "\n", NO_COMMAS),
        (HEAD.replace(",", ";") + '\n1;"Doe, Mr. John";male;30;0;0\n', NO_COMMAS),
        (HEAD.replace(",", "\t") + '\n1\t"Doe, Mr. John"\tmale\t30\t0\t0\n', NO_COMMAS),
        ('"' + HEAD.replace(",", '";"') + '"\n"1";"Doe, Mr. John";"male";"30";"0";"0"\n', NO_COMMAS),
        (HEAD + ",Age\n", "The first line names a column twice: Age."),
        (HEAD + "\n", "There is no passenger in this file."),
        ("", "There is no passenger in this file."),
        (b"\xff\xfe\x00broken", "This is not a text file in UTF-8."),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_words(visit: Visit, content: bytes | str, words: str) -> None:
    page = visit("batch.html")
    drop(page, content)
    expect(page.get_by_role("alert")).to_have_text(words)
    expect(page.locator("#phase")).to_have_text("This file cannot be read")
    expect(page.get_by_role("button", name="Download as CSV")).to_be_disabled()


def test_a_busy_api_is_asked_again(site: Site) -> None:
    site.forgive()
    page = site.visit("batch.html")
    busy = {"status": 429, "json": {"message": "Too Many Requests"}, "headers": {"Retry-After": "0"}}
    page.context.route("**/predict/batch", lambda route: route.fulfill(**busy), times=1)
    page.get_by_role("button", name="Try the sample file").click()
    expect(page.locator("#phase")).to_have_text("All 891 passengers")
    expect(page.locator("#scored")).to_have_text("891")


def test_an_api_that_stays_away_stops_it_and_it_goes_on_later(site: Site) -> None:
    site.forgive()
    page = site.visit("batch.html")
    page.context.route("**/predict/batch", lambda route: route.fulfill(status=500, json={"detail": "Out of order"}))
    page.get_by_role("button", name="Try the sample file").click()
    expect(page.locator("#phase")).to_have_text("Stopped after 0 of 891 passengers")
    expect(page.get_by_role("alert")).to_have_text("Out of order")
    page.context.unroute_all()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#phase")).to_have_text("All 891 passengers")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_any_csv_is_read_as_python_reads_it_however_it_is_cut(visit: Visit) -> None:
    page = visit("batch.html")
    chance = random.Random(1912)
    cells = ["", "a", '"', '""', ",", "\n", "\r\n", "\r", " b ", "é", "🚢", 'x"y', "Doe, Miss. Jane"]
    for _ in range(200):
        table = [[chance.choice(cells) for _ in range(chance.randint(2, 5))] for _ in range(chance.randint(1, 6))]
        text = io.StringIO(newline="")
        end = chance.choice(["\n", "\r\n", "\r"])
        quoting = csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL  # or Python leaves other line ends unquoted
        csv.writer(text, lineterminator=end, quoting=quoting).writerows(table)
        whole = text.getvalue() if chance.random() < 0.5 else text.getvalue().removesuffix(end)
        cuts = sorted(chance.randint(0, len(whole)) for _ in range(3))
        parts = [whole[a:b] for a, b in itertools.pairwise([0, *cuts, len(whole)])]
        read = page.evaluate(
            """async (parts) => {
              const { CsvParser } = await import("./batch/csv.js");
              const parser = new CsvParser();
              return [...parts.flatMap((part) => parser.push(part)), ...parser.end()];
            }""",
            parts,
        )
        assert read == table, json.dumps([whole, cuts])


def test_files_in_the_bucket_are_scored_and_watched(visit: Visit, cloud: Cloud, addresses: dict[str, Any]) -> None:
    key = f"scoring/{random.randrange(10**9)}.csv"
    cloud.client("s3").upload_file(str(LIST), addresses["data_bucket"], key)
    page = visit("batch.html")
    files = page.get_by_role("region", name="Files in the data bucket")
    files.get_by_label("Files or folders").fill(key)
    files.get_by_label("Admin key").fill(addresses["admin_api_key"])
    files.get_by_role("button", name="Score these files").click()
    expect(files.get_by_role("status")).to_have_text("All done: 891 passengers scored", timeout=60_000)
    expect(files).to_contain_text(f"s3://{addresses['data_bucket']}/batches/")
    expect(files).to_contain_text(cloud.champion())


def test_what_is_wrong_with_asked_for_files_is_told(site: Site, visit: Visit, addresses: dict[str, Any]) -> None:
    page = visit("batch.html")
    files = page.get_by_role("region", name="Files in the data bucket")
    start = files.get_by_role("button", name="Score these files")
    start.click()
    expect(files.get_by_role("alert")).to_have_text("Name a file or a folder.")
    files.get_by_label("Files or folders").fill("nothing/here.csv")
    start.click()
    expect(files.get_by_role("alert")).to_have_text("The key is needed.")
    site.forgive()
    files.get_by_label("Admin key").fill("wrong")
    start.click()
    expect(files.get_by_role("alert")).to_have_text("This is not the admin key")
    files.get_by_label("Admin key").fill(addresses["admin_api_key"])
    start.click()
    expect(files.get_by_role("alert")).to_contain_text("There is no 'nothing/here.csv' in the data bucket")
