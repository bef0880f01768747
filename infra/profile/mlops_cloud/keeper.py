"""Compose's keeper: what LocalStack forgets when it starts anew is deployed again, whoever restarted it.

It is healthy while the product is deployed and answers.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from embedded_cloud import deployment, localstack
from embedded_cloud.aws import forget_other_clouds
from embedded_cloud.errors import CloudError
from embedded_cloud.progress import say
from mlops_cloud import deployer, external, project
from mlops_cloud.external import ExternalCloud

PAUSE_SECONDS = 2
REFUSED_SECONDS = 30  # before a deployment that was refused is tried again
HEALTHY = Path("/tmp/healthy")  # noqa: S108 - in memory, and the container's own


def main() -> None:
    """Look, and deploy where nothing is deployed, until the end of the container."""
    cloud = external.of_environment(Path(os.environ["DEPLOYER_STATE"]), Path(os.environ["DEPLOYER_ENVIRONMENTS"]))
    forget_other_clouds()
    while True:
        time.sleep(look(cloud))


def look(cloud: ExternalCloud) -> float:
    """Tell whether the product answers, deploy it if LocalStack lost it; returns the seconds until the next look."""
    try:
        ready = localstack.is_ready(cloud.aws.endpoint_url)
        stack = deployment.current(cloud.aws, cloud.state) if ready else None
    except (BotoCoreError, ClientError, CloudError, OSError):
        ready, stack = False, None
    answers = stack is not None and _answers(f"{project.api_url(cloud, stack)}/health")
    if answers:
        deployer.lead_to(cloud, stack)
        HEALTHY.touch()
        return PAUSE_SECONDS
    HEALTHY.unlink(missing_ok=True)
    if stack or not ready:  # it may only be busy: the proxy goes on asking it
        return PAUSE_SECONDS
    deployer.lead_to(cloud, None)
    say("LocalStack starts anew: the product is deployed again")
    done = subprocess.run([sys.executable, "-m", "mlops_cloud.deployer"], env=cloud.variables)
    return REFUSED_SECONDS if done.returncode else 0


def _answers(url: str) -> bool:
    try:
        return bool(project.call(url))
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    main()
