"""Artifacts as `sam build` makes them, once per content: in a folder named by the digest of all they are made from.

SAM itself takes 6 s of Python for 2 s of work, so its makefile is called without it; `sam validate --lint` runs beside,
once for each template.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import filelock
import yaml

from embedded_cloud.architecture import lambda_architecture
from embedded_cloud.artifacts import DIGESTS, freeze, is_held, remove, run
from embedded_cloud.aws import REGION
from embedded_cloud.cloud import python_runtime
from embedded_cloud.errors import CloudError
from embedded_cloud.template import of_type, read
from mlops_cloud.use_case import DEFAULT_USE_CASE, UseCase

SOURCES = ("template.yaml", "step_functions", "functions/Makefile", "functions/mlops")
FORMAT = 4  # of a build's folder: another one is another build
KEPT_BUILDS = 3
FUNCTION = "AWS::Serverless::Function"
# psycopg2-binary and obstore have no wheels for ARM that are older; Lambda's x86_64 has glibc 2.26.
PLATFORMS = {"aarch64": "aarch64-manylinux_2_28"}
CAPTURED: dict[str, Any] = {"capture_output": True, "text": True}


def digest(project: Path, use_case: UseCase) -> str:
    """Digest of the sources, the use case, the interpreter's version and the machine's: the name of the build."""
    return _digest(project, _sources(project, use_case), use_case)[:12]


def _digest(project: Path, sources: Iterable[Path], use_case: UseCase) -> str:
    total = hashlib.sha256(f"{FORMAT} {python_runtime()} {lambda_architecture()} {use_case.name}".encode())
    for path in sources:
        total.update(f"{path.relative_to(project)}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def build(project: Path, builds: Path, environments: Path, log: Path, use_case: UseCase = DEFAULT_USE_CASE) -> Path:
    """The folder of the built template and artifacts of a use case, built now unless it is there.

    `environments` holds `sam`, `uv`, and `lambda`, which has what the Lambda runtime has and no more.
    Raises CloudError with the end of its output if a build fails, if an artifact cannot be imported in the `lambda`
    environment, or with SAM's words for a broken template; what was built before stays as it was.
    """
    target = builds / digest(project, use_case)
    builds.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(builds / ".lock"):  # who comes meanwhile has much the same to build
        if (target / "template.yaml").exists():
            target.touch()
        else:
            _build(project, target, environments, log, use_case)
    return target


def _build(project: Path, target: Path, environments: Path, log: Path, use_case: UseCase) -> None:
    builds = target.parent
    log.parent.mkdir(parents=True, exist_ok=True)
    unfinished = builds / f".{target.name}.{os.getpid()}"
    unfinished.mkdir()
    try:
        environment = {
            **_environment(environments),
            "ARTIFACT_CACHE": str(builds.parent),
            "USE_CASE": use_case.name,
        }
        python = environments / "lambda" / "bin" / "python"

        known = _known(builds)

        def function(name: str) -> tuple[str, dict[str, Any]]:
            artifact, made_of = unfinished / name, _digest(project, _sources_of(project, use_case, name), use_case)
            if (found := known.get(made_of)) and _linked(found[0], artifact):
                return name, found[1]
            artifact.mkdir()
            run(["make", f"build-{name}"], project / "functions", {**environment, "ARTIFACTS_DIR": str(artifact)}, log)
            _check_import(artifact, python, use_case)
            return name, {**freeze(artifact), "made_of": made_of}

        log.write_bytes(b"")
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            validated = pool.submit(_validate, project / "template.yaml", builds, environment, log)
            template = built_template(project / "template.yaml")
            frozen = pool.map(function, of_type(template, FUNCTION))
            validated.result()
            (unfinished / DIGESTS).write_text(json.dumps(dict(frozen)))
        shutil.copytree(project / "step_functions", unfinished / "step_functions")
        (unfinished / "template.yaml").write_text(yaml.safe_dump(template, sort_keys=False))
        unfinished.rename(target)
    finally:
        remove(unfinished)
    _forget_old(builds)
    _forget_dependencies(builds.parent / "dependencies")


def _known(builds: Path) -> dict[str, tuple[Path, dict[str, Any]]]:
    """The artifacts of earlier builds, by the digest of what they were made of."""
    found = {}
    for digests in builds.glob(f"[!.]*/{DIGESTS}"):
        with suppress(OSError, ValueError):
            for name, about in json.loads(digests.read_text()).items():
                found[about.get("made_of", "")] = digests.parent / name, about
    return found


def _linked(earlier: Path, artifact: Path) -> bool:
    """Make an artifact of links to the files of an earlier one, which are read-only; False if it is gone meanwhile."""
    try:
        shutil.copytree(earlier, artifact, copy_function=os.link)
    except (OSError, shutil.Error):
        remove(artifact)
        return False
    return True


def artifacts(build: Path) -> list[Path]:
    """The folders of a build that become functions."""
    return sorted(handler.parent for handler in build.glob("*/handler.py"))


def built_template(path: Path) -> dict[str, Any]:
    """A template whose functions' code is in folders of their names, beside it, built for this machine."""
    template = read(path)
    with suppress(KeyError, TypeError):
        del template["Globals"]["Function"]["Architectures"]  # SAM would add a function's own to these
    for name, function in of_type(template, FUNCTION).items():
        function.setdefault("Properties", {}).update({"CodeUri": name, "Architectures": [lambda_architecture()]})
    return template


def _validate(template: Path, builds: Path, environment: Mapping[str, str], log: Path) -> None:
    """SAM's and CloudFormation's own words for a broken template, which are the clearest."""
    known = builds / ".valid" / hashlib.sha256(template.read_bytes()).hexdigest()[:16]
    if not known.exists():
        run(["sam", "validate", "--lint", "--template", str(template)], template.parent, environment, log)
        known.parent.mkdir(exist_ok=True)
        known.touch()


def _check_import(artifact: Path, python: Path, use_case: UseCase) -> None:
    environment = {"PYTHONPATH": str(artifact), "USE_CASE": use_case.name}
    tried = subprocess.run([python, "-BPc", "import handler"], cwd="/", env=environment, **CAPTURED)
    if tried.returncode:
        tail = "\n    ".join(tried.stderr.splitlines()[-6:])
        raise CloudError(
            f"{artifact.name} cannot be imported:\n    {tail}",
            "Fix its handler, or add what it lacks to its requirements.in and run make requirements",
        )


def _environment(environments: Path) -> dict[str, str]:
    """The caller's, with the pinned tools first; built for this machine, and SAM asks nobody else."""
    tools = [str(environments / name / "bin") for name in ("uv", "sam")]
    offline = {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": REGION, "PYTHON": sys.executable}
    offline["PLATFORM"] = PLATFORMS.get(platform.machine(), f"{platform.machine()}-manylinux2014")
    return {**os.environ, **offline, "PATH": os.pathsep.join([*tools, os.environ["PATH"]])}


def _sources(project: Path, use_case: UseCase) -> Iterator[Path]:
    """All that is built from: other use cases are not among it, so editing them rebuilds nothing."""
    handlers = sorted(handler.parent for handler in (project / "functions").glob("*/handler.py"))
    return _files([*(project / name for name in SOURCES), *handlers, use_case.folder(project) / use_case.name])


def _sources_of(project: Path, use_case: UseCase, function: str) -> Iterator[Path]:
    """What one artifact is made of."""
    functions = project / "functions"
    own = functions / function.removesuffix("Function").lower()
    return _files([functions / "Makefile", functions / "mlops", own, use_case.folder(project) / use_case.name])


def _files(roots: Iterable[Path]) -> Iterator[Path]:
    for root in roots:
        found = [root] if root.is_file() else sorted(root.rglob("*"))
        yield from (path for path in found if path.is_file() and "__pycache__" not in path.parts)


def _forget_old(builds: Path) -> None:
    """But for the newest few, and those that a cloud serves; of others that build here some may be gone already."""
    done = sorted(builds.glob("[!.]*/template.yaml"), key=lambda template: template.parent.stat().st_mtime)
    for old in (template.parent for template in done[:-KEPT_BUILDS]):
        if not is_held(old):
            remove(old)


def _forget_dependencies(folder: Path) -> None:
    """But for each function's newest few; builds have links of their own to the files."""
    found = sorted((path for path in folder.glob("*-*") if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for function in {path.name.partition("-")[0] for path in found}:
        of_function = [path for path in found if path.name.partition("-")[0] == function]
        for old in of_function[:-KEPT_BUILDS]:
            remove(old)


def install(functions: Path, cache: Path, environments: Path) -> None:
    """Install the dependencies of every function into a cache that builds look into, and build nothing."""
    environment = {**_environment(environments), "ARTIFACT_CACHE": str(cache)}
    for requirements in sorted(functions.glob("*/requirements.txt")):
        log = cache / "install.log"
        run(["make", "cached", f"FUNCTION={requirements.parent.name}"], functions, environment, log)
        log.unlink()


if __name__ == "__main__":
    install(Path.cwd(), Path(sys.argv[1]), Path(sys.argv[2]))
