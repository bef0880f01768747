"""The virtual environments that a cloud needs, made when they are first wanted, from pins of this distribution.

They are shared by all projects, in `EMBEDDED_CLOUD_HOME` or the user's cache folder.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PathDistribution, distribution
from pathlib import Path
from urllib.parse import unquote, urlparse

import filelock
import psutil

from embedded_cloud.errors import CloudError
from embedded_cloud.progress import step

NAME = "embedded-cloud"
REQUIREMENTS = Path(__file__).parent / "requirements"
READY = ".ready"  # of an environment: what it was made from, and by its time when it was last asked for
RELEASE = re.compile(r"\d+\.\d+\.\d+-[0-9a-f]{8}")
UNUSED_SECONDS = 30 * 86400
SETTINGS = {"UV_SYSTEM_CERTS": "1", "UV_NO_PROGRESS": "1"}  # the system's certificates include those of a proxy


def home() -> Path:
    """Where the environments of this release are kept: another one's may be in use, by the cloud of another project."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    root = Path(os.environ.get("EMBEDDED_CLOUD_HOME") or Path(cache, NAME)).absolute()
    content = "".join([_own_digest(), *(_digest(pins) for pins in sorted(REQUIREMENTS.glob("*.txt")))])
    return root / f"{_own().version}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def forget_unused(kept: Path) -> None:
    """Remove what other releases installed beside `kept`, if nobody has asked for it in a month and nothing runs it."""
    for other in kept.parent.iterdir():
        used = max((ready.stat().st_mtime for ready in other.glob(f"*/{READY}")), default=time.time())
        if other != kept and RELEASE.fullmatch(other.name) and time.time() - used > UNUSED_SECONDS:
            commands = (process.info["cmdline"] or [""] for process in psutil.process_iter(["cmdline"]))
            if not any(str(other) in argument for command in commands for argument in command):
                shutil.rmtree(other, ignore_errors=True)


class Environments:
    """The environments below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def localstack(self) -> Path:
        """LocalStack's environment, with the plug-ins of this distribution."""
        return self._ensure("localstack", ["localstack"], sys.executable, plugins=True)

    def sam(self) -> Path:
        """SAM CLI's."""
        return self._ensure("sam", ["sam"], sys.executable)

    def runtime(self, name: str) -> Path:
        """What AWS's Python runtime of that name holds, and no more; CloudError where there is no such Python."""
        version = name.removeprefix("python")
        return self._ensure(name, ["lambda"], self.python(version), options=["--compile-bytecode"])

    def build(self, name: str) -> Path:
        """A Python of a runtime's version with pip, as `sam build` looks for it."""
        return self._ensure(f"build-{name}", [], self.python(name.removeprefix("python")), seed=True)

    def python(self, version: str) -> str:
        """An interpreter of this version on this machine; CloudError where there is none."""
        if sys.version_info[:2] == tuple(map(int, version.split("."))):
            return sys.executable
        found = self._uv("python", "find", "--no-python-downloads", "--system", version)
        if found.returncode:
            raise CloudError(f"There is no Python {version} on this machine", f"uv python install {version}")
        return found.stdout.strip()

    def has_python(self, version: str) -> bool:
        """Whether there is an interpreter of this version."""
        try:
            return bool(self.python(version))
        except CloudError:
            return False

    def _ensure(
        self,
        name: str,
        requirements: Sequence[str],
        python: str,
        *,
        options: Sequence[str] = (),
        plugins: bool = False,
        seed: bool = False,
    ) -> Path:
        folder, files = self.root / name, [REQUIREMENTS / f"{each}.txt" for each in requirements]
        here = sys.version if python == sys.executable else python  # whichever project's environment this runs in
        made_from = json.dumps([here, *map(_digest, files)])
        self.root.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(self.root / f".{name}.lock"):
            if (folder / READY).exists() and (folder / READY).read_text() == made_from:
                (folder / READY).touch()
                return folder
            forget_unused(self.root)
            with step(f"Installing {name} (once)"):
                self._run("venv", "--quiet", "--clear", *(["--seed"] if seed else []), "--python", python, str(folder))
                for file in files:
                    pins = ["--require-hashes", *options, "--requirement", str(file)]
                    self._run("pip", "install", "--quiet", "--python", str(folder), *pins)
                if plugins:
                    self._install_plugins(folder)
                    subprocess.run([folder / "bin/python", "-m", "embedded_cloud.service_index"], check=True)
            (folder / READY).write_text(made_from)
        return folder

    def _install_plugins(self, folder: Path) -> None:
        """This distribution as it is installed here: linked where it is, or copied file by file."""
        if sources := _editable(_own()):
            self._run("pip", "install", "--quiet", "--python", str(folder), "--no-deps", "--editable", str(sources))
            return
        site = next((folder / "lib").glob("python*/site-packages"))
        for file in _own().files or []:
            if file.parts[0].startswith("embedded_cloud") and "__pycache__" not in file.parts:
                target = site / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(str(file.locate()), target)

    def _run(self, *arguments: str) -> None:
        done = self._uv(*arguments)
        if done.returncode:
            tail = "\n    ".join((done.stdout + done.stderr).splitlines()[-12:])
            raise CloudError(
                f"uv {arguments[0]} failed:\n    {tail}", "Is there a way to the package index? Then try again"
            )

    def _uv(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        from uv import find_uv_bin  # only here: a cloud whose environments are made by others does not have it

        environment = {**os.environ, **SETTINGS}
        return subprocess.run([find_uv_bin(), *arguments], env=environment, capture_output=True, text=True)


@cache
def _own() -> PathDistribution:
    found = distribution(NAME)
    assert isinstance(found, PathDistribution)
    return found


def _own_digest() -> str:
    """Of the files that are installed of this distribution."""
    if sources := _editable(_own()):
        return _digest(sources / "pyproject.toml")  # which names the plug-ins; their code is read where it is
    record = _own().read_text("RECORD") or ""
    lines = sorted(line for line in record.splitlines() if line.startswith("embedded_cloud") and ".pyc" not in line)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _editable(own: PathDistribution) -> Path | None:
    """The folder of the sources, where the distribution is installed as a link to them."""
    origin = json.loads(own.read_text("direct_url.json") or "{}")
    if not origin.get("dir_info", {}).get("editable"):
        return None
    return Path(unquote(urlparse(origin["url"]).path))


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
