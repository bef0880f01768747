"""The model that serving loads: an encoder and a forest in one file that holds numbers and JSON, never code.

The file is in the safetensors format (https://huggingface.co/docs/safetensors): eight bytes with the header's length, a
JSON header, the arrays end to end. The same model is always the same bytes. Reading it takes nothing but the standard
library, for numpy's import alone would cost a cold start more than the model does.
"""

import json
import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlops.errors import ModelCorruptedError
from mlops.model.forest import Forest
from mlops.use_case import Derived, Encoder, UseCase

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 2
_KEY = "mlops"
# Array type codes and their names in the file.
_ARRAYS = {"roots": "i", "feature": "i", "threshold": "d", "left": "i", "right": "i", "value": "d"}
_TYPES = {"i": "I32", "d": "F64"}


@dataclass(frozen=True)
class Model:
    """From derived features to P(class 1)."""

    encoder: Encoder
    forest: Forest

    def probabilities(self, rows: Sequence[Derived]) -> list[float]:
        """P(class 1) of each row."""
        return self.forest.probabilities([self.encoder.encode(row) for row in rows])

    def score(self, features: "pd.DataFrame") -> list[float]:
        """P(class 1) of each row of a frame: the same as `probabilities`."""
        return self.forest.probabilities(self.encoder.transform(features).tolist())

    def explanations(self, rows: Sequence[Derived]) -> list[tuple[float, dict[str, float]]]:
        """P(class 1) of each row, and `base` and each feature's contribution, which add up to it."""
        explained = self.forest.explanations([self.encoder.encode(row) for row in rows])
        return [(probability, self._by_feature(base, shares)) for probability, base, shares in explained]

    def _by_feature(self, base: float, shares: Sequence[float]) -> dict[str, float]:
        """What an input made of several features contributes is divided equally among them."""
        total = {"base": base, **self._no_contributions}
        for features, share in zip(self._features_of_inputs, shares, strict=True):
            for feature in features:
                total[feature] += share / len(features)
        return total

    @cached_property
    def _features_of_inputs(self) -> list[tuple[str, ...]]:
        return [each.features for each in self.encoder.inputs]

    @cached_property
    def _no_contributions(self) -> dict[str, float]:
        return {feature: 0.0 for features in self._features_of_inputs for feature in features}


def dump(model: Model, case: UseCase) -> bytes:
    """The model's file."""
    forest = model.forest
    about = {
        "format": FORMAT,
        "schema_hash": case.schema_hash,
        "encoder": model.encoder.to_json(),
        "forest": {"columns": forest.columns, "depth": forest.depth},
    }
    header: dict[str, Any] = {"__metadata__": {_KEY: json.dumps(about, sort_keys=True)}}
    body = b""
    # Eight-byte numbers first, so that every array is aligned.
    for name in sorted(_ARRAYS, key=lambda name: (_ARRAYS[name] != "d", name)):
        data = array(_ARRAYS[name], getattr(forest, name))
        offsets = [len(body), len(body) + data.itemsize * len(data)]
        header[name] = {"dtype": _TYPES[data.typecode], "shape": [len(data)], "data_offsets": offsets}
        body += data.tobytes()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def load(file: bytes, case: UseCase) -> Model:
    """The model of a file that `dump` wrote; ModelCorruptedError if it is cut, damaged, or of another format."""
    try:
        (length,) = struct.unpack_from("<Q", file)
        header = json.loads(file[8 : 8 + length])
        metadata = header["__metadata__"]
        if _KEY not in metadata:
            raise ModelCorruptedError("The model is of an earlier format: train again")
        about = json.loads(metadata[_KEY])
        if about["format"] != FORMAT:
            raise ModelCorruptedError(
                f"The model is of format {about['format']}, this code reads {FORMAT}: train again"
            )
        encoder = case.read_encoder(about)
        body = memoryview(file)[8 + length :]
        arrays: dict[str, Any] = {name: _array(name, header[name], body) for name in _ARRAYS}
        forest = Forest(**about["forest"], **arrays)
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise ModelCorruptedError(f"The model's file is not readable: {error!r}") from error
    sizes = {len(getattr(forest, name)) for name in _ARRAYS if name != "roots"}
    if len(sizes) != 1 or forest.columns != len(encoder.inputs) or not forest.is_sound:
        raise ModelCorruptedError("The model's arrays do not fit together")
    return Model(encoder, forest)


def _array(name: str, entry: dict[str, Any], body: memoryview) -> list[Any]:
    begin, end = entry["data_offsets"]
    code = _ARRAYS[name]
    if entry["dtype"] != _TYPES[code]:
        raise ValueError(f"{name} is {entry['dtype']}, not {_TYPES[code]}")
    if not 0 <= begin <= end <= len(body):
        raise ValueError(f"{name} reaches beyond the file")
    values = array(code)
    values.frombytes(body[begin:end])
    return values.tolist()
