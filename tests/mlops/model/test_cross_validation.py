"""Cross-validation: every row is scored by models that did not see it, once in each repeat."""

from dataclasses import replace

import numpy as np
import pytest

from mlops.model import cross_validation
from mlops.model.cross_validation import REPEATS, Validation, validate
from mlops.model.out_of_fold import FOLDS, OutOfFold, Scores
from mlops.model.table_encoder import TableEncoding
from mlops.model.training_set import TrainingSet, records
from mlops.use_case import UseCase
from titanic.companions import groups


def test_labels_drawn_by_lot_cannot_be_predicted(small: UseCase, some_rows: TrainingSet) -> None:
    """Trees this deep know every label that they have seen, and none that they have not."""
    lots = TrainingSet(some_rows.features, np.random.default_rng(1).integers(0, 2, len(some_rows)))

    found = validate(small, {"bootstrap": False}, lots).to_json()
    assert found["accuracy"] < 0.6
    assert found["better_than_prior"]["probability"] < 0.5


def test_of_each_set_every_row_has_a_score_in_each_repeat(small: UseCase, some_rows: TrainingSet) -> None:
    scores = validate(small, {"max_depth": 4}, some_rows).scores

    assert scores.ids == some_rows.ids
    assert set(scores.sets) == {"rows", "groups"}
    for each in scores.sets.values():
        assert each.probabilities.shape == each.folds.shape == (REPEATS, 300)
        assert set(each.folds.ravel()) == set(range(FOLDS))
        assert (each.probabilities > 0).mean() > 0.9


def test_nobody_of_a_group_is_in_another_fold(small: UseCase, some_rows: TrainingSet) -> None:
    keys = np.array(groups(records(some_rows.features)))
    scores = validate(small, {"max_depth": 2}, some_rows).scores

    assert scores.by_group is not None
    for key in set(keys):
        assert {len(set(folds[keys == key])) for folds in scores.by_group.folds} == {1}
    assert any(len(set(scores.by_row.folds[0][keys == key])) > 1 for key in set(keys))


def test_a_row_s_own_label_reaches_no_score_of_its_own(small: UseCase, some_rows: TrainingSet) -> None:
    """The prior tells too: a label more in a fold is one less among the others."""
    other = TrainingSet(some_rows.features, some_rows.labels.copy())
    other.labels[7] = 1 - other.labels[7]
    one, two = (validate(small, {"max_depth": 4}, rows) for rows in (some_rows, other))

    assert (one.scores.by_row.probabilities[:, 7] == two.scores.by_row.probabilities[:, 7]).all()
    assert (one.scores.by_row.probabilities != two.scores.by_row.probabilities).any()
    assert (one.prior[:, 7] == two.prior[:, 7]).all()


def test_without_groups_nothing_is_said_of_them(small: UseCase, some_rows: TrainingSet) -> None:
    plain = replace(small, encoding=TableEncoding(small.features), groups=None)

    found = validate(plain, {"max_depth": 4}, some_rows).to_json()
    assert "groups" not in found
    assert found["log_loss"] < found["prior_log_loss"]
    assert all(set(each) == {"name", "rows"} for each in found["baselines"])


def test_many_rows_are_validated_once_and_of_very_many_a_sample(
    small: UseCase, some_rows: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cross_validation, "MANY_ROWS", 299)
    assert validate(small, {"max_depth": 2}, some_rows).scores.by_row.folds.shape == (1, 300)

    monkeypatch.setattr(cross_validation, "MAX_ROWS", 150)
    sample = validate(small, {"max_depth": 2}, some_rows).scores
    assert (len(sample.ids), sample.rows, sample.is_sample) == (150, 300, True)
    fewer = validate(small, {"max_depth": 2}, some_rows.take(np.arange(250))).scores
    assert len(set(sample.ids) & set(fewer.ids)) > 120, "two versions look at the same rows"


def test_a_baseline_is_learnt_outside_the_fold_and_compared_in_pairs(small: UseCase, some_rows: TrainingSet) -> None:
    women, companions = validate(small, {"max_depth": 4}, some_rows).to_json()["baselines"]

    assert women["name"] == "Women survive"
    right = np.mean((some_rows.features["sex"] == "female") == some_rows.labels)
    assert women["rows"]["accuracy"] == pytest.approx(right, abs=0.005)
    assert women["rows"]["accuracy"] < companions["rows"]["accuracy"]
    assert companions["groups"]["accuracy"] == pytest.approx(women["groups"]["accuracy"]), "nobody of a group is known"
    for each in (women, companions):
        of_rows = each["rows"]
        assert 0 < of_rows["worse_by_more_than_region"] + of_rows["better"] < 1, "and between them the region"
        assert (of_rows["difference"] > 0) == (of_rows["better"] > 0.5)


LABELS = np.array([0, 1] * 5)
FOLD_OF = np.array([np.arange(10) % FOLDS])


def validation(probabilities: list[float]) -> Validation:
    scores = OutOfFold([str(i) for i in range(10)], LABELS, 10, Scores(FOLD_OF, np.array([probabilities])))
    return Validation(scores, np.full((1, 10), 0.5), {})


def test_the_figures_by_hand() -> None:
    """Sure by 0.8 of half the rows, wrong by 0.8 on one of ten: rows 0 and 5 are the first fold."""
    found = validation([0.8, 0.8, *[0.2, 0.8] * 4]).to_json()

    assert found["accuracy"] == pytest.approx(0.9)
    assert found["prior_log_loss"] == pytest.approx(np.log(2), abs=1e-6)
    assert found["log_loss"] == pytest.approx(-(9 * np.log(0.8) + np.log(0.2)) / 10, abs=1e-6)
    assert found["better_than_prior"]["difference"] == pytest.approx(np.log(1.6) - np.log(4) / 10, abs=1e-6)
    # Fold accuracies 0.5, 1, 1, 1, 1: s² = 0.05, and Nadeau and Bengio's factor is 1/5 + 1/4.
    half = 2.776445 * np.sqrt(0.05 * 0.45)
    assert found["interval"] == pytest.approx([0.9 - half, 0.9 + half], abs=1e-5)


def test_a_model_that_is_sure_and_wrong_has_a_finite_loss() -> None:
    assert np.isfinite(validation([1.0, 0.0] * 5).to_json()["log_loss"])
