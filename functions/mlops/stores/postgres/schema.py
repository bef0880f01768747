"""The schema's migrations, applied at each deployment. They only add: the release before serves on."""

from pathlib import Path

from mlops.stores.postgres.database import Database
from mlops.use_case import UseCase

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 1912


def upgrade(database: Database, case: UseCase) -> None:
    """Bring the schema to the head that this code knows, and in what an earlier layout kept, in one transaction.

    Deployments that start at once queue behind an advisory lock.
    """
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import NullPool, create_engine

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    engine = create_engine("postgresql+psycopg2://", creator=database.connect, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if case.earlier_tables:
            connection.exec_driver_sql(case.earlier_tables)
