"""Two versions on rows that neither saw."""

from collections.abc import Sequence

import numpy as np
import pytest

from mlops.model.out_of_fold import OutOfFold, Scores, folds_of
from mlops.training.comparison import LEAST_ROWS, compare

IDS = [str(number) for number in range(200)]
LABELS = np.arange(200) % 2


def version(ids: Sequence[str], right: float, rows: int | None = None, seed: int = 1) -> OutOfFold:
    """Probabilities that are right on such a share of the rows, by 0.8."""
    rng = np.random.default_rng(seed)
    labels = np.array([int(row_id) % 2 for row_id in ids])
    correct = rng.random((5, len(ids))) < right
    probabilities = np.where(correct == (labels == 1), 0.8, 0.2)
    return OutOfFold(ids, labels, rows or len(ids), Scores(folds_of(ids, 5), probabilities))


def test_the_better_one_is_better_by_what_it_is_and_the_other_worse_by_as_much() -> None:
    good, poor = version(IDS, 0.9), version(IDS, 0.7, seed=2)

    found, turned = compare(good, (good, None), (poor, None)), compare(good, (poor, None), (good, None))
    assert found
    assert turned
    lead = found.sets["rows"]["accuracy"].mean
    assert lead == pytest.approx(0.2, abs=0.04)
    assert found.sets["rows"]["log_loss"].mean == pytest.approx(lead * np.log(4), abs=1e-3)
    assert turned.sets["rows"]["accuracy"].mean == pytest.approx(-lead)
    assert found.better > 0.99 > 0.01 > found.worse
    assert turned.worse > 0.99 > 0.01 > turned.better
    assert "200 rows that neither saw" in found.words


def test_the_same_scores_are_no_difference() -> None:
    one = version(IDS, 0.8)

    found = compare(one, (one, None), (one, None))
    assert found
    assert (found.better, found.worse) == (0, 0)


def test_rows_that_the_other_never_saw_are_scored_by_what_serves() -> None:
    """A hundred in common; of the other hundred the old model is told nothing but their places."""
    new, old = version(IDS, 0.8), version(IDS[:100], 0.8)
    asked: list[int] = []

    def score(places: Sequence[int]) -> list[float]:
        asked.extend(places)
        return [0.2 if LABELS[place] else 0.8 for place in places]  # always wrong

    found = compare(new, (new, None), (old, score))
    assert found
    assert (found.rows, asked) == (200, list(range(100, 200)))
    assert found.sets["rows"]["accuracy"].mean == pytest.approx(0.4, abs=0.05)
    in_common = compare(new, (new, None), (old, None))
    assert in_common
    assert in_common.rows == 100


def test_of_a_sample_nobody_knows_what_else_it_saw() -> None:
    new, old = version(IDS, 0.8), version(IDS[:100], 0.8, rows=10_000)

    found = compare(new, (new, None), (old, lambda places: [0.5] * len(places)))
    assert found
    assert found.rows == 100


def test_too_few_rows_in_common_are_no_comparison() -> None:
    new = version(IDS, 0.8)

    assert compare(new, (new, None), (version(IDS[: LEAST_ROWS - 1], 0.8), None)) is None
    assert compare(new, (new, None), (version(IDS[:LEAST_ROWS], 0.8), None))


def test_the_labels_are_those_of_the_base() -> None:
    """Labels turned round make a model that is right by itself, and wrong by everybody else."""
    good, turned = version(IDS, 0.9), version(IDS, 0.1)
    lies = OutOfFold(turned.ids, 1 - turned.labels, 200, turned.by_row)

    by_lies, by_truth = (compare(base, (lies, None), (good, None)) for base in (lies, good))
    assert by_lies
    assert by_truth
    assert by_lies.sets["rows"]["accuracy"].mean > 0.7
    assert by_truth.sets["rows"]["accuracy"].mean < -0.7


def test_by_group_only_rows_of_the_same_group_in_both_are_compared() -> None:
    """Of the second hundred the other version has not seen the row that ties their groups together."""
    good = version(IDS, 0.9)
    elsewhere = [row_id if int(row_id) < 100 else f"another {row_id}" for row_id in IDS]
    by_group = Scores(folds_of(elsewhere, 5), good.by_row.probabilities)
    one = OutOfFold(IDS, good.labels, 200, good.by_row, good.by_row)
    other = OutOfFold(IDS, good.labels, 200, good.by_row, by_group)

    found = compare(one, (one, None), (other, lambda places: [0.5] * len(places)))
    assert found
    assert set(found.sets) == {"rows", "groups"}
    strangers = Scores(folds_of([f"another {row_id}" for row_id in IDS], 5), by_group.probabilities)
    alone = compare(one, (one, None), (OutOfFold(IDS, good.labels, 200, good.by_row, strangers), None))
    assert alone
    assert set(alone.sets) == {"rows"}


def test_slices_count_who_alone_is_right() -> None:
    good, poor = version(IDS, 1.0), version(IDS, 0.0)

    found = compare(good, (good, None), (poor, None), {("kind", "odd"): range(1, 200, 2), ("kind", "none"): []})
    assert found
    assert found.slices == {("kind", "odd"): (100, 0, 100), ("kind", "none"): (0, 0, 0)}
