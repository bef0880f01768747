"""Roles that read everything and write what is theirs: who serves, trains or derives features alters no schema.

The owner of the schema makes them at each deployment; so do privileges on tables that a migration has added since.
"""

from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from mlops.stores.postgres.database import Database

# By role, what it may do with which table besides reading.
WRITES: Mapping[str, Mapping[str, str]] = {
    "mlops_features": {"feature_rows": "INSERT", "materialized_features": "INSERT"},
    "mlops_training": {"decisions": "INSERT, UPDATE"},
    "mlops_inference": {"decisions": "INSERT, UPDATE"},
}
_LOCK = 1915


def grant(owner: Database, urls: Iterable[str]) -> None:
    """Make the role of each URL, or give it that password, and exactly its privileges; KeyError for an unknown role.

    Passwords travel as SCRAM verifiers: statements are logged.
    """
    with owner.transaction() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        for parts in map(urlsplit, urls):
            name, password = parts.username or "", unquote(parts.password or "")
            writes, role = WRITES[name], sql.Identifier(name)
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,))
            if not cursor.fetchone():
                cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
            verifier = encrypt_password(password, name, cursor, "scram-sha-256")
            cursor.execute(sql.SQL("ALTER ROLE {} PASSWORD %s").format(role), (verifier,))
            for statement in (
                "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}",
                "GRANT USAGE ON SCHEMA public TO {}",
                "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}",
                "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {}",  # of partitions to come
            ):
                cursor.execute(sql.SQL(statement).format(role))
            for table, privileges in writes.items():
                given = sql.SQL(privileges)  # a constant of this module
                cursor.execute(sql.SQL("GRANT {} ON {} TO {}").format(given, sql.Identifier(table), role))
