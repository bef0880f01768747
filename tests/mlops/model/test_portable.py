"""The model's file: read back as it was written, refused when it is anything else."""

import json
import struct
from dataclasses import replace

import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from mlops.errors import ModelCorruptedError
from mlops.model.portable import Model, dump, load
from mlops.ports import FeatureRow
from titanic.encoder import COLUMNS


@pytest.fixture(scope="module")
def file(model: Model) -> bytes:
    return dump(model)


def rewritten(file: bytes, old: str, new: str) -> bytes:
    """The file with its header changed."""
    (length,) = struct.unpack_from("<Q", file)
    header = file[8 : 8 + length].decode()
    assert old in header
    changed = header.replace(old, new).encode()
    return struct.pack("<Q", len(changed)) + changed + file[8 + length :]


def test_it_is_read_back_whole(model: Model, file: bytes, feature_rows: list[FeatureRow]) -> None:
    rows = [row.features for row in feature_rows]

    assert load(file).probabilities(rows) == model.probabilities(rows)
    assert dump(load(file)) == file


def test_it_is_a_safetensors_file(model: Model, file: bytes) -> None:
    arrays = safetensors.numpy.load(file)

    assert arrays["threshold"].tolist() == model.forest.threshold
    assert arrays["roots"].tolist() == model.forest.roots


@given(st.data())
def test_a_file_that_is_cut_is_refused(file: bytes, data: st.DataObject) -> None:
    with pytest.raises(ModelCorruptedError):
        load(file[: data.draw(st.integers(0, len(file) - 1))])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r"\"format\": 1", r"\"format\": 2"),
        (r"\"schema_hash\": \"", r"\"schema_hash\": \"0"),
        (r"\"columns\": [\"pclass\"", r"\"columns\": [\"class\""),
        ('"dtype":"F64"', '"dtype":"F32"'),
        ('"titanic"', '"another"'),
        ('"data_offsets":[', '"data_offsets":[9'),
    ],
)
def test_another_format_or_schema_is_refused(file: bytes, old: str, new: str) -> None:
    with pytest.raises(ModelCorruptedError):
        load(rewritten(file, old, new))


def test_a_file_that_lost_a_tree_is_refused(file: bytes) -> None:
    with pytest.raises(ModelCorruptedError, match="reaches beyond"):
        load(file[:-4])


def test_arrays_that_do_not_fit_together_are_refused(model: Model) -> None:
    unequal = replace(model, forest=replace(model.forest, left=model.forest.left[:-1]))

    with pytest.raises(ModelCorruptedError):
        load(dump(unequal))


def test_contributions_are_of_features_and_add_up(model: Model, feature_rows: list[FeatureRow]) -> None:
    rows = [row.features for row in feature_rows[:30]]
    for row, (probability, contributions) in zip(rows, model.explanations(rows), strict=True):
        assert model.probabilities([row]) == [probability]
        assert list(contributions) == ["base", *dict.fromkeys(name for column in COLUMNS for name in column.features)]
        assert sum(contributions.values()) == pytest.approx(probability, abs=1e-12)
        assert json.loads(json.dumps(contributions)) == contributions
