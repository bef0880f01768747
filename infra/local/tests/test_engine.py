"""The Engine API with docker-py as its client, as SAM uses it; the endpoint beside AWS's own emulator."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from engine import APP, IMAGE, REPOSITORY, SAM, create, docker, emulator, engine
from running import LAMBDA_PYTHON, eventually, free_port

from embedded_cloud import processes
from embedded_cloud.engine import SOCKET, service
from embedded_cloud.engine.__main__ import SCRATCH


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine")


@pytest.fixture(scope="module")
def client(root: Path) -> Iterator[Any]:
    with engine(root) as docker_host:
        yield docker(docker_host)


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("code: with a colon")
    (folder / "app.py").write_text(APP)
    return folder


def invoke(port: int, event: Any) -> tuple[int, bytes]:
    """Status and body of the endpoint's answer."""
    url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
    request = urllib.request.Request(url, json.dumps(event).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_only_the_owner_may_connect(client: Any, root: Path) -> None:
    assert stat.S_IMODE((root / SOCKET).stat().st_mode) == 0o600
    (process,) = processes.find(root, service.NAME)
    assert {each.laddr.ip for each in process.net_connections("inet")} <= {"127.0.0.1"}


def test_a_life_of_a_container(client: Any, code: Path, root: Path) -> None:
    container, port = create(client, code, labels={"sam.cli.function.name": "Small"})
    assert container.status == "created"
    container.start()
    frames = container.attach(stream=True, logs=True, demux=True)
    assert client.containers.get(container.id[:12]).status == "running"
    assert client.containers.list(filters={"label": "sam.cli.function.name=Small"}) == [container]
    assert client.containers.list(filters={"label": "sam.cli.function.name=Large"}) == []

    status, body = invoke(port, {"a": "é"})
    arn = "arn:aws:lambda:us-east-1:123456789012:function:Small"
    assert (status, json.loads(body)) == (200, {"event": {"a": "é"}, "word": None, "arn": arn})
    lines = [next(frames)[1].decode() for _ in range(6)]
    assert "without a container" in lines[0]
    assert [line.split()[0] for line in lines[1:]] == ["START", "printed", "[INFO]", "END", "REPORT"]
    # By this SAM tells that the log is complete; otherwise it waits a second.
    assert re.match(r"(.*\s)?REPORT RequestId:\s.+ Duration:\s.+\sMemory Size:\s.+\sMax Memory Used:\s.+", lines[5])

    process = json.loads(invoke(port, {"about": "process"})[1])
    container.remove(force=True)
    assert list(frames)[-1][1].startswith(b"REPORT"), "the stream ends with the container"
    assert not psutil.pid_exists(process["pid"])
    assert (process["tmp"], list((root / SCRATCH).iterdir())) == ("/tmp", [])
    assert not listening(port)
    with pytest.raises(Exception, match="No such container"):
        container.reload()


def test_stopped_it_waits_to_be_removed(client: Any, code: Path) -> None:
    container, port = create(client, code)
    container.start()
    with pytest.raises(Exception, match="stop it before removal"):
        container.remove()
    container.stop(timeout=1)
    assert container.wait()["StatusCode"] == 137
    assert b"without a container" in container.logs()
    container.reload()
    assert (container.status, listening(port)) == ("exited", False)
    container.remove()
    assert container not in client.containers.list(all=True)


def test_removed_while_it_answers(client: Any, code: Path) -> None:
    """As SAM does when the timeout has passed: the request ends without an answer."""
    container, port = create(client, code)
    container.start()
    log = container.attach(stream=True, logs=True, demux=True)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        event = b'{"sleep": 60}'
        head = f"POST /2015-03-31/functions/function/invocations HTTP/1.1\r\nContent-Length: {len(event)}\r\n\r\n"
        connection.sendall(head.encode() + event)
        assert any(b"printed" in frame[1] for frame in log)
        container.remove(force=True)
        connection.settimeout(10)
        assert connection.recv(100) == b""


def test_out_of_memory_shows_in_its_state(client: Any, code: Path) -> None:
    container, port = create(client, code)
    container.start()
    status, body = invoke(port, {"eat": 300})
    assert (status, json.loads(body)["errorType"]) == (502, "Runtime.ExitError")
    assert client.api.inspect_container(container.id)["State"]["OOMKilled"] is True
    container.remove(force=True)


@pytest.mark.parametrize(
    ("handler", "event"),
    [
        ("app.handler", {"a": [1, None]}),
        ("app.handler", {"fail": "é"}),
        ("app.handler", {"exit": 3}),
        ("app.handler", {"sleep": 10}),
        ("app.absent", {}),
        ("nowhere.handler", {}),
    ],
)
def test_answers_are_those_of_the_emulator(client: Any, code: Path, handler: str, event: Any) -> None:
    timeout, reference = 1 if "sleep" in event else 30, free_port()
    container, port = create(client, code, handler, timeout)
    container.start()
    with emulator(code, handler, timeout, reference) as process:
        try:
            eventually(lambda: listening(reference))
            answers = [invoke(each, event) for each in (reference, port)]
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            container.remove(force=True)
    wanted, given = ((status, without_ids(body.replace(os.fsencode(code), b"/var/task"))) for status, body in answers)
    assert given == wanted


def without_ids(body: bytes) -> Any:
    """An answer without its request id and the account, which the emulator makes up."""
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{12}", "", body.decode())
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return {name: value for name, value in found.items() if name != "requestId"}


def test_options_for_a_debugger_reach_the_interpreter(client: Any, code: Path) -> None:
    interpreter = ["/var/lang/bin/python3.11", "-X", "dev", "/var/runtime/bootstrap.py"]
    container, port = create(client, code, entrypoint=["/var/rapid/aws-lambda-rie", *interpreter])
    container.start()
    assert json.loads(invoke(port, {"about": "process"})[1])["dev"] is True
    container.remove(force=True)


def test_images_are_here_and_current(client: Any) -> None:
    image = client.images.get(IMAGE)
    assert client.images.get_registry_data(IMAGE).attrs["Descriptor"]["digest"] == image.id
    assert image in client.images.list()
    client.images.pull(IMAGE)


def test_what_no_process_can_be_is_refused_in_words(client: Any, code: Path) -> None:
    with pytest.raises(Exception, match="No such image"):
        client.images.get("public.ecr.aws/lambda/ruby:3.3-rapid-x86_64")
    (told,) = client.api.pull("public.ecr.aws/lambda/ruby", tag="3.3-x86_64", stream=True, decode=True)
    assert f"only {REPOSITORY.rpartition('/')[2].replace(':', '')}" in told["error"]
    (told,) = client.api.build(
        fileobj=(code / "app.py").open("rb"), custom_context=True, tag="samcli/lambda-x", decode=True
    )
    assert "Layers are not supported" in told["error"]
    with pytest.raises(Exception, match=re.escape("127.0.0.1 only, not on 0.0.0.0")):
        create(client, code, ports={"8080": ("0.0.0.0", free_port())})
    with pytest.raises(Exception, match="needs a Docker engine"):
        client.volumes.list()
    with pytest.raises(Exception, match="No such network"):
        client.networks.get("compose_default")


def test_a_port_that_is_taken(client: Any, code: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        container, _ = create(client, code, ports={"8080": ("127.0.0.1", server.getsockname()[1])})
        with pytest.raises(Exception, match="Ports are not available"):
            container.start()
    container.start()
    container.remove(force=True)


def test_a_client_that_is_killed_leaves_no_container(client: Any, root: Path, code: Path) -> None:
    program = """
import sys, docker
client = docker.DockerClient(base_url=sys.argv[1], version="1.35")
image, port, code = sys.argv[2:]
container = client.containers.create(image, environment={"AWS_LAMBDA_FUNCTION_HANDLER": "app.handler"},
    ports={"8080": ("127.0.0.1", int(port))}, volumes=[f"{code}:/var/task:ro"])
container.start()
print(container.id, flush=True)
sys.stdin.read()
"""
    port = free_port()
    arguments = [service.ensure(root, LAMBDA_PYTHON, root / "engine.log"), IMAGE, str(port), str(code)]
    command = [SAM / "bin/python", "-c", program, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        id = process.stdout.readline().strip()
        runtime = json.loads(invoke(port, {"about": "process"})[1])["pid"]
        assert id in [each.id for each in client.containers.list()]
        process.kill()
    eventually(lambda: id not in [each.id for each in client.containers.list(all=True, ignore_removed=True)])
    eventually(lambda: not psutil.pid_exists(runtime))


@pytest.mark.parametrize("ending", ["stopped", "killed"])
def test_an_engine_leaves_nothing_behind(tmp_path: Path, code: Path, ending: str) -> None:
    with engine(tmp_path) as docker_host:
        container, port = create(docker(docker_host), code)
        container.start()
        pid = json.loads(invoke(port, {"about": "process"})[1])["pid"]
        if ending == "killed":
            (process,) = processes.find(tmp_path, service.NAME)
            process.kill()
            eventually(lambda: not psutil.pid_exists(pid))
            assert docker(service.ensure(tmp_path, LAMBDA_PYTHON, tmp_path / "engine.log")).ping()
    eventually(lambda: not psutil.pid_exists(pid))
    assert [each.name for each in tmp_path.iterdir()] == ["engine.log"]


def test_a_folder_whose_path_is_no_address(tmp_path: Path) -> None:
    deep = tmp_path / "naïve? folder; #1" / ("long" * 25)
    with engine(deep) as docker_host:
        assert docker(docker_host).ping()
        assert docker_host == service.ensure(deep, LAMBDA_PYTHON, deep / "engine.log")
        assert "DOCKER_HOST" not in service.without({"DOCKER_HOST": docker_host})
    assert service.without({"DOCKER_HOST": "unix:///var/run/docker.sock"})
