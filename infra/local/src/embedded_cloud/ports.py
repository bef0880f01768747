"""Ports on loopback: the default where it is free, another where it is not."""

import os
import socket

from embedded_cloud.errors import CloudError

HOST = "127.0.0.1"
_claims: dict[int, socket.socket] = {}


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def choose(variable: str, preferred: int) -> int:
    """The port that the environment variable demands, else the preferred one, else any that is free.

    Raises CloudError if a demanded port is taken: whoever asked for it relies on it.
    """
    demanded = os.environ.get(variable)
    if demanded:
        if not demanded.isdecimal() or not 0 < int(demanded) < 65536:
            raise CloudError(f"{variable}={demanded} is not a port", f"Set {variable} to a number from 1 to 65535")
        if not is_free(int(demanded)):
            raise CloudError(
                f"Port {demanded} is taken by another program",
                f"Stop that program, or set {variable} to a free port, or unset it to have one chosen",
            )
        return int(demanded)
    port = preferred
    while not (is_free(port) and _claim(port)):
        with socket.socket() as any_port:
            any_port.bind((HOST, 0))
            port = int(any_port.getsockname()[1])
    return port


def _claim(port: int) -> bool:
    """Whether no other cloud is about to listen there: two that come up at once would both find it free.

    A name in Linux's abstract socket namespace: it has one owner, and ends with this process, by when a server listens.
    """
    if port not in _claims:
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0embedded-cloud-port-{port}")
        except OSError:
            claim.close()
            return False
        _claims[port] = claim
    return True
