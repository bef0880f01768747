"""A connection that speaks RESP, the protocol of Redis and Valkey (https://redis.io/docs/latest/develop/reference/protocol-spec/).

The prediction path needs three commands in one pipeline and nothing else of a client, while importing redis-py costs a
cold start 100 ms and each pipeline half a millisecond (docs/adr). Everything else in the product uses redis-py.
"""

import socket
from collections.abc import Iterable, Sequence
from io import BufferedReader
from typing import Any
from urllib.parse import unquote, urlsplit

from mlops.errors import StoreUnavailableError

Command = Sequence[str]
_LONGEST = 512 * 2**20  # bytes of a string, by the protocol


class Connection:
    """Sends commands together and reads their replies; reconnects by itself. For one thread."""

    def __init__(self, url: str, timeout: float) -> None:
        """`redis[s]://[user:password@]host:port/database`; `timeout` in seconds for connecting and for each read."""
        self._url = urlsplit(url)
        self._timeout = timeout
        self._socket: socket.socket | None = None
        self._replies: BufferedReader | None = None

    def run(self, commands: Sequence[Command]) -> list[Any]:
        """The replies, bytes, int, None or lists of them; StoreUnavailableError if any is not to be had or an error.

        What was sent when the connection broke is sent once more, so commands must be such that may run twice.
        """
        packed = _packed(commands)
        try:
            if self._socket is None:
                self._connect()
            try:
                return self._exchange(packed, len(commands))
            except (ConnectionError, EOFError):
                self._connect()
                return self._exchange(packed, len(commands))
        except (OSError, EOFError, ValueError, RecursionError) as error:
            self.close()
            raise StoreUnavailableError(f"Redis: {error or type(error).__name__}") from error

    def close(self) -> None:
        """Forget the connection; the next run opens another."""
        if self._socket is not None:
            self._socket.close()
        self._socket = self._replies = None

    def _connect(self) -> None:
        self.close()
        url = self._url
        host = url.hostname or "localhost"
        connection = socket.create_connection((host, url.port or 6379), self._timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if url.scheme == "rediss":
            import ssl

            connection = ssl.create_default_context().wrap_socket(connection, server_hostname=host)
        self._socket, self._replies = connection, connection.makefile("rb")
        greeting: list[Command] = []
        if url.password is not None:
            user = [unquote(url.username)] if url.username else []
            greeting.append(["AUTH", *user, unquote(url.password)])
        if database := url.path.strip("/"):
            greeting.append(["SELECT", database])
        self._exchange(_packed(greeting), len(greeting))

    def _exchange(self, packed: bytes, count: int) -> list[Any]:
        assert self._socket is not None
        self._socket.sendall(packed)
        return [self._reply() for _ in range(count)]

    def _reply(self) -> Any:
        assert self._replies is not None
        line = self._replies.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError("the connection was closed")
        kind, rest = line[:1], line[1:-2]
        match kind:
            case b"+":
                return rest
            case b":":
                return int(rest)
            case b"-":
                raise ValueError(rest.decode(errors="replace"))
            case b"$":
                return None if rest == b"-1" else self._bulk(int(rest))
            case b"*":
                return None if rest == b"-1" else [self._reply() for _ in range(int(rest))]
        raise ValueError(f"not a reply: {line[:50]!r}")

    def _bulk(self, length: int) -> bytes:
        assert self._replies is not None
        if not 0 <= length <= _LONGEST:
            raise ValueError(f"not a length: {length}")
        data = self._replies.read(length + 2)
        if len(data) < length + 2:
            raise EOFError("the connection was closed")
        return data[:-2]


def _packed(commands: Iterable[Command]) -> bytes:
    parts: list[bytes] = []
    for command in commands:
        encoded = [each.encode() for each in command]
        parts.append(b"*%d\r\n" % len(encoded))
        parts += [b"$%d\r\n%b\r\n" % (len(each), each) for each in encoded]
    return b"".join(parts)
