"""What only a real server can show of the connection: logging in, a restart, one that is slow or no Redis at all."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlsplit

import pytest
import redis

from fakes.clock import Clock
from mlops.errors import StoreUnavailableError
from mlops.stores.prediction_log import PAUSE, TOTALS, RespPredictionLog
from mlops.stores.resp import Connection
from mlops.stores.telemetry import RedisTelemetry

SECONDS = 0.25


@contextmanager
def server(*answers: bytes) -> Iterator[str]:
    """A server that gives each connection one of the answers, then closes it; behind the last it stays silent."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        left = list(answers)

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                held.append(connection)
                if left:
                    connection.recv(1 << 16)
                    connection.sendall(left.pop(0))
                    connection.shutdown(socket.SHUT_RDWR)

        held: list[socket.socket] = []
        threading.Thread(target=serve, daemon=True).start()
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"
        for connection in held:
            connection.close()


def test_replies_of_every_kind(redis_url: str, valkey: "redis.Redis") -> None:
    replies = Connection(redis_url, SECONDS).run(
        [["SET", "a", "é\r\n"], ["GET", "a"], ["GET", "nothing"], ["INCR", "n"], ["LRANGE", "none", "0", "-1"]]
    )

    assert replies == [b"OK", "é\r\n".encode(), None, 1, []]


def test_it_uses_the_database_of_the_url(redis_url: str, valkey: "redis.Redis") -> None:
    other = urlsplit(redis_url)._replace(path="/3").geturl()
    Connection(other, SECONDS).run([["SET", "a", "1"]])

    assert valkey.get("a") is None
    assert Connection(other, SECONDS).run([["GET", "a"], ["FLUSHDB"]])[0] == b"1"


def test_it_logs_in_as_a_user(redis_url: str, valkey: "redis.Redis") -> None:
    valkey.acl_setuser("marconi", enabled=True, passwords=["+p@ss/word"], categories=["+@all"], keys=["*"])
    url = urlsplit(redis_url)
    own = url._replace(netloc=f"marconi:{quote('p@ss/word', safe='')}@{url.hostname}:{url.port}").geturl()

    assert Connection(own, SECONDS).run([["ACL", "WHOAMI"]]) == [b"marconi"]


def test_a_wrong_password_is_told(redis_url: str) -> None:
    url = urlsplit(redis_url)
    wrong = url._replace(netloc=f":wrong@{url.hostname}:{url.port}").geturl()

    with pytest.raises(StoreUnavailableError, match="WRONGPASS"):
        Connection(wrong, SECONDS).run([["PING"]])


def test_an_error_in_the_middle_does_not_shift_the_replies_behind_it(redis_url: str, valkey: "redis.Redis") -> None:
    connection = Connection(redis_url, SECONDS)
    with pytest.raises(StoreUnavailableError, match="WRONGTYPE"):
        connection.run([["SET", "a", "1"], ["HGETALL", "a"], ["GET", "a"]])

    assert connection.run([["GET", "a"]]) == [b"1"]


def test_a_connection_that_was_closed_meanwhile_is_opened_again(redis_url: str, valkey: "redis.Redis") -> None:
    connection = Connection(redis_url, SECONDS)
    connection.run([["CLIENT", "SETNAME", "sleeper"]])
    (own,) = (client["id"] for client in valkey.client_list() if client["name"] == "sleeper")
    valkey.client_kill_filter(_id=own)

    assert connection.run([["PING"]]) == [b"PONG"]


def test_a_server_that_hangs_up_twice_is_away() -> None:
    with server(b"+PO", b"$5\r\nhel") as url, pytest.raises(StoreUnavailableError):
        Connection(url, SECONDS).run([["PING"]])


def test_a_server_that_stays_silent_is_given_up() -> None:
    with server() as url, pytest.raises(StoreUnavailableError, match="timed out"):
        Connection(url, 0.05).run([["PING"]])


def test_a_server_that_speaks_something_else_is_away() -> None:
    with server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as url, pytest.raises(StoreUnavailableError, match="not a reply"):
        Connection(url, SECONDS).run([["PING"]])


def test_after_a_failure_the_log_does_not_try_again_at_once(redis_url: str, valkey: "redis.Redis") -> None:
    clock = Clock()
    log = RespPredictionLog(redis_url, clock)
    valkey.set(TOTALS, "not a hash")
    with pytest.raises(StoreUnavailableError):
        log.record([], {"requests": 1})
    valkey.delete(TOTALS)

    with pytest.raises(StoreUnavailableError, match="a moment ago"):
        log.record([], {"requests": 1})
    clock.now += PAUSE
    log.record([], {"requests": 1})
    assert RedisTelemetry(redis_url).totals() == {"requests": 2}  # what was not even asked is owed
