"""The load generator against a server that errs on purpose: what it counts is what `make load` says."""

import asyncio
import json
from collections import Counter
from typing import Any

from .open_loop import Phase, run

ROW = {"body": {"a": 1}, "probability": 0.25}
PAUSE = 0.4


async def loaded(answers: list[tuple[int, dict[str, Any], str]], phase: Phase, pause: float = 0.0) -> Phase:
    """Play one phase on a server that answers so in turn, the last one from then on; it begins with a pause."""
    asked = 0
    ready = asyncio.get_running_loop().time() + pause

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(length)
            await asyncio.sleep(max(0.0, ready - asyncio.get_running_loop().time()))
            status, body, more = answers[min(asked, len(answers) - 1)]
            asked += 1
            text = json.dumps(body).encode()
            writer.write(f"HTTP/1.1 {status} X\r\n{more}Content-Length: {len(text)}\r\n\r\n".encode() + text)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    await run(f"http://{host}:{port}/predict", [ROW], [phase], connections=64)
    server.close()
    return phase


def test_each_answer_is_compared_and_each_refusal_looked_at() -> None:
    right, wrong = (200, {"probability": 0.25}, ""), (200, {"probability": 0.26}, "")
    refused, silent = (429, {}, "Retry-After: 1\r\n"), (429, {}, "")
    answers = [wrong, refused, silent, (503, {}, ""), right]
    found = asyncio.run(loaded(answers, Phase(rate=50, seconds=0.4)))
    assert found.statuses == Counter({200: 17, 429: 2, 503: 1})
    assert (found.wrong, found.without_retry_after) == (1, 1)
    assert len(found.milliseconds) == 17


def test_a_pause_of_the_server_is_in_the_latency_of_all_who_waited() -> None:
    """A closed loop would have asked once meanwhile, and reported one slow answer."""
    found = asyncio.run(loaded([(200, {"probability": 0.25}, "")], Phase(rate=50, seconds=0.4), pause=PAUSE))
    assert len(found.milliseconds) == 20
    assert sum(latency > PAUSE * 1000 / 4 for latency in found.milliseconds) >= 12
    assert found.report()["p99_ms"] > PAUSE * 1000 / 2


def test_a_server_that_is_not_there_is_counted() -> None:
    phase = Phase(rate=50, seconds=0.1)
    asyncio.run(run("http://127.0.0.1:9/predict", [ROW], [phase], connections=64))
    assert phase.statuses == Counter({0: 5})
