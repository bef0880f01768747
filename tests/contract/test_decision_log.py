"""One suite for the registry's audit: the fake and PostgreSQL keep the same promises."""

from dataclasses import replace

import pytest

from fakes.decision_log import MemoryDecisionLog
from mlops.errors import StoreUnavailableError
from mlops.registry.decisions import DecisionLog, ModelDecision
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.decision_log import PostgresDecisionLog

FIRST = ModelDecision(
    "2026-01-02T03:04:05.678+00:00", "1" * 16, "promoted", "The first", "1" * 16, None, {"quick": {"holds": True}}
)
SECOND = ModelDecision("2026-01-02T03:04:06.000+00:00", "2" * 16, "kept", "Worse", "1" * 16, "1" * 16, {"figure": 0.1})


@pytest.fixture(params=["memory", "postgres"])
def decisions(request: pytest.FixtureRequest) -> DecisionLog:
    if request.param == "memory":
        return MemoryDecisionLog()
    database: Database = request.getfixturevalue("database")
    with database.transaction() as cursor:
        cursor.execute("TRUNCATE decisions")
    return PostgresDecisionLog(database)


def test_what_was_decided_comes_back_newest_first(decisions: DecisionLog) -> None:
    again = replace(SECOND, at="2026-01-02T03:04:07.000+00:00", decision="unchanged")
    for each in (FIRST, again, SECOND):
        decisions.record(each)

    both = [FIRST.model_version, SECOND.model_version]
    assert decisions.about(both, 9) == {FIRST.model_version: [FIRST], SECOND.model_version: [again, SECOND]}


def test_only_the_latest_decisions_about_the_versions_asked_for_are_read(decisions: DecisionLog) -> None:
    many = [replace(SECOND, at=f"2026-01-02T03:05:{second:02}.000+00:00", decision="unchanged") for second in range(60)]
    for each in (FIRST, *many):
        decisions.record(each)

    assert decisions.about([SECOND.model_version, "unknown"], 3) == {SECOND.model_version: many[:-4:-1]}
    assert decisions.about([], 3) == {}


def test_a_decision_recorded_twice_is_one_and_keeps_its_evidence(decisions: DecisionLog) -> None:
    decisions.record(replace(FIRST, evidence={}))
    decisions.record(FIRST)
    decisions.record(replace(FIRST, evidence={}))
    decisions.record(replace(FIRST, evidence={"other": 1}))

    assert decisions.about([FIRST.model_version], 9) == {FIRST.model_version: [FIRST]}


def test_before_the_schema_is_there_nothing_was_decided(postgres_url: str, database: Database) -> None:
    with database.transaction() as cursor:
        cursor.execute("ALTER TABLE decisions RENAME TO elsewhere")
    try:
        decisions = PostgresDecisionLog(Database(postgres_url))
        assert decisions.about([FIRST.model_version], 9) == {}
        with pytest.raises(StoreUnavailableError, match=r'\{"migrate": true\}'):
            decisions.record(FIRST)
    finally:
        with database.transaction() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO decisions")
