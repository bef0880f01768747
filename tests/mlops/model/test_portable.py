"""The model's file: read back as it was written, refused when it is anything else."""

import json
import struct
from dataclasses import replace
from typing import Any

import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from mlops.errors import ModelCorruptedError
from mlops.features.stores import FeatureRow
from mlops.model.portable import Model, dump, load
from mlops.model.training_set import TrainingSet
from mlops.use_case import UseCase


@pytest.fixture(scope="module")
def file(model: Model, case: UseCase) -> bytes:
    return dump(model, case)


def rewritten(file: bytes, old: str, new: str) -> bytes:
    """The file with its header changed."""
    (length,) = struct.unpack_from("<Q", file)
    header = file[8 : 8 + length].decode()
    assert old in header
    changed = header.replace(old, new).encode()
    return struct.pack("<Q", len(changed)) + changed + file[8 + length :]


def test_it_is_read_back_whole(case: UseCase, model: Model, file: bytes, feature_rows: list[FeatureRow]) -> None:
    rows = [row.features for row in feature_rows]

    assert load(file, case).probabilities(rows) == model.probabilities(rows)
    assert dump(load(file, case), case) == file


def test_a_frame_is_scored_as_its_rows_are(
    model: Model, feature_rows: list[FeatureRow], training_rows: TrainingSet
) -> None:
    assert model.score(training_rows.features) == model.probabilities([row.features for row in feature_rows])


def test_it_is_a_safetensors_file(model: Model, file: bytes) -> None:
    arrays = safetensors.numpy.load(file)

    assert arrays["threshold"].tolist() == model.forest.threshold
    assert arrays["roots"].tolist() == model.forest.roots


@given(st.data())
def test_a_file_that_is_cut_is_refused(case: UseCase, file: bytes, data: st.DataObject) -> None:
    with pytest.raises(ModelCorruptedError):
        load(file[: data.draw(st.integers(0, len(file) - 1))], case)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r"\"format\": 2", r"\"format\": 1"),
        (r"\"schema_hash\": \"", r"\"schema_hash\": \"0"),
        (r"\"inputs\": [\"pclass\"", r"\"inputs\": [\"class\""),
        ('"dtype":"F64"', '"dtype":"F32"'),
        ('"mlops"', '"titanic"'),
        ('"data_offsets":[', '"data_offsets":[9'),
    ],
)
def test_another_format_or_schema_is_refused(case: UseCase, file: bytes, old: str, new: str) -> None:
    with pytest.raises(ModelCorruptedError):
        load(rewritten(file, old, new), case)


@pytest.mark.parametrize("change", [{"definition": 2}, {"features": ()}], ids=["definition", "features"])
def test_a_model_of_other_features_must_be_trained_again(case: UseCase, file: bytes, change: dict[str, Any]) -> None:
    with pytest.raises(ModelCorruptedError, match="train again"):
        load(file, replace(case, **change))


def test_a_file_that_lost_a_tree_is_refused(case: UseCase, file: bytes) -> None:
    with pytest.raises(ModelCorruptedError, match="reaches beyond"):
        load(file[:-4], case)


def test_arrays_that_do_not_fit_together_are_refused(case: UseCase, model: Model) -> None:
    unequal = replace(model, forest=replace(model.forest, left=model.forest.left[:-1]))

    with pytest.raises(ModelCorruptedError):
        load(dump(unequal, case), case)


def test_contributions_are_of_features_and_add_up(model: Model, feature_rows: list[FeatureRow]) -> None:
    rows = [row.features for row in feature_rows[:30]]
    for row, (probability, contributions) in zip(rows, model.explanations(rows), strict=True):
        assert model.probabilities([row]) == [probability]
        features = dict.fromkeys(name for each in model.encoder.inputs for name in each.features)
        assert list(contributions) == ["base", *features]
        assert sum(contributions.values()) == pytest.approx(probability, abs=1e-12)
        assert json.loads(json.dumps(contributions)) == contributions
