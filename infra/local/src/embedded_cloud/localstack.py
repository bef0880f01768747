"""How LocalStack is started as a plain process, and how to tell that it is up.

Imports nothing of LocalStack, which lives in an environment of its own.
"""

import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from embedded_cloud.errors import CloudError
from embedded_cloud.sandbox import isolation

REGION = "us-east-1"
PROGRAMS = ("/usr/local/bin", "/usr/bin", "/bin")
STATUS_PATH = "/_embedded_cloud/executor"
FOLDERS_BUCKET = "embedded-cloud-folders"  # no bucket: plugins/folders.py takes its keys for folders


class ExecutorError(CloudError):
    """LocalStack would not run functions as processes."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem, "install this distribution into LocalStack's environment again")


def command(python: Path | str) -> list[str]:
    """The command line of LocalStack in host mode, for the interpreter of its environment."""
    return [*isolation.available(), str(python), "-m", "localstack.runtime.main"]


def environment(
    state: Path,
    port: int,
    runtime_python: Path,
    *,
    runtimes: Path | None = None,
    mirrored_buckets: Sequence[str] = (),
    services: Sequence[str] = (),
) -> dict[str, str]:
    """LocalStack's whole environment; of the caller's it inherits RECORDED_CALLS alone (plugins/calls.py).

    `state` receives everything it writes and `runtime_python` runs the functions; other Pythons are in environments
    that have the runtime's name, below `runtimes`. `mirrored_buckets` are names or patterns (``*``) of the buckets kept
    in `state`/mirror. `services` are loaded as soon as it is up; others, when they are first asked for.
    """
    state = state.absolute()
    root = state / "localstack"
    given = {
        "PATH": os.pathsep.join(dict.fromkeys([*PROGRAMS, *_folder_of("node")])),
        "HOME": str(root),
        "TMPDIR": str(root / "tmp"),  # unzipped code goes there
        "XDG_CACHE_HOME": str(root / "cache"),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # glibc makes eight for each core, and each keeps what its threads once needed
        "FILESYSTEM_ROOT": str(root),
        "OVERRIDE_IN_DOCKER": "0",  # in a container too: there LocalStack would write to /var/lib/localstack
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "GATEWAY_SERVER": "loopback",
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        "PROVIDER_OVERRIDE_DYNAMODB": "moto",
        **isolation.variables(),
        "LAMBDA_PROCESS_PYTHON": str(Path(runtime_python).absolute()),
        "LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT": "30",  # over the init phase's 10 s
        "LAMBDA_KEEPALIVE_MS": "600000",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "DNS_ADDRESS": "0",
        "DISABLE_EVENTS": "1",
        "CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES": "0",  # or a stack would be complete without them
        "SKIP_SSL_CERT_DOWNLOAD": "1",
    }
    if runtimes:
        given["LAMBDA_PROCESS_RUNTIMES"] = str(runtimes.absolute())
    if file := os.environ.get("RECORDED_CALLS"):
        given["RECORDED_CALLS"] = file
    if services:
        given["SERVICES_AT_START"] = " ".join(services)
    if mirrored_buckets:
        given["S3_MIRROR_DIR"] = str(state / "mirror")
        given["S3_MIRROR_BUCKETS"] = ",".join(mirrored_buckets)
    return given


def _folder_of(program: str) -> list[str]:
    found = shutil.which(program)
    return [str(Path(found).parent)] if found else []


def prepare(state: Path) -> None:
    """Make the folders that `environment` names, to be called before each start.

    What an earlier run left is removed: temporary files, and the index of plug-ins that plux keeps,
    which would hide a plug-in that is newer than it.
    """
    root = state.absolute() / "localstack"
    for leftover in (root / "tmp", root / "cache" / "plux"):
        shutil.rmtree(leftover, ignore_errors=True)
    (root / "tmp").mkdir(parents=True)


def is_ready(url: str) -> bool:
    """Whether LocalStack at `url` has started.

    Raises ExecutorError when it has, but without the process executor.
    """
    try:
        with urllib.request.urlopen(url + STATUS_PATH, timeout=2) as response:
            status = json.load(response)
    except urllib.error.HTTPError as error:
        raise ExecutorError(f"{url} does not know the embedded cloud's plug-ins (HTTP {error.code})") from error
    except (OSError, ValueError):
        return False
    if status["executor"] != "process":
        raise ExecutorError(f"{url} would run functions with {status['executor']}")
    return bool(status["ready"])
