"""The offline store in PostgreSQL: feature history as JSON arrays, written by COPY."""

import json
from collections.abc import Iterable
from io import StringIO
from itertools import islice

from psycopg2 import extensions

from mlops.errors import DatasetNotFoundError
from mlops.features.stores import FeatureRow, incomplete
from mlops.model.training_set import TrainingSet, training_set
from mlops.stores.postgres.database import Database
from mlops.use_case import UseCase

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_PORTION = 5000
_COPY = "COPY {} (dataset_version, schema_hash, row_id, label, features) FROM STDIN"
_READ = """
    SELECT row_id, label, features FROM feature_rows
    WHERE dataset_version = %s AND schema_hash = %s ORDER BY length(row_id), row_id COLLATE "C"
"""
_FIND = "SELECT rows FROM materialized_features WHERE dataset_version = %s AND schema_hash = %s"
_KEEP = "INSERT INTO materialized_features (dataset_version, schema_hash, rows) VALUES (%s, %s, %s)"
# COPY's text format: what separates fields and rows is escaped, and the backslash itself.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class PostgresOfflineStore:
    """Implements `features.stores.OfflineStore`. Arrays in the registry's order, which the schema hash pins down."""

    def __init__(self, database: Database, case: UseCase) -> None:
        self._database = database
        self._features = case.features
        self._names = [feature.name for feature in case.features]

    def write(self, dataset_version: str, schema_hash: str, rows: Iterable[FeatureRow]) -> int:
        key = (dataset_version, schema_hash)
        with self._database.transaction() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s || %s, 1))", key)
            cursor.execute(_FIND, key)
            if (found := cursor.fetchone()) is not None:
                return int(found[0])
            written = self._copy(cursor, "feature_rows", key, rows)
            cursor.execute(_KEEP, (*key, written))
            return written

    def write_part(self, dataset_version: str, schema_hash: str, rows: Iterable[FeatureRow]) -> int:
        key = (dataset_version, schema_hash)
        with self._database.transaction() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE part (LIKE feature_rows) ON COMMIT DROP")
            written = self._copy(cursor, "part", key, rows)
            cursor.execute("INSERT INTO feature_rows SELECT * FROM part ON CONFLICT DO NOTHING")
            return written

    def publish(self, dataset_version: str, schema_hash: str, rows: int) -> None:
        key = (dataset_version, schema_hash)
        with self._database.transaction() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s || %s, 1))", key)
            cursor.execute(_FIND, key)
            if cursor.fetchone() is None:
                cursor.execute("SELECT count(*) FROM feature_rows WHERE dataset_version = %s AND schema_hash = %s", key)
                (there,) = cursor.fetchone() or (0,)
                if there != rows:
                    raise incomplete("offline", dataset_version, there, rows)
                cursor.execute(_KEEP, (*key, rows))

    def _copy(self, cursor: extensions.cursor, table: str, key: tuple[str, str], rows: Iterable[FeatureRow]) -> int:
        remaining, written = iter(rows), 0
        while portion := list(islice(remaining, _PORTION)):
            cursor.copy_expert(_COPY.format(table), StringIO("".join(self._line(key, row) for row in portion)))
            written += len(portion)
        return written

    def count(self, dataset_version: str, schema_hash: str) -> int:
        with self._database.transaction() as cursor:
            cursor.execute(_FIND, (dataset_version, schema_hash))
            found = cursor.fetchone()
        if found is None:
            raise DatasetNotFoundError(
                f"No features of dataset {dataset_version!r} by schema {schema_hash!r}: run the features step for it"
            )
        return int(found[0])

    def read(self, dataset_version: str, schema_hash: str) -> TrainingSet:
        self.count(dataset_version, schema_hash)
        with self._database.stream(_READ, (dataset_version, schema_hash)) as rows:
            return training_set(self._features, rows)

    def _line(self, key: tuple[str, str], row: FeatureRow) -> str:
        values = _encode([row.features[name] for name in self._names]).replace("\\", "\\\\")  # no raw tab in JSON
        return f"{key[0]}\t{key[1]}\t{row.row_id.translate(_ESCAPES)}\t{row.label}\t{values}\n"
