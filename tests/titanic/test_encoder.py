"""The encoder learns from its own rows alone and refuses another's inputs."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from mlops.errors import ModelCorruptedError
from mlops.model.training_set import TrainingSet, frame, records
from mlops.use_case import Cell, Derived
from passengers import PASSENGERS
from titanic import USE_CASE
from titanic.encoder import INPUTS, Encoder
from titanic.features import derive

NOBODY: dict[str, Cell] = {column.name: None for column in USE_CASE.kept}
BRAUND = {**NOBODY, "Pclass": 3, "Name": "Braund, Mr. Owen", "Sex": "male", "SibSp": 0, "Parch": 0}


def row(**changes: Cell) -> Derived:
    return derive({**BRAUND, **changes})


def fitted(rows: list[Derived], labels: list[int]) -> Encoder:
    names = [feature.name for feature in USE_CASE.features]
    features = frame(USE_CASE.features, [[each[name] for name in names] for each in rows])
    return Encoder.fit(features, np.array(labels))


ENCODER = fitted(
    [
        row(Age=20.0),
        row(Age=40.0),
        row(Name="Sage, Master. Tom", Age=4.0, Pclass=1),
        row(Name="Sage, Master. Jim", Pclass=1),
    ],
    [0, 0, 1, 1],
)


def encoded(features: Derived) -> dict[str, float]:
    return dict(zip((each.name for each in INPUTS), ENCODER.encode(features), strict=True))


def test_a_boy_is_told_by_his_title() -> None:
    assert encoded(row(Name="Sage, Master. Jim"))["master"] == 1.0
    assert encoded(row())["master"] == 0.0


def test_every_input_is_made_of_declared_features() -> None:
    used = {feature for each in INPUTS for feature in each.features}
    declared = (*USE_CASE.features, *USE_CASE.learned_features)

    assert used <= {feature.name for feature in declared if feature.type != "key"}
    assert len(ENCODER.encode(row())) == len(INPUTS)


def test_the_matrix_is_the_encoded_rows_in_float32(training_rows: TrainingSet) -> None:
    features = training_rows.features
    encoder, matrix = Encoder.fit_transform(features, training_rows.labels)

    assert matrix.dtype == np.float32
    assert matrix.shape == (891, len(INPUTS))
    assert np.isfinite(matrix).all()
    one_by_one = np.array([encoder.encode(each) for each in records(features)], dtype=np.float32)
    assert (encoder.transform(features) == one_by_one).all()
    own = slice(0, [each.name for each in INPUTS].index("companions_survived"))
    assert (matrix[:, own] == encoder.transform(features)[:, own]).all()
    assert encoder.transform(features.iloc[:0]).shape == (0, len(INPUTS))


def test_what_the_training_rows_say_nothing_of_is_no_reason_to_fail() -> None:
    assert np.isfinite(fitted([row()], [0]).encode(row())).all()


def test_it_survives_json() -> None:
    assert Encoder.from_json(json.loads(json.dumps(ENCODER.to_json()))) == ENCODER


@pytest.mark.parametrize("change", [{"inputs": ["age"]}, {"inputs": None}, {"companions": []}])
def test_an_encoder_of_other_inputs_is_refused(change: dict[str, Any]) -> None:
    data = {**ENCODER.to_json(), **change}
    known = {name: value for name, value in data.items() if value is not None}

    with pytest.raises(ModelCorruptedError):
        USE_CASE.read_encoder({"schema_hash": USE_CASE.schema_hash, "encoder": known})


def test_another_feature_schema_is_refused() -> None:
    with pytest.raises(ModelCorruptedError, match="train again"):
        USE_CASE.read_encoder({"schema_hash": "0123456789abcdef", "encoder": ENCODER.to_json()})


@given(PASSENGERS)
@settings(deadline=None)
def test_any_passenger_can_be_encoded(passenger: dict[str, Cell]) -> None:
    assert np.isfinite(np.asarray(ENCODER.encode(derive(passenger)), dtype=np.float32)).all()
