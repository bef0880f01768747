"""The prediction log in Redis, as monitoring reads it."""

import json
from datetime import datetime
from functools import cached_property
from typing import Any

from mlops.monitoring.stores import Logged, Stream
from mlops.stores.online_store import client, translated
from mlops.stores.prediction_log import OUTCOMES, STREAM


class RedisPredictionStream:
    """Implements `monitoring.stores.PredictionStream`.

    A position is an entry's id in Redis and, behind it, its number since the stream began: a gap in the numbers is what
    was pushed out.
    """

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

    def after(self, position: str, limit: int, stream: Stream = "predictions") -> list[Logged]:
        time, sequence, *number = (position or "0-0-0").split("-")
        with translated(), self._client.pipeline() as pipeline:
            pipeline.xrange(stream, f"({time}-{sequence}", "+", limit)
            pipeline.xinfo_stream(stream)
            page, about = pipeline.execute(raise_on_error=False)
            if isinstance(page, Exception):
                raise page
        if not page:
            return []
        added = about["entries-added"]
        read = int(number[0]) if number else added  # a position of an earlier release has no number
        oldest = about["first-entry"][0]
        before = added - about["length"] if page[0][0] == oldest else min(read, added - len(page))
        dropped = max(before - read, 0)
        return [
            Logged(f"{place.decode()}-{before + nth}", kind.decode(), json.loads(content), dropped * (nth == 1))
            for nth, (place, entry) in enumerate(page, start=1)
            for kind, content in entry.items()
        ]

    def forget(self, before: datetime) -> None:
        with translated():
            for stream in (STREAM, OUTCOMES):
                self._client.xtrim(stream, minid=int(before.timestamp() * 1000), approximate=False)

    @cached_property
    def _client(self) -> Any:
        return client(self._url)
