"""`python -m embedded_cloud.engine PYTHON`: serve in the current folder until SIGINT or SIGTERM, and leave nothing.

PYTHON is the interpreter of the functions' runtime environment.
"""

import resource
import shutil
import signal
import sys
from pathlib import Path

from embedded_cloud.engine import SOCKET
from embedded_cloud.engine.api import Api
from embedded_cloud.engine.containers import Containers
from embedded_cloud.engine.images import Images
from embedded_cloud.engine.server import Server
from embedded_cloud.sandbox.runtimes import Runtimes

SCRATCH = Path("engine")


def main(python: Path) -> None:
    for ending in (signal.SIGINT, signal.SIGTERM):  # the former is ignored below a shell in the background
        signal.signal(ending, signal.default_int_handler)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    scratch = SCRATCH.absolute()
    shutil.rmtree(scratch, ignore_errors=True)  # of an engine that was killed
    images = Images(Runtimes(python).names())
    containers = Containers(python, images, scratch)
    try:
        with Server(Path(SOCKET), Api(images, containers)) as server:
            server.serve_forever(poll_interval=3600)
    except KeyboardInterrupt:
        pass
    finally:
        containers.close()
        shutil.rmtree(scratch, ignore_errors=True)
        Path(SOCKET).unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
