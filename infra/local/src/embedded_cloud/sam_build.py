"""Any SAM project built by `sam build`: its functions in read-only folders, named by what they hold."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from embedded_cloud import artifacts, template
from embedded_cloud.aws import REGION
from embedded_cloud.environments import Environments
from embedded_cloud.profile import Profile
from embedded_cloud.sources import FUNCTIONS, Sources, code

ADAPTED = ".embedded-cloud.template.yaml"  # beside the template, whose relative paths it has, for as long as SAM builds


def build(profile: Profile, sources: Sources, state: Path, environments: Environments, log: Path) -> Path:
    """The folder of the built template and its artifacts; CloudError with the end of SAM's output if it fails."""
    builds, adapted = state / "builds", profile.template_file.with_name(ADAPTED)
    unfinished = builds / ".unfinished"
    artifacts.remove(unfinished)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    command = ["sam", "build", "--template-file", str(adapted), "--build-dir", str(unfinished), "--cached"]
    command += ["--cache-dir", str(state / "sam-cache"), "--parallel", "--config-env", "embedded-cloud"]
    if profile.parameters:
        given = [f"ParameterKey={name},ParameterValue={value}" for name, value in profile.parameters.items()]
        command += ["--parameter-overrides", *given]
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
