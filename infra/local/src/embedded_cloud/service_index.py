"""LocalStack's index of AWS's operations, made once for an environment and not in each state folder: it is 4 s of work.

`python -m embedded_cloud.service_index`, in LocalStack's environment.
"""

import os
import sys
import tempfile
from pathlib import Path


def file() -> Path:
    """Where this environment has it; made anew with the environment, whose pins it depends on."""
    return Path(sys.prefix, "share", "localstack-service-index")


def main() -> None:
    """Make it."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FILESYSTEM_ROOT"] = folder  # LocalStack makes folders when it is imported
        from localstack.aws.spec import build_service_index_cache

        file().parent.mkdir(exist_ok=True)
        build_service_index_cache(str(file()))


if __name__ == "__main__":
    main()
