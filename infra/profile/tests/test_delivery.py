"""The first champion: trained, refused with the reason, and not tried again on the same code and table."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from embedded_cloud.stack import Stack
from embedded_cloud.state import State
from mlops_cloud import delivery, pipeline, project
from mlops_cloud.cloud import Cloud
from mlops_cloud.pipeline import NoChampionError, RunFailedError

Run = Mapping[str, Any]
REFUSED = {"promotion": {"champion": None, "model_version": "a1", "reason": "Not better than the class prior"}}
PROMOTED = {"promotion": {"champion": "a1", "model_version": "a1", "reason": "The first model"}}


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A cloud whose registry names no champion."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/titanic.csv").write_text("a,b\n1,2\n")
    monkeypatch.setattr(project, "appointed", lambda _: None)
    monkeypatch.setattr(project, "outputs", lambda *_: {})
    monkeypatch.setattr(project, "in_words", lambda run: [run["promotion"]["reason"]])
    return Cloud(State(tmp_path), tmp_path / "envs")


def train(cloud: Cloud, run: Callable[[], Run], stack: str = "one") -> None:
    delivery._first_champion(cloud, cloud.state.root, Stack(stack, {"PipelineArn": "arn"}, {}), lambda _: run())


def failing(error: str) -> Run:
    raise RunFailedError(error, "too few rows", "a run")


def test_a_refused_model_ends_with_the_reason_and_is_not_trained_again(cloud: Cloud) -> None:
    runs: list[Run] = []

    def run() -> Run:
        runs.append(REFUSED)
        return REFUSED

    for _ in range(2):
        with pytest.raises(NoChampionError, match="Not better than the class prior"):
            train(cloud, run)
    assert len(runs) == 1
    train(cloud, lambda: PROMOTED, stack="changed code")


def test_another_table_is_tried(cloud: Cloud) -> None:
    with pytest.raises(NoChampionError):
        train(cloud, lambda: REFUSED)
    (cloud.state.root / "data/titanic.csv").write_text("a,b\n3,4\n")
    train(cloud, lambda: PROMOTED)


def test_a_file_that_is_refused_is_not_tried_again(cloud: Cloud) -> None:
    for _ in range(2):
        with pytest.raises(NoChampionError, match="NotEnoughDataError: too few rows"):
            train(cloud, lambda: failing("NotEnoughDataError"))
    assert cloud.state.read(delivery.REFUSAL)


def test_a_run_that_failed_otherwise_is_tried_again(cloud: Cloud) -> None:
    with pytest.raises(RunFailedError):
        train(cloud, lambda: failing("StoreUnavailableError"))
    assert not cloud.state.read(delivery.REFUSAL)


def test_a_champion_that_cannot_be_served_is_followed_by_one_from_the_newest_files(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(project, "appointed", lambda _: "old")
    monkeypatch.setattr(pipeline, "run_on_latest", lambda *_: PROMOTED)
    train(cloud, lambda: pytest.fail("the first table was uploaded again"))
    assert "cannot serve champion old" in capsys.readouterr().err
