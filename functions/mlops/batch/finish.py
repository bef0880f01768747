"""Finish: say in one manifest what became of every row of a batch."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from mlops.batch.layout import BatchRequest, Plan, key, numbers, read_plan, read_request
from mlops.data.objects import ObjectStore
from mlops.errors import BatchNotFoundError

_AT_ONCE = 16
_NEVER_TRIED = "was not scored: the run ended before"


def give_up(objects: ObjectStore, bucket: str, batch_id: str, number: int, failure: Mapping[str, Any]) -> None:
    """Note why a shard was not scored; `failure` is what the state machine caught."""
    body = json.dumps({"reason": reason(failure)}).encode()
    objects.put(bucket, key(batch_id, f"failed/{number:05}.json"), body, "application/json")


def finish(objects: ObjectStore, bucket: str, batch_id: str) -> dict[str, Any]:
    """Write the manifest of what was scored so far and return it, without its lists of files.

    It names no time and no run, so that the same files and model are the same manifest.
    """
    request, plan = read_request(objects, bucket, batch_id), read_plan(objects, bucket, batch_id)
    if plan is None:
        raise BatchNotFoundError(f"Batch {batch_id} was not planned yet")
    there, given_up = (numbers(objects, bucket, batch_id, what) for what in ("done", "failed"))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        read = lambda number: _read(objects, bucket, batch_id, f"done/{number:05}")  # noqa: E731
        done = list(pool.map(read, sorted(there)))
        lost = [number for number in range(len(plan.shards)) if number not in there]
        why = lambda number: (  # noqa: E731
            _read(objects, bucket, batch_id, f"failed/{number:05}")["reason"] if number in given_up else _NEVER_TRIED
        )
        reasons = dict(zip(lost, pool.map(why, lost), strict=True))
    found = manifest(request, plan, done, reasons)
    body = json.dumps(found, indent=2).encode()
    objects.put(bucket, key(batch_id, "manifest.json"), body, "application/json")
    return {name: found[name] for name in ("batch_id", "model_version", "complete", "rows")}


def manifest(
    request: BatchRequest, plan: Plan, done: list[dict[str, Any]], reasons: Mapping[int, str]
) -> dict[str, Any]:
    """What went in, what came out and what did not, with the digest of each file."""
    counts = {name: sum(each[name] for each in done) for name in ("rows", "scored", "refused")}
    failed = [
        {
            "source": plan.shards[number].source,
            "first_row": plan.shards[number].first_row,
            "last_row": plan.shards[number].first_row + plan.shards[number].rows - 1,
            "reason": reason,
        }
        for number, reason in reasons.items()
    ]
    lost = sum(plan.shards[number].rows for number in reasons)
    return {
        "batch_id": request.batch_id,
        "use_case": request.use_case,
        "model_version": request.model_version,
        "format": request.format,
        "complete": not failed,
        "rows": {
            "in": sum(each.rows for each in plan.sources),
            "out": counts["scored"],
            "refused": counts["refused"],
            "failed": lost,
        },
        "sources": [{"key": each.key, "sha256": each.sha256, "rows": each.rows} for each in plan.sources],
        "parts": [{**each["part"], "rows": each["scored"]} for each in done if each["part"]],
        "errors": [{**each["errors"], "rows": each["refused"]} for each in done if each["errors"]],
        "failed": failed,
    }


def _read(objects: ObjectStore, bucket: str, batch_id: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(objects.get(bucket, key(batch_id, f"{name}.json"))[0])
    return found


def reason(failure: Mapping[str, Any]) -> str:
    """The error's name and message; Lambda's cause is a JSON document that holds the message."""
    error, cause = str(failure.get("Error", "")), str(failure.get("Cause", ""))
    with suppress(ValueError, KeyError, TypeError):
        cause = json.loads(cause)["errorMessage"]
    return f"{error}: {cause}"[:1000]
