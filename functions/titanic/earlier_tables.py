"""SQL that brings in what releases before the machinery kept: predictions with their outcomes, and labelled passengers.

Idempotent: it runs at each deployment, since a release before may still drain while its successor is proved.
"""

EARLIER_TABLES = """
DO $$
BEGIN
    IF to_regclass('predictions') IS NOT NULL THEN
        INSERT INTO prediction_history (prediction_id, at, correlation_id, model_version, inputs, features,
            probability, label, outcome, outcome_at)
        SELECT prediction_id, at, correlation_id, model_version, inputs, features,
            probability, survived, outcome, outcome_at
        FROM predictions ON CONFLICT DO NOTHING;
    END IF;
    IF to_regclass('labelled_passengers') IS NOT NULL THEN
        INSERT INTO labelled_rows (number, identity, prediction_id, inputs, label, told_at) OVERRIDING SYSTEM VALUE
        SELECT passenger_id, identity, prediction_id, inputs, survived, told_at
        FROM labelled_passengers ON CONFLICT DO NOTHING;
        PERFORM setval(pg_get_serial_sequence('labelled_rows', 'number'), max(number)) FROM labelled_rows
        HAVING max(number) IS NOT NULL;
    END IF;
END $$
"""
