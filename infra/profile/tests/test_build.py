"""Builds: read-only, named by content, kept for as long as a cloud serves one."""

import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from embedded_cloud import artifacts, packaging
from embedded_cloud.architecture import lambda_architecture
from embedded_cloud.errors import CloudError
from embedded_cloud.state import State
from embedded_cloud.template import of_type
from mlops_cloud import build


def made(builds: Path, name: str, age: int) -> Path:
    folder = builds / name
    (folder / "Function").mkdir(parents=True)
    (folder / "Function/handler.py").write_text(name)
    (folder / "template.yaml").write_text("{}")
    artifacts.freeze(folder / "Function")
    (folder / artifacts.HOLDERS).mkdir()
    os.utime(folder, (1e9 - age, 1e9 - age))
    return folder


def test_an_artifact_is_read_only_and_known_by_its_content(tmp_path: Path) -> None:
    one, other, same = (made(tmp_path, name, 0) / "Function" for name in ("one", "other", "same"))
    (same / "handler.py").chmod(0o644)
    (same / "handler.py").write_text("one")
    found = [artifacts.freeze(folder) for folder in (one, other, same)]
    assert found[0] == found[2] != found[1]
    assert found[0]["bytes"] == 3
    assert not any(path.stat().st_mode & 0o222 for path in one.rglob("*"))


def test_a_template_is_read_with_its_short_forms_and_names_its_code(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text("""
Resources:
  OneFunction:
    Type: AWS::Serverless::Function
    Properties: {Role: !GetAtt Role.Arn, Layers: !If [Wanted, [!Ref Layer], !Ref AWS::NoValue]}
  Role:
    Type: AWS::IAM::Role
    Condition: Wanted
    Properties: {Name: !Sub ["${A}", {A: !Join ["-", [a, b]]}]}
""")
    template = build.built_template(tmp_path / "template.yaml")
    assert list(of_type(template, build.FUNCTION)) == ["OneFunction"]
    assert template["Resources"]["OneFunction"]["Properties"] == {
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Layers": {"Fn::If": ["Wanted", [{"Ref": "Layer"}], {"Ref": "AWS::NoValue"}]},
        "CodeUri": "OneFunction",
        "Architectures": [lambda_architecture()],
    }
    assert template["Resources"]["Role"]["Properties"] == {
        "Name": {"Fn::Sub": ["${A}", {"A": {"Fn::Join": ["-", ["a", "b"]]}}]}
    }


@pytest.mark.parametrize(("machine", "architecture"), [("x86_64", "x86_64"), ("aarch64", "arm64")])
def test_functions_are_built_and_deployed_for_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: str, architecture: str
) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    (tmp_path / "template.yaml").write_text("""
Globals: {Function: {Architectures: [x86_64], Timeout: 60}}
Resources: {OneFunction: {Type: "AWS::Serverless::Function"}}
""")
    template = build.built_template(tmp_path / "template.yaml")
    assert template["Resources"]["OneFunction"]["Properties"]["Architectures"] == [architecture]
    assert "Architectures" not in template["Globals"]["Function"], "SAM joins both lists"
    assert build._environment(tmp_path)["PLATFORM"].startswith(f"{machine}-manylinux")


@pytest.mark.parametrize("text", ["", "- a", "Resources: [", "Resources:\n  One: {Type: !Sub [}"])
def test_what_is_no_template_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "template.yaml").write_text(text)
    with pytest.raises(CloudError, match=r"^template\.yaml is not"):
        build.built_template(tmp_path / "template.yaml")


@pytest.mark.parametrize("text", ["Resources:", "Resources: []", "Resources: {One: }"])
def test_a_template_without_functions_is_left_to_sam(tmp_path: Path, text: str) -> None:
    (tmp_path / "template.yaml").write_text(text)
    assert list(of_type(build.built_template(tmp_path / "template.yaml"), build.FUNCTION)) == []


def test_an_archive_of_a_read_only_folder_can_be_unzipped_by_anyone(tmp_path: Path) -> None:
    folder = tmp_path / "Function"
    (folder / "package").mkdir(parents=True)
    (folder / "package/module.py").write_text("content")
    (folder / "tool.sh").write_text("")
    (folder / "tool.sh").chmod(0o755)
    artifacts.freeze(folder)
    with packaging._zipped(folder) as file, zipfile.ZipFile(file) as archive:
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
        assert archive.read("package/module.py") == b"content"
    assert modes == {"package/": 0o755, "package/module.py": 0o644, "tool.sh": 0o755}


def test_the_newest_are_kept_and_those_that_a_cloud_serves_or_is_about_to(tmp_path: Path) -> None:
    builds = [made(tmp_path / "build", f"b{age}", age) for age in range(build.KEPT_BUILDS + 4)]
    *_, about_to, serves, served_once, forgotten = builds
    for folder, document in ((serves, "deployment"), (about_to, "release"), (served_once, "deployment")):
        state = State(tmp_path / folder.name)
        state.root.mkdir()
        artifacts.hold(folder, state.path(document))
        artifacts.hold(folder, state.path(document))
        state.write(document, {"build": folder.name if folder is not served_once else "another"})
    build._forget_old(tmp_path / "build")
    assert [folder.exists() for folder in builds] == [True] * (build.KEPT_BUILDS + 2) + [False, False]
    assert not forgotten.exists()


@pytest.mark.parametrize("content", ["", "[]", json.dumps({"stack": "x"})])
def test_a_document_that_does_not_say_holds_nothing(tmp_path: Path, content: str) -> None:
    builds = [made(tmp_path / "build", f"b{age}", age) for age in range(build.KEPT_BUILDS + 1)]
    (tmp_path / "deployment.json").write_text(content)
    artifacts.hold(builds[-1], tmp_path / "deployment.json")
    build._forget_old(tmp_path / "build")
    assert not builds[-1].exists()


def test_of_each_function_the_newest_dependencies_are_kept(tmp_path: Path) -> None:
    for function, count in (("training", build.KEPT_BUILDS + 2), ("features", 1)):
        for age in range(count):
            (tmp_path / f"{function}-{age}").mkdir()
            os.utime(tmp_path / f"{function}-{age}", (1e9 - age, 1e9 - age))
    build._forget_dependencies(tmp_path)
    kept = [f"training-{age}" for age in range(build.KEPT_BUILDS)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["features-0", *kept])


def test_the_same_sources_are_the_same_bytes_wherever_they_are_built(tmp_path: Path) -> None:
    """A second deployment from another machine then changes nothing on AWS."""
    checkout = Path(__file__).parents[3]
    tools = checkout / ".local/envs"

    def built(home: str) -> dict[str, object]:
        artifact = tmp_path / home / "FeaturesFunction"
        artifact.mkdir(parents=True)
        variables = {
            **os.environ,
            "PATH": os.pathsep.join([str(tools / "uv/bin"), os.environ["PATH"]]),
            "PYTHON": str(tools / "cloud/bin/python"),
            "ARTIFACTS_DIR": str(artifact),
            "ARTIFACT_CACHE": str(tmp_path / home / "cache"),
        }
        command = ["make", "--silent", "build-FeaturesFunction"]
        done = subprocess.run(command, cwd=checkout / "functions", env=variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return artifacts.digest(artifact)

    assert built("one") == built("another/and deeper")
