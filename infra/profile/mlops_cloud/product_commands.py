"""The commands about the product on a cloud: its models, its keys, its failed events, its Airflow."""

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from embedded_cloud import processes
from embedded_cloud.aws import Aws
from embedded_cloud.errors import CloudError
from embedded_cloud.progress import answer, console, step
from embedded_cloud.stack import Stack, describe
from mlops_cloud import dag_run, models, operations, project
from mlops_cloud.airflow import USER, Airflow
from mlops_cloud.cloud import Cloud
from mlops_cloud.commands import PROJECT
from mlops_cloud.known import anywhere, here


def environment(cloud: Cloud, _: Namespace) -> None:
    """The inference function's environment as NAME=value lines, for a server outside of Lambda."""
    known = anywhere(cloud)
    told = _stack(known).outputs
    variables = {**project.environment(known), "BATCH_SCORING_ARN": told.get("BatchScoringArn", "")}
    for name, value in variables.items():
        print(f"{name}={value}")


def list_models(cloud: Cloud, _: Namespace) -> None:
    """Every registered model version, and what was decided about it."""
    known = anywhere(cloud)
    console.print(f"use case {known['use_case']}")
    console.print(models.table(known))


def promote(cloud: Cloud, given: Namespace) -> None:
    """Make a model version champion, past the gate: this is also the way back."""
    known = anywhere(cloud)
    promoted = models.promote(known, given.version)
    before = promoted["previous"]
    answer(f"Model {promoted['model_version']} is champion of {known['use_case']}; before it was {before}")


def airflow(cloud: Cloud, _: Namespace) -> None:
    """Airflow standalone over the project's DAGs, with this cloud as its AWS; nothing if it runs so already."""
    server = _airflow(cloud)
    service, running = server.service(), cloud.running("airflow")
    if running and not service.environment.items() <= running.environ().items():
        cloud.stop(("airflow",))
        running = None
    if not running:
        with step(f"airflow on {server.url.removeprefix('http://')}"):
            processes.start(cloud.state.root, service, cloud.state.logs / "airflow.log")
    console.print(f"""
  Airflow   {server.url}
  user      {USER}
  password  {server.password()}
""")


def airflow_run(cloud: Cloud, given: Namespace) -> None:
    """One run of the pipeline's DAG, followed to its end; KEY names a file of the data bucket, empty the newest."""
    server = _airflow(cloud)
    if not cloud.running("airflow"):
        raise CloudError("Airflow is not running", "make airflow")
    api = dag_run.Api(server)
    run = dag_run.start(api, cloud.use_case.dag, {"key": given.key} if given.key else {})
    dag_run.follow(api, run)
    answer(dag_run.answer(api, run, "promote")["reason"])


def rotate_key(cloud: Cloud, _: Namespace) -> None:
    """Another admin key, known to the API within 30 seconds."""
    here(cloud)
    operations.rotate_admin_key(cloud)
    answer("The new key is admin_api_key of `make -s outputs`; within 30 seconds the old one is refused")


def redrive(cloud: Cloud, _: Namespace) -> None:
    """Start the pipeline for each event that has started nothing so far."""
    known = anywhere(cloud)
    runs = operations.redrive(Aws(known["endpoint_url"]), _stack(known))
    answer(f"Events that were waiting: {len(runs)}" + "".join(f"\n  {run}" for run in runs))


def _stack(known: Mapping[str, Any]) -> Stack:
    """The stack that serves, as CloudFormation has it."""
    try:
        return describe(Aws(known["endpoint_url"]), known["stack_name"])
    except KeyError as missing:
        raise CloudError(f"There is no stack {missing}", "make up, or docker compose up deployer") from None


def _airflow(cloud: Cloud) -> Airflow:
    known = here(cloud)
    return Airflow(
        state=cloud.state,
        environment=cloud.environments / "airflow",
        launcher=PROJECT / project.AIRFLOW_LAUNCHER,
        dags=PROJECT / project.DAGS,
        port=cloud.ports["airflow"],
        endpoint_url=known["endpoint_url"],
        region=known["region"],
        use_case=known["use_case"],
    )
