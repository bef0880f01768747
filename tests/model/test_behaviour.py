"""What a person who knows the ship expects of the model, whatever its accuracy."""

from dataclasses import replace
from typing import Any

import pytest

from titanic.features import derive
from titanic.passenger import Passenger
from titanic.ports import FeatureRow

from .conftest import Trained

MAN = Passenger(3, "Braund, Mr. Owen Harris", "male", 22.0, 0, 0, "A/5 21171", 7.25, None, "S")
LADY = Passenger(1, "Astor, Mrs. John Jacob", "female", 30.0, 1, 0, "PC 17757", 80.0, "C62", "C")
BOY = Passenger(2, "Mallet, Master. Andre", "male", 2.0, 0, 2, "S.C./PARIS 2079", 37.0, None, "C")


def probability(trained: Trained, passenger: Passenger) -> float:
    return trained.model.probabilities([derive(passenger)])[0]


@pytest.mark.parametrize("passenger", [MAN, LADY, BOY], ids=["man", "lady", "boy"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda p: {"name": p.name.replace("Braund", "Smith").replace("Astor", "Ō").upper()}, id="surname"),
        pytest.param(lambda p: {"name": f"{p.name} (Jack)"}, id="given names"),
        pytest.param(lambda p: {"ticket": "110152"}, id="ticket number"),
        pytest.param(lambda p: {"ticket": None}, id="no ticket number"),
        pytest.param(lambda p: {"cabin": p.cabin and p.cabin.lower()}, id="letter case of the cabin"),
    ],
)
def test_what_must_not_matter(trained: Trained, passenger: Passenger, change: Any) -> None:
    assert probability(trained, replace(passenger, **change(passenger))) == probability(trained, passenger)


@pytest.mark.parametrize(
    ("likelier", "than"),
    [
        pytest.param(replace(MAN, name="Braund, Miss. Ona", sex="female"), MAN, id="women first"),
        pytest.param(replace(MAN, name="Braund, Master. Owen", age=3.0, parch=1), MAN, id="children first"),
        pytest.param(replace(LADY), replace(LADY, pclass=3, fare=8.0, cabin=None), id="first class before third"),
        pytest.param(replace(MAN, pclass=1, fare=60.0, cabin="B5"), MAN, id="first class before third, men"),
        pytest.param(replace(LADY, sibsp=0), replace(LADY, pclass=3, fare=60.0, cabin=None, sibsp=5, parch=2),
                     id="small parties before large"),
    ],
)  # fmt: skip
def test_what_must_matter_and_how(trained: Trained, likelier: Passenger, than: Passenger) -> None:
    assert probability(trained, likelier) > probability(trained, than) + 0.05


def test_a_value_that_is_not_recorded_is_no_surprise(trained: Trained) -> None:
    """Leaving out an age of the usual kind moves the probability little."""
    assert probability(trained, replace(MAN, age=None)) == pytest.approx(probability(trained, MAN), abs=0.15)


def test_the_obvious_cases(trained: Trained) -> None:
    assert probability(trained, MAN) < 0.2
    assert probability(trained, LADY) > 0.9
    assert probability(trained, BOY) > 0.8


def test_the_reasons_it_gives_are_the_historical_ones(trained: Trained, feature_rows: list[FeatureRow]) -> None:
    """Sex and title, which tells sex and age, move the predictions most."""
    total: dict[str, float] = {}
    for _, contributions in trained.model.explanations([row.features for row in feature_rows]):
        for feature, share in contributions.items():
            total[feature] = total.get(feature, 0.0) + abs(share)
    del total["base"]

    assert {"sex", "title"} & set(sorted(total, key=lambda name: -total[name])[:2])
