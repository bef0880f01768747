"""Dataset versions with their rows and rejections, and the offline feature store."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    # No foreign keys to datasets: rows are only ever written in the transaction that writes their dataset, and a
    # check per row would cost as much as the load.
    op.execute("""
        CREATE TABLE datasets (
            version text PRIMARY KEY,
            source text NOT NULL,
            rows integer NOT NULL,
            rejected integer NOT NULL,
            loaded_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("""
        CREATE TABLE passengers (
            dataset_version text NOT NULL,
            passenger_id integer NOT NULL,
            survived smallint NOT NULL,
            pclass smallint NOT NULL,
            name text NOT NULL,
            sex text NOT NULL,
            age double precision,
            sibsp smallint NOT NULL,
            parch smallint NOT NULL,
            ticket text,
            fare double precision,
            cabin text,
            embarked text,
            PRIMARY KEY (dataset_version, passenger_id)
        )
    """)
    op.execute("""
        CREATE TABLE rejections (
            dataset_version text NOT NULL,
            "row" bigint NOT NULL,
            field text NOT NULL,
            value text NOT NULL,
            reason text NOT NULL,
            PRIMARY KEY (dataset_version, "row", field)
        )
    """)
    op.execute("""
        CREATE TABLE feature_sets (
            dataset_version text NOT NULL,
            schema_hash text NOT NULL,
            rows integer NOT NULL,
            written_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (dataset_version, schema_hash)
        )
    """)
    # json, not jsonb: it keeps numbers as they were written, so a float comes back as the very same float.
    op.execute("""
        CREATE TABLE features (
            dataset_version text NOT NULL,
            schema_hash text NOT NULL,
            passenger_id integer NOT NULL,
            survived smallint NOT NULL,
            features json NOT NULL,
            PRIMARY KEY (dataset_version, schema_hash, passenger_id)
        )
    """)
