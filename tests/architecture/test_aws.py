"""What goes to AWS fits together: templates, command and workflows name the same things. None of it is run there."""

import json
import re
import ssl
import subprocess
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from mlops_aws.environments import FILE
from mlops_aws.release import ROLES_SECRET, SECRETS
from mlops_aws.versions import ALIAS

ROOT = Path(__file__).parents[2]


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's tags, which mean nothing here."""


def _untagged(loader: Loader, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


Loader.add_multi_constructor("!", _untagged)


def template(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((ROOT / name).read_text(), Loader)
    return loaded


def test_the_data_planes_outputs_are_the_applications_parameters() -> None:
    outputs = set(template("infra/aws/data.yaml")["Outputs"])
    outputs.remove(ROLES_SECRET)
    assert {SECRETS.get(name, name) for name in outputs} <= set(template("template.yaml")["Parameters"])
    assert SECRETS.keys() <= outputs


def test_every_parameter_of_an_environment_is_declared() -> None:
    for name, given in tomllib.loads(FILE.read_text()).items():
        assert given["data"].keys() <= template("infra/aws/data.yaml")["Parameters"].keys(), name
        assert given["application"].keys() <= template("template.yaml")["Parameters"].keys(), name


def resources(*names: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in names:
        yield from template(name)["Resources"].items()


@pytest.mark.parametrize("name", ["template.yaml", "infra/aws/data.yaml"])
def test_every_bucket_refuses_plain_http(name: str) -> None:
    """The policy of each bucket denies everybody what does not come over TLS."""
    buckets = {logical for logical, one in resources(name) if one["Type"] == "AWS::S3::Bucket"}
    refusing = set()
    for _, policy in resources(name):
        if policy["Type"] == "AWS::S3::BucketPolicy":
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                if statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}:
                    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
                    bucket = policy["Properties"]["Bucket"]
                    whole, objects = statement["Resource"]
                    if isinstance(bucket, str):
                        assert (whole, objects) == (f"{bucket}.Arn", f"${{{bucket}.Arn}}/*")
                    else:  # one that may be given
                        arn = "arn:${AWS::Partition}:s3:::${Bucket}"
                        assert (whole, objects) == ([arn, {"Bucket": bucket}], [f"{arn}/*", {"Bucket": bucket}])
                        bucket = bucket[1]
                    refusing.add(bucket)
    assert refusing == buckets


@pytest.mark.parametrize("name", ["template.yaml", "infra/aws/data.yaml"])
def test_what_holds_data_outlives_its_stack_but_not_a_creation_that_fails(name: str) -> None:
    """A bucket or key that a rolled back creation leaves behind would be met, or paid for, by the next one."""
    for logical, one in resources(name):
        if one["Type"] in ("AWS::S3::Bucket", "AWS::KMS::Key"):
            assert one["DeletionPolicy"] == "RetainExceptOnCreate", logical
            assert one["UpdateReplacePolicy"] == "Retain", logical


@pytest.mark.parametrize("name", ["template.yaml", "infra/aws/data.yaml"])
def test_no_name_is_fixed_that_outlives_its_resource(name: str) -> None:
    """Buckets are kept, and a deleted secret holds its name for up to 30 days: a second deployment would fail."""
    for logical, one in resources(name):
        assert "BucketName" not in one.get("Properties", {}), logical
        assert one["Type"] != "AWS::SecretsManager::Secret" or "Name" not in one["Properties"], logical


def test_the_database_is_reached_over_verified_tls() -> None:
    secret = template("infra/aws/data.yaml")["Resources"]["DatabaseUrlSecret"]["Properties"]["SecretString"]
    query = dict(pair.split("=") for pair in secret.rpartition("?")[2].split("&"))
    assert query == {"sslmode": "verify-full", "sslrootcert": "/var/task/rds.pem"}
    assert '"$(ARTIFACTS_DIR)/rds.pem"' in (ROOT / "functions/Makefile").read_text()


def test_the_authorities_are_those_of_every_region_and_valid_for_years() -> None:
    bundle = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    bundle.load_verify_locations(ROOT / "infra/aws/rds-global-bundle.pem")
    names = {str(dict(pair for part in one["subject"] for pair in part)["commonName"]) for one in bundle.get_ca_certs()}
    known = boto3.Session().get_available_regions("rds")
    covered = {region for region in known if any(f" {region} " in name for name in names)}
    assert {"us-east-1", "eu-central-1", "ap-northeast-1", "sa-east-1"} <= covered
    assert len(covered) >= 25
    ends = min(ssl.cert_time_to_seconds(str(one["notAfter"])) for one in bundle.get_ca_certs())
    assert ends > time.time() + 5 * 365 * 24 * 3600


def test_no_stage_is_without_a_throttle() -> None:
    """Without `OpenApiVersion` SAM makes a second stage, named Stage, which nothing throttles."""
    api = template("template.yaml")["Resources"]["Api"]["Properties"]
    assert api["OpenApiVersion"] == api["DefinitionBody"]["openapi"] == "3.0.1"
    (settings,) = api["MethodSettings"]
    assert settings["ThrottlingRateLimit"]
    assert settings["ThrottlingBurstLimit"]


def test_the_api_invokes_the_alias_and_may() -> None:
    of_template = template("template.yaml")["Resources"]
    alias = of_template["LiveInference"]["Properties"]
    assert alias["Name"] == ALIAS
    for path in of_template["Api"]["Properties"]["DefinitionBody"]["paths"].values():
        integration = path["x-amazon-apigateway-any-method"]["x-amazon-apigateway-integration"]
        assert integration["uri"].endswith(f"${{InferenceFunction.Arn}}:{ALIAS}/invocations")
    permission = of_template["LiveInferencePermission"]["Properties"]
    assert permission["FunctionName"] == "LiveInference"
    assert permission["Principal"] == "apigateway.amazonaws.com"


def test_each_bucket_is_chosen_in_one_place_of_the_template() -> None:
    text = (ROOT / "template.yaml").read_text()
    for bucket in ("Data", "Models", "Web"):
        assert text.count(f"!If [Create{bucket}Bucket") == 1, bucket


def test_transient_errors_are_listed_once_and_retried_by_every_task() -> None:
    states = (ROOT / "step_functions/pipeline.asl.json").read_text()
    assert "Lambda.TooManyRequestsException" not in states
    assert states.count('"Retry": [${RetryTransientErrors}') == states.count('"Type": "Task"')
    substitutions = template("template.yaml")["Resources"]["Pipeline"]["Properties"]["DefinitionSubstitutions"]
    retries = json.loads(f"[{substitutions['RetryTransientErrors']}]")
    often, once = (set(retry["ErrorEquals"]) for retry in retries)
    assert {"StoreUnavailableError", "Lambda.ClientExecutionTimeoutException"} <= often
    assert {"States.Timeout", "Sandbox.Timedout"} <= once
    assert retries[1]["MaxAttempts"] == 1
    for name, value in {**substitutions, "SearchConcurrency": "2"}.items():
        states = states.replace(f"${{{name}}}", value)
    assert json.loads(states)["StartAt"] == "Ingest"


def test_a_statement_about_everything_says_why() -> None:
    """A policy's wildcard needs its justification in place: a comment in the statement."""
    statements = re.split(r"\n +- Effect: ", (ROOT / "template.yaml").read_text())[1:]
    about_everything = [
        text for text in statements if re.search(r'Resource: "\*"|Action:.*\*', text.split("Events:")[0])
    ]
    assert about_everything
    for text in about_everything:
        denial = text.startswith("Deny")
        assert denial or "#" in text.split("Resource:")[0], text[:200]


@pytest.mark.parametrize("name", ["pipeline", "batch_scoring"])
def test_every_task_has_a_timeout_above_its_functions_own(name: str) -> None:
    """Without one, Step Functions waits for ever for an answer that was lost."""
    of_template, found = template("template.yaml")["Resources"], 0
    text = (ROOT / f"step_functions/{name}.asl.json").read_text()
    for task in re.findall(r'"Type": "Task",.*?"Retry"', text, re.DOTALL):
        function = re.search(r"\$\{(\w+Function)\}", task)
        timeout = re.search(r'"TimeoutSeconds": (\d+)', task)
        assert function, task
        assert timeout, task
        assert int(timeout[1]) == of_template[function[1]]["Properties"]["Timeout"] + 30, task
        found += 1
    assert found == text.count('"Type": "Task"')


@pytest.mark.parametrize("name", ["ci.yml", "cd.yml"])
def test_workflows_run_what_there_is(name: str) -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows" / name).read_text())
    commands = "\n".join(step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"])
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in re.findall(r"make ([a-z .=/A-Z$\"{}-]+)", commands):
        assert {word for word in line.split() if re.fullmatch("[a-z-]+", word)} <= targets
    for file in re.findall(r"\binfra/[\w./-]+", commands):
        assert (ROOT / file).exists(), file


def test_every_workflow_job_has_a_limit_and_no_job_more_rights_than_it_needs() -> None:
    for file in (ROOT / ".github/workflows").glob("*.yml"):
        workflow = yaml.safe_load(file.read_text())
        assert workflow["permissions"]["contents"] == "read", file.name
        assert set(workflow["permissions"]) <= {"actions", "contents", "id-token"}, file.name
        assert workflow["permissions"].get("actions", "read") == "read", file.name
        assert all(job["timeout-minutes"] for job in workflow["jobs"].values()), file.name


def test_workflow_actions_are_pinned_by_commit() -> None:
    """A tag of somebody else's repository can be moved to other code, which would have this account's role."""
    for file in (ROOT / ".github/workflows").glob("*.yml"):
        for used in re.findall(r"uses: (\S+)", file.read_text()):
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", used), used


def test_nothing_is_deployed_by_hand_that_ci_has_not_passed() -> None:
    steps = yaml.safe_load((ROOT / ".github/workflows/cd.yml").read_text())["jobs"]["deploy"]["steps"]
    by_hand = next(step for step in steps if step.get("if") == "github.event_name == 'workflow_dispatch'")
    assert steps.index(by_hand) == 0
    assert "--status success" in by_hand["run"]
    assert by_hand["env"]["COMMIT"] == "${{ github.sha }}"


@pytest.mark.parametrize("name", sorted(str(file.relative_to(ROOT)) for file in (ROOT / "infra").glob("*/*.sh")))
def test_scripts_parse(name: str) -> None:
    assert subprocess.run(["bash", "-n", ROOT / name], capture_output=True).returncode == 0


def test_every_door_names_the_same_limit_of_a_body() -> None:
    """The gateway, nginx and the app refuse in the same words; the app's are in limits.py."""
    source = (ROOT / "functions/inference/limits.py").read_text()
    megabytes = re.search(r"MAX_BODY = (\d+) \* 2\*\*20", source)
    assert megabytes
    words = f"The body has more than {int(megabytes[1]) * 2**20:,} bytes: send fewer rows at once"
    responses = template("template.yaml")["Resources"]["Api"]["Properties"]["GatewayResponses"]
    problem = json.loads(responses["REQUEST_TOO_LARGE"]["ResponseTemplates"]["application/json"])

    assert problem["detail"] == words
    assert words in (ROOT / "infra/nginx/nginx.conf").read_text()


def test_the_gateways_own_errors_are_problems_that_the_site_may_read() -> None:
    responses = template("template.yaml")["Resources"]["Api"]["Properties"]["GatewayResponses"]

    assert {"REQUEST_TOO_LARGE", "THROTTLED", "INTEGRATION_TIMEOUT", "DEFAULT_4XX", "DEFAULT_5XX"} == set(responses)
    for name, response in responses.items():
        headers = response["ResponseParameters"]["Headers"]
        assert headers["Content-Type"] == "'application/problem+json'", name
        assert headers["Access-Control-Allow-Origin"] == "'*'", name
        assert headers["X-Request-Id"] == "context.requestId", name
        text = response["ResponseTemplates"]["application/json"]
        for variable, value in {"messageString": '"no"', "responseType": "ANY"}.items():
            text = text.replace(f"$context.error.{variable}", value)
        assert {"type", "title", "detail"} <= set(json.loads(text)), name
