"""What is wrong with a row, or with a whole file."""

from collections.abc import Sequence
from dataclasses import dataclass

from mlops.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why one row of a file was not loaded. `row` counts from 1 at the first row of data."""

    row: int
    field: str
    value: str
    reason: str


class DatasetRefusedError(InvalidInputError):
    """A file that is not this use case's table, or holds too many bad rows: nothing of it was loaded.

    `rejections` are the first faults of the latter.
    """

    def __init__(self, words: str, rejections: Sequence[Rejection] = ()) -> None:
        super().__init__(words)
        self.rejections = rejections
