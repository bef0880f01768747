"""The moving of good rows from the staging table of text into a partition of their own, and what is in them then."""

# ruff: noqa: S608 - every query is made of the declaration and digests; what comes from outside is bound or copied

from typing import Any
from uuid import uuid4

from psycopg2 import extensions
from psycopg2.errors import UniqueViolation

from mlops.stores.postgres.rules import ID, LABEL, Rules, literal
from mlops.use_case import Column, UseCase

_ROW = '"row" bigint GENERATED ALWAYS AS IDENTITY (CACHE 1000)'
# For this transaction alone: memory to build the key, several processes to judge, and no compiling of what runs once.
_SETTINGS = "SET LOCAL maintenance_work_mem = '128MB'; SET LOCAL jit = off; SET LOCAL parallel_tuple_cost = 0.01"


class Table:
    """The table of one use case's rows, named by the hash of its declaration, a partition for each dataset version."""

    def __init__(self, case: UseCase) -> None:
        self._case = case
        self.rules = Rules(case)
        self.name = f"rows_{case.table_hash}"

    def create(self, cursor: extensions.cursor) -> None:
        """Make the table unless it is there; of two at once the second waits."""
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 2))", (self.name,))
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {self.name} ({self.rules.definition}, "
            f"PRIMARY KEY (dataset_version, {ID})) PARTITION BY LIST (dataset_version)"
        )

    def stage(self, cursor: extensions.cursor, header: list[str]) -> str:
        """A new table for the rows as text, numbered; its name.

        Unlogged rather than temporary, for only so can several processes judge it; nobody else ever sees it, because
        it is dropped in the transaction that makes it.
        """
        name = f"staging_{uuid4().hex}"
        fields = ", ".join(f"{field} text" for field in self.rules.staged(header).values())
        cursor.execute(f"{_SETTINGS}; CREATE UNLOGGED TABLE {name} ({_ROW}, {fields})")
        return name

    def judge(self, cursor: extensions.cursor, staging: str) -> tuple[str, int]:
        """A table of the bad rows, and how many they are; made by the one judgement that there is, for it is dear."""
        name = f"{staging}_bad"
        cursor.execute(f"CREATE UNLOGGED TABLE {name} AS SELECT * FROM {staging} WHERE {self.rules.bad}")
        count = cursor.rowcount
        cursor.execute(f"ANALYZE {name}")
        return name, count

    def move(self, cursor: extensions.cursor, staging: str, bad: str, version: str) -> int:
        """Make the version's partition of the good rows and say how many; of equal ids the first row stays.

        Made apart, its key built when it is full, and attached whole: twice as fast as inserting into a table with a
        key, which would also have to grow with every version.
        """
        good = f'FROM {staging} AS staging WHERE NOT EXISTS (SELECT FROM {bad} AS bad WHERE bad."row" = staging."row")'
        columns = f"'{version}'::text AS dataset_version, {self.rules.typed}"
        cursor.execute("SAVEPOINT filled")
        try:
            return self._filled(cursor, f"SELECT {columns} {good}", version)
        except UniqueViolation:
            cursor.execute("ROLLBACK TO SAVEPOINT filled")
            first = f"SELECT DISTINCT ON ({self.rules.row_id}) {columns} {good}"
            return self._filled(cursor, f'{first} ORDER BY {self.rules.row_id}, "row"', version)

    def _filled(self, cursor: extensions.cursor, selection: str, version: str) -> int:
        partition = f"{self.name}_{version}"
        cursor.execute(f"CREATE TABLE {partition} AS {selection}")
        rows = cursor.rowcount
        required = ", ".join(f"ALTER {field} SET NOT NULL" for field, column in self.rules.columns if column.required)
        cursor.execute(
            f"ALTER TABLE {partition} ALTER dataset_version SET NOT NULL, ALTER {ID} SET NOT NULL, "
            f"ALTER {LABEL} SET NOT NULL, {required + ', ' if required else ''}"
            f"ADD PRIMARY KEY (dataset_version, {ID}), ADD CHECK (dataset_version = '{version}')"
        )
        cursor.execute(f"ALTER TABLE {self.name} ATTACH PARTITION {partition} FOR VALUES IN ('{version}')")
        return rows

    def profile(self, cursor: extensions.cursor, version: str) -> dict[str, Any]:
        """The profile of a version's rows (see data/quality.py), measured in one scan."""
        label = f"'missing', 0, 'counts', json_build_object({_count(LABEL, '0', '0')}, {_count(LABEL, '1', '1')})"
        cells = ((column.name, _measured(field, column)) for field, column in self.rules.columns)
        measures = [(self._case.label.name, label), *cells]
        # One object each, joined: a function takes no more than 100 arguments.
        columns = " || ".join(
            f"jsonb_build_object({literal(name)}, json_build_object({each}))" for name, each in measures
        )
        cursor.execute(f"SELECT count(*), {columns} FROM {self.name}_{version}")
        rows, found = cursor.fetchone() or (0, {})
        return {"rows": rows, "columns": {name: found[name] for name, _ in measures}}


def unstage(cursor: extensions.cursor, staging: str) -> None:
    """Drop what `stage` and `judge` made."""
    cursor.execute(f"DROP TABLE IF EXISTS {staging}, {staging}_bad")


def _measured(field: str, column: Column) -> str:
    missing = f"'missing', count(*) - count({field})"
    match column.kind:
        case "choice":
            shown = column.choices[:40]
            counts = [_count(field, str(choice), literal(str(choice))) for choice in shown]
            if column.open:
                known = ", ".join(literal(str(choice)) for choice in shown) or "''"
                counts.append(f"'other', count(*) FILTER (WHERE {field}::text NOT IN ({known}))")
            return f"{missing}, 'counts', json_build_object({', '.join(counts)})"
        case "text":
            return missing
    mean = f"'mean', round(avg({field})::numeric, 4)::float8"
    return f"{missing}, 'low', min({field}), 'high', max({field}), {mean}"


def _count(field: str, name: str, value: str) -> str:
    return f"{literal(name)}, count(*) FILTER (WHERE {field} = {value})"
