"""The table of columns as SQL over a staging table of text: what makes a row good, and what is wrong with a bad one."""

from titanic.validation import COLUMNS, MISSING, PATTERNS, Column


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _obeyed(column: Column) -> str:
    """An SQL condition, never null: the value obeys the column's rule."""
    value = f'"{column.name}"'
    match column.kind:
        case "choice":
            rule = f"{value} IN ({', '.join(map(_literal, column.choices))})"
        case "text":
            rule = f"length({value}) <= {column.high}"
        case kind:
            # CASE is the one construct that promises not to cast what the pattern has turned away.
            number = f"{value}::float8 BETWEEN {column.low} AND {column.high}"
            rule = f"CASE WHEN {value} ~ {_literal(PATTERNS[kind])} THEN {number} ELSE false END"
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
