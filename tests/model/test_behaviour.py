"""What a person who knows the ship expects of the model, whatever its accuracy."""

from collections.abc import Callable

import pytest

from mlops.features.stores import FeatureRow
from mlops.use_case import Cell
from titanic.features import derive

from .conftest import Trained

Person = dict[str, Cell]
COLUMNS = ("Pclass", "Name", "Sex", "Age", "SibSp", "Parch", "Ticket", "Fare", "Cabin", "Embarked")


def person(*cells: Cell) -> Person:
    return dict(zip(COLUMNS, cells, strict=True))


# None of the three shares a ticket or a family with anybody on the list; the fourth is one of a family of eleven.
MAN = person(3, "Braund, Mr. Owen Harris", "male", 22.0, 0, 0, "A/5 2", 7.25, None, "S")
LADY = person(1, "Astorre, Mrs. Ava", "female", 30.0, 1, 0, "PC 1", 80.0, "C62", "C")
BOY = person(2, "Mallett, Master. Albert", "male", 2.0, 0, 2, "S.C./PARIS 2", 37.0, None, "C")
SAGE = person(3, "Sage, Miss. Nobody", "female", 20.0, 8, 2, "CA. 2343", 69.55, None, "S")


def probability(trained: Trained, passenger: Person, **changes: Cell) -> float:
    return trained.model.probabilities([derive({**passenger, **changes})])[0]


def renamed(passenger: Person) -> str:
    return str(passenger["Name"]).replace("Braund", "Smith").replace("Astorre", "Ō").upper()


@pytest.mark.parametrize("passenger", [MAN, LADY, BOY], ids=["man", "lady", "boy"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda p: {"Name": renamed(p)}, id="surname"),
        pytest.param(lambda p: {"Name": f"{p['Name']} (Jack)"}, id="given names"),
        pytest.param(lambda p: {"Ticket": "A/5 3"}, id="number of a ticket that nobody shares"),
        pytest.param(lambda p: {"Ticket": None}, id="no ticket number"),
        pytest.param(lambda p: {"Cabin": p["Cabin"] and p["Cabin"].lower()}, id="letter case of the cabin"),
    ],
)
def test_what_must_not_matter(trained: Trained, passenger: Person, change: Callable[[Person], Person]) -> None:
    assert probability(trained, passenger, **change(passenger)) == probability(trained, passenger)


def test_what_became_of_companions_matters(trained: Trained) -> None:
    alone = probability(trained, SAGE, Name="Nobody, Miss. Ada", Ticket=None)

    assert probability(trained, SAGE) < alone - 0.05


POOR_LADY = {**LADY, "Pclass": 3, "Fare": 8.0, "Cabin": None}
POOR_FAMILY = {**LADY, "Pclass": 3, "Fare": 60.0, "Cabin": None, "SibSp": 5, "Parch": 2}


@pytest.mark.parametrize(
    ("likelier", "than"),
    [
        pytest.param({**MAN, "Name": "Braund, Miss. Ona", "Sex": "female"}, MAN, id="women first"),
        pytest.param({**MAN, "Name": "Braund, Master. Owen", "Age": 3.0, "Parch": 1}, MAN, id="children first"),
        pytest.param(LADY, POOR_LADY, id="first class before third"),
        pytest.param({**MAN, "Pclass": 1, "Fare": 60.0, "Cabin": "B5"}, MAN, id="first class before third, men"),
        pytest.param({**LADY, "SibSp": 0}, POOR_FAMILY, id="small parties before large"),
    ],
)
def test_what_must_matter_and_how(trained: Trained, likelier: Person, than: Person) -> None:
    assert probability(trained, likelier) > probability(trained, than) + 0.05


def test_a_value_that_is_not_recorded_is_no_surprise(trained: Trained) -> None:
    """Leaving out an age of the usual kind moves the probability little."""
    assert probability(trained, MAN, Age=None) == pytest.approx(probability(trained, MAN), abs=0.15)


def test_the_obvious_cases(trained: Trained) -> None:
    assert probability(trained, MAN) < 0.2
    assert probability(trained, LADY) > 0.9
    assert probability(trained, BOY) > 0.5


def test_the_reasons_it_gives_are_the_historical_ones(trained: Trained, feature_rows: list[FeatureRow]) -> None:
    """Sex and title, which tells sex and age, move the predictions most."""
    total: dict[str, float] = {}
    for _, contributions in trained.model.explanations([row.features for row in feature_rows]):
        for feature, share in contributions.items():
            total[feature] = total.get(feature, 0.0) + abs(share)
    del total["base"]

    assert {"sex", "title"} & set(sorted(total, key=lambda name: -total[name])[:2])
