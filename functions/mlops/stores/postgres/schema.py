"""The schema's migrations, applied when an ingestion environment opens its database. Forward only."""

from pathlib import Path

from mlops.stores.postgres.database import Database

_MIGRATIONS = Path(__file__).parents[0] / "migrations"
_LOCK = 1912


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema to the head that this code knows, or to an earlier revision, in one transaction.

    Environments that start at once queue behind an advisory lock. One that finds the schema there, or further on, asks
    one question and imports nothing.
    """
    if _current(database) >= _head():
        return

    from alembic import command
    from alembic.config import Config
    from sqlalchemy import NullPool, create_engine

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    engine = create_engine("postgresql+psycopg2://", creator=database.connect, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _head() -> str:
    return max(script.name[:4] for script in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def _current(database: Database) -> str:
    with database.transaction() as cursor:
        cursor.execute("SELECT to_regclass('alembic_version')")
        if cursor.fetchone() == (None,):
            return ""
        cursor.execute("SELECT max(version_num) FROM alembic_version")
        (version,) = cursor.fetchone() or ("",)
        return version or ""
