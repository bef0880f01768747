"""Dataset versions in PostgreSQL: COPY into a staging table of text, judged and moved on by SQL, in one transaction."""

# ruff: noqa: S608 - every query is made of the declaration and digests; what comes from outside is bound or copied

import json
from collections.abc import Collection, Iterator

from psycopg2 import extensions

from mlops.data.cells import DECIMAL, MISSING
from mlops.data.csv_content import CsvContent
from mlops.data.datasets import DatasetVersion, LabelledRow
from mlops.data.format_faults import closed, format_fault
from mlops.data.quality import Profile
from mlops.data.rejection import DatasetRefusedError, Rejection
from mlops.errors import DatasetNotFoundError
from mlops.stores.postgres.copying import copy_rows
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.loading import Table, unstage
from mlops.stores.postgres.rules import ID, LABEL, literal
from mlops.use_case import UseCase

# Faults of a refused file that are told: enough to mend whatever made it.
MAX_REPORTED_REJECTIONS = 10_000

_DATASET = "version, source, rows, rejected, extract(epoch FROM loaded_at)::float8, digest, schema"
_FIND = f"SELECT {_DATASET} FROM dataset_versions WHERE version = %s AND schema = %s"
_KEEP = f"""
    INSERT INTO dataset_versions (version, source, rows, rejected, digest, schema, profile)
    VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING {_DATASET}
"""
_PROFILES = """
    SELECT profile, (
        SELECT profile FROM dataset_versions AS earlier
        WHERE earlier.loaded_at < dataset_versions.loaded_at AND earlier.schema = dataset_versions.schema
        ORDER BY loaded_at DESC LIMIT 1
    ) FROM dataset_versions WHERE version = %s AND schema = %s
"""
_EXPIRED = """
    SELECT version, schemas FROM (
        SELECT version, array_agg(schema) AS schemas, row_number() OVER (ORDER BY max(loaded_at) DESC) AS place
        FROM dataset_versions GROUP BY version
    ) AS newest WHERE version <> ALL(%s::text[]) AND place > %s
"""
_REJECTIONS = """
    SELECT "row", field, value, reason FROM rejected_cells
    WHERE dataset_version = %s AND schema = %s ORDER BY "row", field
"""
# `format_faults.Alike`, by `notation`.
_ALIKE = f"""
    SELECT * FROM (
        SELECT field, mode() WITHIN GROUP (ORDER BY value), min(reason), count(DISTINCT value), count(*) AS alike,
            (sum(count(*)) OVER (PARTITION BY field))::bigint AS rejected
        FROM rejected_cells
        WHERE dataset_version = %s AND schema = %s AND field = ANY(%s) AND reason <> '{MISSING}'
        GROUP BY field, CASE WHEN value ~ '^({DECIMAL})$' THEN value ELSE regexp_replace(value, '[0-9]+', '9', 'g') END
    ) AS found WHERE 2 * alike >= rejected ORDER BY alike DESC
"""


class PostgresDatasetStore:
    """Implements `data.datasets.DatasetStore`."""

    def __init__(self, database: Database, case: UseCase) -> None:
        self._database = database
        self._table = Table(case)
        self._case = case
        self._schema = case.table_hash

    def load(self, source: str, content: CsvContent, max_rejected_share: float) -> DatasetVersion:
        table = self._table
        with self._database.transaction() as cursor:
            staging = table.stage(cursor, content.columns)
            total = copy_rows(cursor, staging, list(table.rules.staged(content.columns).values()), content)
            version = content.version
            # Deliveries of the same bytes queue here; whoever comes second finds the version there.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (version,))
            if (found := self._find(cursor, version)) is None:
                table.create(cursor)
                bad, faulty = table.judge(cursor, staging)
                self._reject(cursor, version, table.rules.faults(bad))
                fault = self._format_fault(cursor, version)
                rows = table.move(cursor, staging, bad, version)
                rejected = total - rows
                if rejected > faulty:
                    self._reject(cursor, version, table.rules.repeats(staging, bad))
                if rejected > max_rejected_share * total:
                    limit = f"more than {100 * max_rejected_share:.3g}%"
                    raise self._refused(cursor, version, f"{rejected} of {total} rows are bad, {limit}", fault)
                if fault:
                    raise self._refused(cursor, version, "The file is not as declared", fault)
                measured = json.dumps(table.profile(cursor, version))
                cursor.execute(_KEEP, (version, source, rows, rejected, content.digest, self._schema, measured))
                (kept,) = cursor
                found = DatasetVersion(*kept)
            unstage(cursor, staging)
            return found

    def find(self, version: str) -> DatasetVersion:
        with self._database.transaction() as cursor:
            if (found := self._find(cursor, version)) is None:
                raise DatasetNotFoundError(f"No dataset version {version!r}: ingest its file first")
            return found

    def rejections(self, version: str) -> Iterator[Rejection]:
        with self._database.stream(_REJECTIONS, (version, self._schema)) as rows:
            yield from (Rejection(*row) for row in rows)

    def rows(self, version: str) -> Iterator[LabelledRow]:
        return self._rows(version, f'ORDER BY length({ID}), {ID} COLLATE "C"')

    def part(self, version: str, number: int, of: int) -> Iterator[LabelledRow]:
        # By the table's blocks, which are read without the others; nothing moves a row after its version was loaded.
        partition = literal(f"{self._table.name}_{version}")
        blocks = f"(pg_relation_size({partition}) / current_setting('block_size')::int)"
        low, high = (f"format('(%%s,0)', {blocks} * {place} / {of})::tid" for place in (number, number + 1))
        return self._rows(version, f"AND ctid >= {low}" + (f" AND ctid < {high}" if number + 1 < of else ""))

    def _rows(self, version: str, clause: str) -> Iterator[LabelledRow]:
        self.find(version)
        fields = ", ".join([ID, LABEL, *(field for field, _ in self._table.rules.columns)])
        query = f"SELECT {fields} FROM {self._table.name} WHERE dataset_version = %s {clause}"
        names = [column.name for column in self._case.kept]
        with self._database.stream(query, (version,)) as rows:
            yield from (LabelledRow(id_, label, dict(zip(names, cells, strict=True))) for id_, label, *cells in rows)

    def profiles(self, version: str) -> tuple[Profile, Profile | None]:
        with self._database.transaction() as cursor:
            cursor.execute(_PROFILES, (version, self._schema))
            profile, previous = cursor.fetchone() or (None, None)
            return profile or {"rows": 0, "columns": {}}, previous

    def forget(self, keep: int, needed: Collection[str]) -> Iterator[str]:
        with self._database.transaction() as cursor:
            cursor.execute(_EXPIRED, (list(needed), keep))
            expired: list[tuple[str, list[str]]] = cursor.fetchall()
            yield from (version for version, _ in expired)  # whoever breaks off here finds them again
            cursor.execute("SET LOCAL lock_timeout = '10s'")  # readers of the table would queue behind this
            for version, schemas in expired:
                for schema in schemas:
                    cursor.execute(f"DROP TABLE IF EXISTS rows_{schema}_{version}")
                for table in ("feature_rows", "materialized_features", "rejected_cells"):
                    cursor.execute(f"DELETE FROM {table} WHERE dataset_version = %s", (version,))
                cursor.execute("DELETE FROM dataset_versions WHERE version = %s", (version,))

    def _find(self, cursor: extensions.cursor, version: str) -> DatasetVersion | None:
        cursor.execute(_FIND, (version, self._schema))
        row = cursor.fetchone()
        return DatasetVersion(*row) if row else None

    def _reject(self, cursor: extensions.cursor, version: str, found: str) -> None:
        into = 'INSERT INTO rejected_cells (dataset_version, schema, "row", field, value, reason)'
        cursor.execute(f"{into} SELECT '{version}', '{self._schema}', found.* FROM ({found}) AS found")

    def _format_fault(self, cursor: extensions.cursor, version: str) -> str | None:
        cursor.execute(_ALIKE, (version, self._schema, closed(self._case)))
        return format_fault(cursor)

    def _refused(self, cursor: extensions.cursor, version: str, why: str, fault: str | None) -> DatasetRefusedError:
        cursor.execute(f"{_REJECTIONS} LIMIT %s", (version, self._schema, MAX_REPORTED_REJECTIONS))
        found = [Rejection(*row) for row in cursor]
        examples = "; ".join(f"row {each.row}: {each.field} {each.value!r} {each.reason}" for each in found[:3])
        return DatasetRefusedError(f"{why}: correct the file. {fault or examples}.", found)
