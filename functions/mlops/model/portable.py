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
from typing import Any

from mlops.errors import ModelCorruptedError
from mlops.model.forest import Forest
from titanic.encoder import COLUMNS, Encoder
from titanic.features import Derived

FORMAT = 1
_KEY = "titanic"
# Array type codes and their names in the file.
_ARRAYS = {"roots": "i", "feature": "i", "threshold": "d", "left": "i", "right": "i", "value": "d"}
_TYPES = {"i": "I32", "d": "F64"}
_EXPLAINED = tuple(dict.fromkeys(feature for column in COLUMNS for feature in column.features))


@dataclass(frozen=True)
class Model:
    """From derived features to P(survived)."""

    encoder: Encoder
    forest: Forest

    def probabilities(self, rows: Sequence[Derived]) -> list[float]:
        """P(survived) of each passenger."""
        return self.forest.probabilities([self.encoder.encode(row) for row in rows])

    def explanations(self, rows: Sequence[Derived]) -> list[tuple[float, dict[str, float]]]:
        """P(survived) of each passenger, and `base` and each feature's contribution, which add up to it."""
        explained = self.forest.explanations([self.encoder.encode(row) for row in rows])
        return [(probability, _by_feature(base, shares)) for probability, base, shares in explained]


def _by_feature(base: float, shares: Sequence[float]) -> dict[str, float]:
    """What a column made of several features contributes is divided equally among them."""
    total = {"base": base, **dict.fromkeys(_EXPLAINED, 0.0)}
    for column, share in zip(COLUMNS, shares, strict=True):
        for feature in column.features:
            total[feature] += share / len(column.features)
    return total


def dump(model: Model) -> bytes:
    """The model's file."""
    forest = model.forest
    about = {
        "format": FORMAT,
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


def load(file: bytes) -> Model:
    """The model of a file that `dump` wrote; ModelCorruptedError if it is cut, damaged, or of another format."""
    try:
        (length,) = struct.unpack_from("<Q", file)
        header = json.loads(file[8 : 8 + length])
        about = json.loads(header["__metadata__"][_KEY])
        if about["format"] != FORMAT:
            raise ModelCorruptedError(f"The model is of format {about['format']}, this code reads {FORMAT}: retrain")
        encoder = Encoder.from_json(about["encoder"])
        body = memoryview(file)[8 + length :]
        arrays: dict[str, Any] = {name: _array(name, header[name], body) for name in _ARRAYS}
        forest = Forest(**about["forest"], **arrays)
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise ModelCorruptedError(f"The model's file is not readable: {error!r}") from error
    sizes = {len(getattr(forest, name)) for name in _ARRAYS if name != "roots"}
    if len(sizes) != 1 or not forest.roots or forest.columns != len(COLUMNS):
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
