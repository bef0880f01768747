"""Dataset versions in PostgreSQL: COPY into a staging table of text, judged and moved on by SQL, in one transaction."""

# ruff: noqa: S608 - every query is made of constants; what comes from outside is bound or copied

import json
from collections.abc import Iterator

from psycopg2 import extensions

from mlops.data.csv_content import CsvContent
from mlops.data.quality import Profile
from mlops.data.validation import COLUMNS, SCHEMA_HASH
from mlops.errors import DatasetNotFoundError, DatasetRefusedError
from mlops.ports import DatasetVersion, Rejection
from mlops.stores.postgres.copying import copy_rows
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.loading import judge, move, profile, stage, unstage
from mlops.stores.postgres.rules import FAULTS, REPEATS
from titanic.passenger import LabelledPassenger, Passenger

# Faults of a refused file that are told: enough to mend whatever made it.
TOLD = 10_000

_FIELDS = ", ".join(column.field for column in COLUMNS)
_DATASET = "version, source, rows, rejected, extract(epoch FROM loaded_at)::float8, digest, schema"
_FIND = f"SELECT {_DATASET} FROM datasets WHERE version = %s"
_KEEP = f"""
    INSERT INTO datasets (version, source, rows, rejected, digest, schema, profile) VALUES (%s, %s, %s, %s, %s, %s, %s)
    RETURNING {_DATASET}
"""
_PROFILES = """
    SELECT profile, (
        SELECT profile FROM datasets AS earlier WHERE earlier.loaded_at < datasets.loaded_at
        ORDER BY loaded_at DESC LIMIT 1
    ) FROM datasets WHERE version = %s
"""
_REJECTIONS = 'SELECT "row", field, value, reason FROM rejections WHERE dataset_version = %s ORDER BY "row", field'


class PostgresDatasetStore:
    """Implements `ports.DatasetStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, source: str, content: CsvContent, max_rejected_share: float) -> DatasetVersion:
        with self._database.transaction() as cursor:
            staging = stage(cursor)
            total = copy_rows(cursor, staging, content)
            version = content.version
            # Deliveries of the same bytes queue here; whoever comes second finds the version there.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (version,))
            if (found := _find(cursor, version)) is None:
                bad, faulty = judge(cursor, staging)
                _reject(cursor, version, FAULTS.format(bad=bad))
                rows = move(cursor, staging, bad, version)
                rejected = total - rows
                if rejected > faulty:
                    _reject(cursor, version, REPEATS.format(staging=staging, bad=bad))
                if rejected > max_rejected_share * total:
                    raise _too_bad(cursor, version, rejected, total, max_rejected_share)
                measured = json.dumps(profile(cursor, version))
                cursor.execute(_KEEP, (version, source, rows, rejected, content.digest, SCHEMA_HASH, measured))
                (kept,) = cursor
                found = DatasetVersion(*kept)
            unstage(cursor, staging)
            return found

    def find(self, version: str) -> DatasetVersion:
        with self._database.transaction() as cursor:
            if (found := _find(cursor, version)) is None:
                raise DatasetNotFoundError(f"No dataset version {version!r}: ingest its file first")
            return found

    def rejections(self, version: str) -> Iterator[Rejection]:
        with self._database.stream(_REJECTIONS, (version,)) as rows:
            yield from (Rejection(*row) for row in rows)

    def passengers(self, version: str) -> Iterator[LabelledPassenger]:
        query = f"SELECT {_FIELDS} FROM passengers WHERE dataset_version = %s ORDER BY passenger_id"
        with self._database.stream(query, (version,)) as rows:
            yield from (LabelledPassenger(id_, survived, Passenger(*known)) for id_, survived, *known in rows)

    def profiles(self, version: str) -> tuple[Profile, Profile | None]:
        with self._database.transaction() as cursor:
            cursor.execute(_PROFILES, (version,))
            profile, previous = cursor.fetchone() or (None, None)
            return profile or {"rows": 0, "columns": {}}, previous


def _find(cursor: extensions.cursor, version: str) -> DatasetVersion | None:
    cursor.execute(_FIND, (version,))
    row = cursor.fetchone()
    return DatasetVersion(*row) if row else None


def _reject(cursor: extensions.cursor, version: str, found: str) -> None:
    into = 'INSERT INTO rejections (dataset_version, "row", field, value, reason)'
    cursor.execute(f"{into} SELECT %s, found.* FROM ({found}) AS found", (version,))


def _too_bad(cursor: extensions.cursor, version: str, rejected: int, total: int, limit: float) -> DatasetRefusedError:
    cursor.execute(_REJECTIONS + " LIMIT %s", (version, TOLD))
    found = [Rejection(*row) for row in cursor]
    examples = "; ".join(f"row {each.row}: {each.field} {each.value!r} {each.reason}" for each in found[:3])
    words = f"{rejected} of {total} rows are bad, more than {100 * limit:.3g}%: correct the file. {examples}."
    return DatasetRefusedError(words, found)
