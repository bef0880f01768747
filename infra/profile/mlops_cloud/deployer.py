"""Compose's one-shot deployer: `up` without the servers, which are there already.

MinIO sends no EventBridge events, so the first pipeline run is started by name.
"""

import os
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import filelock
from rich.markup import escape

from embedded_cloud.aws import forget_other_clouds
from embedded_cloud.errors import CloudError
from embedded_cloud.progress import progress, step
from embedded_cloud.stack import Stack
from mlops_cloud import build, external, pipeline, project
from mlops_cloud.delivery import deliver
from mlops_cloud.external import ExternalCloud
from mlops_cloud.summary import summarise

PROXY = """# Written by the deployer: what stands behind /api/.
set $api "{}";
"""


def main() -> None:
    """Build, deploy and publish from the working folder; what is remembered is in the folder `DEPLOYER_STATE`."""
    state, checkout = Path(os.environ["DEPLOYER_STATE"]), Path.cwd()
    cloud = external.of_environment(state, Path(os.environ["DEPLOYER_ENVIRONMENTS"]))
    forget_other_clouds()
    began = time.monotonic()

    def first(known: Mapping[str, Any]) -> Mapping[str, Any]:
        pipeline.upload(cloud.aws, checkout / cloud.use_case.table, known["data_bucket"])
        return pipeline.run_on_latest(cloud.aws, known["data_bucket"], known["pipeline_arn"])

    def buckets() -> None:
        with step("Buckets"):
            project.create_buckets(cloud)

    try:
        cloud.use_case.check(checkout)
        with filelock.FileLock(state / "lock"), ThreadPoolExecutor(1) as background:  # the keeper may deploy as well
            log = cloud.state.logs / "build.log"
            built = background.submit(build.build, checkout, cloud.builds, cloud.environments, log, cloud.use_case)
            deliver(cloud, checkout, built, buckets, first, lambda new: lead_to(cloud, new))
        summarise(cloud, time.monotonic() - began)
    except CloudError as failure:
        progress.print(f"[red]✗[/red] {escape(str(failure))}")
        sys.exit(1)


def lead_to(cloud: ExternalCloud, stack: Stack | None) -> None:
    """Let the proxy, which looks for it each second, pass requests to this stack, or to `API_SERVER` in its place.

    Without a stack it answers 503 itself: LocalStack would answer 200 to anything.
    """
    server = cloud.variables.get("API_SERVER") or (project.api_url(cloud, stack) if stack else "")
    folder, content = Path(cloud.variables["PROXY_FOLDER"]), PROXY.format(server)
    if (folder / "api.conf").exists() and (folder / "api.conf").read_text() == content:
        return
    partial = folder / ".api.conf"
    partial.write_text(content)
    partial.replace(folder / "api.conf")


if __name__ == "__main__":
    main()
