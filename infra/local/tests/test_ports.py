"""Ports on loopback: defaults, demands, and what is said when a demand cannot be met."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from embedded_cloud import ports
from embedded_cloud.errors import CloudError


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((ports.HOST, 0))
        server.listen()
        yield server.getsockname()[1]


def test_the_preferred_port_is_taken_while_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOME_PORT", raising=False)
    with socket.socket() as server:
        server.bind((ports.HOST, 0))
        free = server.getsockname()[1]
    assert ports.choose("SOME_PORT", free) == free


def test_another_port_is_chosen_where_the_preferred_is_taken(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOME_PORT", raising=False)
    chosen = ports.choose("SOME_PORT", taken)
    assert chosen != taken
    assert ports.is_free(chosen)


def test_two_clouds_that_come_up_at_once_choose_other_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither listens yet."""
    monkeypatch.delenv("SOME_PORT", raising=False)
    with socket.socket() as server:
        server.bind((ports.HOST, 0))
        free = server.getsockname()[1]
    program = f"from embedded_cloud import ports; print(ports.choose('SOME_PORT', {free}, 'one'), flush=True); input()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin
        assert other.stdout
        assert int(other.stdout.readline()) == free
        assert ports.choose("SOME_PORT", free, "another") != free
        assert ports.choose("SOME_PORT", free, "one") == free, "a command of the cloud itself must not move it"
        other.stdin.close()
    assert ports.choose("SOME_PORT", free, "another") == free, "it is given back"


def test_a_demanded_port_that_is_taken_is_an_error_with_a_remedy(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_PORT", str(taken))
    with pytest.raises(CloudError, match=rf"{taken} is taken.*\n.*SOME_PORT"):
        ports.choose("SOME_PORT", 1)


@pytest.mark.parametrize("nonsense", ["http", "-1", "0", "65536", "80.0"])
def test_a_demand_that_is_no_port_is_named(nonsense: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_PORT", nonsense)
    with pytest.raises(CloudError, match="is not a port"):
        ports.choose("SOME_PORT", 1)
