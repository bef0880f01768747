"""Ports on loopback: the default where it is free, another where it is not."""

import hashlib
import os
import socket

from embedded_cloud.errors import CloudError

HOST = "127.0.0.1"
_claims: dict[int, tuple[socket.socket, socket.socket]] = {}


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def choose(variable: str, preferred: int, owner: str = "") -> int:
    """The port that the environment variable demands, else the preferred one, else any that is free.

    `owner` names the cloud that asks: all of its processes may have what one of them has claimed.
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
    while not (is_free(port) and _claim(port, owner)):
        with socket.socket() as any_port:
            any_port.bind((HOST, 0))
            port = int(any_port.getsockname()[1])
    return port


def _claim(port: int, owner: str) -> bool:
    """Whether no other cloud is about to listen there: two that come up at once would both find it free.

    A claim ends with this process, by when a server listens.
    """
    if port in _claims:
        return True
    own = _named(f"{port}-{hashlib.sha256(owner.encode()).hexdigest()}")
    if own is None:
        return True
    claim = _named(str(port))
    if claim is None:
        own.close()
        return False
    _claims[port] = own, claim
    return True


def _named(name: str) -> socket.socket | None:
    """A name in Linux's abstract socket namespace, where each has one owner; None if it is taken."""
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0embedded-cloud-port-{name}")
    except OSError:
        claim.close()
        return None
    return claim
