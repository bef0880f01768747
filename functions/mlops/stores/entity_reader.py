"""The online store as serving reads it: a hash per feature schema, a packed value per row, by three fields at once."""

import json
from collections.abc import Iterable

from mlops.features.stores import Entity
from mlops.stores.prediction_log import RespPredictionLog
from mlops.use_case import Derived, UseCase

# Two fields beside the rows' own, which all begin with `id:`.
VERSION, EVENT_TIME = "version", "event_time"
_encode = json.JSONEncoder(separators=(",", ":")).encode


def key(schema_hash: str, name: str) -> str:
    """The name of a hash; braces keep those of one schema on one node of a cluster, where alone they can be renamed."""
    return f"online:{{{schema_hash}}}:{name}"


def field(row_id: str) -> str:
    """A row's field in the hash."""
    return f"id:{row_id}"


def packed(event_time: float, features: Derived, names: Iterable[str]) -> bytes:
    """The event time in Unix seconds, then the values in the registry's order: a fifth the size of named values."""
    return _encode([event_time, *map(features.__getitem__, names)]).encode()


class RespEntityReader:
    """Implements `features.stores.EntityReader` on the connection of the prediction log: serving opens one."""

    def __init__(self, log: RespPredictionLog, case: UseCase) -> None:
        self._log = log
        self._current = key(case.schema_hash, "current")
        self._names = [feature.name for feature in case.features]

    def get(self, row_id: str) -> Entity | None:
        ((value, version),) = self._log.run([("HMGET", self._current, field(row_id), VERSION)])
        if value is None or version is None:
            return None
        event_time, *values = json.loads(value)
        return Entity(row_id, version.decode(), event_time, dict(zip(self._names, values, strict=True)))
