"""The forwarder: what connects to its address reaches the loopback port of the same number, and nothing else."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from running import eventually

ADDRESS = "127.0.0.2"  # loopback too, and not the address that servers listen on


@pytest.fixture
def port() -> Iterator[int]:
    """Of a server that answers each message in capitals."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    while message := connection.recv(1 << 16):
                        connection.sendall(message.upper())

        threading.Thread(target=answer, daemon=True).start()
        yield server.getsockname()[1]


@pytest.fixture
def forwarder(port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "embedded_cloud.forwarder", ADDRESS, str(port)]
    with subprocess.Popen(command) as process:
        yield process
        process.kill()


def test_both_ways_until_the_end(forwarder: subprocess.Popen[bytes], port: int) -> None:
    def connected() -> socket.socket | None:
        try:
            return socket.create_connection((ADDRESS, port), timeout=5)
        except OSError:
            return None

    for _ in range(2):
        with eventually(connected) as client:
            client.sendall(b"women and children")
            assert client.recv(100) == b"WOMEN AND CHILDREN"
            client.shutdown(socket.SHUT_WR)
            assert client.recv(100) == b""
