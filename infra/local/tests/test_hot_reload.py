"""Edited source is what the next invocation runs, with nothing deployed."""

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from embedded_cloud.localstack import STATUS_PATH

DEPLOYED = "import shared\ndef handler(event, context): return ['deployed', shared.NAME]"


def use(cloud, sources: object) -> dict:
    request = urllib.request.Request(cloud.url + STATUS_PATH, json.dumps({"sources": sources}).encode(), method="PUT")
    with urllib.request.urlopen(request) as response:
        return json.load(response)


@pytest.fixture
def source(cloud, tmp_path: Path):
    """A source folder in front of every artifact, for one test."""
    assert use(cloud, {"*": [str(tmp_path)]})["sources"] == {"*": [str(tmp_path)]}
    yield tmp_path
    assert use(cloud, {})["sources"] == {}


def edit(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def test_source_comes_before_the_artifact_and_goes_again(cloud, function, tmp_path):
    deployed = function(DEPLOYED, {"shared.py": b"NAME = 'artifact'"})
    assert deployed.invoke().payload == ["deployed", "artifact"]
    edit(tmp_path / "app.py", DEPLOYED.replace("deployed", "edited"))
    use(cloud, {"*": [str(tmp_path)]})
    try:
        assert deployed.invoke().payload == ["edited", "artifact"]
    finally:
        use(cloud, {})
    assert deployed.invoke().payload == ["deployed", "artifact"]


def test_next_invocation_runs_the_edited_source(function, source):
    deployed = function(DEPLOYED, {"shared.py": b"NAME = 'artifact'"})
    edit(source / "app.py", DEPLOYED)
    for name in ("one", "two", "three"):
        edit(source / "shared.py", f"NAME = {name!r}")
        assert deployed.invoke().payload == ["deployed", name]
    (source / "shared.py").unlink()
    assert deployed.invoke().payload == ["deployed", "artifact"]


def test_broken_edit_is_reported_and_mended(function, source):
    deployed = function(DEPLOYED, {"shared.py": b"NAME = 'artifact'"})
    edit(source / "app.py", "def handler(:")
    assert deployed.invoke().payload["errorType"] == "Runtime.UserCodeSyntaxError"
    edit(source / "app.py", DEPLOYED)
    assert deployed.invoke().payload == ["deployed", "artifact"]


def test_unchanged_source_keeps_the_environment_warm(function, source):
    edit(source / "app.py", "import os\ndef handler(event, context): return os.getpid()")
    deployed = function(DEPLOYED)
    first = deployed.invoke().payload
    edit(source / "__pycache__" / "app.pyc", "bytecode")
    edit(source / ".swap", "an editor's own")
    assert deployed.invoke().payload == first


def test_function_deployed_from_a_folder_follows_it(client, function, tmp_path):
    edit(tmp_path / "app.py", "def handler(event, context): return 1")
    deployed = function(DEPLOYED)
    deployed.client.update_function_code(FunctionName=deployed.name, S3Bucket="hot-reload", S3Key=str(tmp_path))
    deployed.settled()
    assert deployed.invoke().payload == 1
    edit(tmp_path / "app.py", "def handler(event, context): return 'two'")
    assert deployed.invoke().payload == "two"


def test_each_function_has_the_folders_of_its_pattern(cloud, function, tmp_path):
    edit(tmp_path / "mine" / "app.py", DEPLOYED.replace("deployed", "mine"))
    edit(tmp_path / "common" / "shared.py", "NAME = 'common'")
    mine, other = (function(DEPLOYED, {"shared.py": b"NAME = 'artifact'"}) for _ in range(2))
    use(cloud, {f"{mine.name[:-1]}?": [str(tmp_path / "mine"), str(tmp_path / "common")]})
    try:
        assert mine.invoke().payload == ["mine", "common"]
        assert other.invoke().payload == ["deployed", "artifact"]
    finally:
        use(cloud, {})


@pytest.mark.parametrize("sources", [{"*": ["/not/there"]}, {"*": 7}, ["*"], None])
def test_what_is_no_folder_is_refused(cloud, sources):
    with pytest.raises(urllib.error.HTTPError) as caught:
        use(cloud, sources)
    assert caught.value.code == 400
