"""The runtimes that this machine has, by Lambda's names, and how a function of each is started."""

import functools
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException

NODE_CLIENT = Path(__file__).parent / "node" / "client.mjs"
CUSTOM = ("provided.al2023", "provided.al2")


@dataclass(frozen=True)
class Start:
    """A command, the folder of its programs, and variables by which it finds modules."""

    command: Sequence[str]
    programs: Path
    variables: dict[str, str] = field(default_factory=dict)


def names() -> list[str]:
    """What a function's `Runtime` may be here."""
    node = _node()
    return [python_name(), *([node[0]] if node else []), *CUSTOM]


def start(runtime: str, handler: str, task_root: Path, layers: Path | None, sources: Sequence[Path]) -> Start:
    """How to start a function: `layers` is what /opt holds on Lambda, `sources` go before the code of the artifact.

    Raises FileNotFoundError where a custom runtime brings no bootstrap.
    """
    if runtime in CUSTOM:
        return _custom(task_root, layers)
    if node := _node():
        name, program = node
        if runtime == name:
            folders = [
                "nodejs/node_modules",
                f"nodejs/{name.removesuffix('.x').replace('nodejs', 'node')}/node_modules",
            ]
            modules = {"NODE_PATH": os.pathsep.join(str(layers / folder) for folder in folders)} if layers else {}
            return Start([str(program), str(NODE_CLIENT)], program.parent, modules)
    python = interpreter()
    behind = [*sources[1:], *([task_root] if sources else [])]  # of the first it is the working folder
    if layers:
        behind += [layers / "python" / "lib" / python_name() / "site-packages", layers / "python"]
    # -B: the artifact is read-only on Lambda, so no bytecode is written; what it ships is used.
    command = [str(python), "-B", "-m", "awslambdaric", handler]
    return Start(command, python.parent, {"PYTHONPATH": os.pathsep.join(map(str, behind))} if behind else {})


def _custom(task_root: Path, layers: Path | None) -> Start:
    for folder in filter(None, (task_root, layers)):
        if os.access(folder / "bootstrap", os.X_OK):
            return Start([str(folder / "bootstrap")], Path("/usr/local/bin"))
    raise FileNotFoundError("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")


def interpreter() -> Path:
    """The Python of the runtime environment, which holds awslambdaric and boto3 alone.

    Raises LambdaRuntimeException when LAMBDA_PROCESS_PYTHON does not name it.
    """
    path = os.environ.get("LAMBDA_PROCESS_PYTHON", "")
    if not os.access(path, os.X_OK):
        raise LambdaRuntimeException(f"LAMBDA_PROCESS_PYTHON names no interpreter: {path!r}")
    return Path(path).absolute()


@functools.cache
def python_name() -> str:
    """Lambda's name of the runtime that the interpreter is, such as ``python3.11``."""
    program = "import awslambdaric, sys; print('python%d.%d' % sys.version_info[:2])"
    done = subprocess.run([interpreter(), "-B", "-c", program], env={}, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise LambdaRuntimeException(f"the runtime environment is broken: {done.stderr.strip()}")
    return done.stdout.strip()


@functools.cache
def _node() -> tuple[str, Path] | None:
    """Lambda's name of this machine's Node, such as ``nodejs20.x``, and where it is."""
    if not (found := shutil.which("node")):
        return None
    done = subprocess.run([found, "--version"], env={}, capture_output=True, text=True, timeout=60)
    major = done.stdout.strip().removeprefix("v").partition(".")[0]
    return (f"nodejs{major}.x", Path(found)) if done.returncode == 0 and major.isdigit() else None
