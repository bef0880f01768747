"""The encoder of an ordinary table: one row and many are encoded alike, and no row tells its own label."""

import json
from time import process_time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops.model.table_encoder import TableEncoder, TableEncoding
from mlops.model.table_fitting import MAX_ONE_HOT, SMOOTHING
from mlops.use_case import Derived, Feature

FEATURES = (
    Feature("size", "number", "", ()),
    Feature("is_new", "flag", "", ()),
    Feature("Größe (m)", "number", "", ()),
    Feature("colour", "category", "", ()),
    Feature("city", "category", "", ()),
    Feature("household", "key", "", ()),
)
ENCODING = TableEncoding(FEATURES)
CITIES = [f"city {number}" for number in range(2 * MAX_ONE_HOT)]
numbers = st.none() | st.floats(allow_nan=False) | st.integers(-(10**18), 10**18)
rows = st.fixed_dictionaries(
    {
        "size": numbers,
        "is_new": st.none() | st.integers(0, 1),
        "Größe (m)": st.floats(-3, 3),
        "colour": st.none() | st.sampled_from(["red", "green", "blue", "None", "", "3"]),
        "city": st.none() | st.sampled_from(CITIES),
        "household": st.none() | st.text(max_size=3),
    }
)


def frame(table: list[Derived]) -> pd.DataFrame:
    """The rows as training reads them."""
    columns = {feature.name: [row[feature.name] for row in table] for feature in FEATURES}
    texts = {feature.name for feature in FEATURES if feature.type in ("category", "key")}
    return pd.DataFrame(
        {name: pd.Series(cells, dtype=object if name in texts else np.float64) for name, cells in columns.items()}
    )


def encoded(encoder: TableEncoder, row: Derived) -> dict[str, float]:
    return dict(zip((each.name for each in encoder.inputs), encoder.encode(row), strict=True))


@pytest.fixture(scope="module")
def fitted() -> TableEncoder:
    """Fitted on 200 rows: sizes 0 to 199 of which one is missing, twenty cities of ten rows each."""
    table: list[Derived] = [
        {
            "size": None if i == 7 else float(i),
            "is_new": i % 2,
            "Größe (m)": 1.5,
            "colour": ("red", "green", None)[i % 3],
            "city": CITIES[i // 10],
            "household": str(i),
        }
        for i in range(200)
    ]
    encoder, _ = ENCODING.fit_transform(frame(table), np.array([int(i < 100) for i in range(200)]))
    assert isinstance(encoder, TableEncoder)
    return encoder


ROW: Derived = {"size": 3, "is_new": 1, "Größe (m)": 1.5, "colour": "red", "city": CITIES[0], "household": None}


@settings(deadline=None, max_examples=50)
@given(st.lists(rows, min_size=1, max_size=60), st.lists(rows, max_size=10), st.data())
def test_one_row_and_many_are_encoded_alike(
    training: list[Derived], others: list[Derived], data: st.DataObject
) -> None:
    labels = np.array(data.draw(st.lists(st.integers(0, 1), min_size=len(training), max_size=len(training))))

    fitted, matrix = ENCODING.fit_transform(frame(training), labels)
    encoder = ENCODING.from_json(json.loads(json.dumps(fitted.to_json())))

    assert encoder.to_json() == fitted.to_json()
    assert matrix.dtype == np.float32
    assert np.isfinite(matrix).all()
    assert matrix.shape == (len(training), len(encoder.inputs))
    table = [*training, *others]
    one_by_one = np.array([encoder.encode(row) for row in table], dtype=np.float32)
    assert one_by_one.tobytes() == encoder.transform(frame(table)).tobytes()


def test_inputs_are_named_by_feature_and_value(fitted: TableEncoder) -> None:
    assert [each.name for each in fitted.inputs] == [
        *("size", "size_missing", "is_new", "Größe (m)"),
        *("colour_green", "colour_red", "colour_missing", "city"),
    ]
    assert {name for each in fitted.inputs for name in each.features} == {
        feature.name for feature in FEATURES if feature.type != "key"
    }


def test_a_missing_number_is_the_median_and_says_so(fitted: TableEncoder) -> None:
    missing = encoded(fitted, {**ROW, "size": None})

    assert (missing["size"], missing["size_missing"]) == (100.0, 1.0)
    assert encoded(fitted, {**ROW, "size": float("nan")}) == missing
    assert encoded(fitted, {**ROW, "Größe (m)": None})["Größe (m)"] == 1.5


def test_what_training_never_saw_is_no_value_that_it_saw(fitted: TableEncoder) -> None:
    unseen = encoded(fitted, {**ROW, "colour": "ultraviolet", "city": "Atlantis"})
    missing = encoded(fitted, {**ROW, "colour": None, "city": None})

    assert (unseen["colour_green"], unseen["colour_red"], unseen["colour_missing"]) == (0.0, 0.0, 0.0)
    assert missing["colour_missing"] == 1.0
    assert unseen["city"] == missing["city"] == 0.5


def test_many_values_become_their_smoothed_mean(fitted: TableEncoder) -> None:
    assert encoded(fitted, ROW)["city"] == pytest.approx((10 + SMOOTHING * 0.5) / (10 + SMOOTHING))


def test_a_whole_number_is_its_text_among_categories(fitted: TableEncoder) -> None:
    table = [{**ROW, "colour": str(i % 4)} for i in range(40)]
    encoder, _ = ENCODING.fit_transform(frame(table), np.arange(40) % 2)

    assert encoder.encode({**ROW, "colour": 3}) == encoder.encode({**ROW, "colour": "3"})


def test_no_target_mean_tells_a_training_row_its_own_label() -> None:
    """Cities are noise here: what the matrix holds of them must not separate the classes."""
    random = np.random.default_rng(7)
    labels = random.integers(0, 2, 2_000)
    table = [{**ROW, "city": f"city {city}"} for city in random.integers(0, 700, len(labels))]

    encoder, matrix = ENCODING.fit_transform(frame(table), labels)

    place = [each.name for each in encoder.inputs].index("city")
    leaking = encoder.transform(frame(table))[:, place]
    honest = matrix[:, place]
    assert np.corrcoef(leaking, labels)[0, 1] > 0.3
    assert abs(np.corrcoef(honest, labels)[0, 1]) < 0.1


def test_an_encoder_of_other_features_is_refused(fitted: TableEncoder) -> None:
    for damaged in ({}, {"parts": [{"feature": "size"}]}, {"parts": fitted.to_json()["parts"][1:]}, {"parts": 3}):
        with pytest.raises((KeyError, TypeError, ValueError)):
            ENCODING.from_json(damaged)


def test_a_batch_is_encoded_within_its_time() -> None:
    """1,000 rows of 60 columns take some 25 ms; ten times that is a fault and not a busy machine."""
    random = np.random.default_rng(7)
    features = tuple(Feature(f"f{i}", "category" if i % 2 else "number", "", ()) for i in range(60))
    table = [{f"f{i}": f"v{random.integers(8 + i)}" if i % 2 else float(i) for i in range(60)} for _ in range(1_000)]
    encoder, _ = TableEncoding(features).fit_transform(pd.DataFrame(table), np.arange(1_000) % 2)

    begin = process_time()
    for row in table:
        encoder.encode(row)

    assert process_time() - begin < 0.25
