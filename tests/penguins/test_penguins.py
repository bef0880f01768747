"""The use case penguins takes its own table, and encodes alike for training and serving."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlops.data.cells import reader
from mlops.use_case import Derived
from penguins import USE_CASE

TABLE = Path(__file__).parents[2] / "data" / "penguins.csv"
INPUTS = [feature for feature in USE_CASE.features if feature.type != "key"]


@pytest.fixture(scope="module")
def features() -> list[Derived]:
    """The features of the table's first rows."""
    read = {column.name: reader(column) for column in USE_CASE.kept}
    with TABLE.open(newline="", encoding="utf-8") as file:
        rows = [row for row, _ in zip(csv.DictReader(file), range(500), strict=False)]
    return [USE_CASE.derive({name: cell(row[name]) for name, cell in read.items()}) for row in rows]


def test_every_feature_is_derived(features: list[Derived]) -> None:
    assert all(row.keys() == {feature.name for feature in USE_CASE.features} for row in features)


def test_training_and_serving_encode_alike(features: list[Derived]) -> None:
    frame = pd.DataFrame(features, dtype=object)
    for feature in INPUTS:
        cells = frame[feature.name]
        is_text = feature.type == "category"
        frame[feature.name] = cells.map(str, na_action="ignore") if is_text else cells.astype(float)

    encoder, matrix = USE_CASE.encoding.fit_transform(frame, np.arange(len(frame)) % 2)

    assert np.isfinite(matrix).all()
    served = np.array([encoder.encode(row) for row in features], dtype=np.float32)
    assert (served == encoder.transform(frame)).all()


def test_a_row_with_nothing_recorded_has_features() -> None:
    assert USE_CASE.derive(dict.fromkeys(column.name for column in USE_CASE.kept))


def test_examples_are_rows_of_the_table() -> None:
    for example in USE_CASE.examples:
        for column in USE_CASE.kept:
            assert reader(column)(example.row[column.name]) == example.row[column.name]
