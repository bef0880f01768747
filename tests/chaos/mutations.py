"""Each promise broken on purpose, in the stores themselves: a checker that does not see it is worth nothing."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from clouds import Cloud, copied
from titanic import USE_CASE

from .client import Client, Upload
from .evidence import postgres, valkey

SCHEMA, TABLE = USE_CASE.schema_hash, USE_CASE.table_hash
Undo = Callable[[], Any]
# What breaks a promise, and how to mend it. It is given a file that went through.
Mutation = Callable[[Cloud, Client, Upload], Undo]
MUTATIONS: dict[str, Mutation] = {}


def breaks(promise: str) -> Callable[[Mutation], Mutation]:
    """Register what breaks a promise; its name goes on with what it does."""

    def register(mutation: Mutation) -> Mutation:
        MUTATIONS[f"{promise} | {mutation.__name__.replace('_', ' ')}"] = mutation
        return mutation

    return register


def _sql(cloud: Cloud, statement: str, *values: Any) -> None:
    with postgres(cloud) as at:
        at.execute(statement, values)


def _moved(cloud: Cloud, table: str, where: str, *values: Any) -> Undo:
    """Take rows out of a table; undoing puts them back."""
    with postgres(cloud) as at:
        at.execute(f"SELECT to_json(t) FROM {table} AS t WHERE {where}", values)
        rows = [row for (row,) in at]
        assert rows, f"nothing in {table} to break"
        at.execute(f"DELETE FROM {table} WHERE {where}", values)
    return lambda: _sql(
        cloud,
        f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::{table}, %s)",
        json.dumps(rows),
    )


@breaks("every record is accounted for")
def a_row_is_lost(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    good = next(id_ for id_ in upload.ids if id_ not in upload.bad)
    return _moved(cloud, f"rows_{TABLE}_{upload.version}", "row_id = %s", good)


@breaks("every record is accounted for")
def a_row_comes_twice(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    table = f"rows_{TABLE}_{upload.version}"
    with postgres(cloud) as at:
        at.execute(f"SELECT to_json(t) FROM {table} AS t LIMIT 1")
        row = {**at.fetchone()[0], "row_id": "99999"}
        at.execute(f"INSERT INTO {table} SELECT * FROM json_populate_record(NULL::{table}, %s)", (json.dumps(row),))
    return lambda: _sql(cloud, f"DELETE FROM {table} WHERE row_id = '99999'")


@breaks("every record is accounted for")
def a_refusal_is_forgotten(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    number = upload.ids.index(upload.bad[0]) + 1
    return _moved(cloud, "rejected_cells", 'dataset_version = %s AND "row" = %s', upload.version, number)


@breaks("every record is accounted for")
def a_dataset_is_gone(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    return _moved(cloud, "dataset_versions", "version = %s", upload.version)


@breaks("no partial dataset is visible")
def a_dataset_shows_before_its_rows(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    columns = "version, schema, source, rows, rejected, digest, profile"
    _sql(cloud, f"INSERT INTO dataset_versions ({columns}) VALUES ('half', %s, '', 9, 0, '', '{{}}')", TABLE)
    return lambda: _sql(cloud, "DELETE FROM dataset_versions WHERE version = 'half'")


@breaks("no partial dataset is visible")
def features_show_before_they_are_whole(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    where = "dataset_version = %s AND schema_hash = %s AND row_id = %s"
    return _moved(
        cloud,
        "feature_rows",
        where,
        upload.version,
        SCHEMA,
        upload.ids[0] if upload.ids[0] not in upload.bad else upload.ids[1],
    )


@breaks("no partial dataset is visible")
def a_staging_table_is_left(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    _sql(cloud, "CREATE TABLE staging_left (a int)")
    return lambda: _sql(cloud, "DROP TABLE staging_left")


@breaks("each prediction is kept once")
def an_answer_is_not_in_the_history(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    return _moved(cloud, "prediction_history", "row_id = %s", client.answered()[0].row_id)


@breaks("each prediction is kept once")
def an_answer_is_kept_otherwise(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    row_id = client.answered()[0].row_id
    change = "UPDATE prediction_history SET probability = probability {} 1 WHERE row_id = %s"
    with postgres(cloud) as at:
        at.execute("SELECT probability FROM prediction_history WHERE row_id = %s", (row_id,))
        (was,) = at.fetchone()
    _sql(cloud, change.format("+"), row_id)
    return lambda: _sql(cloud, "UPDATE prediction_history SET probability = %s WHERE row_id = %s", was, row_id)


@breaks("each prediction is kept once")
def a_request_is_kept_twice(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    columns = "at, row_id, model_version, features, probability, label"
    copy = f"INSERT INTO prediction_history (prediction_id, {columns}) SELECT %s, {columns} FROM prediction_history"
    twin = "00000000-0000-7000-8000-000000000001"
    _sql(cloud, f"{copy} WHERE row_id = %s", twin, client.answered()[0].row_id)
    return lambda: _sql(cloud, "DELETE FROM prediction_history WHERE prediction_id = %s", twin)


@breaks("each prediction is kept once")
def the_log_is_not_drained(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    with valkey(cloud) as store:
        entry = store.xadd("predictions", {"other": "{}"})
    return lambda: valkey(cloud).xdel("predictions", entry)


@breaks("answered is counted is logged")
def a_prediction_is_counted_twice(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    cell = f"score|{client.answered()[0].answer['model_version']}|0.5"  # type: ignore[index]
    with valkey(cloud) as store:
        store.hincrbyfloat("{predictions}:totals", cell, 100)
    return lambda: valkey(cloud).hincrbyfloat("{predictions}:totals", cell, -100)


@breaks("answered is counted is logged")
def counts_are_lost(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    cell = f"score|{client.answered()[0].answer['model_version']}|0.5"  # type: ignore[index]
    with valkey(cloud) as store:
        store.hincrbyfloat("{predictions}:totals", cell, -100)
    return lambda: valkey(cloud).hincrbyfloat("{predictions}:totals", cell, 100)


@breaks("every answer is right")
def an_answer_is_of_another_model(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    answer: Any = client.answered()[0].answer
    was = answer["probability"]
    answer["probability"] = was + 1e-12
    return lambda: answer.update(probability=was)


@breaks("outcomes are kept")
def feedback_is_lost(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    prediction_id, label = next(iter(client.told.items()))
    change = "UPDATE prediction_history SET outcome = %s WHERE prediction_id = %s"
    _sql(cloud, change, None, prediction_id)
    return lambda: _sql(cloud, change, label, prediction_id)


@breaks("no champion without a decision")
def the_pointer_moves_by_itself(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    s3, models = cloud.client("s3"), cloud.outputs()["models_bucket"]
    was = s3.get_object(Bucket=models, Key="champion.json")["Body"].read()
    other = copied(s3, models, cloud.champion(), b"\n\n\n")
    s3.put_object(Bucket=models, Key="champion.json", Body=json.dumps({**json.loads(was), "version": other}))
    return lambda: s3.put_object(Bucket=models, Key="champion.json", Body=was, ContentType="application/json")


@breaks("no champion without a decision")
def decisions_are_forgotten(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    return _moved(cloud, "decisions", "champion = model_version")


@breaks("online is offline")
def a_value_differs_online(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    name = f"online:{{{SCHEMA}}}:current"
    with valkey(cloud) as store:
        was = store.hget(name, "id:1")
        store.hset(name, "id:1", json.dumps([0.0, *json.loads(was)[2:], None]))
    return lambda: valkey(cloud).hset(name, "id:1", was)


@breaks("the online store never goes back")
def an_older_version_comes_online(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    change = "UPDATE dataset_versions SET loaded_at = loaded_at {} interval '9 days' WHERE version = %s"
    name = f"online:{{{SCHEMA}}}:current"
    with valkey(cloud) as store:
        version = store.hget(name, "version").decode()
    _sql(cloud, change.format("-"), version)
    return lambda: _sql(cloud, change.format("+"), version)


@breaks("what s3 acknowledged is there")
def a_file_is_gone(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    other = "raw/aside.csv"
    client.uploads.append(Upload(other, b"", [], [], "SUCCEEDED"))
    return client.uploads.pop


@breaks("every upload has an end")
def an_event_is_swallowed(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    was, upload.status = upload.status, ""
    return lambda: setattr(upload, "status", was)


@breaks("a retraining has one run")
def a_retraining_names_no_run(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    columns = "at, decision, reason, dry_run, dataset_version, evidence"
    _sql(cloud, f"INSERT INTO retrainings ({columns}) VALUES (now(), 'started', '', false, 'none', '{{}}')")
    return lambda: _sql(cloud, "DELETE FROM retrainings WHERE dataset_version = 'none'")


@breaks("dead letters can be replayed")
def a_dead_letter_is_garbage(cloud: Cloud, client: Client, upload: Upload) -> Undo:
    sqs, queue = cloud.client("sqs"), cloud.dead_letters()
    sqs.send_message(QueueUrl=queue, MessageBody="{}")

    def undo() -> None:
        with suppress(Exception):
            sqs.purge_queue(QueueUrl=queue)

    return undo
