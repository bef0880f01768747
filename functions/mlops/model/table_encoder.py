"""The encoder of an ordinary table: medians, one-hot columns and smoothed target means.

A number becomes itself, a missing one the training median. A category of few values becomes a column for each of them
(one-hot), of many the smoothed mean of the label among its training rows. Where cells were missing in training, a flag
says so. A key is no input.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlops.use_case import Derived, Encoder, Feature, ModelInput

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

# The largest float32, which is what a forest sees; scikit-learn refuses anything beyond.
LARGEST = 3.4028234663852886e38


@dataclass(frozen=True, slots=True)
class NumberEncoding:
    """A number or a flag; `fill` stands for a missing one, and `flagged` adds an input that says it was missing."""

    feature: str
    fill: float
    flagged: bool

    @property
    def names(self) -> list[str]:
        return [self.feature, *([f"{self.feature}_missing"] if self.flagged else [])]

    def encode(self, cell: Any) -> Sequence[float]:
        if cell is None or cell != cell:  # NaN differs from itself
            return (self.fill, 1.0) if self.flagged else (self.fill,)
        if not -LARGEST <= cell <= LARGEST:
            cell = LARGEST if cell > 0 else -LARGEST
        number = float(cell) + 0.0  # no negative zero: equal cells, equal inputs
        return (number, 0.0) if self.flagged else (number,)


@dataclass(frozen=True, slots=True)
class CategoryEncoding:
    """A category: the inputs of each known value, of a missing one (`absent`) and of any other (`other`)."""

    feature: str
    names: list[str]
    table: Mapping[str, tuple[float, ...]]
    absent: tuple[float, ...]
    other: tuple[float, ...]

    def encode(self, cell: Any) -> Sequence[float]:
        known = self.table.get(cell)
        if known is not None:
            return known
        return self.absent if cell is None or cell != cell else self.table.get(str(cell), self.other)


Part = NumberEncoding | CategoryEncoding


class TableEncoder:
    """Turns features into a model's inputs; made by `TableEncoding`."""

    def __init__(self, parts: Sequence[Mapping[str, Any]]) -> None:
        """Of `parts`, one JSON object a feature; KeyError, TypeError or ValueError if they are something else."""
        self._described = [dict(part) for part in parts]
        self._parts = [_read(part) for part in self._described]
        self._steps = [(part.feature, part.encode) for part in self._parts]
        self.inputs = tuple(ModelInput(name, (part.feature,)) for part in self._parts for name in part.names)

    def encode(self, row: Derived) -> list[float]:
        """The inputs of one row; needs no numpy, which a cold start cannot afford."""
        inputs: list[float] = []
        for feature, encode in self._steps:
            inputs += encode(row[feature])
        return inputs

    def transform(self, features: "pd.DataFrame") -> "NDArray[np.float32]":
        """The inputs of many rows, shape (n, len(inputs)): `encode` of each, to the last bit of a float32."""
        import numpy as np
        import pandas as pd

        columns: list[NDArray[np.float64]] = [np.zeros((len(features), 0))]
        for feature, encode in self._steps:
            codes, values = pd.factorize(features[feature])  # -1 is a missing cell
            columns.append(np.array([*map(encode, values), encode(None)], dtype=np.float64)[codes])
        return np.hstack(columns).astype(np.float32)

    def to_json(self) -> dict[str, Any]:
        return {"parts": self._described}


@dataclass(frozen=True)
class TableEncoding:
    """How a `TableEncoder` of these features is fitted, and read back."""

    features: tuple[Feature, ...]

    def fit_transform(
        self, features: "pd.DataFrame", labels: "NDArray[np.int64]"
    ) -> "tuple[Encoder, NDArray[np.float32]]":
        """The encoder, and the training rows' inputs, in which target means are out-of-fold."""
        from mlops.model.table_fitting import described, out_of_fold

        parts = [described(feature, features[feature.name], labels) for feature in self._inputs()]
        encoder = TableEncoder(parts)
        matrix = encoder.transform(features)
        for part in parts:
            if "means" in part:
                name = part["feature"]
                known = features[name].notna().to_numpy()
                place = encoder.inputs.index(ModelInput(name, (name,)))
                matrix[known, place] = out_of_fold(features[name], labels, part["prior"])[known]
        return encoder, matrix

    def from_json(self, data: Mapping[str, Any]) -> Encoder:
        """What `to_json` wrote; KeyError, TypeError or ValueError if it is something else."""
        encoder = TableEncoder(data["parts"])
        found, expected = [part["feature"] for part in data["parts"]], [feature.name for feature in self._inputs()]
        if found != expected:
            raise ValueError(f"The encoder is of the features {found}, not {expected}")
        return encoder

    def _inputs(self) -> list[Feature]:
        return [feature for feature in self.features if feature.type != "key"]


def _read(part: Mapping[str, Any]) -> Part:
    """One feature's encoding from JSON: of a number, a one-hot category, or a category by target means."""
    feature, flagged = str(part["feature"]), bool(part["missing"])
    if "fill" in part:
        return NumberEncoding(feature, float(part["fill"]), flagged)
    if "values" in part:
        values = [str(value) for value in part["values"]]
        names, width = [f"{feature}_{value}" for value in values], len(values)
        table = {value: tuple(float(i == at) for i in range(width)) for at, value in enumerate(values)}
        blank: tuple[float, ...] = (0.0,) * width
    else:
        names, blank = [feature], (float(part["prior"]),)
        table = {str(value): (float(mean),) for value, mean in part["means"].items()}
    if not flagged:
        return CategoryEncoding(feature, names, table, blank, blank)
    table = {value: (*inputs, 0.0) for value, inputs in table.items()}
    flag = f"{feature}_missing" if f"{feature}_missing" not in names else f"{feature}_not_recorded"
    return CategoryEncoding(feature, [*names, flag], table, (*blank, 1.0), (*blank, 0.0))
