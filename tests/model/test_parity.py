"""The portable model is the scikit-learn one: on the whole list, and on passengers nobody has seen."""

import random

import pytest

from mlops.ports import FeatureRow
from titanic.features import Derived, derive
from titanic.passenger import PORTS, SEXES, Passenger

from .conftest import Trained

TITLES = ("Mr", "Mrs", "Miss", "Master", "Rev", "Col")


def invented(count: int) -> list[Derived]:
    """Passengers of every kind, many of them impossible."""
    chance = random.Random(1912)

    def maybe(value: float | str) -> float | str | None:
        return value if chance.random() < 0.8 else None

    return [
        derive(
            Passenger(
                pclass=chance.randint(1, 3),
                name=f"Doe, {chance.choice(TITLES)}. J",
                sex=chance.choice(SEXES),
                age=maybe(chance.uniform(0, 120)),  # type: ignore[arg-type]
                sibsp=chance.randint(0, 9),
                parch=chance.randint(0, 9),
                fare=maybe(10 ** chance.uniform(-1, 4)),  # type: ignore[arg-type]
                cabin=maybe(chance.choice("ABCDEFGT") + "1"),  # type: ignore[arg-type]
                embarked=maybe(chance.choice(PORTS)),  # type: ignore[arg-type]
            )
        )
        for _ in range(count)
    ]


def test_on_the_whole_list_and_on_invented_passengers(trained: Trained, feature_rows: list[FeatureRow]) -> None:
    rows = [row.features for row in feature_rows] + invented(100_000)
    expected = trained.estimator.predict_proba(trained.model.encoder.transform(rows))[:, 1]
    together = trained.model.probabilities(rows)

    assert together == pytest.approx(expected, abs=1e-6)
    assert together == expected.tolist(), "not even the last bit differs, for the sums are taken in the same order"
    assert [trained.model.probabilities([row])[0] for row in rows[:891]] == together[:891]
    assert [trained.model.explanations([row])[0] for row in rows[:891]] == trained.model.explanations(rows[:891])
    assert [probability for probability, _ in trained.model.explanations(rows)] == together
