"""The environment variables of a runtime: those of Lambda, and nothing of the host's.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

# LocalStack addresses these to its own init program, which runs in its containers only.
FOR_LOCALSTACK_INIT = {
    "AWS_LAMBDA_FUNCTION_TIMEOUT",
    "EDGE_PORT",
    "LOCALSTACK_FUNCTION_ACCOUNT_ID",
    "LOCALSTACK_HOSTNAME",
    "LOCALSTACK_INIT_LOG_LEVEL",
    "LOCALSTACK_MAX_PAYLOAD_SIZE",
    "LOCALSTACK_POST_INVOKE_WAIT_MS",
    "LOCALSTACK_RUNTIME_ENDPOINT",
    "LOCALSTACK_RUNTIME_ID",
    "LOCALSTACK_USER",
}


def runtime_variables(
    given: Mapping[str, object],
    configured: Mapping[str, str],
    *,
    programs: Sequence[Path],
    task_root: Path,
    runtime: str,
    scratch: Path,
) -> dict[str, str]:
    """The runtime's whole environment.

    `given` comes from LocalStack and `configured` from the function's configuration, which wins. Of the folders in
    `programs` the first is the runtime's own. Folders are real ones instead of /var/task, /var/runtime and /tmp; HOME,
    which Lambda does not set, keeps the host's ~/.aws out.
    """
    from_localstack = {name: str(value) for name, value in given.items() if name not in FOR_LOCALSTACK_INIT}
    return {
        "PATH": os.pathsep.join([str(programs[0]), "/usr/local/bin:/usr/bin:/bin", *map(str, programs[1:])]),
        "LANG": "C.UTF-8",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        **from_localstack,
        "LAMBDA_TASK_ROOT": str(task_root),
        "LAMBDA_RUNTIME_DIR": str(programs[0].parent),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        **configured,
    }
