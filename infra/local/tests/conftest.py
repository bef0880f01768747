"""One LocalStack for the whole suite, or real AWS.

CONFORMANCE_ROLE, the ARN of an execution role, points the conformance suite at AWS: boto3's own
settings say where and as whom.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from recording import FOLDER, Recorder
from running import Localstack

from functions import Function, deploy

ROLE = os.environ.get("CONFORMANCE_ROLE")
CLIENT_CONFIG = Config(read_timeout=90, retries={"total_max_attempts": 1})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", type=Path, metavar="FOLDER", help="keep answers there, with today's date")
    parser.addoption("--recorded", type=Path, metavar="FOLDER", default=FOLDER, help="compare answers with these")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every behaviour in the conformance suite names the page that describes it."""
    for item in items:
        if "conformance" in item.path.parts and not item.get_closest_marker("aws"):
            raise pytest.UsageError(f"{item.nodeid} names no AWS page")
        if ROLE and ("conformance" not in item.path.parts or item.get_closest_marker("embedded")):
            item.add_marker(pytest.mark.skip(reason="looks at this machine; the suite is on AWS"))


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Localstack]:
    """The LocalStack that the tests share. Asynchronous retries wait 1 s instead of a minute."""
    settings = {"LAMBDA_RETRY_BASE_DELAY": "1", "SERVICES_AT_START": "ses"}
    running = Localstack(tmp_path_factory.mktemp("cloud"), overrides=settings)
    try:
        running.start()
        yield running
    finally:
        running.kill()


@pytest.fixture(scope="session")
def client(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """boto3 clients by name of the service."""
    settings = {} if ROLE else request.getfixturevalue("cloud").client_settings
    session = boto3.Session()
    made: dict[str, Any] = {}

    def make(service: str) -> Any:
        if service not in made:
            made[service] = session.client(service, config=CLIENT_CONFIG, **settings)
        return made[service]

    return make


@pytest.fixture
def recorder(request: pytest.FixtureRequest) -> Iterator[Recorder]:
    """Takes note of what functions answer to one test; then that is recorded, or compared with what AWS answered."""
    record, varies = request.config.getoption("record"), request.node.get_closest_marker("varies")
    recorder = Recorder(request.node, record or request.config.getoption("recorded"))
    yield recorder
    if not varies and recorder.answers:
        recorder.record(date.today()) if record else recorder.compare()


@pytest.fixture
def function(client: Callable[[str], Any], recorder: Recorder) -> Iterator[Callable[..., Function]]:
    """Deploys functions, and deletes them after the test; with time enough for a machine that has more to do."""
    deployed: list[Function] = []

    def create(source: str, files: dict[str, bytes] | None = None, **settings: Any) -> Function:
        role = ROLE or "arn:aws:iam::000000000000:role/conformance"
        made = deploy(client("lambda"), role, source, files, **{"Timeout": 60, **settings})
        deployed.append(replace(made, answers=recorder.answers))
        return deployed[-1].settled()

    yield create
    for one in deployed:
        one.client.delete_function(FunctionName=one.name)


@pytest.fixture
def localstack(tmp_path: Path) -> Iterator[Callable[..., Localstack]]:
    """Starts a LocalStack for one test alone, such as one that kills it."""
    started: list[Localstack] = []

    def start(**settings: Any) -> Localstack:
        started.append(Localstack(tmp_path, **settings))
        started[-1].start()
        return started[-1]

    yield start
    for one in started:
        one.kill()
