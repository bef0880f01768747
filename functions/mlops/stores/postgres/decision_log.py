"""The registry's audit in PostgreSQL."""

import json
from collections.abc import Collection
from dataclasses import astuple

from mlops.registry.decisions import ModelDecision
from mlops.stores.postgres.database import Database

# A row that was caught up from the pointer alone gets its evidence when its writer comes after all.
_RECORD = """
    INSERT INTO decisions (at, model_version, decision, reason, champion, previous, evidence)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (model_version, at, decision) DO UPDATE SET evidence = excluded.evidence
    WHERE decisions.evidence::text = '{}'
"""
_ABOUT = """
    SELECT latest.* FROM unnest(%s::text[]) AS wanted (version), LATERAL (
        SELECT at, model_version, decision, reason, champion, previous, evidence FROM decisions
        WHERE model_version = wanted.version ORDER BY at DESC, decision_id DESC LIMIT %s
    ) AS latest
"""


class PostgresDecisionLog:
    """Implements `registry.decisions.DecisionLog`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, decision: ModelDecision) -> None:
        *fields, evidence = astuple(decision)
        with self._database.transaction() as cursor:
            cursor.execute(_RECORD, (*fields, json.dumps(evidence)))

    def about(self, versions: Collection[str], latest: int) -> dict[str, list[ModelDecision]]:
        found: dict[str, list[ModelDecision]] = {}
        for at, *rest in self._database.rows(_ABOUT, (list(versions), latest)):
            decision = ModelDecision(at.isoformat(timespec="milliseconds"), *rest)
            found.setdefault(decision.model_version, []).append(decision)
        return found
