"""What of a template can run on this machine: each function's runtime and architecture, and what has no effect here."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedded_cloud import template
from embedded_cloud.architecture import lambda_architecture
from embedded_cloud.cloud import python_runtime
from embedded_cloud.environments import Environments
from embedded_cloud.errors import CloudError
from embedded_cloud.profile import FILE, Profile
from embedded_cloud.progress import say
from embedded_cloud.sandbox.runtimes import CUSTOM, node_name

FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
LAYER = "AWS::Serverless::LayerVersion"
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
        runtime = _given(profile, read, properties.get("Runtime", defaults.get("Runtime")))
        if runtime:
            nearest = _nearest(runtime, environments)
            if nearest != runtime and not (adapt and nearest):
                refused.append(f"{name} asks for {runtime}, which this machine has not: {_remedy(nearest)}")
                continue
            if nearest != runtime:
                say(f"{name} asks for {runtime} and runs on {nearest}")
                properties["Runtime"] = nearest
            runtimes.add(nearest)
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
    for name, layer in template.of_type(read, LAYER).items():
        method = (layer.get("Metadata") or {}).get("BuildMethod", "")
        nearest = _nearest(method, environments) if method.startswith(("python", "nodejs")) else ""
        if nearest and nearest != method and adapt:
            say(f"Layer {name} is built with {nearest}, not {method}")
            layer["Metadata"]["BuildMethod"] = nearest
        runtimes.add(nearest)
    if refused:
        lines = "\n    ".join(refused)
        raise CloudError(f"Not all functions can run here:\n    {lines}", f"Change {profile.template_file.name}")
    with suppress(KeyError, TypeError):
        del read["Globals"]["Function"]["Architectures"]  # SAM would add a function's own to these
    _leave_out(read)
    return Sources(read, frozenset(each for each in runtimes if each.startswith("python")))


def _given(profile: Profile, read: dict[str, Any], value: Any) -> str:
    """A property's text, or that of the parameter that it refers to; empty where it is neither."""
    if isinstance(value, dict) and list(value) == ["Ref"]:
        declared = (read.get("Parameters") or {}).get(value["Ref"]) or {}
        value = profile.parameters.get(value["Ref"], declared.get("Default"))
    return value if isinstance(value, str) else ""


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


def code(properties: dict[str, Any]) -> tuple[str, Any]:
    """The property that says where a function's code is, and what it says."""
    name = "CodeUri" if "CodeUri" in properties else "Code"
    return name, properties.get(name)


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
