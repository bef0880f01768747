"""A trivial handler on the process executor, beside the ways people run Lambda locally today.

`rows` measures everything in one run, one call of each side after the other, so that both see the same
machine. LocalStack and MiniStack are started for it, on loopback and free ports, and ended after it.
"""

import http.client
import io
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from embedded_cloud import localstack

ENVIRONMENTS = Path(os.environ.get("ENVS") or Path(__file__).parents[2] / ".local" / "envs")
REPEATS = int(os.environ.get("REPEATS", "200"))
RUNTIME = "python{}.{}".format(*sys.version_info)  # all environments are of one Python
COLD_REPEATS = max(REPEATS // 10, 5)
SOURCE = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'ok'}\n"
ROLE = "arn:aws:iam::000000000000:role/bench"
CREDENTIALS = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}

Row = dict[str, Any]


def rows() -> list[Row]:
    """The comparisons, in milliseconds (medians); a row without `bar` is there to be read beside the others."""
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours = Emulator(stack.enter_context(process_executor(work)))
        theirs = Emulator(stack.enter_context(ministack(work)))
        direct = median([call_directly() for _ in range(REPEATS)])
        start, cold, cold_gateway, cold_theirs = side_by_side(
            COLD_REPEATS, lambda: runtime_start(work), ours.cold_invoke, ours.cold_request, theirs.cold_invoke
        )
        warm, warm_theirs, gateway, gateway_theirs = side_by_side(
            REPEATS, ours.warm_invoke, theirs.warm_invoke, ours.warm_request, theirs.warm_request
        )
    return [
        row("executor: direct call of the handler", direct),
        row("executor: start of Python and awslambdaric", start),
        row("executor: cold invoke beyond such a start", cold - start, "such a start", start, most=1),
        row("executor: cold invoke", cold, "MiniStack", cold_theirs),
        row("executor: cold request, API Gateway", cold_gateway, "cold invoke", cold),
        row("executor: warm overhead, Invoke", warm - direct, "MiniStack", warm_theirs - direct, most=1 / 3),
        row("executor: warm overhead, API Gateway", gateway - direct, "MiniStack", gateway_theirs - direct),
        *sam_rows(cold, gateway),
    ]


def row(name: str, figure: float, against: str = "", against_figure: float = 0, most: float | None = None) -> Row:
    """One line of the table; `most` is the greatest ratio that holds."""
    ratio = figure / against_figure if against else None
    return {
        "name": name,
        "figure": round(figure, 4),
        "unit": "ms",
        "against": against or None,
        "against_figure": round(against_figure, 4) if against else None,
        "ratio": round(ratio, 3) if ratio is not None else None,
        "bar": round(most, 3) if most else None,
        "holds": None if most is None or ratio is None else ratio <= most,
    }


def median(samples: list[float]) -> float:
    return statistics.median(samples)


def side_by_side(repeats: int, *measure: Callable[[], float]) -> list[float]:
    """The median of each measurement, all taking turns; one round before them is not counted."""
    samples: list[list[float]] = [[] for _ in measure]
    for _ in range(repeats + 1):
        for one, taken in zip(measure, samples, strict=True):
            taken.append(one())
    return [median(taken[1:]) for taken in samples]


@contextmanager
def timed() -> Iterator[list[float]]:
    """Milliseconds spent inside, as the only element of the list."""
    taken: list[float] = []
    started = time.perf_counter()
    yield taken
    taken.append((time.perf_counter() - started) * 1000)


def call_directly() -> float:
    """The handler as a plain function, with the JSON that any invocation reads and writes."""
    scope: dict[str, Any] = {}
    exec(SOURCE, scope)
    with timed() as taken:
        json.dumps(scope["handler"](json.loads("{}"), None))
    return taken[0]


def runtime_start(work: Path) -> float:
    """Python with awslambdaric alone, until it asks for its first event."""
    folder = work / "bare"
    folder.mkdir(exist_ok=True)
    (folder / "app.py").write_text(SOURCE)
    command = [ENVIRONMENTS / "lambda/bin/python", "-B", "-m", "awslambdaric", "app.handler"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = "{}:{}".format(*server.getsockname())
        with timed() as taken:
            process = subprocess.Popen(command, cwd=folder, env={"AWS_LAMBDA_RUNTIME_API": address})
            connection, _ = server.accept()
            connection.recv(1024)
        process.kill()
        process.wait()
        connection.close()
    return taken[0]


class Emulator:
    """Functions behind the Invoke API and the API Gateway of one emulator."""

    def __init__(self, url: str) -> None:
        settings: dict[str, Any] = {
            "endpoint_url": url,
            "config": Config(retries={"total_max_attempts": 1}, read_timeout=60),
            **CREDENTIALS,
        }
        self._lambda = boto3.client("lambda", **settings)
        self._gateway = boto3.client("apigateway", **settings)
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._number = 0
        self._warm = self._deploy()
        self._warm_path = self._publish(self._warm)

    def warm_invoke(self) -> float:
        with timed() as taken:
            self._invoke(self._warm)
        return taken[0]

    def cold_invoke(self) -> float:
        name = self._deploy()
        with timed() as taken:
            self._invoke(name)
        return taken[0]

    def warm_request(self) -> float:
        with timed() as taken:
            self._request(self._warm_path)
        return taken[0]

    def cold_request(self) -> float:
        path = self._publish(self._deploy())
        with timed() as taken:
            self._request(path)
        return taken[0]

    def _invoke(self, name: str) -> None:
        answer = self._lambda.invoke(FunctionName=name, Payload=b"{}")
        assert json.loads(answer["Payload"].read()) == {"statusCode": 200, "body": "ok"}

    def _request(self, path: str) -> None:
        self._connection.request("GET", path)
        response = self._connection.getresponse()
        assert (response.status, response.read()) == (200, b"ok")

    def _deploy(self) -> str:
        self._number += 1
        name = f"bench-{self._number}"
        self._lambda.create_function(
            FunctionName=name,
            Runtime=RUNTIME,
            Handler="app.handler",
            Role=ROLE,
            Code={"ZipFile": package()},
        )
        wait(lambda: self._lambda.get_function_configuration(FunctionName=name)["State"] == "Active")
        return name

    def _publish(self, name: str) -> str:
        """Give the function a REST API of its own; the path of its only resource."""
        api = self._gateway.create_rest_api(name=name)["id"]
        root = self._gateway.get_resources(restApiId=api)["items"][0]["id"]
        method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
        self._gateway.put_method(**method, authorizationType="NONE")
        arn = self._lambda.get_function_configuration(FunctionName=name)["FunctionArn"]
        self._gateway.put_integration(
            **method,
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations",
        )
        self._gateway.create_deployment(restApiId=api, stageName="bench")
        return f"/_aws/execute-api/{api}/bench/"


@contextmanager
def process_executor(work: Path) -> Iterator[str]:
    """LocalStack with the process executor; its URL."""
    port = free_port()
    state, url = work / "localstack", f"http://127.0.0.1:{port}"
    localstack.prepare(state)
    command = localstack.command(ENVIRONMENTS / "localstack/bin/python")
    environment = localstack.environment(state, port, ENVIRONMENTS / "lambda/bin/python")
    with running(command, environment, work / "localstack.log", lambda: localstack.is_ready(url)):
        yield url


@contextmanager
def ministack(work: Path) -> Iterator[str]:
    """MiniStack with its own way to run Lambda functions, which is subprocesses; its URL."""
    port = free_port()
    environment = {
        "PATH": os.defpath,
        "HOME": str(work),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "LAMBDA_EXECUTOR": "local",
    }
    command = [str(ENVIRONMENTS / "ministack/bin/python"), "-m", "ministack"]

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    with running(command, environment, work / "ministack.log", answers):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running(command: list[str], environment: dict[str, str], log: Path, ready: Callable[[], bool]) -> Iterator[None]:
    """A server beside its log, in a process group of its own, which is ended with it."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, stdout=output, stderr=output, process_group=0, cwd=log.parent
        )
    try:
        wait(lambda: process.poll() is not None or ready())
        if process.poll() is not None:
            raise RuntimeError(f"{command[-1]} ended at once:\n{log.read_text()[-2000:]}")
        yield
    finally:
        process.send_signal(signal.SIGINT)  # SAM removes its containers then
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def sam_rows(cold: float, gateway: float) -> list[Row]:
    """``sam local``, which needs a Docker engine; nothing where there is none."""
    sam = ENVIRONMENTS / "sam/bin/sam"
    if not sam.exists() or not shutil.which("docker"):
        return []
    if subprocess.run(["docker", "info"], capture_output=True).returncode:
        return []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        work.chmod(0o755)  # in the container another user reads it
        (work / "app.py").write_text(SOURCE)
        (work / "template.yaml").write_text(TEMPLATE)
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "DOCKER_HOST") if name in os.environ},
            "SAM_CLI_TELEMETRY": "0",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        invoke = [str(sam), "local", "invoke", "--skip-pull-image", "Function"]
        taken = []
        for _ in range(3):
            with timed() as one:
                done = subprocess.run(invoke, cwd=work, env=environment, capture_output=True)
            if done.returncode:
                return []  # the engine has no image of the runtime
            taken += one
        port = free_port()
        serve = [str(sam), "local", "start-api", "--skip-pull-image", "--warm-containers", "EAGER"]
        with running(
            [*serve, "--host", "127.0.0.1", "--port", str(port)], environment, work / "log", lambda: served(port)
        ):
            warm = [request(port) for _ in range(51)][1:]
    return [
        row("executor: cold invoke", cold, "sam local invoke", median(taken)),
        row("executor: warm request, API Gateway", gateway, "sam local start-api, warm", median(warm)),
    ]


TEMPLATE = f"""
Transform: AWS::Serverless-2016-10-31
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Handler: app.handler
      Runtime: {RUNTIME}
      Events: {{Any: {{Type: Api, Properties: {{Path: /, Method: GET}}}}}}
"""


def served(port: int) -> bool:
    """Whether the function answers; while its container starts, the server does in its stead."""
    try:
        return ask(port) == b"ok"
    except OSError:
        return False


def request(port: int) -> float:
    with timed() as taken:
        assert ask(port) == b"ok"
    return taken[0]


def ask(port: int) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read()
    finally:
        connection.close()


def package() -> bytes:
    """The handler as a deployment package."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", SOURCE)
    return content.getvalue()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def wait(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.02)


if __name__ == "__main__":
    json.dump(rows(), sys.stdout, indent=1)
