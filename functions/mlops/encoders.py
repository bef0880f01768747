"""What turns features into the model's numbers: the protocols that a use case's encoder implements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from mlops.columns import Derived

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ModelInput:
    """One number that the model sees, and the features it is made of."""

    name: str
    features: tuple[str, ...]


class Encoder(Protocol):
    """What turns features into the model's numbers: fitted on training rows alone, and part of the model."""

    @property
    def inputs(self) -> Sequence[ModelInput]: ...

    def encode(self, row: Derived) -> list[float]:
        """The inputs of one row; needs no numpy, which a cold start cannot afford."""

    def transform(self, features: "pd.DataFrame") -> "NDArray[np.float32]":
        """The inputs of many rows, shape (n, len(inputs)): `encode` of each, to the last bit of a float32."""

    def to_json(self) -> dict[str, Any]: ...


class Encoding(Protocol):
    """How an encoder is fitted, and read back."""

    def fit_transform(
        self, features: "pd.DataFrame", labels: "NDArray[np.int64]"
    ) -> "tuple[Encoder, NDArray[np.float32]]":
        """The encoder, and the training rows' inputs: what it learnt from labels reaches these rows out-of-fold."""

    def from_json(self, data: Mapping[str, Any]) -> Encoder:
        """What `to_json` wrote; KeyError, TypeError or ValueError if it is something else."""
