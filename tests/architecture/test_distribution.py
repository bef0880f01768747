"""The embedded cloud is for any project: neither its code nor what it says names this one."""

import re
from pathlib import Path
from statistics import median

SOURCES = Path(__file__).parents[2] / "infra" / "local" / "src"
# Of this product: its names, its own words, its commands.
WORDS = re.compile(r"titanic|passenger|mlops|use.?case|champion|airflow|pipeline|admin.?(api.?)?key|\bmake up\b", re.I)


def test_no_file_of_the_distribution_names_the_product() -> None:
    files = [file for kind in ("*.py", "*.mjs") for file in SOURCES.rglob(kind)]
    found = {file.name: words.group() for file in files if (words := WORDS.search(file.read_text()))}
    assert len(files) > 50
    assert found == {}


def test_files_are_of_one_concept() -> None:
    lengths = {file.name: len(file.read_text().splitlines()) for file in SOURCES.rglob("*.py")}
    assert {name: length for name, length in lengths.items() if length > 220} == {}
    assert median(length for length in lengths.values() if length > 1) < 80
