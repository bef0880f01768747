"""Of very many rows a sample is searched and all are learnt from; they are in memory a portion at a time."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from arro3.core import Array, DataType, Table
from pandas.testing import assert_frame_equal

from fakes.feature_stores import MemoryOfflineStore
from fakes.object_store import MemoryObjectStore
from mlops.features.stores import FeatureRow
from mlops.model import training_set as module
from mlops.model.estimator import grow, portable
from mlops.model.holdout import divide
from mlops.model.shared_forest import grow_trees, join
from mlops.model.training_set import TrainingSet, from_columns, records, training_set
from mlops.registry.versions import CARD, MODEL, REFERENCE, Registry
from mlops.training.train import Run
from mlops.use_case import UseCase


@pytest.fixture
def portions() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PORTION", 100)
        yield


@pytest.fixture
def few(case: UseCase) -> UseCase:
    """The use case with forests of ten trees and a sample of 300 rows."""
    return replace(case, search=replace(case.search, trees=10, sample=300))


def rows_of(case: UseCase, feature_rows: list[FeatureRow]) -> Iterator[tuple[str, int, list[object]]]:
    names = [feature.name for feature in case.features]
    return ((row.row_id, row.label, [row.features[name] for name in names]) for row in feature_rows)


def test_portions_make_the_same_frame(case: UseCase, feature_rows: list[FeatureRow]) -> None:
    whole = training_set(case.features, rows_of(case, feature_rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PORTION", 100)
        parts = training_set(case.features, rows_of(case, feature_rows))
    assert_frame_equal(parts.features, whole.features)
    assert (parts.labels == whole.labels).all()
    assert parts.ids == whole.ids


def test_equal_texts_are_one_object(case: UseCase, feature_rows: list[FeatureRow], portions: None) -> None:
    cells = training_set(case.features, rows_of(case, feature_rows)).features["embarked"].tolist()
    assert len({id(cell) for cell in cells}) == len(set(cells))


def test_rows_that_are_made_when_asked_for_are_the_same(training_rows: TrainingSet) -> None:
    whole = records(training_rows.features)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PORTION", 100)
        made = records(training_rows.features)
        assert not isinstance(made, list)
        assert len(made) == len(whole)
        assert list(made) == list(made) == whole
        assert made[7] == whole[7]
        assert list(made[150:420]) == whole[150:420]


def test_the_encoder_learns_the_same_from_portions(case: UseCase, training_rows: TrainingSet) -> None:
    encoder, matrix = case.encoding.fit_transform(training_rows.features, training_rows.labels)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PORTION", 100)
        again, other = case.encoding.fit_transform(training_rows.features, training_rows.labels)
    assert again.to_json() == encoder.to_json()
    assert (other == matrix).all()


def test_samples_keep_the_division_and_the_classes_shares(few: UseCase, training_rows: TrainingSet) -> None:
    case = replace(few, search=replace(few.search, sample=100))
    whole, drawn = divide(few, training_rows), divide(case, training_rows)
    assert (len(drawn.training), len(drawn.holdout)) == (100, 100)
    assert len(drawn.everyone) == len(training_rows)
    assert not set(drawn.training.ids) & set(drawn.holdout.ids)
    assert set(drawn.holdout.ids) <= set(whole.holdout.ids)
    for part in (drawn.training, drawn.holdout):
        assert part.labels.mean() == pytest.approx(training_rows.labels.mean(), abs=0.02)
    assert divide(case, training_rows).training.ids == drawn.training.ids


@pytest.mark.parametrize("bootstrap", [True, False])
def test_the_card_says_what_was_drawn_and_the_forest_is_grown_on_all(
    few: UseCase, feature_rows: list[FeatureRow], monkeypatch: pytest.MonkeyPatch, bootstrap: bool
) -> None:
    monkeypatch.setattr("mlops.model.cross_validation.MANY_ROWS", 200)
    monkeypatch.setattr("mlops.model.cross_validation.MAX_ROWS", 250)
    offline, registry = MemoryOfflineStore(few), Registry(MemoryObjectStore(), "models", few)
    offline.write("a dataset", few.schema_hash, feature_rows)
    params = {"max_depth": 4, "bootstrap": bootstrap}
    run = Run(few, offline, registry, "a dataset", few.schema_hash)
    published = run.fit(run.evaluate([(0, params)], 2)[0])
    card = json.loads(registry.reader.artifact(published.version, CARD))
    assert card["serving"]["rows"] == len(feature_rows)
    assert (card["training"]["rows"], card["holdout"]["rows"]) == (300, 178)
    assert "Of 891 rows, 300 were drawn" in card["training"]["note"]
    expected = json.loads(registry.reader.artifact(published.version, REFERENCE))
    assert expected["rows"] == len(feature_rows)
    assert sum(expected["prediction"]["counts"]) == 250
    forest = registry.reader.model(published.version).forest
    assert np.mean([forest.value[root] for root in forest.roots]) == pytest.approx(
        np.mean([row.label for row in feature_rows]), abs=0.05
    )
    assert registry.reader.artifact(published.version, MODEL)


@pytest.mark.parametrize("kind", ["pandas", "numpy", "arrow"])
def test_columns_make_the_same_set_as_rows(case: UseCase, feature_rows: list[FeatureRow], kind: str) -> None:
    """Whole columns, as pandas, NumPy or Arrow has them, missing cells included."""
    whole = training_set(case.features, rows_of(case, feature_rows))
    columns: Any = pd.DataFrame([row.features for row in feature_rows])
    if kind == "arrow":
        types = {"number": DataType.float64(), "flag": DataType.float64()}
        columns = Table.from_pydict(
            {
                each.name: Array(
                    [
                        None if pd.isna(cell) else cell if each.type in types else str(cell)
                        for cell in columns[each.name]
                    ],
                    types.get(each.type, DataType.string()),
                )
                for each in case.features
            }
        )
    elif kind == "numpy":
        columns = {name: columns[name].to_numpy() for name in columns}
    ids, labels = [row.row_id for row in feature_rows], [row.label for row in feature_rows]
    made = from_columns(case.features, ids, labels, columns)

    assert_frame_equal(made.features, whole.features)
    assert made.ids == whole.ids
    assert (made.labels == whole.labels).all()


def test_a_column_that_is_not_there_is_named(case: UseCase) -> None:
    with pytest.raises(KeyError, match="pclass"):
        from_columns(case.features, [], [], {})


@pytest.mark.parametrize(
    "params",
    [
        {"max_depth": 6, "max_samples": 0.6},
        {"max_depth": 5, "bootstrap": False},
        {"max_depth": 7, "criterion": "entropy", "max_features": 0.6, "class_weight": "balanced"},
    ],
)
def test_a_forest_grown_in_shares_is_that_of_one_process(case: UseCase, params: dict[str, object]) -> None:
    """On 100,000 rows, with scikit-learn's own seeds: each tree and each probability."""
    chance = np.random.default_rng(5)
    matrix = chance.normal(size=(100_000, 4)).astype(np.float32)
    labels = (matrix[:, 0] + matrix[:, 1] ** 2 + chance.normal(size=len(matrix)) > 1).astype(np.int64)
    few = replace(case.search, trees=5)
    whole = grow(few, params, matrix, labels)
    trees = [tree for share in ((0, 2), (2, 4), (4, 5)) for tree in grow_trees(few, params, matrix, labels, *share)]
    joined = join(few, params, trees, matrix, labels)

    assert portable(joined) == portable(whole)
    assert (joined.predict_proba(matrix[:1000]) == whole.predict_proba(matrix[:1000])).all()
    assert joined.get_params() == whole.get_params()
    assert [each.random_state for each in joined.estimators_] == [each.random_state for each in whole.estimators_]


def test_what_memory_held_before_is_in_no_forest(case: UseCase) -> None:
    """Between the fields of a tree's nodes are bytes that nothing writes; a version is named by all its bytes."""
    chance = np.random.default_rng(5)
    matrix = chance.normal(size=(500, 4)).astype(np.float32)
    labels = (matrix[:, 0] > 0).astype(np.int64)
    few = replace(case.search, trees=3)
    for tree in grow_trees(few, {}, matrix, labels, 0, 3):
        leaves, nodes = tree.apply(matrix), tree.__getstate__()["nodes"]
        unused = nodes.view(np.uint8).reshape(len(nodes), -1)[:, -7:]
        unused[:] = 0xAA
        assert tree.__getstate__()["nodes"].tobytes() == nodes.tobytes()
        join(few, {}, [tree], matrix, labels)
        assert not unused.any()
        assert (tree.apply(matrix) == leaves).all()
