"""Ingestion killed at random moments, again and again: the file that is sent again afterwards is there whole."""

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psutil

from clouds import environments, until

from . import evidence, promises
from .client import Client
from .history import Stage


def killed_ingestions(
    stage: Stage, times: int, seed: int, say: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Send a file to ingestion, kill its process within the time that a whole one takes, and send it again.

    Of each the records are counted afterwards; `interrupted` is how many were killed before they had answered.
    """
    chance = random.Random(seed)
    client = Client(stage.cloud, chance)
    function = stage.cloud.outputs()["functions"]["IngestionFunction"]
    longest, interrupted, broken = _ingested(client), 0, {}
    before = promises.Before.of(evidence.read(stage.cloud))
    for number in range(times):
        upload = client.file(more=400)
        upload.key = f"apart/{client.name}-{number}.csv"  # where an upload starts no run
        client.upload(upload)
        event, ended = {"bucket": client.bucket, "key": upload.key}, threading.Event()

        def ingest(event: dict[str, str] = event, ended: threading.Event = ended) -> None:
            with suppress(RuntimeError):
                client.invoke("Ingestion", event)
                ended.set()

        thread = threading.Thread(target=ingest)
        thread.start()
        victims = until(lambda: environments(stage.cloud, function), 20, 0.005)
        threading.Event().wait(chance.uniform(0, longest))
        interrupted += not ended.is_set()
        for victim in victims:
            with suppress(psutil.Error):
                victim.kill()
        thread.join()
        until(lambda event=event: attempted(client, event), 60)  # type: ignore[misc]
        upload.status = "SUCCEEDED"
        if (number + 1) % 20 == 0 or number + 1 == times:
            judged = stage.judged(client, before)
            names = ("every record is accounted for", "no partial dataset is visible")
            # Without features: these files were ingested and no more.
            broken = {name: found for name in names if (found := list(promises.PROMISES[name](judged)))}
            say(f"{'✗' if broken else '✓'} {number + 1} ingestions killed, {interrupted} before their answer")
            if broken:
                break
    return {"times": times, "interrupted": interrupted, "seed": seed, "broken": broken}


def attempted(client: Client, event: dict[str, str]) -> bool:
    """Whether ingestion answers; one that meets the dying process is tried again, as the state machine does."""
    try:
        return bool(client.invoke("Ingestion", event))
    except RuntimeError:
        return False


def _ingested(client: Client) -> float:
    """Seconds that an ingestion takes which nobody disturbs, cold start included."""
    upload = client.file(more=400)
    upload.key = f"apart/{client.name}-first.csv"
    client.upload(upload)
    begun = time.monotonic()
    client.invoke("Ingestion", {"bucket": client.bucket, "key": upload.key})
    client.uploads.clear()
    return time.monotonic() - begun
