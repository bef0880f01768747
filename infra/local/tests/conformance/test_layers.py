"""Layers: what they bring is where a function of each runtime looks for it."""

import io
import shutil
import uuid
import zipfile

import pytest
from botocore.exceptions import ClientError
from running import RUNTIME

LAYERS = "lambda/latest/dg/chapter-layers.html"
PATHS = "lambda/latest/dg/packaging-layers.html"


@pytest.fixture
def layer(client):
    """Publishes a layer of some files; its version's ARN."""

    def publish(files: dict[str, bytes]) -> str:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as package:
            for name, data in files.items():
                entry = zipfile.ZipInfo(name)
                entry.external_attr = (0o755 if name.startswith(("bin/", "bootstrap")) else 0o644) << 16
                package.writestr(entry, data)
        name = f"conformance-{uuid.uuid4().hex[:8]}"
        arn: str = client("lambda").publish_layer_version(LayerName=name, Content={"ZipFile": content.getvalue()})[
            "LayerVersionArn"
        ]
        return arn

    return publish


@pytest.mark.aws(PATHS)
@pytest.mark.parametrize("folder", ["python", f"python/lib/{RUNTIME}/site-packages"])
def test_python_imports_from_a_layer(function, layer, folder):
    arn = layer({f"{folder}/shared.py": b"VALUE = 'of the layer'"})
    deployed = function("import shared\ndef handler(event, context): return shared.VALUE", Layers=[arn])
    assert deployed.invoke().payload == "of the layer"


@pytest.mark.aws(LAYERS)
def test_own_code_comes_before_a_layer_and_a_later_layer_before_an_earlier(function, layer):
    first = layer({"python/a.py": b"V = 1", "python/b.py": b"V = 1", "python/c.py": b"V = 1"})
    second = layer({"python/a.py": b"V = 2", "python/b.py": b"V = 2"})
    source = "import a, b, c\ndef handler(event, context): return a.V, b.V, c.V"
    deployed = function(source, {"a.py": b"V = 3"}, Layers=[first, second])
    assert deployed.invoke().payload == [3, 2, 1]


@pytest.mark.aws(PATHS)
def test_programs_and_files_are_in_opt(function, layer):
    arn = layer({"bin/hail": b"#!/bin/sh\necho ahoy $1\n", "data/list.txt": b"one"})
    deployed = function(
        """
        import pathlib, subprocess
        def handler(event, context):
            said = subprocess.run(["hail", event], capture_output=True, text=True).stdout
            opt = pathlib.Path("/opt")
            return said, (opt / "data/list.txt").read_text(), sorted(path.name for path in opt.iterdir())
        """,
        Layers=[arn],
    )
    assert deployed.invoke("boat").payload == ["ahoy boat\n", "one", ["bin", "data"]]


@pytest.mark.aws(LAYERS)
def test_layers_may_be_added_and_taken_away(function, layer):
    source = """
        def handler(event, context):
            try: import shared
            except ImportError: return None
            return shared.VALUE
    """
    deployed = function(source)
    assert deployed.invoke().payload is None
    deployed.configure(Layers=[layer({"python/shared.py": b"VALUE = 1"})])
    assert deployed.invoke().payload == 1
    deployed.configure(Layers=[])
    assert deployed.invoke().payload is None


@pytest.mark.aws(PATHS)
def test_node_requires_from_a_layer(function, layer):
    if not shutil.which("node"):
        pytest.skip("Node is not installed")
    arn = layer({"nodejs/node_modules/shared/index.js": b"module.exports = 'of the layer'"})
    files = {"index.js": b"exports.handler = async () => require('shared')"}
    deployed = function("", files, Runtime="nodejs20.x", Handler="index.handler", Layers=[arn])
    assert deployed.invoke().payload == "of the layer"


@pytest.mark.aws("lambda/latest/dg/runtimes-custom.html")
def test_bootstrap_may_be_in_a_layer(function, layer):
    bootstrap = b'#!/bin/sh\nexec python3 "$LAMBDA_TASK_ROOT/runtime.py"\n'
    runtime = b"""
import http.client, os
while True:
    def call(method, path, body=None):
        connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
        connection.request(method, "/2018-06-01/runtime/invocation/" + path, body)
        return connection.getresponse()
    event = call("GET", "next")
    call("POST", event.getheader("Lambda-Runtime-Aws-Request-Id") + "/response", event.read()).read()
"""
    deployed = function(
        "", {"runtime.py": runtime}, Runtime="provided.al2023", Layers=[layer({"bootstrap": bootstrap})]
    )
    assert deployed.invoke([1]).payload == [1]


@pytest.mark.embedded
@pytest.mark.aws("lambda/latest/dg/lambda-extensions.html")
def test_extension_in_a_layer_is_refused(function, layer):
    arn = layer({"extensions/watch": b"#!/bin/sh\n"})
    with pytest.raises(ClientError, match="extension watch"):
        function("def handler(event, context): return 1", Layers=[arn])
