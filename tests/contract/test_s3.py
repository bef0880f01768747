"""S3 in trouble: a real HTTP server that answers as S3 does on a bad day."""

from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from mlops.errors import PromotionConflictError, StoreUnavailableError
from mlops.stores.s3 import S3ObjectStore

Store = Callable[[int, str, bytes, int], S3ObjectStore]


class Answer(BaseHTTPRequestHandler):
    """One answer to everything; `promised` bytes more than are sent."""

    def __init__(self, status: int, code: str, body: bytes, promised: int, *arguments: object) -> None:
        self._status, self._promised = status, promised
        self._body = f"<Error><Code>{code}</Code></Error>".encode() if code else body
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(self._status)
        self.send_header("Content-Length", str(len(self._body) + self._promised))
        self.send_header("ETag", '"x"')
        self.end_headers()
        self.wfile.write(self._body)

    def do_PUT(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *arguments: object) -> None:
        """Silence."""


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store on a server that answers in one way alone."""
    servers = []

    def start(status: int, code: str = "", body: bytes = b"", promised: int = 0) -> S3ObjectStore:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Answer, status, code, body, promised))
        servers.append(server)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return connected(monkeypatch, server.server_port)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def connected(monkeypatch: pytest.MonkeyPatch, port: int) -> S3ObjectStore:
    for name, value in {
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    return S3ObjectStore()


def test_a_download_that_breaks_off_is_noticed(store: Store) -> None:
    objects = store(200, "", b"half", 100)

    with pytest.raises(StoreUnavailableError, match="s3://bucket/key"):
        objects.get("bucket", "key")
    with objects.open("bucket", "key") as stream, pytest.raises(StoreUnavailableError, match="s3://bucket/key"):
        b"".join(iter(lambda: stream.read(1024), b""))


def test_denied_is_not_missing(store: Store) -> None:
    with pytest.raises(StoreUnavailableError, match="AccessDenied"):
        store(403, "AccessDenied", b"", 0).get("bucket", "key")


@pytest.mark.parametrize(("status", "code"), [(412, "PreconditionFailed"), (409, "ConditionalRequestConflict")])
def test_either_refusal_of_a_conditional_write_is_a_conflict(store: Store, status: int, code: str) -> None:
    with pytest.raises(PromotionConflictError):
        store(status, code, b"", 0).replace("bucket", "key", b"", "text/plain", None)


def test_a_server_that_is_away_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    objects = connected(monkeypatch, 1)

    with pytest.raises(StoreUnavailableError):
        objects.put("bucket", "key", b"", "text/plain")
    with pytest.raises(StoreUnavailableError):
        list(objects.keys("bucket", ""))
