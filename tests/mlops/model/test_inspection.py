"""What a model leans on: as scikit-learn measures it on the model's own inputs, and sure only of what is there."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance

from mlops.model.estimator import fit
from mlops.model.inspection import ROWS, inspect
from mlops.model.partial_dependence import POINTS
from mlops.model.portable import Model
from mlops.model.table_encoder import TableEncoding
from mlops.model.training_set import TrainingSet
from mlops.use_case import Feature, UseCase

FEATURES = (
    Feature("size", "number", "", ()),
    Feature("colour", "category", "", ()),
    Feature("noise", "number", "", ()),
    Feature("constant", "number", "", ()),
)
NAMES = [each.name for each in FEATURES]


def drawn(rows: int, seed: int) -> TrainingSet:
    """Large ones are mostly of class 1, and red ones more often; a tenth of the sizes is missing."""
    draw = np.random.default_rng(seed)
    size, colour = draw.normal(size=rows), draw.choice(["red", "green", "blue"], rows)
    chance = 1 / (1 + np.exp(-(2 * size + 1.5 * (colour == "red") - 0.5)))
    labels = (draw.random(rows) < chance).astype(np.int64)
    size[draw.random(rows) < 0.1] = np.nan
    columns = {"size": size, "colour": colour.astype(object), "noise": draw.normal(size=rows), "constant": 1.0}
    return TrainingSet(pd.DataFrame(columns, index=[str(each) for each in range(rows)]), labels)


@pytest.fixture(scope="module")
def fitted(case: UseCase) -> tuple[Model, RandomForestClassifier]:
    plain = replace(case, search=replace(case.search, trees=50), encoding=TableEncoding(FEATURES), features=FEATURES)
    return fit(plain, {"max_depth": 4, "min_samples_leaf": 5}, drawn(1500, 1))


@pytest.fixture(scope="module")
def unseen() -> TrainingSet:
    return drawn(900, 2)


def test_importance_is_that_of_scikit_learn(fitted: tuple[Model, RandomForestClassifier], unseen: TrainingSet) -> None:
    model, forest = fitted
    matrix = model.encoder.transform(unseen.features)
    found = {each["feature"]: each["mean"] for each in inspect(model, unseen, NAMES, 7)["permutation"]}
    theirs = permutation_importance(forest, matrix, unseen.labels, scoring="neg_log_loss", n_repeats=30, random_state=3)
    its = dict(zip((each.name for each in model.encoder.inputs), theirs.importances_mean, strict=True))
    assert found["noise"] == pytest.approx(its["noise"], abs=0.01)
    # One feature of several inputs is shuffled as one, so it weighs about as much as they do.
    assert found["size"] == pytest.approx(its["size"] + its["size_missing"], rel=0.15)
    assert found["colour"] == pytest.approx(sum(its[f"colour_{name}"] for name in ("red", "green", "blue")), rel=0.5)


def test_it_is_sure_of_what_is_there_and_of_nothing_else(
    fitted: tuple[Model, RandomForestClassifier], unseen: TrainingSet
) -> None:
    ranked = inspect(fitted[0], unseen, NAMES, 7)["permutation"]
    assert [each["feature"] for each in ranked[:2]] == ["size", "colour"]
    by_name = {each["feature"]: each for each in ranked}
    assert by_name["size"]["interval"][0] > 0.1
    assert by_name["colour"]["interval"][0] > 0
    low, high = by_name["noise"]["interval"]
    assert low < 0.005 < high + 0.02, "noise is taken for something"
    assert by_name["constant"] == {"feature": "constant", "mean": 0.0, "interval": [0.0, 0.0]}


def test_a_feature_for_which_the_model_has_no_input_is_left_out(
    fitted: tuple[Model, RandomForestClassifier], unseen: TrainingSet
) -> None:
    """As where the judged model is of an earlier release than the schema."""
    known = inspect(fitted[0], unseen, NAMES, 7)
    assert inspect(fitted[0], unseen, ["newer", *NAMES], 7) == known


def test_an_interval_covers_what_many_rows_show(fitted: tuple[Model, RandomForestClassifier]) -> None:
    """Of forty samples' intervals nearly all hold the importance on very many rows."""

    def of(rows: int, seed: int) -> dict[str, Any]:
        (found,) = inspect(fitted[0], drawn(rows, seed), ["size"], seed)["permutation"]
        return dict(found)

    truth = np.mean([of(ROWS, 100 + each)["mean"] for each in range(8)])
    intervals = [of(150, 500 + each)["interval"] for each in range(40)]
    held = sum(low <= truth <= high for low, high in intervals)
    assert held >= 34, held
    assert np.mean([high - low for low, high in intervals]) < truth, "they hold everything"


def test_a_curve_is_the_mean_chance_of_rows_that_all_have_its_value(
    fitted: tuple[Model, RandomForestClassifier], unseen: TrainingSet
) -> None:
    model, forest = fitted
    curves = {each["feature"]: each["points"] for each in inspect(model, unseen, NAMES, 7)["partial_dependence"]}
    for name in ("size", "colour", "noise"):
        for point in curves[name]:
            alike = unseen.features.assign(**{name: point["value"]})
            chances = forest.predict_proba(model.encoder.transform(alike))[:, 1]
            assert point["probability"] == pytest.approx(chances.mean(), abs=0.002), (name, point)
            assert point["middle_half"] == pytest.approx(np.quantile(chances, [0.25, 0.75]).tolist(), abs=0.002)
    assert len(curves["size"]) == POINTS
    assert {point["value"] for point in curves["colour"]} == {"red", "green", "blue"}
    assert [point["value"] for point in curves["constant"]] == [1.0]


def test_the_same_model_and_rows_are_the_same_figures_whatever_their_number(
    fitted: tuple[Model, RandomForestClassifier],
) -> None:
    for rows in (2, 9, 3 * ROWS):
        one, again = (inspect(fitted[0], drawn(rows, 5), NAMES, 7) for _ in range(2))
        assert one == again
        assert one["rows"] == min(rows, ROWS)
