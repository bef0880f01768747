"""A batch in the data bucket: what was asked for, how it was divided, and under which keys its objects lie.

Below `batches/{id}/`:

- `request.json`: what was asked for; its digest is the id
- `execution.json`: the run of the state machine that scores it
- `plan.json`: sources and shards; `input/`: shards of packed files, unpacked
- `parts/`: scored rows, a file a shard; `errors/`: what was wrong with refused rows, of each shard that has some
- `done/`: of each shard that is scored whole, written last; `failed/`: why a shard was given up
- `manifest.json`: all of it in short, once every shard was tried
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, Literal

from mlops.data.objects import ObjectReader, ObjectStore, Pinned
from mlops.errors import BatchNotFoundError

PREFIX = "batches/"
# Bytes of a shard, and a record more: small enough for a function's memory and its 15 minutes.
LARGEST = 16 * 2**20
Format = Literal["csv", "parquet"]


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """Which files are scored by which model, and how the results are written."""

    use_case: str
    model_version: str
    format: Format
    sources: tuple[Pinned, ...]

    @property
    def batch_id(self) -> str:
        """The digest of the request: the same files and model are the same batch, whenever they were uploaded."""
        content = [(each.key, each.etag, each.size) for each in self.sources]
        about = [self.use_case, self.model_version, self.format, content]
        return sha256(json.dumps(about).encode()).hexdigest()[:16]

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), indent=2).encode()

    @classmethod
    def from_json(cls, body: bytes) -> "BatchRequest":
        about = json.loads(body)
        return cls(**{**about, "sources": tuple(Pinned(**each) for each in about["sources"])})


@dataclass(frozen=True, slots=True)
class Shard:
    """Whole records of one source: bytes `start` to before `end` of `pinned`, `rows` rows from `first_row` on.

    Rows count from 1 in each source; `columns` are those of its header.
    """

    source: str
    pinned: Pinned
    start: int
    end: int
    first_row: int
    rows: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceRows:
    """A source as it was read: the SHA-256 of its unpacked bytes and the number of its rows."""

    key: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How a batch was divided; a shard is known by its place."""

    sources: tuple[SourceRows, ...]
    shards: tuple[Shard, ...]

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, body: bytes) -> "Plan":
        about = json.loads(body)
        return cls(tuple(SourceRows(**each) for each in about["sources"]), tuple(map(_shard, about["shards"])))


def _shard(about: Mapping[str, Any]) -> Shard:
    return Shard(**{**about, "pinned": Pinned(**about["pinned"]), "columns": tuple(about["columns"])})


def key(batch_id: str, name: str) -> str:
    """Where an object of a batch lies."""
    return f"{PREFIX}{batch_id}/{name}"


def part_name(number: int, format: Format) -> str:
    return f"part-{number:05}.{format}"


def errors_name(number: int) -> str:
    return f"errors-{number:05}.csv"


def note_run(objects: ObjectStore, bucket: str, batch_id: str, run: str) -> None:
    """Keep the name of the run that scores a batch."""
    objects.put(bucket, key(batch_id, "execution.json"), json.dumps({"run": run}).encode(), "application/json")


def read_request(objects: ObjectReader, bucket: str, batch_id: str) -> BatchRequest:
    """What a batch was asked for; BatchNotFoundError if there is none of this id."""
    try:
        return BatchRequest.from_json(objects.get(bucket, key(batch_id, "request.json"))[0])
    except KeyError:
        raise BatchNotFoundError(f"There is no batch {batch_id!r}: POST /batches starts one") from None


def read_plan(objects: ObjectReader, bucket: str, batch_id: str) -> Plan | None:
    """How a batch was divided; None until it was."""
    try:
        return Plan.from_json(objects.get(bucket, key(batch_id, "plan.json"))[0])
    except KeyError:
        return None


def numbers(objects: ObjectReader, bucket: str, batch_id: str, what: Literal["done", "failed"]) -> set[int]:
    """The shards that are done, or were given up at least once."""
    prefix = key(batch_id, f"{what}/")
    return {int(each.removeprefix(prefix).removesuffix(".json")) for each in objects.keys(bucket, prefix)}
