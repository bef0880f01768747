"""The Lambda Runtime API, over loopback HTTP, for one runtime process.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

There is no server thread: whoever invokes the function waits here for the runtime's next request,
so an invocation costs no hand-over between threads.
"""

import contextlib
import selectors
import socket
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

VERSION = "/2018-06-01/runtime"
CHUNK_BYTES = 1 << 18


@dataclass(frozen=True)
class Request:
    """One HTTP request of the runtime and the connection that its answer goes to."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: socket.socket

    @property
    def resource(self) -> str:
        """The path below the API's version, such as ``/invocation/next``."""
        return self.path.removeprefix(VERSION)

    @property
    def is_known(self) -> bool:
        """Whether it is for this API, and not for another one of Lambda's at the same address."""
        return self.path.startswith(VERSION)

    def answer(self, status: HTTPStatus, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Send the response; raises OSError when the runtime has gone."""
        fields = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in fields.items()
        )
        self.connection.sendall(head.encode("latin-1") + b"\r\n" + body)


class RuntimeApi:
    """A listening socket, its connections and the log pipe, behind one selector."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        host, port = self._listener.getsockname()
        self.address = f"{host}:{port}"
        self._selector = selectors.DefaultSelector()
        self.watch(self._listener, self._accept)
        self._buffers: dict[socket.socket, bytearray] = {}
        self._requests: deque[Request] = deque()

    def watch(self, source: socket.socket | int, on_readable: Callable[[], None]) -> None:
        """Call `on_readable` from `poll` whenever `source` has something to read."""
        self._selector.register(source, selectors.EVENT_READ, on_readable)

    def forget(self, source: socket.socket | int) -> None:
        """Take back `watch`."""
        with contextlib.suppress(KeyError):
            self._selector.unregister(source)

    def poll(self, timeout: float) -> Request | None:
        """The oldest request not yet handed out, waiting at most `timeout` seconds for one."""
        if not self._requests:
            for key, _ in self._selector.select(max(timeout, 0)):
                key.data()
        return self._requests.popleft() if self._requests else None

    def disconnect(self) -> None:
        """Drop the connections of a runtime that has ended."""
        for connection in list(self._buffers):
            self._drop(connection)
        self._requests.clear()

    def close(self) -> None:
        self.disconnect()
        self._selector.close()
        self._listener.close()

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffers[connection] = bytearray()
        self.watch(connection, lambda: self._read(connection))

    def _drop(self, connection: socket.socket) -> None:
        self.forget(connection)
        del self._buffers[connection]
        connection.close()

    def _read(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(CHUNK_BYTES)
        except OSError:
            data = b""
        if not data:
            self._drop(connection)
            return
        buffer = self._buffers[connection]
        buffer += data
        try:
            while (request := _take_request(buffer, connection)) is not None:
                self._requests.append(request)
        except ValueError:  # neither a length nor a chunk's size
            with contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            self._drop(connection)


def _take_request(buffer: bytearray, connection: socket.socket) -> Request | None:
    """Cut one complete request off the front of `buffer`, or leave it as it is."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    start_line, *lines = buffer[:end].decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding", "").lower() == "chunked":
        taken = _chunked(buffer, end + 4)
    else:
        taken = _sized(buffer, end + 4, int(headers.get("content-length", 0)))
    if taken is None:
        if len(buffer) == end + 4 and headers.get("expect", "").lower() == "100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return None
    body, behind = taken
    del buffer[:behind]
    method, path, _ = start_line.split(" ", 2)
    return Request(method, path, headers, body, connection)


def _sized(buffer: bytearray, begin: int, length: int) -> tuple[bytes, int] | None:
    """A body of known length and where it ends, or None while it is incomplete."""
    end = begin + length
    return (bytes(buffer[begin:end]), end) if len(buffer) >= end else None


def _chunked(buffer: bytearray, begin: int) -> tuple[bytes, int] | None:
    """A chunked body and where it ends, or None while it is incomplete; extensions and trailers are left out.

    https://www.rfc-editor.org/rfc/rfc9112#section-7.1
    """
    if not buffer.endswith(b"\r\n\r\n"):
        return None  # nothing follows a body before it is answered: no need to look through the chunks yet
    chunks: list[bytearray] = []
    while (line_end := buffer.find(b"\r\n", begin)) >= 0:
        size = int(buffer[begin:line_end].split(b";", 1)[0], 16)
        if size == 0:
            end = buffer.find(b"\r\n\r\n", line_end)
            return (b"".join(chunks), end + 4) if end >= 0 else None
        begin = line_end + 2 + size + 2
        chunks.append(buffer[line_end + 2 : begin - 2])
    return None
