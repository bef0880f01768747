"""An engine of the tests' own, and docker-py, which is in SAM's environment, as its client."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from running import ENVIRONMENTS, LAMBDA_PYTHON, RUNTIME, free_port

from embedded_cloud.engine import service

SAM = ENVIRONMENTS / "sam"
REPOSITORY = f"public.ecr.aws/lambda/{RUNTIME.replace('python', 'python:')}"
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]
IMAGE = f"{REPOSITORY}-rapid-{ARCHITECTURE}"
APP = """
import logging, os, sys, time
logging.getLogger().setLevel("INFO")

def handler(event, context):
    print("printed")
    logging.info("logged")
    match event:
        case {"sleep": seconds}: time.sleep(seconds)
        case {"fail": message}: raise ValueError(message)
        case {"exit": status}: os._exit(status)
        case {"eat": megabytes}: held = b"x" * (megabytes << 20); time.sleep(10)
        case {"httpMethod": _}: return {"statusCode": 200, "body": "served"}
        case {"about": "process"}: return {"pid": os.getpid(), "tmp": os.environ["TMPDIR"], "dev": sys.flags.dev_mode}
    return {"event": event, "word": os.environ.get("WORD"), "arn": context.invoked_function_arn}
"""


@contextmanager
def engine(root: Path) -> Iterator[str]:
    """The `DOCKER_HOST` of an engine with this state folder."""
    root.mkdir(parents=True, exist_ok=True)
    try:
        yield service.ensure(root, LAMBDA_PYTHON, root / "engine.log")
    finally:
        service.stop(root)


def docker(docker_host: str) -> Any:
    """A client as SAM makes it."""
    sys.path += [path for path in [str(next(SAM.glob("lib/python3*/site-packages")))] if path not in sys.path]
    return importlib.import_module("docker").DockerClient(base_url=docker_host, version="1.35")


def create(client: Any, code: Path, handler: str = "app.handler", timeout: int = 30, **changed: Any) -> tuple[Any, int]:
    """A container as SAM creates it, and the port that its endpoint is published on."""
    port = free_port()
    variables = {
        "AWS_LAMBDA_FUNCTION_NAME": "Small",
        "AWS_LAMBDA_FUNCTION_HANDLER": handler,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout),
        "AWS_REGION": "us-east-1",
        "AWS_ACCOUNT_ID": "123456789012",
    }
    given = {
        "environment": variables,
        "volumes": {str(code): {"bind": "/var/task", "mode": "ro,delegated"}},
        "ports": {"8080": ("127.0.0.1", port)},
        "mem_limit": "128m",
        "entrypoint": ["/var/rapid/aws-lambda-rie", "--log-level", "error"],
        **changed,
    }
    return client.containers.create(IMAGE, **given), port


def emulator(code: Path, handler: str, timeout: int, port: int) -> subprocess.Popen[bytes]:
    """AWS's own runtime interface emulator, which SAM puts into its containers, in front of the same runtime."""
    binary = next(SAM.glob(f"lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-{ARCHITECTURE}"))
    options = ["--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
    options += ["--runtime-api-address", f"127.0.0.1:{free_port()}", "--log-level", "error"]
    variables = {
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout),
        "AWS_LAMBDA_FUNCTION_NAME": "Small",
        "AWS_REGION": "us-east-1",
    }
    return subprocess.Popen(
        [binary, *options, str(LAMBDA_PYTHON), "-B", "-m", "awslambdaric", handler],
        cwd=code,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
