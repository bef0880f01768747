"""What a person who knows the ship expects of the model, whatever its accuracy."""

from dataclasses import replace
from typing import Any

import pytest

from mlops.ports import FeatureRow
from titanic.features import derive
from titanic.passenger import Passenger

from .conftest import Trained

# None of the three shares a ticket or a family with anybody on the list; the fourth is one of a family of eleven.
MAN = Passenger(3, "Braund, Mr. Owen Harris", "male", 22.0, 0, 0, "A/5 2", 7.25, None, "S")
LADY = Passenger(1, "Astorre, Mrs. Ava", "female", 30.0, 1, 0, "PC 1", 80.0, "C62", "C")
BOY = Passenger(2, "Mallett, Master. Albert", "male", 2.0, 0, 2, "S.C./PARIS 2", 37.0, None, "C")
SAGE = Passenger(3, "Sage, Miss. Nobody", "female", 20.0, 8, 2, "CA. 2343", 69.55, None, "S")


def probability(trained: Trained, passenger: Passenger) -> float:
    return trained.model.probabilities([derive(passenger)])[0]


@pytest.mark.parametrize("passenger", [MAN, LADY, BOY], ids=["man", "lady", "boy"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda p: {"name": p.name.replace("Braund", "Smith").replace("Astorre", "Ō").upper()}, id="surname"
        ),
        pytest.param(lambda p: {"name": f"{p.name} (Jack)"}, id="given names"),
        pytest.param(lambda p: {"ticket": "A/5 3"}, id="number of a ticket that nobody shares"),
        pytest.param(lambda p: {"ticket": None}, id="no ticket number"),
        pytest.param(lambda p: {"cabin": p.cabin and p.cabin.lower()}, id="letter case of the cabin"),
    ],
)
def test_what_must_not_matter(trained: Trained, passenger: Passenger, change: Any) -> None:
    assert probability(trained, replace(passenger, **change(passenger))) == probability(trained, passenger)


def test_the_fate_of_companions_matters(trained: Trained) -> None:
    alone = replace(SAGE, name="Nobody, Miss. Ada", ticket=None)

    assert probability(trained, SAGE) < probability(trained, alone) - 0.05


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
