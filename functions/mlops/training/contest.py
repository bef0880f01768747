"""The champion as an opponent: two versions and their datasets, read and set against each other."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlops.data.datasets import DatasetStore
from mlops.data.labels import COMPOSED
from mlops.errors import DatasetNotFoundError, ModelCorruptedError, ModelNotFoundError
from mlops.features.stores import OfflineReader
from mlops.model.evaluation import members
from mlops.model.out_of_fold import OutOfFold
from mlops.model.portable import Model
from mlops.model.training_set import TrainingSet
from mlops.registry.versions import CARD, REFERENCE, Champion, Registry
from mlops.statistics.reference import moved
from mlops.training.comparison import Comparison, Score, compare
from mlops.training.gate import Contest
from mlops.training.succession import Table, objections
from mlops.use_case import UseCase


@dataclass(frozen=True, slots=True)
class Version:
    """A version as a party of a comparison.

    `rows` are of its dataset, None if this code has no features of them; `model` is None if this code cannot serve it.
    """

    name: str
    card: dict[str, Any]
    model: Model | None
    scores: OutOfFold
    rows: TrainingSet | None

    @property
    def scored(self) -> TrainingSet | None:
        """The rows of the out-of-fold probabilities, in their order."""
        if self.rows is None or not self.scores.is_sample:
            return self.rows
        places = {row_id: place for place, row_id in enumerate(self.rows.ids)}
        return self.rows.take(np.array([places[row_id] for row_id in self.scores.ids]))

    def on(self, rows: TrainingSet | None) -> tuple[OutOfFold, Score | None]:
        """Its out-of-fold probabilities, and how it scores those of some rows that it never saw, by their places."""
        if rows is None or self.model is None:
            return self.scores, None
        model, features = self.model, rows.features
        return self.scores, lambda places: model.score(features.iloc[list(places)])


def read_version(case: UseCase, offline: OfflineReader, registry: Registry, name: str, model: Model | None) -> Version:
    """ModelNotFoundError or ModelCorruptedError if there is nothing to compare it by."""
    card, scores = json.loads(registry.reader.artifact(name, CARD)), registry.reader.out_of_fold(name)
    try:
        rows = offline.read(card["dataset_version"], case.schema_hash)
    except DatasetNotFoundError:
        rows = None
    return Version(name, card, model, scores, rows)


def contest_with(
    case: UseCase,
    offline: OfflineReader,
    datasets: DatasetStore,
    registry: Registry,
    pointer: Champion | None,
    challenger: Version,
) -> tuple[Contest | None, str]:
    """The champion as an opponent, and a remark; none of one that cannot be compared, for it defends nothing.

    One that this code cannot serve must be replaced, and its data still tell whether the challenger's are any good.
    """
    if pointer is None:
        return None, ""
    if pointer.version == challenger.name:
        return Contest(pointer.version, None), ""
    reader, model, remark = registry.reader, None, ""
    try:
        model = reader.model(pointer.version)
    except (ModelNotFoundError, ModelCorruptedError) as error:
        remark = f"Champion {pointer.version} cannot be served any more ({error}). "
    try:
        champion = read_version(case, offline, registry, pointer.version, model)
    except (ModelNotFoundError, ModelCorruptedError) as error:
        return None, remark or f"Champion {pointer.version} cannot be compared ({error}). "
    if model is None:
        its_rows = _compared(challenger, champion, champion)
        return Contest(champion.name, _compared(challenger, champion, challenger), its_rows, serves=False), remark
    same = champion.card["dataset_version"] == challenger.card["dataset_version"]
    composed = _is_composed(datasets, challenger.card["dataset_version"])
    scored = challenger.scored
    slices = members(case.slices, scored.features) if scored else {}
    anchor = None
    if pointer.anchor and pointer.anchor != pointer.version:
        try:
            anchor = read_version(case, offline, registry, pointer.anchor, reader.model(pointer.anchor))
        except (ModelNotFoundError, ModelCorruptedError):
            anchor = None  # nothing can be compared with it any more: the champion takes its place
    return Contest(
        champion.name,
        _compared(challenger, champion, challenger, slices),
        None if same else _compared(challenger, champion, champion),
        anchor.name if anchor else None,
        _compared(challenger, anchor, challenger) if anchor else None,
        challenger.scores.rows / champion.scores.rows,
        () if same or composed or case.rolling else _objections(case, registry, datasets, challenger, champion),
        composed=composed,
    ), ""


def _compared(
    one: Version, other: Version, base: Version, slices: Mapping[tuple[str, str], Sequence[int]] | None = None
) -> Comparison | None:
    """Two versions on the rows of one of them, the `base`."""
    return compare(base.scores, one.on(base.scored), other.on(base.scored), slices)


def _objections(
    case: UseCase, registry: Registry, datasets: DatasetStore, challenger: Version, champion: Version
) -> Sequence[tuple[str, str]]:
    """What speaks against the challenger's dataset in the place of the champion's."""
    try:
        new, old = (_table(datasets, each) for each in (challenger, champion))
    except DatasetNotFoundError:
        return ()
    labels = dict(zip(champion.scores.ids, champion.scores.labels.tolist(), strict=True))
    theirs = zip(challenger.scores.ids, challenger.scores.labels.tolist(), strict=True)
    relabelled = sum(labels.get(row_id, label) != label for row_id, label in theirs)
    reference = json.loads(registry.reader.artifact(champion.name, REFERENCE))
    drifted = {} if challenger.rows is None else moved(case, reference, challenger.rows.features)
    return tuple(objections(new, old, relabelled, drifted))


def _is_composed(datasets: DatasetStore, version: str) -> bool:
    """Whether retraining made the dataset, of the champion's rows and of labels that became known."""
    try:
        return f"/{COMPOSED}" in datasets.find(version).source
    except DatasetNotFoundError:
        return False


def _table(datasets: DatasetStore, of: Version) -> Table:
    """The dataset of a version, with the ids of all its rows."""
    dataset = datasets.find(of.card["dataset_version"])
    ids = of.rows.ids if of.rows is not None else [row.row_id for row in datasets.rows(dataset.version)]
    return Table(dataset, frozenset(ids), of.card["serving"]["positive"] / of.card["serving"]["rows"])
