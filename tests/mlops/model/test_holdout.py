"""Which rows are held out depends on their ids or their content, and on nothing else."""

import random
from dataclasses import replace

import numpy as np

from mlops.model.holdout import SHARE, divide, held_out
from mlops.model.training_set import TrainingSet, training_set
from mlops.use_case import UseCase

PEOPLE = [f"customer {number}" for number in range(500)]


def sides(ids: list[str], labels: list[int]) -> set[str]:
    return {each for each, apart in zip(ids, held_out(ids, labels), strict=True) if apart}


def test_a_fifth_of_each_class(training_rows: TrainingSet) -> None:
    apart = held_out(training_rows.ids, training_rows.labels)

    for label in (0, 1):
        of_class = training_rows.labels == label
        assert (apart & of_class).sum() == round(of_class.sum() * SHARE)


def test_order_does_not_matter(training_rows: TrainingSet) -> None:
    rows = list(zip(training_rows.ids, training_rows.labels.tolist(), strict=True))
    shuffled = random.Random(1).sample(rows, len(rows))

    assert sides(*map(list, zip(*shuffled, strict=True))) == sides(*map(list, zip(*rows, strict=True)))


def test_rows_keep_their_side_when_the_table_grows(training_rows: TrainingSet) -> None:
    ids, labels = training_rows.ids, training_rows.labels.tolist()
    before, after = sides(ids[:800], labels[:800]), sides(ids, labels)

    moved = before ^ (after & set(ids[:800]))
    assert len(moved) <= 0.03 * 800


def test_the_passenger_list_is_divided_as_it_always_was(case: UseCase, training_rows: TrainingSet) -> None:
    """The rows by which every champion so far was judged: a challenger must be judged by the same."""
    parts = divide(case, training_rows)

    assert (len(parts.everyone), len(parts.training), len(parts.holdout)) == (891, 713, 178)
    assert parts.holdout.ids[:8] == ["8", "9", "39", "46", "49", "50", "51", "53"]
    assert set(parts.training.ids).isdisjoint(parts.holdout.ids)


def test_ids_may_be_any_text(case: UseCase, training_rows: TrainingSet) -> None:
    rows = training_rows.take(np.arange(500))
    named = TrainingSet(rows.features.set_axis(PEOPLE), rows.labels)

    parts = divide(case, named)
    assert sorted([*parts.training.ids, *parts.holdout.ids]) == sorted(PEOPLE)
    assert set(parts.holdout.ids) == sides(PEOPLE, rows.labels.tolist())
    assert not set(parts.holdout.ids) & {f"customer {number}" for number in parts.training.ids}


def test_without_an_id_rows_of_equal_content_are_on_one_side(case: UseCase) -> None:
    """Otherwise a model would be judged by rows that it has seen."""
    no_id = replace(case, id=None)
    contents = [f"{number:024x}" for number in range(120)]
    rows = [
        (f"{content}.{occurrence}", number % 2, [None] * len(case.features))
        for number, content in enumerate(contents)
        for occurrence in range(1, number % 4 + 2)
    ]
    parts = divide(no_id, training_set(case.features, rows))

    of_training, of_holdout = (
        {each.partition(".")[0] for each in part.ids} for part in (parts.training, parts.holdout)
    )
    assert of_training.isdisjoint(of_holdout)
    assert of_training | of_holdout == set(contents)
    assert len(of_holdout) == round(120 * SHARE)
    assert len(parts.training) + len(parts.holdout) == len(rows)


def test_equal_content_with_both_labels_is_on_one_side_too(case: UseCase) -> None:
    no_id = replace(case, id=None)
    rows = [(f"{number // 2:024x}.{number % 2 + 1}", number % 2, [None] * len(case.features)) for number in range(200)]
    parts = divide(no_id, training_set(case.features, rows))

    of_training, of_holdout = (
        {each.partition(".")[0] for each in part.ids} for part in (parts.training, parts.holdout)
    )
    assert of_training.isdisjoint(of_holdout)
    assert of_holdout
