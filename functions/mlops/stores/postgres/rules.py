"""The declared columns as SQL over a staging table of text: what makes a row good, and what is wrong with a bad one.

The same rules in Python are in data/cells.py. Columns have positional names here: a CSV's may be anything.
"""

# ruff: noqa: S608 - every query is made of the declaration; what comes from outside is bound or copied

from functools import cached_property

from mlops.data import cells
from mlops.use_case import Column, UseCase

ID, LABEL = "row_id", "label"
# Whole numbers up to this many are looked up in a list, which is cheaper than to read them as numbers.
_FEW = 200


class Rules:
    """The SQL of one use case's table."""

    def __init__(self, case: UseCase) -> None:
        self._case = case
        self.columns = tuple((f"c{place}", column) for place, column in enumerate(case.kept))
        names = [(case.label.name, LABEL), *((column.name, field) for field, column in self.columns)]
        self.fields = dict([(case.id.name, ID), *names] if case.id else names)

    def staged(self, header: list[str]) -> dict[str, str]:
        """The staging table's column for each of a file's; ignored ones have a place of their own."""
        return {name: self.fields.get(name, f"ignored{place}") for place, name in enumerate(header)}

    @cached_property
    def bad(self) -> str:
        """An SQL condition, never null: some cell of the row breaks its column's rule."""
        return f"NOT ({' AND '.join(obeyed for _, _, obeyed, _ in self._judged)})"

    def faults(self, bad: str) -> str:
        """(row, field, value, reason) of every broken rule of the rows in table `bad`; the value is cut."""
        judged = ", ".join(
            f"({literal(name)}, left({field}, 200), {obeyed}, {why})" for name, field, obeyed, why in self._judged
        )
        return f"""
            SELECT "row", field, coalesce(value, ''), reason
            FROM {bad}, LATERAL (VALUES {judged}) AS judged(field, value, obeyed, reason) WHERE NOT obeyed
        """

    def repeats(self, staging: str, bad: str) -> str:
        """(row, field, value, reason) of each good row whose id stands in an earlier one."""
        assert self._case.id is not None
        return f"""
            SELECT "row", {literal(self._case.id.name)}, {ID}, 'repeats row ' || first
            FROM (
                SELECT "row", {ID}, first_value("row") OVER (PARTITION BY {self.row_id} ORDER BY "row") AS first
                FROM {staging} AS staging
                WHERE NOT EXISTS (SELECT FROM {bad} AS bad WHERE bad."row" = staging."row")
            ) AS numbered
            WHERE "row" > first
        """

    @cached_property
    def row_id(self) -> str:
        """The row's id as text; without an id column the digest of its content, and its occurrence behind a point."""
        if self._case.id:
            return f"{ID}::numeric::bigint::text" if self._case.id.kind == "whole" else ID
        content = f"left(md5(ROW({', '.join(field for field, _ in self.columns)})::text), 24)"
        return f"""{content} || '.' || row_number() OVER (PARTITION BY {content} ORDER BY "row")"""

    @cached_property
    def typed(self) -> str:
        """The select list that turns a good row of text into a typed one."""
        classes = cells.label_tokens(self._case.label).items()
        label = " ".join(f"WHEN {literal(text)} THEN {place}" for text, place in classes)
        kept = (f"{_typed(field, column)} AS {field}" for field, column in self.columns)
        return ", ".join([f"{self.row_id} AS {ID}", f"(CASE {LABEL} {label} END)::smallint AS {LABEL}", *kept])

    @cached_property
    def definition(self) -> str:
        """The columns of the table of typed rows."""
        kept = (f"{field} {_TYPES[_kind(column)]}{' NOT NULL' * column.required}" for field, column in self.columns)
        return ", ".join(["dataset_version text NOT NULL", f"{ID} text NOT NULL", f"{LABEL} smallint NOT NULL", *kept])

    @cached_property
    def _judged(self) -> list[tuple[str, str, str, str]]:
        """Name, field, SQL condition and SQL reason of each column."""
        case = self._case
        judged = [(column.name, field, _obeyed(field, column), _why(field, column)) for field, column in self.columns]
        tokens = ", ".join(map(literal, cells.label_tokens(case.label)))
        reason = literal(cells.label_reason(case.label))
        why = f"CASE WHEN {LABEL} IS NULL THEN {literal(cells.MISSING)} ELSE {reason} END"
        judged.insert(0, (case.label.name, LABEL, f"({LABEL} IS NOT NULL AND {LABEL} IN ({tokens}))", why))
        if case.id:
            judged.insert(0, (case.id.name, ID, _obeyed(ID, case.id), _why(ID, case.id)))
        return judged


def literal(text: str) -> str:
    """A text as SQL writes it; never beside bound parameters, for which psycopg2 would read its percent signs."""
    return "'" + text.replace("'", "''") + "'"


_TYPES = {"whole": "bigint", "decimal": "double precision", "text": "text"}


def _kind(column: Column) -> str:
    """The type of the values that are kept: a choice of whole numbers is one."""
    if column.kind == "choice":
        return "whole" if column.choices and all(isinstance(choice, int) for choice in column.choices) else "text"
    return column.kind


def _typed(field: str, column: Column) -> str:
    known = _known(field, column)
    match _kind(column):
        case "whole":
            return f"{known}::numeric::bigint" if column.kind == "whole" else f"{known}::bigint"
        case "decimal":
            return f"{known}::float8"
    return known


def _known(field: str, column: Column) -> str:
    """The value, null if it is one of those that stand for none."""
    if column.missing:
        return f"CASE WHEN {_is_blank(field, column)} THEN NULL ELSE {field} END"
    return f"nullif({field}, '')" if column.required else f"CASE WHEN btrim({field}) = '' THEN NULL ELSE {field} END"


def _is_blank(field: str, column: Column) -> str:
    return f"btrim({field}) IN ({', '.join(map(literal, sorted(cells.blanks(column))))})"


def _obeyed(field: str, column: Column) -> str:
    """Cheap tests that nearly every value passes come first: the judgement is a third of a load's time.

    A pattern with a bounded repetition is several times as slow as one without.
    """
    low, high = column.low, column.high
    bounds = [f"{{number}} >= {low!r}"] * (low is not None) + [f"{{number}} <= {high!r}"] * (high is not None)
    range_ = " AND ".join(bounds) or "true"
    shortest = f"(octet_length({field}) <= {column.max_length} OR length({field}) <= {column.max_length})"
    match column.kind:
        case "choice":
            known = f"{field} IN ({', '.join(literal(str(choice)) for choice in column.choices)})"
            rule = f"({known} OR {shortest})" if column.open else known
        case "text":
            rule = shortest
        case "whole":
            rule = _guarded(
                f"^{cells.WHOLE}$", field, cells.MAX_WHOLE_LENGTH, range_.format(number=f"{field}::numeric")
            )
        case _:
            rule = _guarded(
                f"^({cells.DECIMAL})$", field, cells.MAX_DECIMAL_LENGTH, range_.format(number=f"{field}::float8")
            )
    if column.kind in ("whole", "decimal") and low is not None and high is not None and low >= 0 and high - low <= _FEW:
        usual = ", ".join(f"'{number}'" for number in range(int(low), int(high) + 1) if number >= low)
        rule = f"({field} IN ({usual}) OR {rule})"
    if column.required:
        tokens = [token for token in cells.blanks(column) if token]
        free = column.kind == "text" or (column.kind == "choice" and column.open) or tokens
        blank = f" AND NOT ({_is_blank(field, column)})" if free else ""
        return f"({field} IS NOT NULL AND {rule}{blank})"
    return f"({field} IS NULL OR {rule} OR {_is_blank(field, column)})"


def _guarded(pattern: str, value: str, length: int, range_: str) -> str:
    """CASE is the one construct that promises not to cast what is no number."""
    return f"CASE WHEN octet_length({value}) <= {length} AND {value} ~ '{pattern}' THEN {range_} ELSE false END"


def _why(field: str, column: Column) -> str:
    blank = f"{field} IS NULL OR {_is_blank(field, column)}"
    return f"CASE WHEN {blank} THEN {literal(cells.MISSING)} ELSE {literal(cells.reason(column))} END"
