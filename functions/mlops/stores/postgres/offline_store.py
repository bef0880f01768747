"""The offline store in PostgreSQL: feature history as JSON documents, written by COPY."""

import json
from collections.abc import Iterable
from io import StringIO
from itertools import islice

from mlops.errors import DatasetNotFoundError
from mlops.ports import FeatureRow
from mlops.stores.postgres.database import Database

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_PORTION = 5000
_COPY = "COPY features (dataset_version, schema_hash, passenger_id, survived, features) FROM STDIN"
_READ = """
    SELECT passenger_id, survived, features FROM features
    WHERE dataset_version = %s AND schema_hash = %s ORDER BY passenger_id
"""


class PostgresOfflineStore:
    """Implements `ports.OfflineStore`. Documents, for each feature schema has its own fields."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, dataset_version: str, schema_hash: str, rows: Iterable[FeatureRow]) -> int:
        key = (dataset_version, schema_hash)
        with self._database.transaction() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s || %s, 1))", key)
            cursor.execute("SELECT rows FROM feature_sets WHERE dataset_version = %s AND schema_hash = %s", key)
            if (found := cursor.fetchone()) is not None:
                return int(found[0])
            remaining, written = iter(rows), 0
            while portion := list(islice(remaining, _PORTION)):
                cursor.copy_expert(_COPY, StringIO("".join(_line(key, row) for row in portion)))
                written += len(portion)
            cursor.execute(
                "INSERT INTO feature_sets (dataset_version, schema_hash, rows) VALUES (%s, %s, %s)", (*key, written)
            )
            return written

    def read(self, dataset_version: str, schema_hash: str) -> list[FeatureRow]:
        key = (dataset_version, schema_hash)
        with self._database.stream(_READ, key) as rows:
            found = [FeatureRow(*row) for row in rows]
        if not found:
            raise DatasetNotFoundError(
                f"No features of dataset {dataset_version!r} by schema {schema_hash!r}: run the features step for it"
            )
        return found


def _line(key: tuple[str, str], row: FeatureRow) -> str:
    # COPY's text format: a tab between fields, and every backslash of the JSON doubled. JSON itself has no raw tab.
    document = _encode(row.features).replace("\\", "\\\\")
    return f"{key[0]}\t{key[1]}\t{row.passenger_id}\t{row.survived}\t{document}\n"
