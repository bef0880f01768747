"""Logged predictions with their outcomes, and how far the log was drained."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # json, not jsonb: the very same numbers come back, and a name may hold a NUL.
    op.execute("""
        CREATE TABLE predictions (
            prediction_id uuid PRIMARY KEY,
            at timestamptz NOT NULL,
            correlation_id text,
            model_version text NOT NULL,
            inputs json NOT NULL,
            features json NOT NULL,
            probability double precision NOT NULL,
            survived smallint NOT NULL,
            outcome smallint,
            outcome_at timestamptz
        )
    """)
    op.execute("CREATE INDEX predictions_at ON predictions (at)")
    op.execute("CREATE TABLE drains (stream text PRIMARY KEY, position text NOT NULL)")
