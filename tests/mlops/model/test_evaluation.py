"""The figures of a model card, on cases that can be worked out by hand."""

import pytest

from mlops.model import evaluation
from titanic.features import derive
from titanic.passenger import Passenger

SURVIVED = [1, 1, 0, 0]
PROBABILITIES = [0.8, 0.4, 0.6, 0.2]


def test_metrics() -> None:
    figures = evaluation.metrics(SURVIVED, PROBABILITIES)

    assert figures["rows"] == 4
    assert figures["accuracy"] == 0.5
    assert figures["confusion"] == {"tn": 1, "fp": 1, "fn": 1, "tp": 1}
    assert figures["roc_auc"] == 0.75
    assert figures["brier"] == pytest.approx((0.04 + 0.36 + 0.36 + 0.04) / 4)
    assert figures["log_loss"] == pytest.approx(0.569717, abs=1e-6)


def test_curves_begin_and_end_where_they_must() -> None:
    curves = evaluation.curves(SURVIVED, PROBABILITIES)

    assert curves["roc"][0] == {"false_positive_rate": 0.0, "true_positive_rate": 0.0}
    assert curves["roc"][-1] == {"false_positive_rate": 1.0, "true_positive_rate": 1.0}
    assert curves["calibration"][0]["predicted"] == 0.2


def test_slices_hold_every_passenger_once_each_way() -> None:
    rows = [
        derive(Passenger(1, "Astor, Mrs. Madeleine", "female", age=18.0)),
        derive(Passenger(3, "Sandstrom, Miss. Beatrice", "female", age=1.0)),
        derive(Passenger(3, "Braund, Mr. Owen", "male", age=None)),
        derive(Passenger(3, "Svensson, Mr. Johan", "male", age=74.0)),
    ]
    found = {(each["feature"], each["value"]): each for each in evaluation.slices(rows, SURVIVED, PROBABILITIES)}

    assert {name for name, _ in found} == {"sex", "pclass", "age"}
    for feature in ("sex", "pclass", "age"):
        assert sum(each["rows"] for (name, _), each in found.items() if name == feature) == 4
    assert found["sex", "female"] == {
        "feature": "sex", "value": "female", "rows": 2, "accuracy": 0.5, "survived": 1.0, "probability": 0.6,
    }  # fmt: skip
    assert found["age", "not recorded"]["probability"] == 0.6
    assert found["age", "over 50"]["survived"] == 0.0
    assert found["age", "teenager, up to 18"]["rows"] == 1
