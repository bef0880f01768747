"""The prediction log in Redis, as monitoring reads it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from mlops.monitoring.stores import Logged
from mlops.stores.online_store import client, translated
from mlops.stores.prediction_log import STREAM, encoded, entry


class RedisPredictionStream:
    """Implements `monitoring.stores.PredictionStream`."""

    def __init__(self, url: str) -> None:
        self._url = url

    def recent(self, limit: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        newest = "+"
        while len(found) < limit:
            with translated():
                page = self._client.xrevrange(STREAM, newest, "-", limit)
            if not page:
                break
            found += [json.loads(content[b"prediction"]) for _, content in page if b"prediction" in content]
            newest = f"({page[-1][0].decode()}"
        return found[:limit]

    def after(self, position: str, limit: int) -> list[Logged]:
        with translated():
            page = self._client.xrange(STREAM, f"({position}" if position else "-", "+", limit)
        return [
            Logged(place.decode(), kind.decode(), json.loads(content))
            for place, entries in page
            for kind, content in entries.items()
        ]

    def tell(self, outcomes: Sequence[Mapping[str, Any]]) -> None:
        with translated(), self._client.pipeline(transaction=False) as pipeline:
            for each in outcomes:
                pipeline.execute_command(*entry("outcome"), encoded(each))
            pipeline.execute()

    def forget(self, before: datetime) -> None:
        with translated():
            self._client.xtrim(STREAM, minid=int(before.timestamp() * 1000), approximate=False)

    @cached_property
    def _client(self) -> Any:
        return client(self._url)
