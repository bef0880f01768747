"""LocalStack's gateway on loopback alone.

Whoever reaches the port can run code. LocalStack's own Twisted server takes the port from
GATEWAY_LISTEN but not the host, and so listens on every interface. Chosen with
``GATEWAY_SERVER=loopback``.
"""

import ipaddress

from localstack import config
from localstack.runtime.server.core import RuntimeServer, RuntimeServerPlugin
from rolo.gateway import Gateway


class LoopbackServerPlugin(RuntimeServerPlugin):
    """Names the loopback server to LocalStack."""

    name = "loopback"

    def load(self, *_: object, **__: object) -> RuntimeServer:
        # Importing Twisted's reactor installs it: only once this server is the one chosen.
        from localstack.runtime.server.twisted import TwistedRuntimeServer
        from rolo.serving.twisted import TwistedGateway
        from twisted.internet import reactor

        class LoopbackServer(TwistedRuntimeServer):
            """Plain HTTP, bound to the hosts that it was given."""

            def register(
                self,
                gateway: Gateway,
                listen: list[config.HostAndPort],
                ssl_creds: tuple[str, str] | None = None,  # noqa: ARG002 - LocalStack passes it
            ) -> None:
                """Listen at once, so that a taken port ends the start with an error."""
                for address in listen:
                    if not _is_loopback(address.host):
                        raise ValueError(f"GATEWAY_LISTEN: {address.host} is not a loopback address")
                    site = TwistedGateway(gateway)
                    reactor.listenTCP(address.port, site, interface=address.host)

        return LoopbackServer()


def _is_loopback(host: str) -> bool:
    """Whether `host` is an address, not a name, that only this machine can reach."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
