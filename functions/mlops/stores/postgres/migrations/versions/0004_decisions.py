"""What was decided about each model version, by the gate or by hand."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE decisions (
            decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            at timestamptz NOT NULL,
            model_version text NOT NULL,
            decision text NOT NULL,
            reason text NOT NULL,
            champion text,
            previous text,
            evidence json NOT NULL,
            UNIQUE (model_version, at, decision)
        )
    """)
