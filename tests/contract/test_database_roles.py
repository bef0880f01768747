"""The roles that functions log in with: they read all, write what is theirs, and alter nothing."""

from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege

from mlops.registry.decisions import ModelDecision
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.decision_log import PostgresDecisionLog
from mlops.stores.postgres.offline_store import PostgresOfflineStore
from mlops.use_case import UseCase
from mlops_cloud.database_roles import ROLES, role_urls

_SPECIFICATION = spec_from_file_location("roles", Path(__file__).parents[2] / "functions/ingestion/roles.py")
assert _SPECIFICATION
assert _SPECIFICATION.loader
roles = module_from_spec(_SPECIFICATION)
_SPECIFICATION.loader.exec_module(roles)
WRITES, grant = roles.WRITES, roles.grant
DECISION = ModelDecision("2026-11-27T12:00:00.000+00:00", "0" * 16, "promoted", "better", "0" * 16, None, {})


@pytest.fixture
def urls(database: Database, postgres_url: str) -> Iterator[dict[str, str]]:
    """Each role's URL; the roles go again, because a server is a session's."""
    made = {ROLES[parameter]: url for parameter, url in role_urls(postgres_url).items()}
    grant(database, made.values())
    yield made
    with database.transaction() as cursor:
        for role in made:
            cursor.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_the_template_and_the_migration_know_the_same_roles() -> None:
    assert set(ROLES.values()) == WRITES.keys()


def test_an_owner_without_a_password_has_no_roles() -> None:
    assert role_urls("postgresql://somebody@localhost/db") == {}


def test_passwords_tell_nothing_of_each_other() -> None:
    urls = role_urls("postgresql://owner:s%2Fcret@localhost:5432/db?sslmode=verify-full")
    assert len({url.split(":")[2] for url in urls.values()}) == 3
    assert all(url.endswith("@localhost:5432/db?sslmode=verify-full") for url in urls.values())
    assert "cret" not in "".join(urls.values())
    assert urls != role_urls("postgresql://owner:another@localhost:5432/db?sslmode=verify-full")


FORBIDDEN = [
    "CREATE TABLE mine (id int)",
    "ALTER TABLE decisions ADD COLUMN mine int",
    "DROP TABLE decisions",
    "TRUNCATE decisions",
    "DELETE FROM decisions",
    "DELETE FROM feature_rows",
    "UPDATE prediction_history SET outcome = 1",
    "INSERT INTO drains VALUES ('mine', '0')",
    "CREATE ROLE mine",
]


def test_no_role_alters_the_schema_or_deletes(urls: dict[str, str]) -> None:
    for url in urls.values():
        database = Database(url)
        for statement in FORBIDDEN:
            with pytest.raises(InsufficientPrivilege), database.transaction() as cursor:
                cursor.execute(statement)


def test_each_role_writes_what_is_its_own_and_nothing_of_another(urls: dict[str, str], case: UseCase) -> None:
    features, training, inference = (Database(urls[f"mlops_{name}"]) for name in ("features", "training", "inference"))
    schema = case.schema_hash
    PostgresOfflineStore(features, case).write("0" * 16, schema, [])
    assert PostgresOfflineStore(training, case).read("0" * 16, schema) is not None
    for database in (training, inference):
        log = PostgresDecisionLog(database)
        log.record(DECISION)
        log.record(DECISION)
        assert log.about([DECISION.model_version], 5)[DECISION.model_version] == [DECISION]
    with pytest.raises(InsufficientPrivilege):
        PostgresDecisionLog(features).record(DECISION)
    with pytest.raises(InsufficientPrivilege):
        PostgresOfflineStore(inference, case).write("1" * 16, schema, [])


def test_a_table_that_is_made_later_can_be_read(database: Database, urls: dict[str, str]) -> None:
    with database.transaction() as cursor:
        cursor.execute("CREATE TABLE later (id int); INSERT INTO later VALUES (7)")
    try:
        assert Database(urls["mlops_training"]).rows("SELECT id FROM later") == [(7,)]
    finally:
        with database.transaction() as cursor:
            cursor.execute("DROP TABLE later")


def test_a_deployment_with_another_password_replaces_it(database: Database, urls: dict[str, str]) -> None:
    old = urls["mlops_inference"]
    new = old.replace(old.split(":")[2].partition("@")[0], "another")
    grant(database, [new])
    assert Database(new).rows("SELECT 1") == [(1,)]
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(old)


def test_privileges_that_a_role_no_longer_needs_are_taken_back(database: Database, urls: dict[str, str]) -> None:
    with database.transaction() as cursor:
        cursor.execute("GRANT DELETE ON decisions TO mlops_inference")
    grant(database, urls.values())
    with pytest.raises(InsufficientPrivilege), Database(urls["mlops_inference"]).transaction() as cursor:
        cursor.execute("DELETE FROM decisions")
