"""Drained predictions in PostgreSQL."""

import json
import re
from collections.abc import Collection, Mapping
from datetime import datetime

from psycopg2.extras import execute_values

from mlops.monitoring.stores import Entries, Stream
from mlops.stores.postgres.database import Database
from mlops.use_case import UseCase

_NAME = re.compile("[0-9a-f]{32}")
# An earlier release may go on from its own name, whose positions have no number.
_EARLIER: Mapping[Stream, str] = {"predictions": "prediction_history", "outcomes": "outcomes"}
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_POSITION = "SELECT position FROM drains WHERE stream IN (%(own)s, %(earlier)s) ORDER BY stream = %(own)s DESC LIMIT 1"
# Forward only: of two drains at once the slower one must not undo what the faster one did.
_ADVANCE = """
    INSERT INTO drains (stream, position) VALUES (%s, %s)
    ON CONFLICT (stream) DO UPDATE SET position = excluded.position
    WHERE string_to_array(drains.position, '-')::numeric[] < string_to_array(excluded.position, '-')::numeric[]
"""
_KEEP = """
    INSERT INTO prediction_history
        (prediction_id, at, correlation_id, model_version, row_id, inputs, features, probability, label)
    VALUES %s ON CONFLICT DO NOTHING RETURNING 1
"""
_OUTCOME = """
    UPDATE prediction_history AS p SET outcome = new.outcome, outcome_at = new.at::timestamptz
    FROM (VALUES %s) AS new (prediction_id, outcome, at)
    WHERE p.prediction_id = new.prediction_id::uuid AND coalesce(p.outcome_at <= new.at::timestamptz, true)
"""
_KNOWN = """
    SELECT replace(prediction_id::text, '-', '') FROM prediction_history WHERE prediction_id = ANY(%s::uuid[])
"""
_OUTCOMES = """
    SELECT count(*) FILTER (WHERE label = outcome), count(*) FROM (
        SELECT label, outcome FROM prediction_history WHERE model_version = %s AND outcome IS NOT NULL
        ORDER BY at DESC LIMIT %s
    ) AS latest
"""


class PostgresPredictionHistory:
    """Implements `monitoring.stores.PredictionHistory`."""

    def __init__(self, database: Database, case: UseCase) -> None:
        self._database = database
        self._key = case.label.key

    def position(self, stream: Stream = "predictions") -> str:
        with self._database.transaction() as cursor:
            cursor.execute(_POSITION, {"own": stream, "earlier": _EARLIER[stream]})
            found = cursor.fetchone()
        return str(found[0]) if found else ""

    def keep(self, predictions: Entries, outcomes: Entries = (), positions: Mapping[Stream, str] = {}) -> int:
        rows = [
            (
                *(each["prediction_id"], each["at"], each.get("correlation_id"), each["model_version"]),
                *(each.get("row_id"), None if each["inputs"] is None else _encode(each["inputs"])),
                *(_encode(each["features"]), each["probability"], each[self._key]),
            )
            for each in predictions
        ]
        # The last word counts: an UPDATE that meets a row twice would take either.
        last = {each["prediction_id"]: (each["prediction_id"], each[self._key], each["at"]) for each in outcomes}
        with self._database.transaction() as cursor:
            kept = len(execute_values(cursor, _KEEP, rows, page_size=1000, fetch=True)) if rows else 0
            if last:
                execute_values(cursor, _OUTCOME, list(last.values()), page_size=1000)
            for stream, position in positions.items():
                cursor.execute(_ADVANCE, (stream, position))
        return kept

    def known(self, prediction_ids: Collection[str]) -> set[str]:
        names = [each for each in prediction_ids if _NAME.fullmatch(each)]
        return {name for (name,) in self._database.rows(_KNOWN, (names,))}

    def outcomes(self, model_version: str, limit: int) -> tuple[int, int]:
        for right, labelled in self._database.rows(_OUTCOMES, (model_version, limit)):
            return right, labelled
        return 0, 0

    def forget(self, before: datetime) -> int:
        with self._database.transaction() as cursor:
            cursor.execute("DELETE FROM prediction_history WHERE at < %s", (before,))
            return cursor.rowcount
