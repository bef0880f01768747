"""Rows to learn from: features as a DataFrame, with labels and ids."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops.use_case import Cell, Derived, Feature

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


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

    ids, labels, values = zip(*rows, strict=True) if (rows := list(rows)) else ((), (), ())
    return TrainingSet(frame(features, values, ids), np.array(labels, dtype=np.int64))


def frame(features: Sequence[Feature], rows: Iterable[Sequence[Cell]], ids: Sequence[str] = ()) -> "pd.DataFrame":
    """Features as columns: numbers and flags as float64 with NaN for what is not recorded, all else as text or None."""
    import pandas as pd

    columns = list(zip(*rows, strict=True)) or [()] * len(features)
    series = {
        feature.name: pd.Series(cells, dtype="float64")
        if feature.type in ("number", "flag")
        else pd.Series([None if cell is None else str(cell) for cell in cells], dtype=object)
        for feature, cells in zip(features, columns, strict=True)
    }
    made = pd.DataFrame(series)
    return made.set_axis(list(ids)) if ids else made


def records(features: "pd.DataFrame") -> list[Derived]:
    """The rows of a frame as `derive` makes them: None for what is not recorded."""
    rows = features.astype(object).where(features.notna(), None)
    names = [str(name) for name in rows.columns]
    return [dict(zip(names, values, strict=True)) for values in rows.itertuples(index=False, name=None)]
