"""Where a batch stands: begun, begun again, asked about."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from mlops.batch.layout import BatchRequest, key, note_run, numbers, read_plan, read_request
from mlops.data.objects import ObjectStore
from mlops.errors import BatchNotFoundError

State = Literal["running", "succeeded", "incomplete", "failed"]


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the state machine: `running`, `succeeded` or `failed`, and then why."""

    state: Literal["running", "succeeded", "failed"]
    reason: str = ""


class Runs(Protocol):
    """Runs of the state machine that scores batches."""

    def start(self, batch_id: str) -> str:
        """Start one; its name."""

    def find(self, name: str) -> Run:
        """A run by its name; `failed` if it is not known any more."""

    def recent(self, limit: int) -> Sequence[str]:
        """The batches of so many of the latest runs, newest first."""


@dataclass(frozen=True, slots=True)
class Batches:
    """The batches in a data bucket."""

    objects: ObjectStore
    bucket: str
    runs: Runs

    def start(self, asked: BatchRequest) -> dict[str, Any]:
        """Run a batch, or what of it is still to be done, unless it is running or complete; where it stands then."""
        batch_id = asked.batch_id
        run = self._run(batch_id)
        complete = run and run.state == "succeeded" and (self._read(batch_id, "manifest.json") or {}).get("complete")
        if not complete and not (run and run.state == "running"):
            note_run(self.objects, self.bucket, batch_id, self.runs.start(batch_id))
        return self.find(batch_id)

    def find(self, batch_id: str) -> dict[str, Any]:
        """Where a batch stands; BatchNotFoundError if there is none. `rows` are known when a run has succeeded."""
        asked = read_request(self.objects, self.bucket, batch_id)
        run = self._run(batch_id) or Run("failed", "it was never started: start it again")
        plan = read_plan(self.objects, self.bucket, batch_id)
        manifest = self._read(batch_id, "manifest.json") if run.state == "succeeded" else None
        state: State = "incomplete" if manifest and not manifest["complete"] else run.state
        return {
            "batch_id": batch_id,
            "status": state,
            "reason": run.reason or None,
            "model_version": asked.model_version,
            "format": asked.format,
            "keys": [each.key for each in asked.sources],
            "shards": len(plan.shards) if plan else None,
            "shards_done": len(numbers(self.objects, self.bucket, batch_id, "done")) if plan else 0,
            "rows": manifest["rows"] if manifest else None,
            "results": f"s3://{self.bucket}/{key(batch_id, '')}",
        }

    def recent(self, limit: int) -> list[dict[str, Any]]:
        """Where the batches of the latest runs stand, newest first, without those that are kept no more."""
        found = []
        for batch_id in dict.fromkeys(self.runs.recent(limit)):
            with suppress(BatchNotFoundError):
                found.append(self.find(batch_id))
        return found

    def _run(self, batch_id: str) -> Run | None:
        found = self._read(batch_id, "execution.json")
        return self.runs.find(found["run"]) if found else None

    def _read(self, batch_id: str, name: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(self.objects.get(self.bucket, key(batch_id, name))[0])
        except KeyError:
            return None
        return found
