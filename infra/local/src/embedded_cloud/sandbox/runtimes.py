"""The runtimes that this machine has, by Lambda's names, and how a function of each is started."""

import functools
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

NODE_CLIENT = Path(__file__).parent / "node" / "client.mjs"
CUSTOM = ("provided.al2023", "provided.al2")


@dataclass(frozen=True)
class Start:
    """A command, the folder of its programs, and variables by which it finds modules."""

    command: Sequence[str]
    programs: Path
    variables: dict[str, str] = field(default_factory=dict)


class BrokenRuntimeError(Exception):
    """The interpreter that is to run functions cannot."""


@dataclass(frozen=True)
class Runtimes:
    """Of this machine: the Python that it is given, those in environments below `others`, and the Node on PATH.

    The Pythons hold awslambdaric and boto3 alone; the environments have Lambda's names, such as ``python3.12``.
    """

    python: Path
    others: Path | None = None

    def names(self) -> list[str]:
        """What a function's `Runtime` may be; BrokenRuntimeError where the Python is none."""
        node = _node()
        return [*self._pythons(), *([node[0]] if node else []), *CUSTOM]

    def start(self, runtime: str, handler: str, task_root: Path, opt: Path | None, sources: Sequence[Path]) -> Start:
        """How to start a function: `opt` has its layers, `sources` go before the code of the artifact.

        Raises FileNotFoundError where a custom runtime brings no bootstrap.
        """
        if runtime in CUSTOM:
            return _custom(task_root, opt)
        if (node := _node()) and runtime == node[0]:
            return _in_node(*node, opt)
        python = self._pythons().get(runtime, self.python)
        behind = [*sources[1:], *([task_root] if sources else [])]  # the first is the working folder
        if opt:
            behind += [opt / "python" / "lib" / python_name(python) / "site-packages", opt / "python"]
        # -B: the artifact is read-only on Lambda, so no bytecode is written; what it ships is used.
        command = [str(python), "-B", "-m", "awslambdaric", handler]
        variables = {"PYTHONPATH": os.pathsep.join(map(str, behind))} if behind else {}
        return Start(command, python.parent, variables)

    def _pythons(self) -> dict[str, Path]:
        """By name, the given one first; an environment that is being made is none yet."""
        found = {python_name(self.python): self.python}
        for python in sorted(self.others.glob("python3.*/bin/python")) if self.others else ():
            if (python.parents[1] / ".ready").exists():
                found.setdefault(python.parents[1].name, python)
        return found


def _in_node(name: str, program: Path, opt: Path | None) -> Start:
    of_version = name.removesuffix(".x").replace("nodejs", "node")
    folders = ("nodejs/node_modules", f"nodejs/{of_version}/node_modules")
    variables = {"NODE_PATH": os.pathsep.join(str(opt / folder) for folder in folders)} if opt else {}
    return Start([str(program), str(NODE_CLIENT)], program.parent, variables)


def _custom(task_root: Path, opt: Path | None) -> Start:
    for folder in filter(None, (task_root, opt)):
        if os.access(folder / "bootstrap", os.X_OK):
            return Start([str(folder / "bootstrap")], Path("/usr/local/bin"))
    raise FileNotFoundError("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")


@functools.cache
def python_name(python: Path) -> str:
    """Lambda's name of the runtime that an interpreter is, such as ``python3.11``."""
    program = "import awslambdaric, sys; print('python%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-B", "-c", program], env={}, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise BrokenRuntimeError(f"the runtime environment is broken: {done.stderr.strip()}")
    return done.stdout.strip()


def node_name() -> str | None:
    """Lambda's name of this machine's Node, such as ``nodejs20.x``."""
    node = _node()
    return node[0] if node else None


@functools.cache
def _node() -> tuple[str, Path] | None:
    """Its name, and where it is."""
    if not (found := shutil.which("node")):
        return None
    done = subprocess.run([found, "--version"], env={}, capture_output=True, text=True, timeout=60)
    major = done.stdout.strip().removeprefix("v").partition(".")[0]
    return (f"nodejs{major}.x", Path(found)) if done.returncode == 0 and major.isdigit() else None
