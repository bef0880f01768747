"""The HTTP endpoint of AWS's runtime interface emulator, in front of a sandbox.

https://github.com/aws/aws-lambda-runtime-interface-emulator
"""

import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from embedded_cloud.sandbox.failures import TaskTimeoutError
from embedded_cloud.sandbox.invocation import Outcome

PATH = "/2015-03-31/functions/function/invocations"
Invoke = Callable[[bytes], Outcome | None]


class Emulator(ThreadingHTTPServer):
    """Listens on one loopback port; `invoke` gives None when the container has been stopped meanwhile."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], invoke: Invoke) -> None:
        self.invoke = invoke
        super().__init__(address, _Handler)

    def close(self) -> None:
        """Stop listening at once: an accept that fails wakes the loop, which looks up twice a second otherwise."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.shutdown()
        self.server_close()

    def handle_error(self, *request: Any) -> None:
        """A client that has gone is not worth a traceback in the log."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*request)


class _Handler(BaseHTTPRequestHandler):
    server: Emulator

    def do_POST(self) -> None:
        if self.path != PATH:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        outcome = self.server.invoke(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        if outcome is None:
            return  # the connection is closed without an answer, as by a container that has gone
        status, content = HTTPStatus.OK, outcome.payload
        if isinstance(outcome.failure, TaskTimeoutError):
            content = str(outcome.failure).encode()
        elif outcome.failure:
            status = HTTPStatus.BAD_GATEWAY
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing: the function's log is what counts."""
