"""Rows to learn from: features as a DataFrame, with labels and ids."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from mlops.use_case import Cell, Derived, Feature

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray


# Rows that are in memory as Python objects at once: they take ten times as much there as in a frame.
PORTION = 50_000


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """A column for each feature, indexed by row id; labels (0 or 1) in the same order."""

    features: "pd.DataFrame"
    labels: "NDArray[np.int64]"

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def ids(self) -> list[str]:
        return list(self.features.index)

    def take(self, rows: "NDArray[np.intp]") -> "TrainingSet":
        """The rows at these positions."""
        return TrainingSet(self.features.iloc[rows], self.labels[rows])


def training_set(features: Sequence[Feature], rows: Iterable[tuple[str, int, Sequence[Cell]]]) -> TrainingSet:
    """The set of (id, label, the features' values in their order)."""
    import numpy as np
    import pandas as pd

    frames, labels, texts, remaining = [], list[Any](), dict[str, str](), iter(rows)
    while portion := list(islice(remaining, PORTION)):
        ids, its, values = zip(*portion, strict=True)
        frames.append(frame(features, values, ids, texts))
        labels.append(np.array(its, dtype=np.int64))
    if not frames:
        return TrainingSet(frame(features, ()), np.array([], dtype=np.int64))
    return TrainingSet(pd.concat(frames) if len(frames) > 1 else frames[0], np.concatenate(labels))


def from_columns(
    features: Sequence[Feature], ids: Sequence[str], labels: "ArrayLike", columns: Mapping[str, Any]
) -> TrainingSet:
    """The set of whole columns by feature, as a DataFrame, a dict of NumPy arrays or an Arrow table has them.

    Missing are None, NaN and Arrow's null. KeyError names a feature that is not among the columns.
    """
    import numpy as np
    import pandas as pd

    index, series = pd.Index(list(ids), dtype=object), {}
    for feature in features:
        column = columns[feature.name]
        cells = column.to_pylist() if hasattr(column, "to_pylist") else column  # Arrow's nulls are None then
        if feature.type in ("number", "flag"):
            series[feature.name] = pd.Series(np.asarray(cells, dtype="float64"), index)
        else:
            codes, values = pd.factorize(np.asarray(cells, dtype=object))  # -1 is a missing cell
            texts = np.array([*map(str, values), None], dtype=object)
            series[feature.name] = pd.Series(texts[codes], index)
    return TrainingSet(pd.DataFrame(series, index), np.asarray(labels, dtype=np.int64))


def frame(
    features: Sequence[Feature],
    rows: Iterable[Sequence[Cell]],
    ids: Sequence[str] = (),
    texts: dict[str, str] | None = None,
) -> "pd.DataFrame":
    """Features as columns: numbers and flags as float64 with NaN for what is not recorded, all else as text or None.

    `texts` are those of other frames: equal ones become one object.
    """
    import pandas as pd

    columns = list(zip(*rows, strict=True)) or [()] * len(features)
    known = {} if texts is None else texts
    series = {
        feature.name: pd.Series(cells, dtype="float64")
        if feature.type in ("number", "flag")
        else pd.Series(
            [None if cell is None else known.setdefault(text := str(cell), text) for cell in cells], dtype=object
        )
        for feature, cells in zip(features, columns, strict=True)
    }
    made = pd.DataFrame(series)
    return made.set_axis(list(ids)) if ids else made


def records(features: "pd.DataFrame") -> Sequence[Derived]:
    """The rows of a frame as `derive` makes them: None for what is not recorded. Of very many, made when asked for."""
    return _made(features) if len(features) <= PORTION else _Records(features)


class _Records(Sequence[Derived]):
    """Rows that are made a portion at a time, each time that they are gone through."""

    def __init__(self, features: "pd.DataFrame") -> None:
        self._features = features

    def __len__(self) -> int:
        return len(self._features)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return records(self._features.iloc[place])
        return _made(self._features.iloc[[place]])[0]

    def __iter__(self) -> Iterator[Derived]:
        for start in range(0, len(self), PORTION):
            yield from _made(self._features.iloc[start : start + PORTION])


def _made(features: "pd.DataFrame") -> list[Derived]:
    rows = features.astype(object).where(features.notna(), None)
    names = [str(name) for name in rows.columns]
    return [dict(zip(names, values, strict=True)) for values in rows.itertuples(index=False, name=None)]
