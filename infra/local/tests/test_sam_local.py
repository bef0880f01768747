"""`sam local` as it is released, with an engine of this cloud where it looks for Docker's."""

import json
import os
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine import APP, SAM, docker, engine
from running import RUNTIME, eventually, free_port

TEMPLATE = f"""
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Small:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: {RUNTIME}
      Handler: app.handler
      CodeUri: code/
      Timeout: 30
      Environment: {{Variables: {{WORD: template}}}}
      Events:
        Root: {{Type: Api, Properties: {{Path: /, Method: ANY}}}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sam")
    (folder / "template.yaml").write_text(TEMPLATE)
    (folder / "code").mkdir()
    (folder / "code" / "app.py").write_text(APP)
    return folder


@pytest.fixture(scope="module")
def variables(folder: Path) -> Iterator[dict[str, str]]:
    with engine(folder / "state") as docker_host:
        yield {
            "PATH": f"{SAM / 'bin'}:/usr/bin:/bin",
            "HOME": str(folder / "home"),
            "DOCKER_HOST": docker_host,
            "SAM_CLI_TELEMETRY": "0",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "WORD": "shell",
        }


def containers(variables: dict[str, str]) -> list[Any]:
    return docker(variables["DOCKER_HOST"]).containers.list(all=True, ignore_removed=True)


def invoke(folder: Path, variables: dict[str, str], event: Any) -> subprocess.CompletedProcess[str]:
    command = ["sam", "local", "invoke", "Small", "--event", "-"]
    given = {"cwd": folder, "env": variables, "input": json.dumps(event), "timeout": 60}
    return subprocess.run(command, capture_output=True, text=True, **given)


def test_invoke(folder: Path, variables: dict[str, str]) -> None:
    done = invoke(folder, variables, {"a": 1})
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["event"], answer["word"]) == ({"a": 1}, "shell")
    log = done.stderr[done.stderr.index("Small runs without a container") :]
    assert [line.split()[0] for line in log.split("\n") if line] == [
        "Small",
        "START",
        "printed",
        "[INFO]",
        "END",
        "REPORT",
    ]
    assert containers(variables) == []


def test_a_timeout_is_told_as_with_containers(folder: Path, variables: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE.replace("Timeout: 30", "Timeout: 1"))
    (tmp_path / "code").symlink_to(folder / "code")
    done = invoke(tmp_path, variables, {"sleep": 60})
    assert done.returncode == 0, done.stderr
    assert "Function 'Small' timed out after 1 seconds" in done.stderr
    assert containers(variables) == []


@pytest.mark.parametrize(
    ("command", "path", "event", "answer"),
    [
        (["start-api", "--warm-containers", "EAGER"], "", None, b"served"),
        (["start-api"], "", None, b"served"),
        (["start-lambda"], "2015-03-31/functions/Small/invocations", {"fail": "no"}, b"ValueError"),
    ],
)
def test_servers(
    folder: Path, variables: dict[str, str], command: list[str], path: str, event: Any, answer: bytes
) -> None:
    """Two requests, then Ctrl-C: nothing is left."""
    port = free_port()
    url, data = f"http://127.0.0.1:{port}/{path}", json.dumps(event).encode() if event else None

    def ask() -> bytes | None:
        try:
            with urllib.request.urlopen(url, data, timeout=120) as response:
                return bytes(response.read())
        except urllib.error.HTTPError as error:
            return error.read()
        except OSError:
            assert server.poll() is None, log.read_text()
            return None

    # Whoever runs the tests in the background has a shell that ignores Ctrl-C, and so would this.
    heeding = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    given = {"cwd": folder, "env": variables, "start_new_session": True, **heeding}
    log = folder / f"{port}.log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            ["sam", "local", *command, "--port", str(port)], stderr=output, stdout=output, **given
        ) as server,
    ):
        try:
            assert answer in eventually(ask), log.read_text()
            assert answer in (ask() or b""), log.read_text()
            assert len(containers(variables)) == ("EAGER" in command)
            assert log.read_text().count("END RequestId") == 2
            os.killpg(server.pid, signal.SIGINT)
            assert server.wait(20) == 0
        finally:
            server.kill()
    assert containers(variables) == []


def test_an_image_is_refused_in_words(folder: Path, variables: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE.replace(RUNTIME, "nodejs22.x"))
    (tmp_path / "code").mkdir()
    done = invoke(tmp_path, variables, {})
    assert done.returncode != 0
    assert f"cannot run without containers, only {RUNTIME}" in done.stderr


OTHERS = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Node:
    Type: AWS::Serverless::Function
    Properties: {Runtime: RUNTIME, Handler: index.handler, CodeUri: node/}
  Shell:
    Type: AWS::Serverless::Function
    Properties: {Runtime: provided.al2023, Handler: none, CodeUri: shell/}
"""
ONCE = """#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  id=$(curl -sSi "$api/next" | sed -n 's/^lambda-runtime-aws-request-id: *//Ip' | tr -d '\\r')
  curl -sS "$api/$id/response" -d '"of a shell"' >&2
done
"""


@pytest.mark.parametrize(("function", "answer"), [("Node", {"got": 1}), ("Shell", "of a shell")])
def test_other_runtimes(tmp_path: Path, variables: dict[str, str], function: str, answer: Any) -> None:
    if not (program := shutil.which("node")):
        pytest.skip("Node is not installed")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    runtime = f"nodejs{version.removeprefix('v').split('.')[0]}.x"
    (tmp_path / "template.yaml").write_text(OTHERS.replace("RUNTIME", runtime))
    (tmp_path / "node").mkdir()
    (tmp_path / "node/index.js").write_text("exports.handler = async (event) => ({ got: event })")
    (tmp_path / "shell").mkdir()
    (tmp_path / "shell/bootstrap").write_text(ONCE)
    (tmp_path / "shell/bootstrap").chmod(0o755)
    command = ["sam", "local", "invoke", function, "--event", "-"]
    given = {"cwd": tmp_path, "env": variables, "input": "1", "timeout": 60}
    done = subprocess.run(command, capture_output=True, text=True, **given)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == answer
    assert containers(variables) == []
