"""The header of an uploaded table: which column is which."""

import csv

from mlops.data.rejection import DatasetRefusedError
from mlops.use_case import UseCase


def expected(case: UseCase) -> list[str]:
    """The columns that a file must have."""
    ids = [case.id.name] if case.id else []
    return [*ids, case.label.name, *(column.name for column in case.kept)]


def columns_of(header: str, case: UseCase) -> list[str]:
    """The column names in the order of the file; DatasetRefusedError if they are not the table's own.

    Any order is taken, and columns declared ignored may be there; nothing else: a column too many is more often a
    shifted row than a gift.
    """
    wanted = expected(case)
    names = next(csv.reader([header]), [])
    if len(names) == 1 and (delimiter := next((mark for mark in ";\t|" if mark in header), None)):
        raise DatasetRefusedError(f"Columns are separated by {delimiter!r}: save the file with commas between them")
    if missing := [name for name in wanted if name not in names]:
        found = ",".join(names)[:500]
        raise DatasetRefusedError(
            f"Missing column {', '.join(missing)}: the first line must be {','.join(wanted)}, but is {found}"
        )
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise DatasetRefusedError(f"Column {', '.join(doubled)} is there more than once: keep one of them")
    if unknown := [name for name in names if name not in wanted and name not in case.ignored]:
        raise DatasetRefusedError(f"Unknown column {', '.join(map(repr, unknown))}: remove it")
    return names
