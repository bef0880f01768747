"""Loopback ports for containers: what connects to Docker's bridge address is passed on to 127.0.0.1.

Containers of `sam local` cannot reach the host's loopback, and the servers listen nowhere else.
"""

import asyncio
import ipaddress
import json
import os
import socket
import subprocess
import sys
from contextlib import suppress

from embedded_cloud.engine import service as engine
from embedded_cloud.ports import HOST
from embedded_cloud.processes import Service

CHUNK = 1 << 16


def bridge() -> str | None:
    """The address under which containers of Docker's default network see this machine; None where no engine runs."""
    command, environment = ["docker", "network", "inspect", "bridge"], engine.without(os.environ)
    try:
        asked = subprocess.run(command, env=environment, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    network = json.loads(asked.stdout)[0]["IPAM"]["Config"][0]
    return network.get("Gateway") or str(next(ipaddress.ip_network(network["Subnet"]).hosts()))


def service(address: str, ports: list[int]) -> Service:
    """The forwarder of these ports as a process of an embedded cloud, which ends with it."""
    return Service(
        name="forwarder",
        command=[sys.executable, "-m", "embedded_cloud.forwarder", address, *map(str, ports)],
        ready=lambda: all(_answers(address, port) for port in ports),
        timeout_seconds=10,
    )


def _answers(address: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((address, port), timeout=1):
        return True
    return False


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    with suppress(OSError):
        writer.write_eof()


async def _serve(address: str, port: int) -> None:
    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(HOST, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))
        for each in (writer, back):
            each.close()

    async with await asyncio.start_server(join, address, port) as server:
        await server.serve_forever()


async def main(address: str, ports: list[int]) -> None:
    await asyncio.gather(*(_serve(address, port) for port in ports))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], [int(port) for port in sys.argv[2:]]))
