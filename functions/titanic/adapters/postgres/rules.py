"""The table of columns as SQL over a staging table of text: what makes a row good, and what is wrong with a bad one."""

# ruff: noqa: S608 - every query is made of constants; what comes from outside is bound or copied

from titanic.validation import COLUMNS, DECIMAL_LENGTH, DIGITS, MISSING, WHOLE_LENGTH, Column


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _guarded(digits: str, range_: str) -> str:
    """CASE is the one construct that promises not to cast what is no number."""
    return f"CASE WHEN {digits} THEN {range_} ELSE false END"


def _obeyed(column: Column) -> str:
    """An SQL condition, never null: the value obeys the column's rule.

    Without regular expressions, which made the whole load take nearly twice as long.
    """
    value = f'"{column.name}"'
    match column.kind:
        case "choice":
            rule = f"{value} IN ({', '.join(map(_literal, column.choices))})"
        case "text":
            rule = f"length({value}) <= {column.high}"
        case "whole":
            digits = f"ltrim({value}, '{DIGITS}') = '' AND length({value}) BETWEEN 1 AND {WHOLE_LENGTH}"
            rule = _guarded(digits, f"{value}::bigint BETWEEN {column.low} AND {column.high}")
        case _:
            rest = f"translate({value}, '{DIGITS}', '')"
            digits = f"{rest} IN ('', '.') AND {value} <> {rest} AND length({value}) <= {DECIMAL_LENGTH}"
            rule = _guarded(digits, f"{value}::float8 BETWEEN {column.low} AND {column.high}")
    return f"({value} IS NOT NULL AND {rule})" if column.required else f"({value} IS NULL OR {rule})"


def _judged(column: Column) -> str:
    """A row of (field, value, obeyed, reason); the value is cut, for a field may be as long as the file."""
    value = f'"{column.name}"'
    reason = f"CASE WHEN {value} IS NULL THEN {_literal(MISSING)} ELSE {_literal(column.reason)} END"
    return f"({_literal(column.name)}, left({value}, 200), {_obeyed(column)}, {reason})"


GOOD = " AND ".join(map(_obeyed, COLUMNS))

# Both answer (row, field, value, reason): every broken rule of every bad row, and each good row that comes again.
FAULTS = f"""
    SELECT "row", field, coalesce(value, ''), reason
    FROM staging, LATERAL (VALUES {", ".join(map(_judged, COLUMNS))}) AS judged(field, value, obeyed, reason)
    WHERE NOT ({GOOD}) AND NOT obeyed
"""
REPEATS = f"""
    SELECT "row", 'PassengerId', "PassengerId", 'repeats row ' || first
    FROM (
        SELECT "row", "PassengerId",
            first_value("row") OVER (PARTITION BY "PassengerId"::int ORDER BY "row") AS first
        FROM staging WHERE {GOOD}
    ) AS numbered
    WHERE "row" > first
"""
