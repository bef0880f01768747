"""Labelled rows, and the ledger of decisions about training again, in PostgreSQL."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple
from datetime import datetime

from psycopg2.extras import execute_values

from mlops.data.datasets import LabelledRow
from mlops.data.labels import Labelled, identities, logged_row
from mlops.monitoring.retraining import Retraining
from mlops.stores.postgres.database import Database
from mlops.use_case import UseCase

_LOCK = 1913
_PORTION = 1000
# From a minute before the last one that was gathered, or before now where a clock was ahead. What was
# predicted from stored features has no inputs, and is in the table already.
_TOLD = """
    SELECT prediction_id::text, row_id, inputs, outcome, outcome_at FROM prediction_history
    WHERE outcome IS NOT NULL AND inputs IS NOT NULL
    AND outcome_at
        >= least(coalesce((SELECT max(told_at) FROM labelled_rows), '-infinity'), now()) - interval '1 minute'
    ORDER BY outcome_at
"""
# Known rows first, for an attempt to insert one would use up a number.
_GATHER = """
    WITH told (identity, row_id, prediction_id, inputs, label, told_at) AS (VALUES %s), known AS (
        UPDATE labelled_rows AS p SET label = told.label, told_at = told.told_at
        FROM told WHERE p.identity = told.identity AND p.label <> told.label AND p.told_at <= told.told_at
    )
    INSERT INTO labelled_rows (identity, row_id, prediction_id, inputs, label, told_at)
    SELECT identity, row_id, prediction_id::uuid, inputs::json, label, told_at FROM told
    WHERE identity NOT IN (SELECT identity FROM labelled_rows) ON CONFLICT DO NOTHING
"""
# An id that is not known has no type by itself.
_TEMPLATE = "(%s, %s::text, %s, %s, %s::smallint, %s::timestamptz)"
_LABELLED = """
    SELECT coalesce(row_id, number::text), label, inputs, prediction_id::text FROM labelled_rows ORDER BY number
"""
_FIELDS = "at, decision, trigger, reason, dry_run, dataset_version, execution, evidence"
_RECENT = f"SELECT {_FIELDS} FROM retrainings ORDER BY retraining_id DESC LIMIT %s"  # noqa: S608 - constants
_RECORD = f"INSERT INTO retrainings ({_FIELDS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"  # noqa: S608


class PostgresRetrainings:
    """Implements `monitoring.retraining.Retrainings`."""

    def __init__(self, database: Database, case: UseCase) -> None:
        self._database = database
        self._case = case

    def labelled(self) -> list[Labelled]:
        case = self._case
        with self._database.transaction() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK + 1,))
            cursor.execute(_TOLD)
            told = {}
            for prediction_id, row_id, inputs, label, at in cursor.fetchall():
                who = identities(case, logged_row(case, inputs), row_id)[0]
                told[who] = (who, row_id, prediction_id, json.dumps(inputs), label, at)  # the last word counts
            rows = list(told.values())
            for start in range(0, len(rows), _PORTION):
                execute_values(cursor, _GATHER, rows[start : start + _PORTION], _TEMPLATE, _PORTION)
            cursor.execute(_LABELLED)
            return [
                Labelled(LabelledRow(row_id, label, logged_row(case, inputs)), prediction_id)
                for row_id, label, inputs, prediction_id in cursor
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
        return [Retraining(*row) for row in self._database.rows(_RECENT, (count,))]

    def forget(self, before: datetime) -> set[str]:
        with self._database.transaction() as cursor:
            cursor.execute("DELETE FROM retrainings WHERE decision = 'held' AND at < %s", (before,))
            cursor.execute("SELECT evidence ->> 'report_key' FROM retrainings")
            return {key for (key,) in cursor if key}

    def link(self, runs: Iterable[tuple[str, str]]) -> None:
        with self._database.transaction() as cursor:
            for dataset_version, execution in runs:
                link = "UPDATE retrainings SET execution = %s WHERE dataset_version = %s AND execution IS NULL"
                cursor.execute(link, (execution, dataset_version))
