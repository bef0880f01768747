"""Nothing that LocalStack or its functions listen on can be reached from another machine."""

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest
from running import Localstack, free_port


def listening(pid: int) -> Iterator[tuple[int, str, int]]:
    """Process, address and port of every listening or bound socket of a process and its children."""
    process = psutil.Process(pid)
    for one in [process, *process.children(recursive=True)]:
        with suppress(psutil.Error):  # it ended meanwhile
            for connection in one.net_connections("inet"):
                if connection.status == psutil.CONN_LISTEN or (
                    connection.type == socket.SOCK_DGRAM and not connection.raddr
                ):
                    yield one.pid, connection.laddr.ip, connection.laddr.port


def test_every_socket_is_on_loopback(cloud, function, client):
    function("def handler(event, context): return 1").invoke()
    for service in ("s3", "sqs", "stepfunctions", "apigateway", "events", "cloudformation"):
        client(service)  # services are loaded with their first call
    client("s3").list_buckets()
    client("sqs").list_queues()
    client("stepfunctions").list_state_machines()
    client("apigateway").get_rest_apis()
    client("events").list_rules()
    client("cloudformation").list_stacks()
    found = list(listening(cloud.process.pid))
    assert cloud.port in {port for _, _, port in found}
    assert not [one for one in found if not ipaddress.ip_address(one[1]).is_loopback]


def test_other_addresses_of_the_host_are_refused(cloud):
    addresses = {
        address.address
        for several in psutil.net_if_addrs().values()
        for address in several
        if address.family == socket.AF_INET and not address.address.startswith("127.")
    }
    for address in {"127.0.0.2", *addresses}:  # the first is loopback too, but not the one address
        with pytest.raises(ConnectionRefusedError), socket.create_connection((address, cloud.port)):
            pass


@pytest.mark.parametrize("host", ["0.0.0.0", pytest.param("localhost", marks=pytest.mark.long)])
def test_start_fails_for_any_other_host(tmp_path, host):
    wrong = Localstack(tmp_path, overrides={"GATEWAY_LISTEN": f"{host}:{free_port()}"})
    with pytest.raises(AssertionError, match="not a loopback address"):
        wrong.start()


@pytest.mark.long
def test_start_fails_when_the_port_is_taken(tmp_path):
    late = Localstack(tmp_path)
    taken = socket.create_server(("127.0.0.1", late.port))
    with taken, pytest.raises(AssertionError, match="Address already in use"):
        late.start()
