"""A stranger's SAM project, by the command line of the wheel, in a folder outside of this repository."""

import json
import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import boto3
import psutil
import pytest

pytestmark = pytest.mark.timeout(600)  # environments are made, and stacks replaced

HERE = Path(__file__).parent
UV = HERE.parents[2] / ".local" / "envs" / "uv" / "bin" / "uv"


class Project:
    """A project's folder, and the installed command with the least of an environment."""

    def __init__(self, folder, programs, home):
        self.folder = folder
        self.whole = False  # whether it is up as it is in the repository
        self.environment = {
            "PATH": os.pathsep.join([str(programs), "/usr/local/bin:/usr/bin:/bin"]),
            "HOME": str(home),
            "EMBEDDED_CLOUD_HOME": str(home / "embedded-cloud"),
            "LOCALSTACK_PORT": "",
        }
        self.environment |= {name: os.environ[name] for name in os.environ if name.startswith(("UV_", "SSL_"))}

    def run(self, *arguments, stdin=None):
        command = ["embedded-cloud", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, input=stdin, capture_output=True, text=True, timeout=300
        )

    def __call__(self, *arguments, stdin=None):
        """A command's standard output; it has to succeed."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def known(self):
        """What `outputs` prints, from where the command has it."""
        return json.loads((self.folder / ".embedded-cloud" / "outputs.json").read_text())

    def client(self, service):
        known = self.known
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": known["region"]}
        return boto3.client(service, endpoint_url=known["endpoint_url"], **keys)

    def state(self, order):
        """What the table says of an order."""
        key = {"id": {"S": order}}
        found = self.client("dynamodb").get_item(TableName=self.known["outputs"]["Orders"], Key=key).get("Item")
        return found["state"]["S"] if found else None

    def replace(self, file, old, new):
        path, self.whole = self.folder / file, False
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))


def until(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.2)
    return answer


def get(url, body=None):
    with urllib.request.urlopen(urllib.request.Request(url, body), timeout=120) as response:
        return json.load(response)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder of the wheel's programs, in an environment that holds what the wheel asks for and nothing else."""
    root = tmp_path_factory.mktemp("installed")
    subprocess.run([UV, "build", "--quiet", "--wheel", "--out-dir", root, HERE.parent], check=True)
    (wheel,) = root.glob("embedded_cloud-*.whl")
    subprocess.run([UV, "venv", "--quiet", root / "env"], check=True)
    subprocess.run([UV, "pip", "install", "--quiet", "--python", root / "env", wheel], check=True)
    return root / "env" / "bin"


@pytest.fixture(scope="module")
def project(installed, tmp_path_factory):
    root = tmp_path_factory.mktemp("stranger")
    (root / "every thing").mkdir()
    made = Project(root / "every thing", installed, root)
    try:
        yield made
    finally:
        made.run("down")


@pytest.fixture
def everything(project):
    """The project as it is in the repository, and up."""
    if not project.whole:
        shutil.copytree(HERE / "projects" / "everything", project.folder, dirs_exist_ok=True)
        project("up")
        project.whole = True
    return project


def test_an_order_goes_through_api_table_and_queue(everything):
    made = get(everything.known["outputs"]["Api"] + "orders", b'{"of": "tea"}')
    until(lambda: everything.state(made["id"]) == "done")
    assert get(f"{everything.known['outputs']['Api']}orders/{made['id']}") == {**made, "state": "done"}


def test_a_function_url_answers_and_parameters_arrive(everything):
    assert get(everything.known["outputs"]["ApiFunctionUrl"]) == {"greeting": "Hello", "database": "postgresql"}


def test_an_http_api_gives_the_request_in_format_two(everything):
    request = urllib.request.Request(
        everything.known["outputs"]["HttpApi"] + "/greetings/Zo%C3%AB?a=1&a=2", headers={"Cookie": "c=1; d=2"}
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        event = json.load(answer)
        assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert (event["version"], event["routeKey"], event["pathParameters"]) == (
        "2.0",
        "GET /greetings/{name}",
        {"name": "Zoë"},
    )
    assert (event["queryStringParameters"], event["cookies"]) == ({"a": "1,2"}, ["c=1", "d=2"])
    assert event["requestContext"]["http"]["method"] == "GET"


def test_an_http_api_without_a_route_says_so_and_another_takes_all(everything):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(everything.known["outputs"]["HttpApi"] + "/nowhere")
    assert get(everything.known["outputs"]["Anything"] + "/any/where")["greeting"] == "Hello"


@pytest.mark.parametrize(("origin", "allowed"), [("https://shop.example", True), ("https://elsewhere.example", False)])
def test_an_http_api_answers_browsers_of_other_sites_for_itself(everything, origin, allowed):
    headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    request = urllib.request.Request(everything.known["outputs"]["Anything"], headers=headers, method="OPTIONS")
    with urllib.request.urlopen(request, timeout=120) as answer:
        assert (answer.status == 204) is allowed
        assert answer.headers.get("Access-Control-Allow-Origin", "") == (origin if allowed else "")


def test_topics_and_events_reach_their_function(everything):
    everything.client("sns").publish(TopicArn=everything.known["outputs"]["News"], Message="opening")
    entry = {"Source": "till", "DetailType": "paid", "Detail": json.dumps({"id": "bill"})}
    everything.client("events").put_events(Entries=[entry])
    until(lambda: everything.state("opening") == "announced")
    until(lambda: everything.state("bill") == "paid")


def test_a_stored_object_reaches_a_function_with_its_layer(everything):
    everything.client("s3").put_object(Bucket=everything.known["outputs"]["Pictures"], Key="a cat.png", Body=b"12345")
    until(lambda: everything.state("a cat.png") == "5 bytes")


@pytest.mark.parametrize("given", ["text", "file", "standard input"])
def test_functions_of_each_kind_are_invoked(everything, given):
    event = json.dumps({"name": "Zoë"})
    (everything.folder / "event.json").write_text(event)
    argument = {"text": event, "file": "event.json", "standard input": "-"}[given]
    stdin = event if argument == "-" else None
    assert json.loads(everything("invoke", "NodeFunction", argument, stdin=stdin))["hello"] == "Zoë"
    answer = json.loads(everything("invoke", "ShellFunction", argument, stdin=stdin))
    assert answer == {"length": len(event), "handler": "greet"}


def test_a_state_machine_runs_over_functions(everything):
    states = everything.client("stepfunctions")
    run = states.start_execution(stateMachineArn=everything.known["outputs"]["Flow"], input='{"name": "flow"}')
    done = until(lambda: ended(states, run["executionArn"]))
    assert (done["status"], json.loads(done["output"])["handler"]) == ("SUCCEEDED", "greet")


def ended(states, run):
    described = states.describe_execution(executionArn=run)
    return described if described["status"] != "RUNNING" else None


def test_a_schedule_fires(everything):
    until(lambda: everything.state("nightly") == "ran")


def test_logs_and_status_tell_what_happens(everything):
    everything("invoke", "NodeFunction")
    assert until(lambda: "REPORT RequestId" in everything("logs", "NodeFunction"))
    assert "stack everything" in everything("status")


def test_what_cannot_be_invoked_is_named(everything):
    for arguments, words in (
        (("invoke", "Nobody"), "There is no function Nobody"),
        (("invoke", "NodeFunction", "{name}"), "The event is no JSON"),
    ):
        refused = everything.run(*arguments)
        assert (refused.returncode, words in refused.stderr) == (1, True), refused.stderr


PAGES = sorted((HERE.parent / "docs").glob("*.md"), key=lambda page: page.stem == "down")
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_says_to_type_works(everything, page):
    everything.whole = page.stem != "down"
    script = "\n".join(BLOCK.findall(page.read_text()))
    assert f"embedded-cloud {page.stem}" in script
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=everything.folder, env=everything.environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_change_of_code_keeps_what_the_tables_hold(everything):
    made = get(everything.known["outputs"]["Api"] + "orders", b'{"of": "milk"}')
    everything.replace("api/app.py", '"greeting": os.environ["GREETING"]', '"greeting": "Good evening"')
    everything("up")
    assert get(everything.known["outputs"]["ApiFunctionUrl"])["greeting"] == "Good evening"
    assert get(f"{everything.known['outputs']['Api']}orders/{made['id']}")["of"] == "milk"


def test_sources_run_as_they_are_edited(everything):
    command = ["embedded-cloud", "dev"]
    process = subprocess.Popen(
        command, cwd=everything.folder, env=everything.environment, stderr=subprocess.PIPE, text=True
    )
    try:
        assert "Ctrl-C" in process.stderr.readline()
        everything.replace("api/app.py", '"database":', '"edited": True, "database":')
        until(lambda: "edited" in get(everything.known["outputs"]["ApiFunctionUrl"]))
    finally:
        process.terminate()
        process.wait(30)
    assert "edited" not in get(everything.known["outputs"]["ApiFunctionUrl"])


def test_code_that_fails_the_smoke_test_is_taken_back(everything):
    good = (everything.folder / "node" / "index.mjs").read_text()
    everything.replace("node/index.mjs", "hello:", "wrong: null.nothing, hello:")
    refused = everything.run("up")
    (everything.folder / "node" / "index.mjs").write_text(good)
    assert (refused.returncode, "fails the smoke test" in refused.stderr) == (1, True), refused.stderr
    assert json.loads(everything("invoke", "NodeFunction", '{"name": "still"}'))["hello"] == "still"


def test_a_run_that_was_killed_while_it_gave_code_is_made_good(everything):
    state = everything.folder / ".embedded-cloud" / "deployment.json"
    everything.replace("node/index.mjs", "hello:", "edited: true, hello:")
    before = json.loads(state.read_text())
    everything("up")
    state.write_text(json.dumps({**before, "half given": True}))  # as it was until all had their code
    everything.replace("node/index.mjs", "edited: true, ", "")
    everything("up")
    assert "edited" not in json.loads(everything("invoke", "NodeFunction", '{"name": "again"}'))


def test_a_template_that_is_refused_leaves_what_was_there(everything):
    good = (everything.folder / "template.yaml").read_text()
    everything.replace("template.yaml", "Outputs:", "Outputs:\n  Nothing: {Value: !GetAtt Nobody.Arn}")
    refused = everything.run("up")
    (everything.folder / "template.yaml").write_text(good)
    assert (refused.returncode, "Nobody" in refused.stderr) == (1, True), refused.stderr
    assert "Deleting stack" not in refused.stderr
    assert json.loads(everything("invoke", "NodeFunction", '{"name": "still"}'))["hello"] == "still"


@pytest.mark.long
def test_another_template_takes_its_place(everything):
    everything.replace("template.yaml", "Outputs:", "Outputs:\n  Added: {Value: news}")
    assert "Added" in everything("up")
    assert everything.known["outputs"]["Added"] == "news"


def test_up_again_changes_nothing(everything):
    before = json.loads(everything("outputs"))
    everything("up")
    assert everything.known == before


def test_down_leaves_no_process_and_nothing_for_git(everything):
    everything.whole = False
    everything("down")
    here = str(everything.folder)
    left = [process for process in psutil.process_iter() if here in _mark(process)]
    subprocess.run(["git", "init", "--quiet", here], check=True)
    untracked = subprocess.run(["git", "-C", here, "status", "--short"], capture_output=True, text=True, check=True)
    assert left == []
    assert ".embedded-cloud/" not in untracked.stdout
    assert "No cloud is up" in everything.run("outputs").stderr
    assert not list(everything.folder.glob(".embedded-cloud.*"))


def _mark(process):
    try:
        return process.environ().get("EMBEDDED_CLOUD_SERVICE", "")
    except psutil.Error:
        return ""
