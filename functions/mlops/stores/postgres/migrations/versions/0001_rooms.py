"""Every table but those of rows, which are made from a use case's declaration (stores/postgres/loading.py).

`decisions`, `retrainings` and `drains` may be there from the layout before this one, with the same columns. There are
no foreign keys to dataset versions: rows are only ever written in the transaction that writes their dataset, and a
check per row would cost as much as the load. Features are json, not jsonb: it keeps numbers as they were written, so a
float comes back as the very same float.
"""

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
    CREATE TABLE dataset_versions (
        version text, schema text, source text NOT NULL, rows integer NOT NULL, rejected integer NOT NULL,
        loaded_at timestamptz NOT NULL DEFAULT now(), digest text NOT NULL, profile json NOT NULL,
        PRIMARY KEY (version, schema)
    );
    CREATE TABLE rejected_cells (
        dataset_version text, schema text, "row" bigint, field text, value text NOT NULL, reason text NOT NULL,
        PRIMARY KEY (dataset_version, schema, "row", field)
    );
    CREATE TABLE materialized_features (
        dataset_version text, schema_hash text, rows integer NOT NULL, written_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (dataset_version, schema_hash)
    );
    CREATE TABLE feature_rows (
        dataset_version text, schema_hash text, row_id text, label smallint NOT NULL, features json NOT NULL,
        PRIMARY KEY (dataset_version, schema_hash, row_id)
    );
    CREATE TABLE prediction_history (
        prediction_id uuid PRIMARY KEY, at timestamptz NOT NULL, correlation_id text, model_version text NOT NULL,
        row_id text, inputs json, features json NOT NULL, probability double precision NOT NULL,
        label smallint NOT NULL, outcome smallint, outcome_at timestamptz
    );
    CREATE INDEX prediction_history_at ON prediction_history (at);
    CREATE INDEX prediction_history_of_model ON prediction_history (model_version, at) WHERE outcome IS NOT NULL;
    CREATE INDEX prediction_history_told ON prediction_history (outcome_at) WHERE outcome IS NOT NULL;
    CREATE TABLE IF NOT EXISTS drains (stream text PRIMARY KEY, position text NOT NULL);
    CREATE TABLE IF NOT EXISTS decisions (
        decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL,
        model_version text NOT NULL, decision text NOT NULL, reason text NOT NULL, champion text, previous text,
        evidence json NOT NULL, UNIQUE (model_version, at, decision)
    );
    -- Numbers above any table's own ids. A row keeps its number, and with it the side of the hold-out that it decides.
    CREATE TABLE labelled_rows (
        number integer GENERATED ALWAYS AS IDENTITY (START WITH 1000000001) PRIMARY KEY, identity text NOT NULL UNIQUE,
        row_id text, prediction_id uuid NOT NULL, inputs json NOT NULL, label smallint NOT NULL,
        told_at timestamptz NOT NULL
    );
    CREATE TABLE IF NOT EXISTS retrainings (
        retraining_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, decision text NOT NULL,
        trigger text, reason text NOT NULL, dry_run boolean NOT NULL, dataset_version text, execution text,
        evidence json NOT NULL
    );
"""


def upgrade() -> None:
    op.execute(TABLES)
