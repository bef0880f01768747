"""The moving of good rows from the staging table of text into a partition of their own, and what is in them then."""

# ruff: noqa: S608 - every query is made of constants and digests; what comes from outside is bound or copied

from typing import Any
from uuid import uuid4

from psycopg2 import extensions
from psycopg2.errors import UniqueViolation

from mlops.data.validation import COLUMNS, Column
from mlops.stores.postgres.rules import BAD
from titanic.passenger import FIELDS

_TYPES = {
    **dict.fromkeys(("Survived", "Pclass", "SibSp", "Parch"), "::smallint"),
    **dict.fromkeys(("Age", "Fare"), "::float8"),
    "PassengerId": "::int",
}
_REQUIRED = ", ".join(f"ALTER {column.field} SET NOT NULL" for column in COLUMNS if column.required)
_TYPED = ", ".join(f'"{column.name}"{_TYPES.get(column.name, "")} AS {column.field}' for column in COLUMNS)
_ROW = '"row" bigint GENERATED ALWAYS AS IDENTITY (CACHE 1000)'
# For this transaction alone: memory to build the key, several processes to judge, and no compiling of what runs once.
_SETTINGS = "SET LOCAL maintenance_work_mem = '128MB'; SET LOCAL jit = off; SET LOCAL parallel_tuple_cost = 0.01"


def stage(cursor: extensions.cursor) -> str:
    """A new table for the rows as text, numbered; its name.

    Unlogged rather than temporary, for only so can several processes judge it; nobody else ever sees it, because it
    is dropped in the transaction that makes it.
    """
    name = f"staging_{uuid4().hex}"
    fields = ", ".join(f'"{column.name}" text' for column in COLUMNS)
    cursor.execute(f"{_SETTINGS}; CREATE UNLOGGED TABLE {name} ({_ROW}, {fields})")
    return name


def unstage(cursor: extensions.cursor, staging: str) -> None:
    """Drop what `stage` and `judge` made."""
    cursor.execute(f"DROP TABLE IF EXISTS {staging}, {staging}_bad")


def judge(cursor: extensions.cursor, staging: str) -> tuple[str, int]:
    """A table of the bad rows, and how many they are; made by the one judgement that there is, for it is dear."""
    name = f"{staging}_bad"
    cursor.execute(f"CREATE UNLOGGED TABLE {name} AS SELECT * FROM {staging} WHERE {BAD}")
    count = cursor.rowcount
    cursor.execute(f"ANALYZE {name}")
    return name, count


def move(cursor: extensions.cursor, staging: str, bad: str, version: str) -> int:
    """Make the version's partition of the good rows and say how many; of equal ids the first row is the one that stays.

    Made apart, its key built when it is full, and attached whole: twice as fast as inserting into a table with a key,
    which would also have to grow with every version.
    """
    good = f'FROM {staging} AS staging WHERE NOT EXISTS (SELECT FROM {bad} AS bad WHERE bad."row" = staging."row")'
    cursor.execute("SAVEPOINT filled")
    try:
        return _filled(cursor, f"SELECT '{version}'::text AS dataset_version, {_TYPED} {good}", version)
    except UniqueViolation:
        cursor.execute("ROLLBACK TO SAVEPOINT filled")
        first = f"""SELECT DISTINCT ON ("PassengerId"::int) '{version}'::text AS dataset_version, {_TYPED} {good}"""
        return _filled(cursor, f'{first} ORDER BY "PassengerId"::int, "row"', version)


def _filled(cursor: extensions.cursor, selection: str, version: str) -> int:
    partition = f"passengers_{version}"
    cursor.execute(f"CREATE TABLE {partition} AS {selection}")
    rows = cursor.rowcount
    cursor.execute(
        f"ALTER TABLE {partition} ALTER dataset_version SET NOT NULL, {_REQUIRED}, "
        f"ADD PRIMARY KEY (dataset_version, passenger_id), ADD CHECK (dataset_version = '{version}')"
    )
    cursor.execute(f"ALTER TABLE passengers ATTACH PARTITION {partition} FOR VALUES IN ('{version}')")
    return rows


def profile(cursor: extensions.cursor, version: str) -> dict[str, Any]:
    """The profile of a version's rows (see quality.py), measured in one scan."""
    measures = ", ".join(f"'{column.name}', json_build_object({_measured(column)})" for column in COLUMNS)
    cursor.execute(
        f"SELECT json_build_object('rows', count(*), 'columns', json_build_object({measures})) "
        f"FROM passengers_{version}"
    )
    (found,) = cursor.fetchone() or ({},)
    return dict(found)


def _measured(column: Column) -> str:
    field = column.field
    missing = f"'missing', count(*) - count({field})"
    match column.kind:
        case "choice":
            counts = ", ".join(f"'{each}', count(*) FILTER (WHERE {field} = '{each}')" for each in column.choices)
            return f"{missing}, 'counts', json_build_object({counts})"
        case "text":
            return missing
    mean = f", 'mean', round(avg({field})::numeric, 4)::float8" if column.name in FIELDS else ""
    return f"{missing}, 'low', min({field}), 'high', max({field}){mean}"
