"""The encoder learns from its own rows alone and refuses a foreign schema."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from mlops.errors import ModelCorruptedError
from mlops.features.stores import FeatureRow
from mlops.model.training_set import TrainingSet, frame, records
from mlops.use_case import Cell, Derived
from passengers import PASSENGERS, passenger
from titanic import USE_CASE
from titanic.encoder import INPUTS, Encoder
from titanic.features import derive


def row(pclass: int = 3, name: str = "Braund, Mr. Owen", sex: str = "male", **cells: Cell) -> Derived:
    return derive(passenger(pclass, name, sex, **cells))


def as_frame(*rows: Derived) -> pd.DataFrame:
    return frame(USE_CASE.features, [list(each.values()) for each in rows])


ROWS = [
    row(Age=20.0, Fare=8.0, Embarked="S"),
    row(Age=40.0, Fare=10.0, Embarked="C"),
    row(1, "Sage, Master. Tom", Age=4.0, Fare=70.0, Embarked="C"),
    row(1, "Sage, Master. Jim"),
]
ENCODER = Encoder.fit(as_frame(*ROWS), np.array([0, 0, 1, 1]))


def encoded(features: Derived) -> dict[str, float]:
    return dict(zip((each.name for each in INPUTS), ENCODER.encode(features), strict=True))


def test_what_is_not_recorded_is_filled_from_the_training_rows() -> None:
    filled = encoded(ROWS[3])

    assert filled["age"] == 4.0
    assert filled["fare_per_head"] == 70.0


def test_a_group_that_training_never_saw_gets_the_overall_median() -> None:
    filled = encoded(row(2, "Duff Gordon, Lady. Lucy", "female"))

    assert filled["age"] == 20.0
    assert filled["fare_per_head"] == 10.0


def test_a_ticket_is_divided_among_those_who_travel_together() -> None:
    assert encoded(row(Fare=30.0, SibSp=1, Parch=1))["fare_per_head"] == 10.0


def test_every_input_is_made_of_declared_features() -> None:
    used = {feature for each in INPUTS for feature in each.features}

    declared = (*USE_CASE.features, *USE_CASE.learned_features)
    assert used <= {feature.name for feature in declared if feature.type != "key"}
    assert len(ENCODER.encode(ROWS[0])) == len(INPUTS)


def test_the_matrix_is_the_encoded_rows_in_float32(training_rows: TrainingSet, feature_rows: list[FeatureRow]) -> None:
    encoder, matrix = Encoder.fit_transform(training_rows.features, training_rows.labels)
    transformed = encoder.transform(training_rows.features)

    assert matrix.dtype == np.float32
    assert matrix.shape == (891, len(INPUTS))
    assert np.isfinite(matrix).all()
    # Rows as a request brings them and as a frame holds them are one: numbers whole or float, categories int or text.
    for rows in ([each.features for each in feature_rows], records(training_rows.features)):
        assert (transformed == np.array([encoder.encode(each) for each in rows], dtype=np.float32)).all()
    own = slice(0, [each.name for each in INPUTS].index("companions"))
    assert (matrix[:, own] == transformed[:, own]).all()
    assert encoder.transform(training_rows.features.iloc[:0]).shape == (0, len(INPUTS))


def test_groups_are_known_where_a_companion_s_label_was(training_rows: TrainingSet) -> None:
    encoder, _ = Encoder.fit_transform(training_rows.features, training_rows.labels)
    known = encoder.knows_group(training_rows.features)

    assert known.dtype == bool
    assert 0.2 < known.mean() < 0.5
    assert not encoder.knows_group(as_frame(row(name="Nobody, Mr. A", Ticket="none"))).any()


def test_features_that_training_never_saw_recorded_are_filled_with_something_finite() -> None:
    encoder = Encoder.fit(as_frame(row()), np.array([0]))

    assert np.isfinite(encoder.encode(row())).all()
    assert np.isfinite(encoder.transform(as_frame(row(), *ROWS))).all()


def test_it_survives_json() -> None:
    assert Encoder.from_json(json.loads(json.dumps(ENCODER.to_json()))) == ENCODER


def about(**change: Any) -> dict[str, Any]:
    """What a model's file says of its encoder."""
    return {"schema_hash": USE_CASE.schema_hash, "encoder": {**ENCODER.to_json(), **change}}


def test_it_is_read_from_a_model_s_file() -> None:
    assert USE_CASE.read_encoder(json.loads(json.dumps(about()))) == ENCODER


@pytest.mark.parametrize(
    "data",
    [
        {**about(), "schema_hash": "0123456789abcdef"},
        about(inputs=["age"]),
        about(years=30.0),
        about(companions=[]),
        {"schema_hash": USE_CASE.schema_hash},
        {"schema_hash": USE_CASE.schema_hash, "encoder": {"inputs": [each.name for each in INPUTS]}},
    ],
)
def test_an_encoder_of_another_schema_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ModelCorruptedError):
        USE_CASE.read_encoder(data)


@given(PASSENGERS)
@settings(deadline=None)
def test_any_passenger_is_encoded_alone_as_in_a_frame(person: dict[str, Cell]) -> None:
    features = derive(person)
    alone = np.asarray(ENCODER.encode(features), dtype=np.float32)

    assert np.isfinite(alone).all()
    assert (ENCODER.transform(as_frame(features)) == alone).all()
