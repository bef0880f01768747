"""How good the model is on passengers it has not seen, and the alarm that rings if it has (`-s` prints figures)."""

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import RepeatedStratifiedKFold

from mlops.model.estimator import fit_estimator
from mlops.model.training_set import TrainingSet
from mlops.use_case import UseCase

from .conftest import Trained


def cross_validated(trained: Trained, case: UseCase, rows: TrainingSet, repeats: int) -> list[float]:
    """Accuracy on each fold, with folds that the search did not use; the encoder is fitted inside."""
    scores = []
    folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=repeats, random_state=7)
    for train, test in folds.split(np.zeros(len(rows)), rows.labels):
        encoder, forest = fit_estimator(case, trained.params, rows.take(train))
        unseen = rows.take(test)
        scores.append(float(np.mean(forest.predict(encoder.transform(unseen.features)) == unseen.labels)))
    return scores


def shuffled(rows: TrainingSet) -> NDArray[np.int64]:
    return np.random.default_rng(11).permutation(rows.labels)


def test_repeated_cross_validation(trained: Trained, case: UseCase, training_rows: TrainingSet) -> None:
    scores = cross_validated(trained, case, training_rows, repeats=5)

    print(f"\n5 x 5-fold accuracy {np.mean(scores):.4f}, standard deviation over folds {np.std(scores):.4f}")
    assert np.mean(scores) >= 0.835


def test_on_the_hold_out(trained: Trained) -> None:
    metrics = trained.card["metrics"]

    print(f"\nhold-out {metrics}")
    assert metrics["rows"] == 178
    assert metrics["accuracy"] >= 0.80
    assert metrics["roc_auc"] >= 0.85
    assert metrics["brier"] <= 0.15


def test_it_is_worth_more_than_its_baselines_and_than_the_class_prior(trained: Trained) -> None:
    assert all(trained.card["metrics"]["accuracy"] >= each["accuracy"] for each in trained.card["baselines"])
    assert trained.card["cross_validation"]["better_than_prior"]["probability"] > 0.999
    assert all(each["rows"]["difference"] > 0 for each in trained.card["cross_validation"]["baselines"])


def test_nested_cross_validation_mostly_chooses_the_same_candidate(trained: Trained) -> None:
    nested, search = trained.card["nested"], trained.card["search"]

    print(f"\n{trained.card['in_a_sentence']}")
    assert nested["rows"]["accuracy"] >= 0.83
    assert nested["groups"]["accuracy"] >= 0.785
    assert search["winner_changes_in"] <= search["outer_folds"] / 2 == 5


def test_with_shuffled_labels_there_is_nothing_to_learn(
    trained: Trained, case: UseCase, training_rows: TrainingSet
) -> None:
    """If accuracy stays above the base rate here, a label has leaked into the features or across the folds."""
    noise = TrainingSet(training_rows.features, shuffled(training_rows))

    most = 1 - training_rows.labels.mean() + 0.02
    assert np.mean(cross_validated(trained, case, noise, repeats=1)) <= most


def test_the_alarm_rings_for_a_planted_leak(trained: Trained, case: UseCase, training_rows: TrainingSet) -> None:
    labels = shuffled(training_rows)
    leaky = TrainingSet(training_rows.features.assign(family_size=100.0 + labels), labels)

    assert np.mean(cross_validated(trained, case, leaky, repeats=1)) > 0.95
