"""How good the model is on passengers it has not seen, and the alarm that rings if it has (`-s` prints figures)."""

from collections.abc import Sequence

import numpy as np
import pytest
from sklearn.model_selection import RepeatedStratifiedKFold

from mlops.model.estimator import grow
from mlops.ports import FeatureRow
from titanic.encoder import Encoder
from titanic.features import Derived

from .conftest import Trained


@pytest.fixture(scope="module")
def rows(feature_rows: list[FeatureRow]) -> list[Derived]:
    return [row.features for row in feature_rows]


@pytest.fixture(scope="module")
def survived(feature_rows: list[FeatureRow]) -> list[int]:
    return [row.survived for row in feature_rows]


def cross_validated(trained: Trained, rows: Sequence[Derived], survived: Sequence[int], repeats: int) -> list[float]:
    """Accuracy on each fold, with folds that the search did not use; the encoder is fitted inside."""
    params = {name: trained.card["params"][name] for name in trained.card["search"]["candidates"][0]["params"]}
    scores = []
    folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=repeats, random_state=7)
    for train, test in folds.split(np.zeros(len(rows)), survived):
        fates = [survived[i] for i in train]
        encoder, matrix = Encoder.fit_transform([rows[i] for i in train], fates)
        decisions = grow(params, matrix, fates).predict(encoder.transform([rows[i] for i in test]))
        scores.append(float(np.mean(decisions == [survived[i] for i in test])))
    return scores


def test_repeated_cross_validation(trained: Trained, rows: list[Derived], survived: list[int]) -> None:
    scores = cross_validated(trained, rows, survived, repeats=5)

    print(f"\n5 x 5-fold accuracy {np.mean(scores):.4f}, standard deviation over folds {np.std(scores):.4f}")
    assert np.mean(scores) >= 0.845


def test_on_the_hold_out(trained: Trained) -> None:
    metrics = trained.card["metrics"]

    print(f"\nhold-out {metrics}")
    assert metrics["rows"] == 178
    assert metrics["accuracy"] >= 0.80
    assert metrics["roc_auc"] >= 0.85
    assert metrics["brier"] <= 0.15


def test_with_shuffled_fates_there_is_nothing_to_learn(
    trained: Trained, rows: list[Derived], survived: list[int]
) -> None:
    """If accuracy stays above the base rate here, a fate has leaked into the features or across the folds."""
    shuffled = np.random.default_rng(11).permutation(survived).tolist()

    assert np.mean(cross_validated(trained, rows, shuffled, repeats=1)) <= 1 - np.mean(survived) + 0.02


def test_the_alarm_rings_for_a_planted_leak(trained: Trained, rows: list[Derived], survived: list[int]) -> None:
    shuffled = np.random.default_rng(11).permutation(survived).tolist()
    leaky: list[Derived] = [{**row, "fare": 100.0 + fate} for row, fate in zip(rows, shuffled, strict=True)]

    assert np.mean(cross_validated(trained, leaky, shuffled, repeats=1)) > 0.95
