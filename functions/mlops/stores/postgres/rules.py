"""The table of columns as SQL over a staging table of text: what makes a row good, and what is wrong with a bad one."""

# ruff: noqa: S608 - every query is made of constants; what comes from outside is bound or copied

from mlops.data.validation import COLUMNS, DECIMAL_LENGTH, MISSING, WHOLE_LENGTH, Column

# Whole numbers up to this many are looked up in a list, which is cheaper than to read them as numbers.
_FEW = 200


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _guarded(pattern: str, value: str, length: int, range_: str) -> str:
    """CASE is the one construct that promises not to cast what is no number."""
    return f"CASE WHEN octet_length({value}) <= {length} AND {value} ~ '{pattern}' THEN {range_} ELSE false END"


def _obeyed(column: Column) -> str:
    """An SQL condition, never null: the value obeys the column's rule.

    Cheap tests that nearly every value passes come first: the judgement is a third of a load's time. A pattern with a
    bounded repetition is several times as slow as one without.
    """
    value = f'"{column.name}"'
    range_ = f"BETWEEN {column.low} AND {column.high}"
    match column.kind:
        case "choice":
            rule = f"{value} IN ({', '.join(map(_literal, column.choices))})"
        case "text":
            rule = f"(octet_length({value}) <= {column.high} OR length({value}) <= {column.high})"
        case "whole":
            rule = _guarded("^[0-9]+$", value, WHOLE_LENGTH, f"{value}::bigint {range_}")
        case _:
            rule = _guarded(r"^([0-9]+[.]?[0-9]*|[.][0-9]+)$", value, DECIMAL_LENGTH, f"{value}::float8 {range_}")
    if column.kind in ("whole", "decimal") and column.high <= _FEW:
        usual = ", ".join(f"'{number}'" for number in range(int(column.low), int(column.high) + 1))
        rule = f"({value} IN ({usual}) OR {rule})"
    return f"({value} IS NOT NULL AND {rule})" if column.required else f"({value} IS NULL OR {rule})"


def _judged(column: Column) -> str:
    """A row of (field, value, obeyed, reason); the value is cut, for a field may be as long as the file."""
    value = f'"{column.name}"'
    reason = f"CASE WHEN {value} IS NULL THEN {_literal(MISSING)} ELSE {_literal(column.reason)} END"
    return f"({_literal(column.name)}, left({value}, 200), {_obeyed(column)}, {reason})"


BAD = f"NOT ({' AND '.join(map(_obeyed, COLUMNS))})"

# Both answer (row, field, value, reason): every broken rule of the rows in table {bad}, and each good row of {staging}
# that comes again.
FAULTS = f"""
    SELECT "row", field, coalesce(value, ''), reason
    FROM {{bad}}, LATERAL (VALUES {", ".join(map(_judged, COLUMNS))}) AS judged(field, value, obeyed, reason)
    WHERE NOT obeyed
"""
REPEATS = """
    SELECT "row", 'PassengerId', "PassengerId", 'repeats row ' || first
    FROM (
        SELECT "row", "PassengerId",
            first_value("row") OVER (PARTITION BY "PassengerId"::int ORDER BY "row") AS first
        FROM {staging} AS staging WHERE NOT EXISTS (SELECT FROM {bad} AS bad WHERE bad."row" = staging."row")
    ) AS numbered
    WHERE "row" > first
"""
