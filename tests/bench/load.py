"""Requests over kept connections, from a process of its own: as many as it can, or at a rate.

`python load.py URL FILE SECONDS CONNECTIONS [RATE]` prints the number of answers, seconds, and latencies in ms as JSON.
"""

import asyncio
import gc
import json
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import uvloop


async def ask(address: tuple[str, int], request: bytes, turns: "asyncio.Queue[float]", taken: list[float]) -> None:
    """Answer turns one after the other; a latency counts from when the turn was due."""
    reader, writer = await asyncio.open_connection(*address)
    while (due := await turns.get()) >= 0:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head[:20], head
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        taken.append((time.perf_counter() - due) * 1000)
        if b"connection: close" in head.lower():  # gunicorn's synchronous workers keep none
            writer.close()
            reader, writer = await asyncio.open_connection(*address)
    writer.close()


async def main(url: str, body: bytes, seconds: float, connections: int, rate: float) -> None:
    parts = urlsplit(url)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    turns: asyncio.Queue[float] = asyncio.Queue(0 if rate else 1)
    taken: list[float] = []
    address = (parts.hostname or "", parts.port or 80)
    asking = [asyncio.create_task(ask(address, request, turns, taken)) for _ in range(connections)]
    began = time.perf_counter()
    number = 0
    while time.perf_counter() < began + seconds:
        if failed := [one for one in asking if one.done()]:
            await failed[0]
        if rate:
            number += 1
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            turns.put_nowait(due)
        else:
            await asyncio.wait_for(turns.put(time.perf_counter()), 60)
    for _ in asking:
        await turns.put(-1)
    await asyncio.gather(*asking)
    print(json.dumps({"answers": len(taken), "seconds": time.perf_counter() - began, "ms": sorted(taken)}))


if __name__ == "__main__":
    url, file, seconds, connections, *rate = sys.argv[1:]
    body = Path(file).read_bytes()
    gc.disable()  # its pauses would be taken for the server's
    uvloop.run(main(url, body, float(seconds), int(connections), float(rate[0]) if rate else 0))
