"""What goes to AWS fits together: templates, script and workflows name the same things. None of it is run there."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GIVEN_BY_SCRIPT = {"UseCase", "Tracing", "DatabaseUrl", "RedisUrl"}


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


def script() -> str:
    return (ROOT / "infra/aws/deploy.sh").read_text()


def test_the_data_planes_outputs_are_the_applications_parameters() -> None:
    assert set(template("infra/aws/data.yaml")["Outputs"]) <= set(template("template.yaml")["Parameters"])


def test_the_script_gives_parameters_that_there_are() -> None:
    overrides = set(re.findall(r"\b([A-Z][a-z][A-Za-z]+)=", script()))
    known = set(template("infra/aws/data.yaml")["Parameters"]) | GIVEN_BY_SCRIPT
    assert overrides <= known
    assert set(template("template.yaml")["Parameters"]) >= GIVEN_BY_SCRIPT


def test_secrets_that_the_script_refers_to_are_made() -> None:
    resources = template("infra/aws/data.yaml")["Resources"].values()
    made = {one["Properties"]["Name"] for one in resources if one["Type"] == "AWS::SecretsManager::Secret"}
    referred = re.findall(r"secret_reference.py \"\$application/([a-z-]+)\"", script())
    assert referred
    assert {f"${{Application}}/{name}" for name in referred} <= made


def test_each_bucket_is_chosen_in_one_place_of_the_template() -> None:
    text = (ROOT / "template.yaml").read_text()
    for bucket in ("Data", "Models", "Web"):
        assert text.count(f"!If [Create{bucket}Bucket") == 1, bucket


def test_transient_errors_are_listed_once_and_retried_by_every_task() -> None:
    states = (ROOT / "step_functions/pipeline.asl.json").read_text()
    assert "Lambda.TooManyRequestsException" not in states
    assert states.count('"Retry": [${RetryTransientErrors}') == states.count('"Type": "Task"')
    substitutions = template("template.yaml")["Resources"]["Pipeline"]["Properties"]["DefinitionSubstitutions"]
    retry = json.loads(substitutions["RetryTransientErrors"])
    assert {"StoreUnavailableError", "States.Timeout"} <= set(retry["ErrorEquals"])
    for name, value in {**substitutions, "SearchConcurrency": "2"}.items():
        states = states.replace(f"${{{name}}}", value)
    assert json.loads(states)["StartAt"] == "Ingest"


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
        assert set(workflow["permissions"]) <= {"contents", "id-token"}, file.name
        assert all(job["timeout-minutes"] for job in workflow["jobs"].values()), file.name


@pytest.mark.parametrize("name", sorted(str(file.relative_to(ROOT)) for file in (ROOT / "infra").glob("*/*.sh")))
def test_scripts_parse(name: str) -> None:
    assert subprocess.run(["bash", "-n", ROOT / name], capture_output=True).returncode == 0


def test_the_script_knows_two_environments() -> None:
    refused = subprocess.run([ROOT / "infra/aws/deploy.sh", "elsewhere"], capture_output=True, text=True)
    assert refused.returncode == 2
    assert "dev or prod" in refused.stderr


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
