"""From derived features to the model's numbers: what had to be learnt from the training rows, and nothing else.

The second of the two stages (see features.py). An encoder is fitted on training rows alone and travels inside the
model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlops.model.training_set import records
from mlops.use_case import Cell, Derived, ModelInput
from titanic.companions import FEATURES as COMPANION_FEATURES
from titanic.companions import Companions, out_of_fold

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

# Few on purpose. Deck, port and fare per head fit one draw of passengers and cost on the next: the trees that use them
# tell men of first class that they survive. Leaving age out costs nothing: it is a boy's title that counts
# (docs/evidence.md has the ablation).
INPUTS: tuple[ModelInput, ...] = (
    ModelInput("pclass", ("pclass",)),
    ModelInput("female", ("sex",)),
    ModelInput("master", ("title",)),
    ModelInput("family_size", ("family_size",)),
    *(ModelInput(feature.name, (feature.name,)) for feature in COMPANION_FEATURES),
)


@dataclass(frozen=True, slots=True)
class Encoder:
    """The groups of the training rows, to tell who travels with whom."""

    companions: Companions

    @property
    def inputs(self) -> Sequence[ModelInput]:
        return INPUTS

    @classmethod
    def fit(cls, features: "pd.DataFrame", labels: "NDArray[np.int64]") -> "Encoder":
        """Learn from training rows and their labels, of the same length."""
        return cls(Companions.fit(records(features), labels.tolist()))

    @classmethod
    def fit_transform(
        cls, features: "pd.DataFrame", labels: "NDArray[np.int64]"
    ) -> "tuple[Encoder, NDArray[np.float32]]":
        """The fitted encoder and the training matrix.

        Not `transform` of the same rows, as in scikit-learn's TargetEncoder: what became of its companions reaches a
        training row out-of-fold.
        """
        rows = records(features)
        encoder = cls(Companions.fit(rows, labels.tolist()))
        return encoder, encoder._matrix(features, out_of_fold(encoder.companions, rows))

    def transform(self, features: "pd.DataFrame") -> "NDArray[np.float32]":
        """The model's matrix of any rows, float32 of shape (n, len(INPUTS))."""
        return self._matrix(features, [self.companions.of(row) for row in records(features)])

    def encode(self, row: Derived) -> list[float]:
        """One row of `transform` before it is rounded to float32; needs no numpy, which a cold start cannot afford."""
        return [
            _number(row["pclass"]),
            float(row["sex"] == "female"),
            float(row["title"] == "Master"),
            _number(row["family_size"]),
            self.companions.of(row),
        ]

    def _matrix(self, rows: "pd.DataFrame", survived: Sequence[float]) -> "NDArray[np.float32]":
        """`encode` of many rows at once, given what is known of their companions."""
        import numpy as np

        columns = [
            rows["pclass"].astype(float),
            rows["sex"] == "female",
            rows["title"] == "Master",
            rows["family_size"],
            survived,
        ]
        return np.column_stack([np.asarray(column, dtype=np.float64) for column in columns]).astype(np.float32)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, the inputs' names included."""
        companions = {"usual": self.companions.usual, "groups": self.companions.groups}
        return {"companions": companions, "inputs": [each.name for each in INPUTS]}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Encoder":
        """The encoder that `to_json` wrote; KeyError, TypeError or ValueError if it is of other inputs."""
        if data["inputs"] != [each.name for each in INPUTS]:
            raise ValueError("its inputs are not those of this code")
        return Encoder(Companions.from_json(data["companions"]))


def _number(value: Cell) -> float:
    return 0.0 if value is None else float(value)
