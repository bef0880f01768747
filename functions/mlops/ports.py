"""What the workflows ask of the outside world. Adapters implement these; tests hold fakes to the same contract."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Literal, Protocol

from mlops.data.csv_content import CsvContent
from mlops.data.labels import Labelled
from mlops.data.quality import Profile
from mlops.monitoring.retraining import Retraining
from mlops.telemetry.activity import Reading
from titanic.features import Derived
from titanic.passenger import LabelledPassenger


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """One accepted file. `version` is its content's digest, so the same bytes are always the same version.

    `source` is where it was first seen, `rows` were loaded and `rejected` were not, `loaded_at` is in Unix seconds,
    `digest` the whole SHA-256 and `schema` the hash of the rules it was judged by.
    """

    version: str
    source: str
    rows: int
    rejected: int
    loaded_at: float
    digest: str
    schema: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why one row of a file was not loaded. `row` counts from 1 at the first row of data."""

    row: int
    field: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One labelled row of the offline store."""

    passenger_id: int
    survived: int
    features: Derived


@dataclass(frozen=True, slots=True)
class ModelDecision:
    """What was decided about a model version, why, and on what evidence: by the gate, or `crowned` by hand.

    `champion` is who serves after it and `previous` who did before; `at` is UTC, ISO 8601.
    """

    at: str
    model_version: str
    decision: Literal["promoted", "kept", "unchanged", "crowned"]
    reason: str
    champion: str | None
    previous: str | None
    evidence: Mapping[str, Any]


class ObjectReader(Protocol):
    """Named byte strings in buckets, for those who only read them whole."""

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """The names below a prefix that ends with a slash, or of the whole bucket."""
        ...

    def get(self, bucket: str, key: str) -> tuple[bytes, str]:
        """The object and its ETag; KeyError if there is none, StoreUnavailableError if the store does not answer."""
        ...


class ObjectStore(ObjectReader, Protocol):
    """Named byte strings in buckets."""

    def open(self, bucket: str, key: str) -> IO[bytes]:
        """A stream of the object, for files of any size."""
        ...

    def put(self, bucket: str, key: str, body: bytes | IO[bytes], content_type: str) -> None:
        """Write the object; from a file, which can be larger than memory."""
        ...

    def replace(self, bucket: str, key: str, body: bytes, content_type: str, expected_etag: str | None) -> None:
        """Write only if the object still has `expected_etag` (`None`: does not exist yet); else
        PromotionConflictError. This is the one atomic write behind the champion pointer."""
        ...


class DatasetStore(Protocol):
    """Dataset versions: a version is there in whole or not at all, whatever is delivered twice or dies half-way."""

    def load(self, source: str, content: CsvContent, max_rejected_share: float) -> DatasetVersion:
        """Validate a CSV and load its good rows; content that was loaded before changes nothing and answers the same.

        DatasetRefusedError, and nothing changed, if it cannot be read as a passenger list or if more than
        `max_rejected_share` of its rows are bad, with the first faults of these.
        """
        ...

    def find(self, version: str) -> DatasetVersion:
        """DatasetNotFoundError if it was never loaded."""
        ...

    def rejections(self, version: str) -> Iterator[Rejection]:
        """Every fault of the rows that were not loaded, in the order of the file."""
        ...

    def passengers(self, version: str) -> Iterator[LabelledPassenger]:
        """The rows that were loaded, by PassengerId."""
        ...

    def profiles(self, version: str) -> tuple[Profile, Profile | None]:
        """What was measured of its rows as they were loaded, and of the version that was loaded last before it."""
        ...


class OfflineStore(Protocol):
    """Feature history by dataset version and schema hash; the labels live here and nowhere else."""

    def write(self, dataset_version: str, schema_hash: str, rows: Iterable[FeatureRow]) -> int:
        """Keep the rows, all of them or none, and say how many; what is there already is left and counted."""
        ...

    def read(self, dataset_version: str, schema_hash: str) -> list[FeatureRow]:
        """The rows by PassengerId; DatasetNotFoundError if they were not written."""
        ...


class OnlineStore(Protocol):
    """The latest features of each passenger, by id; readers see the old version or the new one, never a mixture."""

    def publish(self, dataset: DatasetVersion, schema_hash: str, rows: Iterable[tuple[int, Derived]]) -> str:
        """Switch to the rows of a dataset version, all at once, unless those of one loaded later are there.

        Answers with the version that is online then.
        """
        ...

    def get(self, schema_hash: str, passenger_id: int) -> Derived | None:
        """A passenger's row; whoever joins the store serves from it, and the tests compare it."""
        ...


@dataclass(frozen=True, slots=True)
class Logged:
    """One entry of the prediction log, `position` its place there."""

    position: str
    kind: Literal["prediction", "outcome"]
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """A run of the pipeline that ended: its name, the key of the file it was of, and what it adds to the totals."""

    name: str
    key: str | None
    observations: Mapping[str, float]


class PredictionLog(Protocol):
    """What was predicted, with what was known then; written in the same round trip as the request's metrics."""

    def record(self, predictions: Sequence[Mapping[str, Any]], observations: Mapping[str, float]) -> None:
        """Append the predictions and add each observation to its total; StoreUnavailableError if that failed."""
        ...

    def record_once(self, name: str, observations: Mapping[str, float]) -> bool:
        """Add observations unless that was done under this name before; whether it was done now."""
        ...

    def totals(self) -> dict[str, float]:
        """The sum of all observations of each name."""
        ...

    def measure(self, gauges: Mapping[str, float]) -> None:
        """Keep the latest value of each gauge."""
        ...

    def gauges(self) -> dict[str, float]: ...

    def keep_reading(self, reading: Reading) -> None:
        """Keep what the totals were at a moment, for a week or so."""
        ...

    def readings(self, since: datetime) -> list[Reading]:
        """The readings kept since a time, oldest first."""
        ...

    def recent(self, limit: int) -> list[dict[str, Any]]:
        """The newest predictions, newest first; each with at least `at` (UTC, ISO 8601), `model_version`,
        `features` (as `derive` gives them) and `probability`."""
        ...

    def holds(self, prediction_id: str) -> bool: ...

    def tell(self, survived: Mapping[str, int], at: str) -> None:
        """Append what became of passengers, by the names of their predictions."""
        ...

    def after(self, position: str, limit: int) -> list[Logged]:
        """The oldest entries behind a position, in order; `""` is before the first."""
        ...

    def forget(self, before: datetime) -> None: ...


class PredictionHistory(Protocol):
    """Every prediction once, for as long as the retention allows, with its outcome where that is known."""

    def position(self) -> str:
        """How far the prediction log has come here; `""` at first."""
        ...

    def keep(
        self,
        predictions: Sequence[Mapping[str, Any]],
        outcomes: Sequence[Mapping[str, Any]] = (),
        position: str = "",
    ) -> int:
        """Keep what is not there yet, and the position with it: all or nothing; how many predictions were new."""
        ...

    def known(self, prediction_ids: Collection[str]) -> set[str]:
        """Those of these names that there are predictions of."""
        ...

    def outcomes(self, model_version: str, limit: int) -> tuple[int, int]:
        """How many of a model's latest predictions with an outcome were right, and how many there are."""
        ...

    def forget(self, before: datetime) -> int:
        """Delete what was predicted before a time; how many."""
        ...


class DecisionLog(Protocol):
    """The registry's audit: a row for every promotion, refusal and rollback, never changed."""

    def record(self, decision: ModelDecision) -> None:
        """Once, however often; of a row without evidence it adds that."""
        ...

    def by_version(self) -> dict[str, list[ModelDecision]]:
        """Every decision, newest first, by the version that it was about."""
        ...


class Retrainings(Protocol):
    """Passengers whose fate became known, and what was decided about training again."""

    def labelled(self) -> list[Labelled]:
        """Each such passenger once, by identity, with the last word on them and an id that no list has."""
        ...

    def decide(self, decision: Callable[[Sequence[Retraining]], Retraining], remembered: int) -> Retraining:
        """Record what is decided with so many of the latest decisions known; one at a time, and what raises is none."""
        ...

    def recent(self, count: int) -> list[Retraining]:
        """The latest decisions, newest first."""
        ...

    def link(self, runs: Iterable[tuple[str, str]]) -> None:
        """Say which run, by name, a dataset version was trained on in."""
        ...
