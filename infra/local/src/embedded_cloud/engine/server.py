"""HTTP over a unix socket that only its owner may use."""

import fcntl
import json
import os
import socket
import socketserver
import struct
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from embedded_cloud.engine.api import Answer, Api, Call
from embedded_cloud.engine.errors import RefusedError

RAW_STREAM = "application/vnd.docker.raw-stream"
CHUNK = 1 << 20
PROMPT_SECONDS = 1.0


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers each connection in a thread of its own."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, path: Path, api: Api) -> None:
        """Take the place of a socket that a killed engine left at `path`."""
        self.api = api
        path.unlink(missing_ok=True)
        umask = os.umask(0o177)
        try:
            super().__init__(str(path), _Handler)
        finally:
            os.umask(umask)

    def handle_error(self, *request: Any) -> None:
        """A client that has gone is not worth a traceback in the log."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*request)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        try:
            call = Call(self._client(), "", dict(parse_qsl(parts.query)), self._content())
            answer = self.server.api.answer(self.command, unquote(parts.path), call)
        except RefusedError as refused:
            answer = Answer({"message": str(refused)}, refused.status)
        if answer.stream is None:
            self._send(answer)
        else:
            self._stream(answer, answer.stream)

    do_POST = do_DELETE = do_HEAD = do_PUT = do_GET  # noqa: N815 - http.server's names

    def _content(self) -> Any:
        """The JSON body; any other, such as a build's archive, is read and dropped."""
        length = int(self.headers.get("Content-Length", 0))
        if self.headers.get("Transfer-Encoding"):
            self.close_connection = True  # the rest of the body would be taken for the next request
        if "json" in self.headers.get("Content-Type", ""):
            try:
                return json.loads(self.rfile.read(length) or "null")
            except ValueError as error:
                raise RefusedError(HTTPStatus.BAD_REQUEST, f"The body is no JSON: {error}") from error
        while length > 0 and (read := self.rfile.read(min(length, CHUNK))):
            length -= len(read)
        return None

    def _client(self) -> int:
        credentials = self.connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        process: int = struct.unpack("3i", credentials)[0]
        return process

    def _send(self, answer: Answer) -> None:
        text = isinstance(answer.content, str)
        body = (
            answer.content.encode() if text else b"" if answer.content is None else json.dumps(answer.content).encode()
        )
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", "text/plain; charset=utf-8" if text else "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _stream(self, answer: Answer, frames: Iterator[bytes]) -> None:
        """Take the connection over: what follows the headers are frames, until the end or until the client goes."""
        self.close_connection = True
        self.send_response(answer.status)
        self.send_header("Content-Type", RAW_STREAM)
        if answer.status == HTTPStatus.SWITCHING_PROTOCOLS:
            self.send_header("Connection", "Upgrade")
            self.send_header("Upgrade", "tcp")
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        with suppress(OSError):
            self._await_reading()
            for each in frames:
                self.wfile.write(each)

    def _await_reading(self) -> None:
        """Wait until the client has taken the headers: docker-py loses what its reader buffers together with them."""
        unread = bytearray(struct.pack("i", 1))
        deadline = time.monotonic() + PROMPT_SECONDS
        while time.monotonic() < deadline:
            fcntl.ioctl(self.connection, termios.TIOCOUTQ, unread)
            if struct.unpack("i", unread)[0] == 0:
                return
            time.sleep(0.001)

    def address_string(self) -> str:
        return "client"  # a unix socket's peer has no address

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Only what fails is logged."""
