"""Real stores for the tests: started once a session, from the same wheels as the embedded cloud's own."""

import csv
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from clouds import checkout, cloud, empty_cloud, passenger, running_cloud  # noqa: F401 - one for all of a session
from embedded_cloud import localstack, ports, postgres, processes, valkey
from embedded_cloud.processes import Service
from mlops.model.estimator import grow, portable
from mlops.model.portable import Model
from mlops.ports import FeatureRow
from titanic.encoder import Encoder
from titanic.features import derive
from titanic.passenger import FIELDS, Passenger

PASSENGER_LIST = Path(__file__).parents[1] / "data" / "titanic.csv"
ENVIRONMENTS = Path(__file__).parents[1] / ".local" / "envs"
_FIRST_PORT = 20_000 + os.getpid() % 4_000 * 3  # so that sessions side by side do not race for the same


@pytest.fixture(scope="session")
def passenger_list() -> bytes:
    """The passenger list as it is shipped: 891 rows, CRLF."""
    return PASSENGER_LIST.read_bytes()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty PostgreSQL of this session's own."""
    root, password = tmp_path_factory.mktemp("postgres"), secrets.token_urlsafe()
    port = ports.choose("TEST_POSTGRES_PORT", _FIRST_PORT)
    postgres.initialise(root / "data", password)
    yield from _running(root, postgres.service(root / "data", port), postgres.url(port, password))


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty Valkey of this session's own."""
    root, password = tmp_path_factory.mktemp("valkey"), secrets.token_urlsafe()
    port = ports.choose("TEST_VALKEY_PORT", _FIRST_PORT + 1)
    yield from _running(root, valkey.service(root / "data", port, password), valkey.url(port, password))


@pytest.fixture(scope="session")
def s3_endpoint_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The S3 of a LocalStack of this session's own."""
    if not (ENVIRONMENTS / "localstack").exists():
        pytest.skip("LocalStack's environment is not installed: run `make test`")
    root, port = tmp_path_factory.mktemp("localstack"), ports.choose("TEST_LOCALSTACK_PORT", _FIRST_PORT + 2)
    url = f"http://{ports.HOST}:{port}"
    localstack.prepare(root)
    service = Service(
        name="localstack",
        command=localstack.command(ENVIRONMENTS / "localstack/bin/python"),
        ready=lambda: localstack.is_ready(url),
        environment=localstack.environment(root, port, ENVIRONMENTS / "lambda/bin/python"),
    )
    yield from _running(root, service, url)


def _running(root: Path, service: Service, url: str) -> Iterator[str]:
    processes.start(root, service, root / "log")
    yield url
    processes.stop(root, service.name)


@pytest.fixture(scope="session")
def feature_rows(passenger_list: bytes) -> list[FeatureRow]:
    """The passenger list as the offline store has it."""

    def recorded(row: dict[str, str]) -> Passenger:
        kinds = {"pclass": int, "sibsp": int, "parch": int, "age": float, "fare": float}
        known = {field: row[column] or None for column, field in FIELDS.items()}
        return Passenger(**{field: kinds.get(field, str)(value) if value else None for field, value in known.items()})

    rows = csv.DictReader(passenger_list.decode().splitlines())
    return [FeatureRow(int(row["PassengerId"]), int(row["Survived"]), derive(recorded(row))) for row in rows]


@pytest.fixture(scope="session")
def model(feature_rows: list[FeatureRow]) -> Model:
    """A portable model of the whole list."""
    rows, survived = [row.features for row in feature_rows], [row.survived for row in feature_rows]
    encoder, matrix = Encoder.fit_transform(rows, survived)
    return Model(encoder, portable(grow({"max_depth": 6, "min_samples_leaf": 2}, matrix, survived)))
