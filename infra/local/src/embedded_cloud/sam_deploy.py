"""Any SAM project's build onto a running LocalStack.

A change of code alone is given to the functions that are there. A change of the template is another stack in the place
of the one that was there: LocalStack's own updates lose routes and keep half of a failed change. If it cannot be
created, the one before is created again.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template as Text
from typing import Any

import yaml

from embedded_cloud import artifacts, stack, template
from embedded_cloud.cloud import Cloud
from embedded_cloud.errors import CloudError
from embedded_cloud.localstack import FOLDERS_BUCKET
from embedded_cloud.profile import FILE, Profile
from embedded_cloud.progress import say, step
from embedded_cloud.sources import FUNCTIONS, code
from embedded_cloud.stack import Stack

ARTIFACTS_BUCKET = "embedded-cloud-artifacts"
# In the state while functions are given other code: which of them have it is known when it is gone.
HALF_GIVEN = "half given"
# Properties that `sam package` replaces where they name a file or a folder.
LOCAL = {"CodeUri", "ContentUri", "DefinitionUri", "Code", "Content", "Location", "SchemaUri", "TemplateURL"}


def deploy(cloud: Cloud, profile: Profile, build: Path) -> Stack:
    """Make a build serve; returns its stack. CloudError with CloudFormation's reasons where it cannot."""
    name, parameters = profile.stack_name, given_parameters(profile, cloud, template.read(build / "template.yaml"))
    wanted = {"stack": name, "build": build.name, "parameters": parameters}
    before = cloud.state.read("deployment")
    old = _described(cloud, before.get("stack", ""))
    if old and wanted == before:
        return old
    earlier = build.parent / before.get("build", "-")
    if old and before["parameters"] == parameters and (changed := _changed_code(earlier, build)) is not None:
        # A run that was killed here may have left some functions with other code: then all are given theirs.
        given = _places(build)[1] if HALF_GIVEN in before else changed
        _give(cloud, profile, old, given, _places(earlier)[1])
        cloud.state.write("deployment", wanted)
        return old
    address = _package(cloud, profile, build)
    remedy = f"Mend {profile.template_file.name}"
    if old:
        stack.check(cloud.aws, f"{name}-check", address, parameters, f"{remedy}; what served before still serves")
    if old or name in stack.names(cloud.aws, name):
        say("The template has changed: what the stack's tables, queues and buckets hold goes with the stack before")
        with step(f"Deleting stack {name}"):
            stack.delete(cloud.aws, name)
    try:
        with step(f"Creating stack {name}"):
            new = stack.create(cloud.aws, name, address, parameters, remedy)
        _prove(cloud, profile, new)
    except CloudError:
        if old and (earlier / "template.yaml").exists():
            with step(f"Creating stack {name} as it was before"):
                stack.delete(cloud.aws, name)
                before_address = _package(cloud, profile, earlier)
                stack.create(cloud.aws, name, before_address, before["parameters"], "embedded-cloud logs")
        raise
    cloud.state.write("deployment", wanted)
    return new


def given_parameters(profile: Profile, cloud: Cloud, built: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of the template that the profile gives; CloudError names those that nobody gives."""
    addresses = {}
    if "postgres" in cloud.services:
        addresses["DATABASE_URL"] = cloud.database_url
    if "valkey" in cloud.services:
        addresses["REDIS_URL"] = cloud.redis_url
    declared = built.get("Parameters") or {}
    given = {name: Text(value).safe_substitute(addresses) for name, value in profile.parameters.items()}
    if unknown := sorted(given.keys() - declared.keys()):
        raise CloudError(
            f"{FILE} gives {', '.join(unknown)}, which the template does not declare",
            f"It declares {', '.join(declared) or 'no parameters'}",
        )
    missing = [name for name, about in declared.items() if "Default" not in about and name not in given]
    if missing:
        lines = "\n    ".join(f'{name} = "…"' for name in missing)
        raise CloudError(
            f"The template's parameters {', '.join(missing)} have no default",
            f"Write them into {FILE}:\n    [parameters]\n    {lines}",
        )
    return given


def _described(cloud: Cloud, name: str) -> Stack | None:
    try:
        return stack.describe(cloud.aws, name) if name else None
    except KeyError:
        return None


def _changed_code(earlier: Path, build: Path) -> dict[str, dict[str, str]] | None:
    """Where the code is of each function whose code alone has changed; None where more has changed than code."""
    try:
        one, other = (_places(folder) for folder in (earlier, build))
    except (OSError, KeyError, CloudError):
        return None
    if one[0] != other[0] or "AutoPublishAlias" in one[0]:
        return None
    return {name: place for name, place in other[1].items() if one[1][name] != place}


def _places(build: Path) -> tuple[str, dict[str, dict[str, str]]]:
    """A build's template without the code of its functions, and where the code of each is."""
    digests = json.loads((build / artifacts.DIGESTS).read_text())
    built, places = template.read(build / "template.yaml"), {}
    for name, function in template.of_type(built, *FUNCTIONS).items():
        of_code, folder = code(function["Properties"])
        if folder in digests:
            places[name] = _place(build / folder, digests[folder])
            function["Properties"][of_code] = ""
    return json.dumps([built, _files(built, build)], sort_keys=True), places


def _files(built: Any, build: Path) -> list[str]:
    """What the other files that a template names hold."""
    return [artifacts.digest(build / path)["sha256"] for path in sorted(set(_local(built, build)))]


def _place(folder: Path, digest: Mapping[str, Any]) -> dict[str, str]:
    key = f"{digest['sha256']}/{digest['bytes']}{folder.absolute()}"
    return {"Bucket": FOLDERS_BUCKET, "Key": key}


def _give(
    cloud: Cloud, profile: Profile, old: Stack, places: Mapping[str, Mapping[str, str]], before: Mapping[str, Any]
) -> None:
    """Give functions the code of some places and prove it; if that fails, the code of the places before again."""
    deployed, client = cloud.state.read("deployment"), cloud.aws.client("lambda")

    def give(known: Mapping[str, Mapping[str, str]]) -> None:
        for function in places:
            name, place = old.functions[function], known[function]
            client.update_function_code(FunctionName=name, S3Bucket=place["Bucket"], S3Key=place["Key"])
            client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=stack.POLL)

    cloud.state.write("deployment", {**deployed, HALF_GIVEN: True})
    try:
        with step(f"Giving {len(places)} functions their code"):
            give(places)
        _prove(cloud, profile, old)
    except BaseException:
        with step("Giving them the code of before"):
            give(before)
        cloud.state.write("deployment", {name: value for name, value in deployed.items() if name != HALF_GIVEN})
        raise


def _package(cloud: Cloud, profile: Profile, build: Path) -> str:
    """Upload the template and what it names but the functions' code, which runs where it is; returns its address."""
    built, places = template.read(build / "template.yaml"), _places(build)[1]
    for name, function in template.of_type(built, *FUNCTIONS).items():
        if name in places:
            of_code, _ = code(function["Properties"])
            place = places[name]
            by_s3 = {"S3Bucket": place["Bucket"], "S3Key": place["Key"]}
            function["Properties"][of_code] = place if of_code == "CodeUri" else by_s3
    s3 = cloud.aws.client("s3")
    s3.create_bucket(Bucket=ARTIFACTS_BUCKET)
    packaged = build / "packaged.yaml"
    packaged.write_text(yaml.safe_dump(built, sort_keys=False))
    if any(_local(built, build)):
        with step("Uploading what the template names"):
            _sam_package(cloud, packaged)
    key = f"{profile.stack_name}/{build.name}.yaml"
    s3.upload_file(str(packaged), ARTIFACTS_BUCKET, key)
    return f"{cloud.aws.endpoint_url}/{ARTIFACTS_BUCKET}/{key}"


def _sam_package(cloud: Cloud, packaged: Path) -> None:
    settings = {
        "AWS_ENDPOINT_URL": cloud.aws.endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "SAM_CLI_TELEMETRY": "0",
    }
    program = str(cloud.environments / "sam" / "bin" / "sam")
    command = [program, "package", "--template-file", str(packaged), "--s3-bucket", ARTIFACTS_BUCKET]
    command += ["--output-template-file", str(packaged), "--config-env", "embedded-cloud"]
    artifacts.run(command, packaged.parent, {**os.environ, **settings}, cloud.state.logs / "build.log")


def _local(value: Any, folder: Path) -> Iterator[str]:
    """The files and folders that a template in this folder names."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name in LOCAL and isinstance(each, str) and each and (folder / each).exists():
                yield each
            else:
                yield from _local(each, folder)
    elif isinstance(value, list):
        for each in value:
            yield from _local(each, folder)


def _prove(cloud: Cloud, profile: Profile, new: Stack) -> None:
    """Invoke what the profile says; CloudError where it fails."""
    if not profile.smoke:
        return
    name = profile.smoke["function"]
    if name not in new.functions:
        raise CloudError(f"{FILE} has function {name!r} in [smoke]", f"One of {', '.join(sorted(new.functions))}")
    event = json.dumps(profile.smoke.get("event", {})).encode()
    with step("Smoke test"):
        answer = cloud.aws.client("lambda").invoke(FunctionName=new.functions[name], Payload=event)
    if "FunctionError" in answer:
        raise CloudError(
            f"{name} fails the smoke test: {answer['Payload'].read().decode()}", f"embedded-cloud logs {name}"
        )
