"""Passengers partitioned by dataset version; a dataset keeps its digest, the schema it obeys and its profile."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE datasets
            ADD digest text NOT NULL DEFAULT '',
            ADD schema text NOT NULL DEFAULT '',
            ADD profile json
    """)
    op.execute("ALTER TABLE passengers RENAME TO unpartitioned")
    op.execute("""
        CREATE TABLE passengers (LIKE unpartitioned, PRIMARY KEY (dataset_version, passenger_id))
        PARTITION BY LIST (dataset_version)
    """)
    op.execute("""
        DO $$
        DECLARE known text;
        BEGIN
            FOR known IN SELECT version FROM datasets LOOP
                EXECUTE format('CREATE TABLE %I PARTITION OF passengers FOR VALUES IN (%L)',
                    'passengers_' || known, known);
            END LOOP;
        END $$
    """)
    op.execute("INSERT INTO passengers SELECT * FROM unpartitioned")
    op.execute("DROP TABLE unpartitioned")
