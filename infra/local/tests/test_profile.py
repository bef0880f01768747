"""What a project declares, what of its template can run here, and where a stack is found."""

from pathlib import Path

import pytest

from embedded_cloud import addresses, profile, sources
from embedded_cloud.architecture import lambda_architecture
from embedded_cloud.cloud import python_runtime
from embedded_cloud.environments import Environments
from embedded_cloud.errors import CloudError


def project(folder: Path, functions: str = "", declared: str = "", *, more: str = "") -> profile.Profile:
    (folder / "template.yaml").write_text(f"{more}\nResources:\n{functions or '  Queue: {Type: AWS::SQS::Queue}'}\n")
    if declared:
        (folder / profile.FILE).write_text(declared)
    return profile.read(folder)


def function(name: str = "Hello", **properties: str) -> str:
    lines = "".join(f"\n      {key}: {value}" for key, value in properties.items())
    return f"  {name}:\n    Type: AWS::Serverless::Function\n    Properties:\n      Handler: a.b{lines}"


def test_a_folder_without_a_profile_has_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "2 nice_shops!").mkdir()
    assert project(tmp_path / "2 nice_shops!").stack_name == "project-2-nice-shops"
    (tmp_path / "my_app").mkdir()
    assert project(tmp_path / "my_app").stack_name == "my-app"


def test_a_folder_without_a_template_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(CloudError, match=r"There is no template\.yaml in .*\n.*embedded-cloud\.toml"):
        _ = profile.read(tmp_path).template_file


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ("name = ", "is not valid TOML"),
        ("servces = []", "servces, which means nothing here.*\n.*services"),
        ('services = ["mysql"]', "mysql.*\n.*postgres and valkey"),
        ("name = 3", "name = 3.*\n.*text"),
        ("mirrored = 'a'", "mirrored = 'a'.*\n.*list"),
        ("parameters = 1", r"parameters = 1.*\n.*\[parameters\]"),
        ("[parameters]\nSize = 1", "parameters = .*\n.*texts"),
        ("adapt = 'yes'", "adapt = 'yes'.*\n.*true or false"),
        ("[smoke]\nevent = {}", "smoke = .*\n.*function"),
        ("[commands]\npath = '.'", "commands = .*\n.*module"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, declared: str, words: str) -> None:
    with pytest.raises(CloudError, match=words):
        project(tmp_path, declared=declared)


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"PackageType": "Image"}, "Hello is a container image.*PackageType to Zip"),
        ({"Runtime": "java21"}, "Hello asks for java21.*Python or Node.*bootstrap"),
        ({"Runtime": "python3.99"}, rf"Hello asks for python3\.99.*take {python_runtime()} with --adapt"),
        ({"Runtime": python_runtime(), "Architectures": "[vax]"}, "Hello asks for vax.*--adapt"),
    ],
)
def test_a_function_that_cannot_run_here_is_refused_before_anything_starts(
    tmp_path: Path, properties: dict[str, str], words: str
) -> None:
    with pytest.raises(CloudError, match=words):
        sources.prepared(project(tmp_path, function(**properties)), Environments(tmp_path), adapt=False)


def test_all_that_cannot_run_is_said_at_once(tmp_path: Path) -> None:
    both = project(tmp_path, function("One", Runtime="java21") + "\n" + function("Two", PackageType="Image"))
    with pytest.raises(CloudError, match=r"(?s)One asks for.*Two is a container"):
        sources.prepared(both, Environments(tmp_path), adapt=True)


def test_adapted_functions_are_of_this_machine(tmp_path: Path) -> None:
    foreign = "Globals:\n  Function:\n    Runtime: python3.99\n    Architectures: [vax]"
    prepared = sources.prepared(project(tmp_path, function(), more=foreign), Environments(tmp_path), adapt=True)
    properties = prepared.template["Resources"]["Hello"]["Properties"]
    assert (properties["Runtime"], properties["Architectures"]) == (python_runtime(), [lambda_architecture()])
    assert prepared.pythons == {python_runtime()}
    assert "Architectures" not in prepared.template["Globals"]["Function"]


@pytest.mark.parametrize(("declared", "wanted"), [("", "python3.98"), ("[parameters]\nR = 'python3.99'", "python3.99")])
def test_a_runtime_may_be_a_parameter(tmp_path: Path, declared: str, wanted: str) -> None:
    more = "Parameters:\n  R: {Type: String, Default: python3.98}"
    its = project(tmp_path, function(Runtime="!Ref R"), declared, more=more)
    with pytest.raises(CloudError, match=f"Hello asks for {wanted}"):
        sources.prepared(its, Environments(tmp_path), adapt=False)


def test_a_layer_is_built_by_a_python_of_this_machine(tmp_path: Path) -> None:
    layer = "  Shared:\n    Type: AWS::Serverless::LayerVersion\n    Metadata: {BuildMethod: python3.99}"
    prepared = sources.prepared(project(tmp_path, layer), Environments(tmp_path), adapt=True)
    assert prepared.template["Resources"]["Shared"]["Metadata"]["BuildMethod"] == python_runtime()
    assert prepared.pythons == {python_runtime()}


def test_what_has_no_effect_here_is_left_out_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watched = function(Runtime=python_runtime(), DeploymentPreference="{Type: Linear10PercentEvery1Minute}")
    board = "\n  Board:\n    Type: AWS::CloudWatch::Dashboard\n    Properties: {DashboardBody: '{}'}"
    more = "Outputs:\n  Link: {Value: !Sub 'https://x/${Board}'}\n  Other: {Value: 1}"
    prepared = sources.prepared(project(tmp_path, watched + board, more=more), Environments(tmp_path), adapt=False)
    assert list(prepared.template["Resources"]) == ["Hello"]
    assert "DeploymentPreference" not in prepared.template["Resources"]["Hello"]["Properties"]
    assert list(prepared.template["Outputs"]) == ["Other"]
    said = capsys.readouterr().err
    assert "Board is left out" in said
    assert "DeploymentPreference of Hello is left out" in said


@pytest.mark.parametrize(("makefile", "skipped"), [(False, True), (True, None)])
def test_a_bootstrap_that_is_there_is_not_built(tmp_path: Path, makefile: bool, skipped: bool | None) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "bootstrap").touch()
    if makefile:
        (tmp_path / "code" / "Makefile").touch()
    shell = project(tmp_path, function(Runtime="provided.al2023", CodeUri="code"))
    prepared = sources.prepared(shell, Environments(tmp_path), adapt=False)
    assert prepared.template["Resources"]["Hello"].get("Metadata", {}).get("SkipBuild") is skipped


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("https://a1b2.execute-api.us-east-1.amazonaws.com/Prod/", "http://here:1/_aws/execute-api/a1b2/Prod/"),
        ("https://a1b2.execute-api.us-east-1.amazonaws.com/", "http://here:1/_aws/execute-api/a1b2"),
        ("https://h1.execute-api.us-east-1.amazonaws.com/x", "http://here:1/_aws/http-api/h1/x"),
        ("http://a1b2.execute-api.localhost.localstack.cloud:4566/x", "http://here:1/_aws/execute-api/a1b2/x"),
        ("https://u9.lambda-url.us-east-1.on.aws/", "http://here:1/_aws/lambda-url/u9/"),
        ("http://sqs.eu-west-1.localhost.localstack.cloud:4566/0/q", "http://here:1/0/q"),
        ("arn:aws:lambda:us-east-1:0:function:f", "arn:aws:lambda:us-east-1:0:function:f"),
        ("https://example.com/execute-api", "https://example.com/execute-api"),
    ],
)
def test_addresses_of_aws_become_those_of_this_cloud(given: str, wanted: str) -> None:
    assert addresses.local(given, "http://here:1", ["h1"]) == wanted
