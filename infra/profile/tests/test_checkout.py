"""Which cloud a command is about, and that at most one of a checkout runs."""

import sys
from collections.abc import Iterator
from pathlib import Path

import filelock
import pytest

from embedded_cloud import processes
from embedded_cloud.errors import CloudError
from embedded_cloud.processes import Service
from embedded_cloud.state import State
from mlops_cloud import checkout
from mlops_cloud.cloud import Cloud, of_use_case
from mlops_cloud.use_case import DEFAULT, UseCase


@pytest.fixture
def churn(tmp_path: Path) -> Iterator[Cloud]:
    """A cloud of another use case that is up, as far as its processes tell."""
    cloud = of_use_case(State(tmp_path / "cloud-churn"), tmp_path / "envs", UseCase("churn"))
    cloud.state.root.mkdir()
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    processes.start(cloud.state.root, Service("valkey", command, lambda: True), tmp_path / "log")
    yield cloud
    checkout.stop(cloud)


def chosen(home: Path, name: str = "", state: Path | None = None, *, starts: bool = False) -> tuple[str, str]:
    cloud = checkout.choose(home, state, name, starts=starts)
    return cloud.use_case.name, cloud.state.root.name


def test_each_use_case_has_a_state_folder(tmp_path: Path) -> None:
    assert chosen(tmp_path) == (DEFAULT, "cloud")
    assert chosen(tmp_path, "churn") == ("churn", "cloud-churn")


@pytest.mark.long
def test_commands_are_about_the_cloud_that_is_up(tmp_path: Path, churn: Cloud) -> None:
    assert chosen(tmp_path) == ("churn", "cloud-churn")
    assert chosen(tmp_path, "penguins") == ("penguins", "cloud-penguins")
    assert chosen(tmp_path, starts=True) == (DEFAULT, "cloud")
    checkout.stop(churn)
    assert chosen(tmp_path) == (DEFAULT, "cloud")


def test_a_cloud_that_starts_stops_the_other_and_says_so(
    tmp_path: Path, churn: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    churn.state.write("outputs", {})
    wanted = checkout.choose(tmp_path, None, "", starts=True)
    with wanted.state.locked(tmp_path / "cloud.lock"):
        checkout.claim(wanted, list(checkout.clouds(tmp_path)))
    assert not checkout.runs(churn)
    assert churn.state.root.exists()
    said = capsys.readouterr()
    assert "make up USE_CASE=churn" in said.err
    assert said.out == ""


def test_a_given_folder_stays_with_its_use_case(tmp_path: Path) -> None:
    state = tmp_path / "somewhere"
    cloud = checkout.choose(tmp_path, state, "churn", starts=True)
    with cloud.state.locked():
        checkout.claim(cloud, [])
    assert chosen(tmp_path, state=state) == ("churn", "somewhere")
    with pytest.raises(CloudError, match="use case churn, not of penguins"):
        checkout.choose(tmp_path, state, "penguins", starts=True)


def test_a_folder_of_an_earlier_release_is_of_the_default_use_case(tmp_path: Path) -> None:
    State(tmp_path).write("deployment", {"stack": "some-stack"})
    assert chosen(tmp_path, state=tmp_path)[0] == DEFAULT
    with pytest.raises(CloudError):
        checkout.choose(tmp_path, tmp_path, "churn", starts=True)


def test_two_at_once_are_kept_apart(tmp_path: Path) -> None:
    cloud = checkout.choose(tmp_path, None, "", starts=True)
    with (
        filelock.FileLock(tmp_path / "cloud.lock"),
        pytest.raises(CloudError, match="Another `up`"),
        cloud.state.locked(tmp_path / "cloud.lock"),
    ):
        pass
