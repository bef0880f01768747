"""Dataset versions: the values, and the port of the store that keeps them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

from mlops.data.csv_content import CsvContent
from mlops.data.quality import Profile
from mlops.data.rejection import Rejection
from mlops.use_case import Row


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
class LabelledRow:
    """A row whose label is known: what a dataset version holds."""

    row_id: str
    label: int
    row: Row


class DatasetStore(Protocol):
    """Dataset versions: a version is there in whole or not at all, whatever is delivered twice or dies half-way."""

    def load(self, source: str, content: CsvContent, max_rejected_share: float) -> DatasetVersion:
        """Validate a CSV and load its good rows; content that was loaded before changes nothing and answers the same.

        DatasetRefusedError, and nothing changed, if it cannot be read as the use case's table or if more than
        `max_rejected_share` of its rows are bad, with the first faults of these.
        """

    def find(self, version: str) -> DatasetVersion:
        """DatasetNotFoundError if it was never loaded."""

    def rejections(self, version: str) -> Iterator[Rejection]:
        """Every fault of the rows that were not loaded, in the order of the file."""

    def rows(self, version: str) -> Iterator[LabelledRow]:
        """The rows that were loaded, by id: shorter ids first, so that numbers are in their order."""

    def part(self, version: str, number: int, of: int) -> Iterator[LabelledRow]:
        """One of so many parts of about equal size, in any order: each row is in one of them, always the same."""

    def profiles(self, version: str) -> tuple[Profile, Profile | None]:
        """What was measured of its rows as they were loaded, and of the version that was loaded last before it."""

    def forget(self, keep: int, needed: Collection[str]) -> Iterator[str]:
        """Delete all but the `keep` loaded last and the needed ones, with rejections and features; first names each."""
