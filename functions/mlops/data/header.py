"""The header of an uploaded table: which column is which, and what to do about another header."""

import csv
from collections.abc import Sequence
from difflib import SequenceMatcher

from mlops.data.rejection import DatasetRefusedError
from mlops.use_case import MAX_COLUMNS, MAX_TEXT_LENGTH, UseCase

_LIKE = 0.7
_ELSEWHERE = "A list without labels is no training data: have it predicted, on the Batch page or by POST /predict/batch"


def expected(case: UseCase) -> list[str]:
    """The columns that a file must have."""
    ids = [case.id.name] if case.id else []
    return [*ids, case.label.name, *(column.name for column in case.kept)]


def columns_of(header: str, case: UseCase, wanted: Sequence[str] = (), *, unlabelled: bool = False) -> list[str]:
    """The column names in the order of the file; DatasetRefusedError if they are not the table's own, or `wanted`.

    Any order is taken, and columns declared ignored may be there; nothing else: a column too many is more often a
    shifted row than a gift. An `unlabelled` table, as a request, needs its required columns alone.
    """
    table, header = wanted or expected(case), header.lower() if wanted else header
    known = {*table, *case.ignored}
    if unlabelled:
        table = [column.name for column in case.kept if column.required]
    names = next(csv.reader([header]), [])
    if not set(names) & known and (delimiter := next((mark for mark in ";\t|" if mark in header), None)):
        raise DatasetRefusedError(f"Columns are separated by {delimiter!r}: save the file with commas between them")
    unknown = [name for name in names if name not in known]
    if missing := [name for name in table if name not in names]:
        told = f"Missing column {', '.join(missing)}: the first line must be {','.join(table)}, but is {header[:500]!r}"
        raise DatasetRefusedError(f"{told}. {_remedy(case, table, header, missing, unknown)}")
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise DatasetRefusedError(f"Column {', '.join(doubled)} is there more than once: keep one of them")
    if unknown:
        absent = [name for name in known if name not in names]
        renamed = _told(_renamed(case, {}, absent, unknown))
        raise DatasetRefusedError(f"Unknown column {', '.join(map(repr, unknown))}: {renamed or 'remove it'}")
    return names


def _remedy(case: UseCase, table: Sequence[str], header: str, missing: list[str], unknown: list[str]) -> str:
    if not header.strip(' ,"'):
        return "It is blank: delete that line"
    names = next(csv.reader([header]))
    for begins, what in (("sep=", "a note to Excel"), ("#", "a comment"), ("//", "a comment")):
        if names[0] in unknown and names[0].strip().lower().startswith(begins):
            return f"It is {what}: delete that line"
    if len(names) == 1 < len(missing):
        return "It is one cell: write the names with commas between them, and the line without quotes around it"
    if len(missing) > 1 and any(name.replace(".", "", 1).isdigit() for name in unknown):
        return "It seems to be a row: write the names of the columns above it"
    renamed = _renamed(case, dict(zip(names, table, strict=False)), missing, unknown)
    told = _told(renamed)
    unlabelled = case.label.name in missing and case.label.name not in {new for new, _ in renamed.values()}
    elsewhere = [_ELSEWHERE] if unlabelled and (told or len(missing) == 1) else []
    return ". ".join([told] * bool(told) + elsewhere) or "Add what is missing"


def _told(renamed: dict[str, tuple[str, bool]]) -> str:
    told = [f"{'' if sure else 'perhaps '}{old!r} to {new!r}" for old, (new, sure) in renamed.items()]
    return f"Rename {', '.join(told)}" if told else ""


def _renamed(
    case: UseCase, places: dict[str, str], missing: list[str], unknown: list[str]
) -> dict[str, tuple[str, bool]]:
    """The missing column that each unknown one surely or perhaps is: the same but for its spelling, called by its
    title, like one of these, or in its place."""
    titles = {**{each.name: each.title for each in case.columns}, case.label.name: case.label.title}
    placed = len(unknown) == len(missing) and missing != [case.label.name]

    def likeness(old: str, new: str) -> float:
        return max(_alike(old, new), _alike(old, titles.get(new, "")), _LIKE * (placed and places.get(old) == new))

    found: dict[str, tuple[str, bool]] = {}
    pairs = [(likeness(old, new), old, new) for old in unknown[:MAX_COLUMNS] for new in missing]
    for like, old, new in sorted(pairs, reverse=True):
        if like >= _LIKE and old not in found and new not in {each for each, _ in found.values()}:
            found[old] = new, like == 1
    return {old: found[old] for old in unknown if old in found}


def _alike(one: str, other: str) -> float:
    a, b = ("".join(filter(str.isalnum, each[:MAX_TEXT_LENGTH].casefold())) for each in (one, other))
    return SequenceMatcher(a=a, b=b).ratio() if a and b else 0.0
