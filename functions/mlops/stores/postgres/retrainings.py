"""Labelled passengers, and the ledger of decisions about training again, in PostgreSQL."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple

import psycopg2
from psycopg2.extras import execute_values

from mlops.data import labels
from mlops.data.labels import Labelled
from mlops.monitoring.retraining import Retraining
from mlops.stores.postgres.database import Database
from titanic.passenger import LabelledPassenger

_LOCK = 1913
_PORTION = 1000
# From a minute before the last one that was gathered: what is told at once is committed one after the other.
_TOLD = """
    SELECT prediction_id::text, inputs, outcome, outcome_at FROM predictions WHERE outcome IS NOT NULL
    AND outcome_at >= coalesce((SELECT max(told_at) FROM labelled_passengers), '-infinity') - interval '1 minute'
    ORDER BY outcome_at
"""
# Known passengers first, for an attempt to insert one would use up an id.
_GATHER = """
    WITH told (identity, prediction_id, inputs, survived, told_at) AS (VALUES %s), known AS (
        UPDATE labelled_passengers AS p SET survived = told.survived, told_at = told.told_at
        FROM told WHERE p.identity = told.identity AND p.survived <> told.survived AND p.told_at <= told.told_at
    )
    INSERT INTO labelled_passengers (identity, prediction_id, inputs, survived, told_at)
    SELECT identity, prediction_id::uuid, inputs::json, survived, told_at FROM told
    WHERE identity NOT IN (SELECT identity FROM labelled_passengers) ON CONFLICT DO NOTHING
"""
_LABELLED = "SELECT passenger_id, survived, inputs, prediction_id::text FROM labelled_passengers ORDER BY passenger_id"
_FIELDS = "at, decision, trigger, reason, dry_run, dataset_version, execution, evidence"
_RECENT = f"SELECT {_FIELDS} FROM retrainings ORDER BY retraining_id DESC LIMIT %s"  # noqa: S608 - constants
_RECORD = f"INSERT INTO retrainings ({_FIELDS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"  # noqa: S608


class PostgresRetrainings:
    """Implements `ports.Retrainings`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def labelled(self) -> list[Labelled]:
        with self._database.transaction() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK + 1,))
            cursor.execute(_TOLD)
            told = {}
            for prediction_id, inputs, survived, at in cursor.fetchall():
                who = labels.identity(inputs["Name"], inputs["Ticket"])
                told[who] = (who, prediction_id, json.dumps(inputs), survived, at)  # the last word counts
            rows = list(told.values())
            for start in range(0, len(rows), _PORTION):
                execute_values(cursor, _GATHER, rows[start : start + _PORTION], page_size=_PORTION)
            cursor.execute(_LABELLED)
            return [
                Labelled(LabelledPassenger(id_, survived, labels.read(inputs)), prediction_id)
                for id_, survived, inputs, prediction_id in cursor
            ]

    def decide(self, decision: Callable[[Sequence[Retraining]], Retraining], remembered: int) -> Retraining:
        with self._database.transaction() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            cursor.execute(_RECENT, (remembered,))
            decided = decision([Retraining(*row) for row in cursor])
            *fields, evidence = astuple(decided)
            cursor.execute(_RECORD, (*fields, json.dumps(evidence)))
        return decided

    def recent(self, count: int) -> list[Retraining]:
        try:
            with self._database.transaction() as cursor:
                cursor.execute(_RECENT, (count,))
                return [Retraining(*row) for row in cursor]
        except psycopg2.errors.UndefinedTable:  # nothing was ever decided
            return []

    def link(self, runs: Iterable[tuple[str, str]]) -> None:
        with self._database.transaction() as cursor:
            for dataset_version, execution in runs:
                link = "UPDATE retrainings SET execution = %s WHERE dataset_version = %s AND execution IS NULL"
                cursor.execute(link, (execution, dataset_version))
