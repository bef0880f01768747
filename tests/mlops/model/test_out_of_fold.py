"""Folds by hash, and probabilities that travel as JSON."""

import numpy as np
import pytest

from mlops.errors import ModelCorruptedError
from mlops.model.out_of_fold import FOLDS, OutOfFold, Scores, folds_of, log_losses

IDS = [str(number) for number in range(1000)]


def test_a_row_keeps_its_folds_whoever_else_is_there() -> None:
    folds = folds_of(IDS, 5)

    assert (folds_of(IDS[::-1][:300], 5) == folds[:, ::-1][:, :300]).all()
    assert folds.shape == (5, 1000)
    for repeat in folds:
        assert np.bincount(repeat, minlength=FOLDS).min() > 150
    assert (folds[0] != folds[1]).mean() > 0.7


def test_folds_are_the_same_on_any_machine() -> None:
    assert folds_of(["1", "2", "Ō|3"], 2).tolist() == [[3, 4, 2], [1, 3, 4]]


def test_what_travels_comes_back() -> None:
    scores = Scores(folds_of(IDS[:3], 2), np.array([[0.1, 0.25, 1.0], [0.3, 0.0, 0.123456]]))
    whole = OutOfFold(IDS[:3], np.array([0, 1, 1]), 7, scores, scores)
    back = OutOfFold.from_json(whole.to_json())

    assert back.to_json() == whole.to_json()
    assert (back.is_sample, list(back.sets)) == (True, ["rows", "groups"])
    assert (back.by_row.probabilities == scores.probabilities).all()


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"rows": 1, "ids": [], "labels": [], "sets": {"rows": []}}'])
def test_something_else_is_named_as_corrupted(data: bytes) -> None:
    with pytest.raises(ModelCorruptedError, match="out-of-fold"):
        OutOfFold.from_json(data)


def test_a_mean_for_each_fold_of_each_repeat_that_has_rows() -> None:
    scores = Scores(np.array([[0, 0, 3], [1, 2, 1]]), np.zeros((2, 3)))

    assert scores.by_fold(np.array([1.0, 2.0, 5.0])) == [1.5, 5.0, 3.0, 2.0]
    assert scores.by_fold(np.array([[1.0, 2.0, 5.0], [0.0, 4.0, 2.0]])) == [1.5, 5.0, 1.0, 4.0]


def test_the_log_loss_by_hand() -> None:
    losses = log_losses(np.array([1, 0, 0]), np.array([0.8, 0.8, 1.0]))

    assert losses == pytest.approx([-np.log(0.8), -np.log(0.2), -np.log(1e-4)])
