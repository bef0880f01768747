"""Dataset versions in PostgreSQL: COPY into a staging table of text, judged and moved on by SQL, in one transaction."""

# ruff: noqa: S608 - every query is made of constants; what comes from outside is bound or copied

from collections.abc import Iterator

from psycopg2 import extensions

from titanic.adapters.postgres.copying import copy_rows
from titanic.adapters.postgres.database import Database
from titanic.adapters.postgres.rules import FAULTS, GOOD, REPEATS
from titanic.csv_content import CsvContent
from titanic.errors import DatasetNotFoundError, DatasetRefusedError
from titanic.passenger import LabelledPassenger, Passenger
from titanic.ports import DatasetVersion, Rejection
from titanic.validation import COLUMNS

_STAGE = f"""
    CREATE TEMPORARY TABLE staging (
        "row" bigint GENERATED ALWAYS AS IDENTITY (CACHE 1000), {", ".join(f'"{c.name}" text' for c in COLUMNS)}
    ) ON COMMIT DROP
"""
_FIELDS = "passenger_id, survived, pclass, name, sex, age, sibsp, parch, ticket, fare, cabin, embarked"
# A temporary table is scanned in the order it was filled, so of equal ids the first row is the one that stays.
_LOAD = f"""
    INSERT INTO passengers (dataset_version, {_FIELDS})
    SELECT %s, "PassengerId"::int, "Survived"::smallint, "Pclass"::smallint, "Name", "Sex", "Age"::float8,
        "SibSp"::smallint, "Parch"::smallint, "Ticket", "Fare"::float8, "Cabin", "Embarked"
    FROM staging WHERE {GOOD}
    ON CONFLICT DO NOTHING
"""
_REJECT = 'INSERT INTO rejections (dataset_version, "row", field, value, reason) SELECT %s, found.* FROM ({}) AS found'
_DATASET = "version, source, rows, rejected, extract(epoch FROM loaded_at)::float8"
_FIND = f"SELECT {_DATASET} FROM datasets WHERE version = %s"
_KEEP = f"INSERT INTO datasets (version, source, rows, rejected) VALUES (%s, %s, %s, %s) RETURNING {_DATASET}"
_REJECTIONS = 'SELECT "row", field, value, reason FROM rejections WHERE dataset_version = %s ORDER BY "row", field'


class PostgresDatasetStore:
    """Implements `ports.DatasetStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, source: str, content: CsvContent, max_rejected_share: float) -> DatasetVersion:
        with self._database.transaction() as cursor:
            cursor.execute(_STAGE)
            total = copy_rows(cursor, content)
            version = content.version
            # Deliveries of the same bytes queue here; whoever comes second finds the version there.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (version,))
            if (found := _find(cursor, version)) is not None:
                return found
            cursor.execute(_LOAD, (version,))
            rows = cursor.rowcount
            rejected = total - rows
            if rejected:
                _reject(cursor, version, rejected)
            if rejected > max_rejected_share * total:
                raise DatasetRefusedError(_too_bad(cursor, version, rejected, total, max_rejected_share))
            cursor.execute(_KEEP, (version, source, rows, rejected))
            (kept,) = cursor
            return DatasetVersion(*kept)

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


def _find(cursor: extensions.cursor, version: str) -> DatasetVersion | None:
    cursor.execute(_FIND, (version,))
    row = cursor.fetchone()
    return DatasetVersion(*row) if row else None


def _reject(cursor: extensions.cursor, version: str, rejected: int) -> None:
    cursor.execute(_REJECT.format(FAULTS), (version,))
    cursor.execute('SELECT count(DISTINCT "row") FROM rejections WHERE dataset_version = %s', (version,))
    (faulty,) = cursor.fetchone() or (0,)
    if faulty < rejected:  # the search for repeated ids sorts the whole file
        cursor.execute(_REJECT.format(REPEATS), (version,))


def _too_bad(cursor: extensions.cursor, version: str, rejected: int, total: int, limit: float) -> str:
    cursor.execute(_REJECTIONS + " LIMIT 3", (version,))
    examples = "; ".join(f"row {row}: {field} {value!r} {reason}" for row, field, value, reason in cursor)
    return f"{rejected} of {total} rows are bad, more than {100 * limit:.3g}%: correct the file. {examples}"
