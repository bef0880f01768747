"""The training function's steps in the order of the pipeline, from its sample events."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from fakes.object_store import MemoryObjectStore
from mlops.errors import InvalidInputError, ModelNotFoundError, NotEnoughDataError
from mlops.features.stores import FeatureRow
from mlops.settings import database_url
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.offline_store import PostgresOfflineStore
from titanic import USE_CASE

SCHEMA = USE_CASE.schema_hash

Invoke = Callable[[str, dict[str, Any]], dict[str, Any]]
Sample = Callable[[str, str], dict[str, Any]]


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    few = replace(USE_CASE, search=replace(USE_CASE.search, trees=40))
    monkeypatch.setattr("mlops.wiring.use_case", cache(lambda: few))


@pytest.fixture
def dataset(database_schema: None, feature_rows: list[FeatureRow]) -> dict[str, str]:
    """The passenger list's features in the offline store, as the features step leaves them."""
    return {"dataset_version": stored(feature_rows), "schema_hash": SCHEMA}


def stored(rows: list[FeatureRow], version: str = "7d118fef8b6ccf7f") -> str:
    PostgresOfflineStore(Database(database_url()), USE_CASE).write(version, SCHEMA, rows)
    return version


def test_the_steps_from_plan_to_champion(invoke: Invoke, dataset: dict[str, str], objects: MemoryObjectStore) -> None:
    plan = invoke("training", {"step": "plan", **dataset})
    assert [len(share["candidates"]) for share in plan["shares"]] == [8, 8]
    assert {name: plan[name] for name in dataset} == dataset

    searched = [invoke("training", {"step": "evaluate", **dataset, **share})["evaluations"] for share in plan["shares"]]
    assert {each["index"] for share in searched for each in share} == set(range(16))
    assert all(-0.5 < each["mean"] < -0.35 for share in searched for each in share)

    fitted = invoke("training", {"step": "fit", **dataset, "evaluations": searched})
    assert invoke("training", {"step": "fit", **dataset, "evaluations": searched[::-1]}) == fitted
    folder = f"models/{fitted['model_version']}/"
    assert {key.removeprefix(folder) for key in objects.keys("titanic-models", folder)} == {
        "card.json", "digests.json", "model.pkl", "model.safetensors", "out_of_fold.json", "reference.json",
    }  # fmt: skip

    promoted = invoke("training", {"step": "promote", "model_version": fitted["model_version"]})
    assert promoted["decision"] == "promoted"
    assert promoted["champion"] == promoted["model_version"] == fitted["model_version"]
    assert promoted["accuracy"] == pytest.approx(fitted["accuracy"], abs=1e-6)
    again = invoke("training", {"step": "promote", "model_version": fitted["model_version"]})
    assert again["decision"] == "unchanged"


@pytest.mark.parametrize(
    ("event", "seed"),
    [
        pytest.param({}, 1912, marks=pytest.mark.long),
        pytest.param({"run": {"seed": 7, "key": "raw/a.csv"}}, 7, marks=pytest.mark.long),
        ({"seed": 8, "run": {"seed": 7}}, 8),
    ],
)
def test_a_run_may_bring_its_own_seed(
    invoke: Invoke, dataset: dict[str, str], event: dict[str, Any], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = invoke("training", {"step": "plan", **dataset, **event})
    assert plan["seed"] == seed

    monkeypatch.setenv("TRAINING_SEED", str(seed))
    assert invoke("training", {"step": "plan", **dataset}) == plan


@pytest.mark.long
def test_a_share_is_evaluated_with_the_seed_of_its_run(
    invoke: Invoke, dataset: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINING_SEED", "7")
    (share, *_) = invoke("training", {"step": "plan", **dataset})["shares"]
    evaluate = {"step": "evaluate", **dataset, "candidates": share["candidates"][:1], "only": [0, 10]}
    assert invoke("training", {**evaluate, "seed": 7}) == invoke("training", evaluate)
    assert invoke("training", {**evaluate, "seed": 8}) != invoke("training", evaluate)


def test_a_deployment_may_have_a_shorter_search(
    invoke: Invoke, dataset: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEARCH_CANDIDATES", "3")

    def shares(**more: int) -> list[int]:
        plan = invoke("training", {"step": "plan", **dataset, **more})
        return [len(share["candidates"]) for share in plan["shares"]]

    assert shares() == [2, 1]
    assert shares(count=4) == [2, 2]


@pytest.mark.parametrize("seed", [-1, 2**32, "soon"])
def test_a_seed_that_is_none_is_named(invoke: Invoke, dataset: dict[str, str], seed: Any) -> None:
    with pytest.raises(InvalidInputError, match="seed"):
        invoke("training", {"step": "plan", **dataset, "run": {"seed": seed}})


@pytest.mark.parametrize("name", ["plan", "evaluate", "fit_share", "fit"])
def test_the_sample_events(invoke: Invoke, sample: Sample, dataset: dict[str, str], name: str) -> None:
    assert invoke("training", sample("training", name))


def test_the_sample_promotion_names_a_version_that_is_not_here(invoke: Invoke, sample: Sample) -> None:
    with pytest.raises(ModelNotFoundError):
        invoke("training", sample("training", "promote"))


def test_one_row_of_a_class_is_not_enough(
    invoke: Invoke, database_schema: None, feature_rows: list[FeatureRow], objects: MemoryObjectStore
) -> None:
    survivor = next(row for row in feature_rows if row.label)
    version = stored([survivor, *(row for row in feature_rows if not row.label)], version="one")
    event = {"step": "fit", "dataset_version": version, "schema_hash": SCHEMA}

    with pytest.raises(NotEnoughDataError, match="1 of them 'survived'"):
        invoke("training", {**event, "evaluations": [[{"index": 0, "params": {}, "fold_scores": [1.0]}]]})
    assert list(objects.keys("titanic-models", "")) == []


@pytest.mark.parametrize(
    "event", [{}, {"step": "guess"}, {"step": "plan"}, {"step": "fit", "dataset_version": "x"}, {"step": "promote"}]
)
def test_an_event_that_lacks_something_is_invalid(invoke: Invoke, event: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        invoke("training", event)
