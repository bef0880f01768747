"""The portable model is the scikit-learn one: on the whole list, and on passengers nobody has seen."""

import random

import pytest

from mlops.features.stores import FeatureRow
from mlops.model.training_set import frame
from mlops.use_case import Derived
from passengers import passenger
from titanic.features import FEATURES, derive

from .conftest import Trained

TITLES = ("Mr", "Mrs", "Miss", "Master", "Rev", "Col")


def invented(count: int) -> list[Derived]:
    """Passengers of every kind, many of them impossible."""
    chance = random.Random(1912)

    def maybe(value: float | str) -> float | str | None:
        return value if chance.random() < 0.8 else None

    return [
        derive(
            passenger(
                chance.randint(1, 3),
                f"Doe, {chance.choice(TITLES)}. J",
                chance.choice(("female", "male")),
                Age=maybe(chance.uniform(0, 120)),
                SibSp=chance.randint(0, 9),
                Parch=chance.randint(0, 9),
                Fare=maybe(10 ** chance.uniform(-1, 4)),
                Cabin=maybe(chance.choice("ABCDEFGT") + "1"),
                Embarked=maybe(chance.choice("CQS")),
            )
        )
        for _ in range(count)
    ]


def test_on_the_whole_list_and_on_invented_passengers(trained: Trained, feature_rows: list[FeatureRow]) -> None:
    rows = [row.features for row in feature_rows] + invented(20_000)
    features = frame(FEATURES, [list(row.values()) for row in rows])
    expected = trained.estimator.predict_proba(trained.model.encoder.transform(features))[:, 1]
    together = trained.model.probabilities(rows)

    assert trained.model.score(features) == together
    assert together == pytest.approx(expected, abs=1e-6)
    assert together == expected.tolist(), "not even the last bit differs, for the sums are taken in the same order"
    assert [trained.model.probabilities([row])[0] for row in rows[:891]] == together[:891]
    assert [trained.model.explanations([row])[0] for row in rows[:891]] == trained.model.explanations(rows[:891])
    explained = trained.model.explanations(rows[:8_000])  # which takes ten times as long a row
    assert [probability for probability, _ in explained] == together[:8_000]
