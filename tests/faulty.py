"""A TCP proxy that breaks one exchange in a chosen way: what networks and servers do on a bad day."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal
from urllib.parse import urlsplit

Fault = Literal["lost", "cut", "reset", "deaf", "half-open", "slow"]
# lost       the server acts, its answer does not arrive, the connection is reset
# cut        the server acts, half of its answer's first part arrives
# reset      the request is sent on, the connection is reset at once: the server may act or not
# deaf       the server acts, its answer never arrives, the connection stays
# half-open  the request never arrives, the connection stays
# slow       the server acts, its answer comes after the client's patience
FAULTS: tuple[Fault, ...] = ("lost", "cut", "reset", "deaf", "half-open", "slow")
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """In front of one server; `url` is the server's own with the proxy's port."""

    def __init__(self, url: str, listening: socket.socket, patience: float) -> None:
        parts = urlsplit(url)
        self.server = (parts.hostname or "", parts.port or 0)
        host, port = listening.getsockname()
        user = parts.netloc.rpartition("@")[0]
        self.url = parts._replace(netloc=f"{user}{'@' if user else ''}{host}:{port}").geturl()
        self.broken = 0  # how many exchanges were
        self._listening, self._patience = listening, patience
        self._lock = threading.Lock()
        self._fault: Fault | None = None
        self._after = 0
        self._stopped = threading.Event()
        self._open: set[socket.socket] = set()

    def break_once(self, fault: Fault, after: int = 0) -> None:
        """Break the exchange behind the next `after` pieces that clients send, on whichever connection."""
        with self._lock:
            self._fault, self._after = fault, after

    def serve(self) -> None:
        while not self._stopped.is_set():
            with suppress(OSError):
                client, _ = self._listening.accept()
                _Exchange(self, client, self._keep(socket.create_connection(self.server))).start()
                self._keep(client)

    def stop(self) -> None:
        self._stopped.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for each in list(self._open):
            _close(each)

    def due(self) -> Fault | None:
        """The fault of this piece, if it is the one."""
        with self._lock:
            if self._fault is None:
                return None
            if self._after:
                self._after -= 1
                return None
            fault, self._fault = self._fault, None
            self.broken += 1
            return fault

    def wait(self) -> None:
        self._stopped.wait(self._patience)

    def _keep(self, connection: socket.socket) -> socket.socket:
        self._open.add(connection)
        return connection


class _Exchange:
    """One connection: a thread for each direction."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._fault: Fault | None = None

    def start(self) -> None:
        for pump in (self._requests, self._answers):
            threading.Thread(target=pump, daemon=True).start()

    def _requests(self) -> None:
        with suppress(OSError):
            while piece := self._client.recv(1 << 16):
                self._fault = self._fault or self._proxy.due()
                if self._fault == "half-open":
                    continue
                self._server.sendall(piece)
                if self._fault == "reset":
                    self._hang_up()
                    return
        for each in (self._client, self._server):  # the client gave up or is done
            _close(each)

    def _answers(self) -> None:
        with suppress(OSError):
            while piece := self._server.recv(1 << 16):
                match self._fault:
                    case "lost":
                        self._hang_up()
                        return
                    case "cut":
                        self._client.sendall(piece[: len(piece) // 2])
                        break
                    case "deaf":
                        continue
                    case "slow":
                        self._fault = None
                        self._proxy.wait()
                self._client.sendall(piece)
        if self._fault not in ("deaf", "half-open"):
            _close(self._client)

    def _hang_up(self) -> None:
        """Reset the client's connection; its other thread wakes up by the first line."""
        with suppress(OSError):
            self._client.shutdown(socket.SHUT_RD)
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._client.close()
        _close(self._server)


def _close(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@contextmanager
def proxied(url: str, patience: float = 0.5) -> Iterator[Proxy]:
    """A proxy in front of a server; a `slow` answer is late by `patience` seconds."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        proxy = Proxy(url, listening, patience)
        threading.Thread(target=proxy.serve, daemon=True).start()
        yield proxy
        proxy.stop()
