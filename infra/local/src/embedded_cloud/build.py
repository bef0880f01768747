"""`sam build`, once per content: artifacts live in a folder named by the digest of everything they are made from."""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from embedded_cloud.aws import REGION
from embedded_cloud.errors import CloudError
from embedded_cloud.use_case import DEFAULT_USE_CASE, UseCase

SOURCES = ("template.yaml", "step_functions", "functions/Makefile", "functions/mlops")
DIGESTS = "digests.json"  # of a build: by artifact, its `sha256` and `bytes`
HOLDERS = "holders"  # of a build: links to the documents of clouds that deploy it
KEPT_BUILDS = 3
CAPTURED: dict[str, Any] = {"capture_output": True, "text": True}


def runtime() -> str:
    """The Lambda runtime that this interpreter stands for: artifacts are built for the Python that will run them."""
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def digest(project: Path, use_case: UseCase) -> str:
    """Digest of the sources, the use case and the interpreter's version: the name of the build."""
    total = hashlib.sha256(f"{runtime()} {use_case.name}".encode())
    for path in _sources(project, use_case):
        total.update(f"{path.relative_to(project)}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()[:12]


def build(project: Path, builds: Path, environments: Path, log: Path, use_case: UseCase = DEFAULT_USE_CASE) -> Path:
    """The folder of the built template and artifacts of a use case, built now unless it is there.

    `environments` holds `sam`, `uv`, and `lambda`, which has what the Lambda runtime has and no more.
    Raises CloudError with the end of SAM's output if the build fails, or if an artifact cannot be imported in the
    `lambda` environment; what was built before stays as it was.
    """
    target = builds / digest(project, use_case)
    if (target / "template.yaml").exists():
        target.touch()
        return target
    log.parent.mkdir(parents=True, exist_ok=True)
    unfinished = builds / f".{target.name}.{os.getpid()}"
    unfinished.mkdir(parents=True)
    try:
        environment = {
            **_environment(environments),
            "ARTIFACT_CACHE": str(builds.parent),
            "USE_CASE": use_case.name,
        }
        with log.open("wb") as output:
            for command in _commands(project, unfinished):
                made = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, cwd=project, env=environment)
                if made.returncode:
                    tail = "\n    ".join(log.read_text(errors="replace").splitlines()[-15:])
                    raise CloudError(
                        f"{' '.join(map(str, command[:2]))} failed:\n    {tail}",
                        f"Fix what it names; the whole output is {log}",
                    )
        _bring_in(project / "step_functions", unfinished)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            python = environments / "lambda" / "bin" / "python"
            checks = pool.map(lambda artifact: _check_import(artifact, python, use_case), artifacts(unfinished))
            frozen = dict(pool.map(_frozen, artifacts(unfinished)))
            list(checks)
        (unfinished / DIGESTS).write_text(json.dumps(frozen))
        try:
            unfinished.rename(target)
        except OSError:
            if not target.exists():  # else another one was quicker
                raise
    finally:
        remove(unfinished)
    _forget_old(builds)
    return target


def artifacts(build: Path) -> list[Path]:
    """The folders of a build that become functions."""
    return sorted(handler.parent for handler in build.glob("*/handler.py"))


def _bring_in(folder: Path, build: Path) -> None:
    """Copy what SAM leaves in the checkout and only refers to: a build serves every checkout of the same content."""
    shutil.copytree(folder, build / folder.name)
    template = build / "template.yaml"
    template.write_text(template.read_text().replace(os.path.relpath(folder, build), folder.name))


def _frozen(artifact: Path) -> tuple[str, dict[str, Any]]:
    """Make an artifact read-only, as it is on Lambda; returns its name, digest and size."""
    total, size = hashlib.sha256(), 0
    for path in sorted(artifact.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            total.update(f"{path.relative_to(artifact)}\0{len(content)}\0".encode())
            total.update(content)
            size += len(content)
        path.chmod(path.stat().st_mode & ~0o222)
    return artifact.name, {"sha256": total.hexdigest(), "bytes": size}


def _check_import(artifact: Path, python: Path, use_case: UseCase) -> None:
    environment = {"PYTHONPATH": str(artifact), "USE_CASE": use_case.name}
    tried = subprocess.run([python, "-BPc", "import handler"], cwd="/", env=environment, **CAPTURED)
    if tried.returncode:
        tail = "\n    ".join(tried.stderr.splitlines()[-6:])
        raise CloudError(
            f"{artifact.name} cannot be imported:\n    {tail}",
            "Fix its handler, or add what it lacks to its requirements.in and run make requirements",
        )


def _commands(project: Path, target: Path) -> list[list[str | Path]]:
    """Validation first: its words for a broken template are the clearest."""
    template: list[str | Path] = ["--template", project / "template.yaml"]
    runtimes = ["--parameter-overrides", f"Runtime={runtime()}"]
    return [
        ["sam", "validate", "--lint", *template],
        ["sam", "build", *template, "--build-dir", target, "--parallel", "--build-in-source", *runtimes],
    ]


def _environment(environments: Path) -> dict[str, str]:
    """The caller's, with the pinned tools first; built for this machine, and SAM asks nobody else."""
    tools = [str(environments / name / "bin") for name in ("uv", "sam")]
    offline = {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": REGION, "PYTHON": sys.executable}
    offline["PLATFORM"] = f"{platform.machine()}-manylinux2014"
    return {**os.environ, **offline, "PATH": os.pathsep.join([*tools, os.environ["PATH"]])}


def _sources(project: Path, use_case: UseCase) -> Iterator[Path]:
    """All that is built from: other use cases are not among it, so editing them rebuilds nothing."""
    handlers = sorted(handler.parent for handler in (project / "functions").glob("*/handler.py"))
    roots = [*(project / name for name in SOURCES), *handlers, use_case.folder(project) / use_case.name]
    for root in roots:
        found = [root] if root.is_file() else sorted(root.rglob("*"))
        yield from (path for path in found if path.is_file() and "__pycache__" not in path.parts)


def _forget_old(builds: Path) -> None:
    """But for the newest few, and those that a cloud serves; of others that build here some may be gone already."""
    done = sorted(builds.glob("[!.]*/template.yaml"), key=lambda template: template.parent.stat().st_mtime)
    for old in (template.parent for template in done[:-KEPT_BUILDS]):
        if not any(_names(document, old.name) for document in (old / HOLDERS).glob("*")):
            remove(old)


def hold(build: Path, document: Path) -> None:
    """Keep a build for as long as a document (JSON) has its name as `build`."""
    link = build / HOLDERS / hashlib.sha256(bytes(document)).hexdigest()[:16]
    link.parent.mkdir(exist_ok=True)
    with suppress(FileExistsError):
        link.symlink_to(document.absolute())


def _names(document: Path, build: str) -> bool:
    try:
        return bool(json.loads(document.read_text())["build"] == build)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def remove(build: Path) -> None:
    """Delete a build, read-only as its artifacts are."""
    for folder in [build, *(path for path in build.rglob("*") if path.is_dir() and not path.is_symlink())]:
        with suppress(OSError):
            folder.chmod(0o755)
    shutil.rmtree(build, ignore_errors=True)
