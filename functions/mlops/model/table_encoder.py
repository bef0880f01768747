"""The encoder of an ordinary table: medians, one-hot columns and smoothed target means.

A number becomes itself, a missing one the training median. A category of few values becomes a column for each of them
(one-hot), of many the smoothed mean of the label among its training rows. Where cells were missing in training, a flag
says so. A key is no input.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlops.use_case import Derived, Encoder, Feature, ModelInput

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

# A category of more values than this is encoded by target means.
MAX_ONE_HOT = 10
# Target means reach training rows out-of-fold: row i is in fold i modulo FOLDS.
FOLDS = 5
# The m of the m-estimate: so many rows of the prior are added to each value's own (D. Micci-Barreca, "A preprocessing
# scheme for high-cardinality categorical attributes in classification and prediction problems", 2001, equation 3).
SMOOTHING = 10.0
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
        return (float(cell), 0.0) if self.flagged else (float(cell),)

    def transform(self, cells: "pd.Series[Any]") -> "NDArray[np.float64]":
        import numpy as np

        values = _numbers(cells)
        missing = np.isnan(values)
        filled = np.where(missing, self.fill, values)
        return np.column_stack([filled, missing]) if self.flagged else filled[:, None]


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

    def transform(self, cells: "pd.Series[Any]") -> "NDArray[np.float64]":
        import numpy as np
        import pandas as pd

        codes, values = pd.factorize(cells)  # -1 is a missing cell
        known = [self.table.get(str(value), self.other) for value in values]
        return np.array([*known, self.absent], dtype=np.float64)[codes]


Part = NumberEncoding | CategoryEncoding


class TableEncoder:
    """Turns features into a model's inputs; made by `TableEncoding`."""

    def __init__(self, parts: Sequence[Mapping[str, Any]]) -> None:
        """Of `parts`, one JSON object a feature; KeyError, TypeError or ValueError if they are something else."""
        self._described = [dict(part) for part in parts]
        self._parts = [_read(part) for part in self._described]
        self._steps: list[tuple[str, Callable[[Any], Sequence[float]]]] = [
            (part.feature, part.encode) for part in self._parts
        ]
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

        columns = [part.transform(features[part.feature]) for part in self._parts]
        return np.hstack([np.zeros((len(features), 0)), *columns]).astype(np.float32)

    def knows_group(self, features: "pd.DataFrame") -> None:
        """There are no groups in an ordinary table."""

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
        import numpy as np

        described: list[dict[str, Any]] = []
        columns: list[NDArray[np.float64]] = [np.zeros((len(features), 0))]
        for feature in self._inputs():
            cells = features[feature.name]
            if feature.type == "category":
                part, inputs = _fit_category(feature.name, cells, labels)
            else:
                part = _fit_number(feature.name, cells)
                inputs = _read(part).transform(cells)
            described.append(part)
            columns.append(inputs)
        return TableEncoder(described), np.hstack(columns).astype(np.float32)

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


def _fit_number(feature: str, cells: "pd.Series[Any]") -> dict[str, Any]:
    import numpy as np

    values = _numbers(cells)
    known = values[~np.isnan(values)]
    return {
        "feature": feature,
        "fill": float(np.median(known)) if len(known) else 0.0,
        "missing": len(known) < len(values),
    }


def _fit_category(
    feature: str, cells: "pd.Series[Any]", labels: "NDArray[np.int64]"
) -> "tuple[dict[str, Any], NDArray[np.float64]]":
    import numpy as np
    import pandas as pd

    codes, values = pd.factorize(cells, sort=True)
    part: dict[str, Any] = {"feature": feature, "missing": bool((codes < 0).any())}
    if len(values) <= MAX_ONE_HOT:
        part["values"] = [str(value) for value in values]
        return part, _read(part).transform(cells)
    prior = float(np.mean(labels))
    known = codes >= 0
    counts = np.bincount(codes[known], minlength=len(values))
    means = _smoothed(np.bincount(codes[known], labels[known], len(values)), counts, prior)
    part |= {
        "prior": prior,
        # A value's only row is at the prior out-of-fold, so that is where it belongs when it comes again.
        "means": {str(value): float(means[i]) for i, value in enumerate(values) if counts[i] > 1},
    }
    inputs = _read(part).transform(cells)
    inputs[known, 0] = _out_of_fold(codes, labels, len(values), prior)[known]
    return part, inputs


def _smoothed(positive: "NDArray[Any]", count: "NDArray[Any]", prior: float) -> "NDArray[np.float64]":
    """The m-estimate of each value's mean label."""
    means: NDArray[np.float64] = (positive + SMOOTHING * prior) / (count + SMOOTHING)
    return means


def _out_of_fold(
    codes: "NDArray[np.int64]", labels: "NDArray[np.int64]", values: int, prior: float
) -> "NDArray[np.float64]":
    """Each row's target mean by the rows of the other folds; the prior is the same for all, so it tells nothing."""
    import numpy as np

    found, fold, known = np.full(len(codes), prior), np.arange(len(codes)) % FOLDS, codes >= 0
    for held_out in range(FOLDS):
        others, own = known & (fold != held_out), known & (fold == held_out)
        positive = np.bincount(codes[others], labels[others], values)
        found[own] = _smoothed(positive, np.bincount(codes[others], minlength=values), prior)[codes[own]]
    return found


def _numbers(cells: "pd.Series[Any]") -> "NDArray[np.float64]":
    import numpy as np

    values: NDArray[np.float64] = np.clip(cells.to_numpy(dtype=np.float64, na_value=np.nan), -LARGEST, LARGEST)
    return values
