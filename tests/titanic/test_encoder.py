"""The encoder learns from its own rows alone and refuses a foreign schema."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops.errors import ModelCorruptedError
from mlops.ports import FeatureRow
from titanic import companions
from titanic.encoder import COLUMNS, Encoder
from titanic.features import REGISTRY, Derived, derive
from titanic.passenger import PORTS, SEXES, Passenger


def row(**changes: Any) -> Derived:
    return derive(Passenger(**{"pclass": 3, "name": "Braund, Mr. Owen", "sex": "male", **changes}))


ROWS = [
    row(age=20.0, fare=8.0, embarked="S"),
    row(age=40.0, fare=10.0, embarked="C"),
    row(name="Sage, Master. Tom", age=4.0, fare=70.0, pclass=1, embarked="C"),
    row(name="Sage, Master. Jim", age=None, fare=None, pclass=1, embarked=None),
]
ENCODER = Encoder.fit(ROWS, [0, 0, 1, 1])


def encoded(features: Derived) -> dict[str, float]:
    return dict(zip((column.name for column in COLUMNS), ENCODER.encode(features), strict=True))


def test_what_is_not_recorded_is_filled_from_the_training_rows() -> None:
    filled = encoded(ROWS[3])

    assert filled["age"] == 4.0
    assert filled["fare_per_head"] == 70.0


def test_a_group_that_training_never_saw_gets_the_overall_median() -> None:
    filled = encoded(row(name="Duff Gordon, Lady. Lucy", sex="female", pclass=2))

    assert filled["age"] == 20.0
    assert filled["fare_per_head"] == 10.0


def test_a_ticket_is_divided_among_those_who_travel_together() -> None:
    assert encoded(row(fare=30.0, sibsp=1, parch=1))["fare_per_head"] == 10.0


def test_every_column_is_made_of_registered_features() -> None:
    used = {feature for column in COLUMNS for feature in column.features}

    assert used <= {feature.name for feature in (*REGISTRY, *companions.FEATURES) if feature.type != "key"}
    assert len(ENCODER.encode(ROWS[0])) == len(COLUMNS)


def test_the_matrix_is_the_encoded_rows_in_float32(feature_rows: list[FeatureRow]) -> None:
    rows = [each.features for each in feature_rows]
    encoder, matrix = Encoder.fit_transform(rows, [each.survived for each in feature_rows])

    assert matrix.dtype == np.float32
    assert matrix.shape == (891, len(COLUMNS))
    assert np.isfinite(matrix).all()
    assert (encoder.transform(rows) == np.array([encoder.encode(each) for each in rows], dtype=np.float32)).all()
    own = slice(0, [column.name for column in COLUMNS].index("companions"))
    assert (matrix[:, own] == encoder.transform(rows)[:, own]).all()
    assert encoder.transform([]).shape == (0, len(COLUMNS))


def test_what_the_training_rows_say_nothing_of_is_no_reason_to_fail() -> None:
    assert np.isfinite(Encoder.fit([row()], [0]).encode(row())).all()


def test_it_survives_json() -> None:
    assert Encoder.from_json(json.loads(json.dumps(ENCODER.to_json()))) == ENCODER


@pytest.mark.parametrize(
    "change",
    [{"schema_hash": "0123456789abcdef"}, {"columns": ["age"]}, {"age": None, "years": 30.0}, {"companions": []}],
)
def test_another_schema_is_refused(change: dict[str, Any]) -> None:
    data = {**ENCODER.to_json(), **change}

    with pytest.raises(ModelCorruptedError):
        Encoder.from_json({name: value for name, value in data.items() if value is not None})


@given(
    st.builds(
        Passenger,
        pclass=st.sampled_from((1, 2, 3)),
        name=st.text(max_size=60),
        sex=st.sampled_from(SEXES),
        age=st.none() | st.floats(0, 120),
        sibsp=st.integers(0, 30),
        parch=st.integers(0, 30),
        ticket=st.none() | st.text(max_size=20),
        fare=st.none() | st.floats(0, 10_000),
        cabin=st.none() | st.text(max_size=20),
        embarked=st.none() | st.sampled_from(PORTS),
    )
)
@settings(deadline=None)
def test_any_passenger_can_be_encoded(passenger: Passenger) -> None:
    assert np.isfinite(np.asarray(ENCODER.encode(derive(passenger)), dtype=np.float32)).all()
