"""The doors to a prediction: each takes the same event and gives what the function answers.

A door is asked of one cloud, told by its `outputs`; it raises where it cannot be gone through, for no prediction may
be passed over.
"""

import json
import os
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from localstack_client.session import Session

from clouds import until
from embedded_cloud.state import State
from mlops_cloud import dag_run, project

CHECKOUT = Path(__file__).parents[2]
CLOUD_COMMAND = str(CHECKOUT / ".local/envs/cloud/bin/embedded-cloud")
Outputs = Mapping[str, Any]
Event = Mapping[str, Any]
HANDLER = """
import json, sys
from types import SimpleNamespace
import handler
about = dict(aws_request_id="parity", function_name="parity", memory_limit_in_mb=1024, invoked_function_arn="parity")
print(json.dumps(handler.handler(json.load(sys.stdin), SimpleNamespace(**about))))
"""


def client(outputs: Outputs, service: str) -> Any:
    """A boto3 client of a cloud's LocalStack."""
    return Session("test", "test", localstack_host=outputs["endpoint_url"].removeprefix("http://")).client(service)


def plain_handler(outputs: Outputs, event: Event) -> Any:
    """The function called as a Python function, in a process of its own."""
    settings = {"PATH": os.environ["PATH"], "PYTHONPATH": "..:../../examples", **project.environment(outputs)}
    folder = CHECKOUT / "functions" / "inference"
    return last_line(run([sys.executable, "-c", HANDLER], event, cwd=folder, env=settings))


def lambda_invoke(outputs: Outputs, event: Event) -> Any:
    """The deployed function, by the Lambda API."""
    return invoke(outputs, "InferenceFunction", event)


def invoke(outputs: Outputs, function: str, event: Event) -> Any:
    """Any deployed function's answer; raises with its error if it failed."""
    name, payload = outputs["functions"][function], json.dumps(event).encode()
    answer = client(outputs, "lambda").invoke(FunctionName=name, Payload=payload)
    content = json.load(answer["Payload"])
    if "FunctionError" in answer:
        raise RuntimeError(f"{function}: {content}")
    return content


def api_gateway(outputs: Outputs, event: Event) -> Any:
    """HTTP, as the site asks; the event is the body."""
    path = "/predict/batch" if "rows" in event else "/predict"
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(outputs["api_url"] + path, json.dumps(event).encode(), headers)
    with urllib.request.urlopen(request, timeout=120) as response:
        return json.load(response)


def step_functions(outputs: Outputs, event: Event) -> Any:
    """A state machine of one task, made for the occasion: the product's own predicts nothing."""
    states = client(outputs, "stepfunctions")
    name = outputs["functions"]["InferenceFunction"]
    function = client(outputs, "lambda").get_function_configuration(FunctionName=name)["FunctionArn"]
    definition = {"StartAt": "Predict", "States": {"Predict": {"Type": "Task", "Resource": function, "End": True}}}
    role = "arn:aws:iam::000000000000:role/parity"
    machine = states.create_state_machine(
        name=f"parity-{uuid.uuid4().hex[:8]}", definition=json.dumps(definition), roleArn=role
    )["stateMachineArn"]
    try:
        run = states.start_execution(stateMachineArn=machine, input=json.dumps(event))["executionArn"]
        ended = until(lambda: _ended(states, run), 60)
    finally:
        states.delete_state_machine(stateMachineArn=machine)
    if ended["status"] != "SUCCEEDED":
        raise RuntimeError(f"Step Functions: {ended.get('error')} {ended.get('cause')}")
    return json.loads(ended["output"])


def airflow(address: Mapping[str, str], outputs: Outputs, event: Event) -> Any:
    """A run of the DAG that predicts, started through Airflow's API and waited for."""
    api = dag_run.Api(SimpleNamespace(url=address["airflow_url"], password=lambda: address["airflow_password"]))
    run = dag_run.start(api, f"{outputs['use_case']}_predict", {"event": event})
    state = until(lambda: (state := api.call("GET", run)["state"]) in dag_run.FINISHED and state, 120)
    if state != "success":
        raise RuntimeError(f"Airflow: {run} ended as {state}")
    return dag_run.answer(api, run, "predict")


def airflow_of(outputs: Outputs) -> Mapping[str, str] | None:
    """Where a cloud's Airflow is, and its user's password; None where it does not run."""
    found = subprocess.run([CLOUD_COMMAND, "folder"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    state, known = State(Path(found.stdout.strip())), {}
    if state.read("outputs").get("api_url") == outputs["api_url"]:
        url, password = f"http://127.0.0.1:{state.read('cloud')['airflow']}", state.read("airflow").get("password", "")
        known = {"airflow_url": url, "airflow_password": password}
    address = {**known, **outputs}
    if "airflow_url" not in address:
        return None
    try:
        urllib.request.urlopen(f"{address['airflow_url']}/api/v2/version", timeout=5).close()
    except OSError:
        return None
    return address


def last_line(printed: str) -> Any:
    """The answer below the function's own log."""
    return json.loads(printed.splitlines()[-1])


def _ended(states: Any, run: str) -> Any:
    described = states.describe_execution(executionArn=run)
    return described if described["status"] != "RUNNING" else None


def run(command: list[str], event: Event, **options: Any) -> str:
    """What a command prints, given an event on its standard input; RuntimeError with its errors if it fails."""
    given = {"cwd": CHECKOUT, **options}
    done = subprocess.run(command, input=json.dumps(event), capture_output=True, text=True, **given)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} … failed: {done.stderr[-2000:]}")
    return done.stdout
