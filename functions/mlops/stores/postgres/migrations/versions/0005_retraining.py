"""Passengers whose fate became known after they were predicted, and what was decided about training again."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # Ids above any list's own. A passenger keeps theirs, and with it the side of the hold-out that it decides.
    op.execute("""
        CREATE TABLE labelled_passengers (
            passenger_id integer GENERATED ALWAYS AS IDENTITY (START WITH 1000000001) PRIMARY KEY,
            identity text NOT NULL UNIQUE,
            prediction_id uuid NOT NULL,
            inputs json NOT NULL,
            survived smallint NOT NULL,
            told_at timestamptz NOT NULL
        )
    """)
    op.execute("""
        CREATE TABLE retrainings (
            retraining_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            at timestamptz NOT NULL,
            decision text NOT NULL,
            trigger text,
            reason text NOT NULL,
            dry_run boolean NOT NULL,
            dataset_version text,
            execution text,
            evidence json NOT NULL
        )
    """)
    op.execute("CREATE INDEX predictions_outcome ON predictions (model_version, at) WHERE outcome IS NOT NULL")
    op.execute("CREATE INDEX predictions_outcome_at ON predictions (outcome_at) WHERE outcome IS NOT NULL")
