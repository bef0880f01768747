"""Requests at chosen rates, from a process of its own: `python -m load.open_loop URL FILE PLAN CONNECTIONS`.

An open loop: a request is due when the plan says so, whether or not those before were answered, and its latency counts
from then, so that a server's pause is not left out (G. Tene, "How NOT to Measure Latency", on coordinated omission).
FILE holds `[{"body": …, "probability": …}, …]`, PLAN is `RATE:SECONDS,…` in requests a second. Each answer is compared
with its probability, and what became of each phase is printed as JSON. What is due waits for one of CONNECTIONS.
"""

import asyncio
import gc
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvloop

PATIENCE = 30.0


@dataclass
class Phase:
    """One rate for one time, and what became of its requests."""

    rate: float
    seconds: float
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: int = 0
    without_retry_after: int = 0  # refusals that do not say when to come again
    milliseconds: list[float] = field(default_factory=list)  # of answers, from when they were due

    def report(self) -> dict[str, Any]:
        times = sorted(self.milliseconds)
        cuts = {f"p{share:g}_ms": _quantile(times, share / 100) for share in (50, 99, 99.9)}
        counted = {str(status): count for status, count in sorted(self.statuses.items())}
        about = {"rate": self.rate, "seconds": self.seconds, "statuses": counted, **cuts}
        return {**about, "wrong": self.wrong, "without_retry_after": self.without_retry_after}


@dataclass(frozen=True)
class Turn:
    """A request that is due at a time of `perf_counter`."""

    due: float
    phase: Phase
    request: bytes
    probability: float


class Asking:
    """One connection after another, each kept as long as the server keeps it."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)

    async def all(self, turns: "asyncio.Queue[Turn | None]") -> None:
        streams = None
        while (turn := await turns.get()) is not None:
            try:
                streams = streams or await asyncio.open_connection(*self._address)
                status, head, body = await asyncio.wait_for(self._ask(*streams, turn.request), PATIENCE)
            except (OSError, EOFError, TimeoutError, asyncio.IncompleteReadError):
                turn.phase.statuses[0] += 1
                if streams:
                    streams[1].close()
                streams = None
                continue
            turn.phase.statuses[status] += 1
            if status == 200:
                turn.phase.milliseconds.append((time.perf_counter() - turn.due) * 1000)
                turn.phase.wrong += json.loads(body)["probability"] != turn.probability
            elif status == 429:
                turn.phase.without_retry_after += b"\r\nretry-after:" not in head
            if b"connection: close" in head:
                streams[1].close()
                streams = None
        if streams:
            streams[1].close()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
    ) -> tuple[int, bytes, bytes]:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        return int(head[9:12]), head, await reader.readexactly(length)


async def run(url: str, asked: list[dict[str, Any]], phases: list[Phase], connections: int) -> None:
    """Play all phases one after the other."""
    parts = urlsplit(url)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    bodies = [(json.dumps(each["body"]).encode(), each["probability"]) for each in asked]
    requests = [(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body, expected) for body, expected in bodies]
    turns: asyncio.Queue[Turn | None] = asyncio.Queue()
    client = Asking(parts.hostname or "", parts.port or 80)
    asking = [asyncio.create_task(client.all(turns)) for _ in range(connections)]
    begun, number = time.perf_counter(), 0
    for phase in phases:
        for count in range(round(phase.rate * phase.seconds)):
            due = begun + count / phase.rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            turns.put_nowait(Turn(due, phase, *requests[number % len(requests)]))
            number += 1
        begun += phase.seconds
    for _ in asking:
        turns.put_nowait(None)
    await asyncio.gather(*asking)


def _quantile(ordered: list[float], share: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2) if ordered else None


def main() -> None:
    url, file, plan, connections = sys.argv[1:]
    phases = [Phase(*map(float, each.split(":"))) for each in plan.split(",")]
    gc.disable()  # its pauses would be taken for the server's
    uvloop.run(run(url, json.loads(Path(file).read_text()), phases, int(connections)))
    print(json.dumps([phase.report() for phase in phases]))


if __name__ == "__main__":
    main()
