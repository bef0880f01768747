"""Any SAM project built by `sam build`: its functions in read-only folders, named by what they hold."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from embedded_cloud import artifacts, template
from embedded_cloud.architecture import lambda_architecture
from embedded_cloud.aws import REGION
from embedded_cloud.cloud import python_runtime
from embedded_cloud.environments import Environments
from embedded_cloud.errors import CloudError
from embedded_cloud.profile import FILE, Profile
from embedded_cloud.progress import say
from embedded_cloud.sandbox.runtimes import CUSTOM, node_name

FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
ADAPTED = ".embedded-cloud.template.yaml"  # beside the template, whose relative paths it has, for as long as SAM builds
FLAG = "--adapt"
# What only watches a stack on AWS, which LocalStack has not, and nothing else needs.
WATCHING = ("AWS::ApplicationInsights::Application", "AWS::CloudWatch::Dashboard")


@dataclass(frozen=True)
class Sources:
    """A project's template as it is to be built here."""

    template: dict[str, Any]
    pythons: frozenset[str]
    """The Python runtimes of its functions."""


def prepared(profile: Profile, environments: Environments, *, adapt: bool) -> Sources:
    """The template, its functions for this machine where `adapt` allows it.

    Raises CloudError with a line for each function that cannot run here.
    """
    read = template.read(profile.template_file)
    refused, runtimes = [], set()
    defaults = (read.get("Globals") or {}).get("Function") or {}
    for name, function in template.of_type(read, *FUNCTIONS).items():
        properties = function.setdefault("Properties", {})
        if properties.get("PackageType", defaults.get("PackageType")) == "Image":
            refused.append(f"{name} is a container image, and only ZIP packages run here: set PackageType to Zip")
            continue
        runtime = properties.get("Runtime", defaults.get("Runtime"))
        if isinstance(runtime, str):
            nearest = _nearest(runtime, environments)
            if nearest != runtime and not (adapt and nearest):
                refused.append(f"{name} asks for {runtime}, which this machine has not: {_remedy(nearest)}")
                continue
            if nearest != runtime:
                say(f"{name} asks for {runtime} and runs on {nearest}")
            runtimes.add(nearest)
            properties["Runtime"] = nearest
            _, where = code({**defaults, **properties})
            if runtime in CUSTOM and isinstance(where, str) and _is_built(profile.template_file.parent / where):
                function.setdefault("Metadata", {}).setdefault("SkipBuild", True)
        machine = lambda_architecture()
        wanted = properties.get("Architectures", defaults.get("Architectures", ["x86_64"]))
        if isinstance(wanted, list) and all(isinstance(each, str) for each in wanted):
            if wanted != [machine] and not adapt and "Architectures" in {**defaults, **properties}:
                remedy = f"{FLAG}, or adapt = true in {FILE}, builds it for this machine"
                refused.append(f"{name} asks for {', '.join(wanted)}, and this machine is {machine}: {remedy}")
            properties["Architectures"] = [machine]
    if refused:
        lines = "\n    ".join(refused)
        raise CloudError(f"Not all functions can run here:\n    {lines}", f"Change {profile.template_file.name}")
    with suppress(KeyError, TypeError):
        del read["Globals"]["Function"]["Architectures"]  # SAM would add a function's own to these
    _leave_out(read)
    return Sources(read, frozenset(each for each in runtimes if each.startswith("python")))


def _leave_out(read: dict[str, Any]) -> None:
    """Remove from a template what has no effect here, and say so: dashboards, and the pace of a deployment."""
    for name, resource in template.of_type(read, *WATCHING).items():
        say(f"{name} is left out: {resource['Type']} is on AWS only")
        del read["Resources"][name]
        outputs = read.get("Outputs") or {}
        for output in [each for each, value in outputs.items() if name in json.dumps(value)]:
            del outputs[output]
    defaults = (read.get("Globals") or {}).get("Function") or {}
    functions = template.of_type(read, FUNCTIONS[0])
    for where, properties in (("Globals", defaults), *((name, each["Properties"]) for name, each in functions.items())):
        if properties.pop("DeploymentPreference", None):
            say(f"DeploymentPreference of {where} is left out: here a deployment changes over at once")


def build(profile: Profile, sources: Sources, state: Path, environments: Environments, log: Path) -> Path:
    """The folder of the built template and its artifacts; CloudError with the end of SAM's output if it fails."""
    builds, adapted = state / "builds", profile.template_file.with_name(ADAPTED)
    unfinished = builds / ".unfinished"
    artifacts.remove(unfinished)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    command = ["sam", "build", "--template-file", str(adapted), "--build-dir", str(unfinished), "--cached"]
    command += ["--cache-dir", str(state / "sam-cache"), "--parallel", "--config-env", "embedded-cloud"]
    try:
        adapted.write_text(yaml.safe_dump(sources.template, sort_keys=False))
        artifacts.run(command, profile.folder, _environment(environments, sources.pythons), log)
    finally:
        adapted.unlink(missing_ok=True)
    built = template.read(unfinished / "template.yaml")
    digests = {folder: artifacts.freeze(unfinished / folder) for folder in sorted(set(_folders(built, unfinished)))}
    (unfinished / "template.yaml").write_text(yaml.safe_dump(built, sort_keys=False))
    (unfinished / artifacts.DIGESTS).write_text(json.dumps(digests))
    content = json.dumps([built, digests], sort_keys=True).encode()
    target = builds / hashlib.sha256(content).hexdigest()[:12]
    if target.exists():
        artifacts.remove(unfinished)
        target.touch()
    else:
        unfinished.rename(target)
    return target


def code(properties: dict[str, Any]) -> tuple[str, Any]:
    """The property that says where a function's code is, and what it says."""
    name = "CodeUri" if "CodeUri" in properties else "Code"
    return name, properties.get(name)


def _folders(built: dict[str, Any], folder: Path) -> Iterator[str]:
    """The folders of a build that functions run from; what SAM did not build is copied into it first."""
    for name, function in template.of_type(built, *FUNCTIONS).items():
        of_code, where = code(function["Properties"])
        if not isinstance(where, str) or not (folder / where).is_dir():
            continue
        if not (folder / where).resolve().is_relative_to(folder):
            shutil.copytree(folder / where, folder / name, symlinks=True)
            function["Properties"][of_code] = where = name
        yield where


def _is_built(folder: Path) -> bool:
    """Whether a custom runtime's folder is complete, for SAM asks for a Makefile in each."""
    return (folder / "bootstrap").exists() and not (folder / "Makefile").exists()


def _nearest(runtime: str, environments: Environments) -> str:
    """The runtime itself where it is here, else the nearest of its language; empty where there is none."""
    if runtime in CUSTOM:
        return runtime
    if found := re.fullmatch(r"python3\.(\d+)", runtime):
        if environments.has_python(f"3.{found[1]}"):
            return runtime
        return python_runtime()
    if runtime.startswith("nodejs"):
        return node_name() or ""
    return ""


def _remedy(nearest: str) -> str:
    if nearest:
        return f"install it, or take {nearest} with {FLAG}, or adapt = true in {FILE}"
    return f"functions here are in Python or Node, or bring a bootstrap ({CUSTOM[0]})"


def _environment(environments: Environments, pythons: frozenset[str]) -> dict[str, str]:
    """The caller's, with SAM and the Pythons of the runtimes first; SAM asks nobody else."""
    tools = [environments.sam() / "bin", *(environments.build(each) / "bin" for each in sorted(pythons))]
    settings = {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": REGION}
    return {**os.environ, **settings, "PATH": os.pathsep.join([*map(str, tools), os.environ["PATH"]])}


def forget_old(builds: Path, kept: Path) -> None:
    """Every build but one, and SAM's of an interrupted run."""
    for old in builds.glob("*") if builds.exists() else ():
        if old != kept:
            artifacts.remove(old)
    shutil.rmtree(builds / ".unfinished", ignore_errors=True)
