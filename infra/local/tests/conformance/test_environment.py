"""What a function finds around it, and what stays between invocations."""

import itertools

import pytest
from botocore.exceptions import ClientError
from running import RUNTIME


@pytest.mark.aws("lambda/latest/dg/configuration-envvars.html")
@pytest.mark.varies
def test_environment_variables(function):
    deployed = function(
        "import os\ndef handler(event, context): return dict(os.environ)",
        variables={"COLOUR": "blue"},
        MemorySize=192,
    )
    found = deployed.invoke().payload
    expected = {
        "COLOUR": "blue",
        "_HANDLER": "app.handler",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{RUNTIME}",
        "AWS_LAMBDA_FUNCTION_NAME": deployed.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "192",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{deployed.name}",
        "TZ": ":UTC",
    }
    assert {name: found.get(name) for name in expected} == expected
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == deployed.client.meta.region_name
    assert found["LANG"].endswith("UTF-8")
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "PATH",
        "_X_AMZN_TRACE_ID",
    ):
        assert found[name], name


@pytest.mark.embedded
@pytest.mark.aws("lambda/latest/dg/configuration-envvars.html")
@pytest.mark.varies
def test_nothing_of_the_host_is_in_the_environment(function, cloud):
    found = function("import os\ndef handler(event, context): return dict(os.environ)").invoke().payload
    foreign = {"USER", "VIRTUAL_ENV", "PYTHONPATH", "XDG_CACHE_HOME", "PYTHONDONTWRITEBYTECODE"}
    assert foreign.isdisjoint(found)
    assert not [name for name in found if name.startswith(("LOCALSTACK", "LAMBDA_PROCESS", "S3_MIRROR"))]
    assert found["HOME"] == "/tmp"
    assert not [name for name, value in found.items() if str(cloud.state) in value]


@pytest.mark.embedded
@pytest.mark.aws("lambda/latest/dg/lambda-python.html")
def test_only_the_runtime_and_the_sdk_are_installed(function):
    deployed = function(
        """
        from importlib.metadata import distributions
        def handler(event, context): return sorted({d.metadata["Name"].lower() for d in distributions()})
        """
    )
    assert set(deployed.invoke().payload) == {
        "awslambdaric",
        "boto3",
        "botocore",
        "jmespath",
        "python-dateutil",
        "s3transfer",
        "simplejson",
        "six",
        "snapshot-restore-py",
        "urllib3",
    }


@pytest.mark.aws("lambda/latest/dg/lambda-python.html")
def test_the_sdk_works_with_the_execution_role(function):
    deployed = function(
        """
        import boto3
        def handler(event, context): return boto3.client("sts").get_caller_identity()["Arn"]
        """,
        Timeout=30,
        MemorySize=256,
    )
    arn = deployed.invoke().payload
    assert ":assumed-role/" in arn
    assert arn.endswith(f"/{deployed.name}")


@pytest.mark.aws("lambda/latest/dg/configuration-envvars.html")
def test_code_is_in_the_task_root_which_is_first_on_the_path(function):
    deployed = function(
        """
        import json, os, sys
        def handler(event, context):
            root = os.environ["LAMBDA_TASK_ROOT"]
            with open(os.path.join(root, "data", "names.json")) as file:
                return json.load(file), os.getcwd() == root, sys.path[0] == root, __file__ == root + "/app.py"
        """,
        {"data/names.json": b'["Rose", "Jack"]'},
    )
    assert deployed.invoke().payload == [["Rose", "Jack"], True, True, True]


@pytest.mark.aws("lambda/latest/dg/lambda-runtime-environment.html")
def test_warm_environment_keeps_globals_and_temporary_files(function):
    deployed = function(
        """
        import os, tempfile
        calls = 0
        def handler(event, context):
            global calls
            calls += 1
            with open(os.path.join(tempfile.gettempdir(), "calls"), "a+") as file:
                file.write("x")
                file.seek(0)
                return calls, len(file.read()), context.log_stream_name
        """
    )
    replies = [deployed.invoke().payload for _ in range(3)]
    assert [reply[:2] for reply in replies] == [[1, 1], [2, 2], [3, 3]]
    assert len({reply[2] for reply in replies}) == 1


@pytest.mark.aws("lambda/latest/dg/lambda-runtime-environment.html")
@pytest.mark.varies
def test_nothing_runs_between_invocations(function):
    deployed = function(
        """
        import threading, time
        beats = []
        def beat():
            while True:
                beats.append(time.time())
                time.sleep(0.01)
        threading.Thread(target=beat, daemon=True).start()
        def handler(event, context):
            heard = len(beats)
            while len(beats) < heard + 4:
                time.sleep(0.01)
            return time.time(), beats
        """
    )
    ended, _ = deployed.invoke().payload
    moment = deployed.invoke  # time passes while others are invoked
    other = function("import time\ndef handler(event, context): time.sleep(0.5)")
    other.invoke()
    _, beats = moment().payload
    pauses = [later - earlier for earlier, later in itertools.pairwise(beats)]
    assert max(pauses) > 0.45, "the thread went on while the function was not invoked"
    assert len([beat for beat in beats if beat > ended]) >= 3, "it goes on with the next invocation"


@pytest.mark.aws("lambda/latest/dg/runtimes-modify.html")
def test_wrapper_script_starts_the_runtime(function):
    deployed = function(
        "import os\ndef handler(event, context): return os.environ['WRAPPED']",
        {"wrap.sh": b'#!/bin/sh\nexport WRAPPED="yes $#"\nexec "$@"\n'},
    )
    root = deployed.client.get_function_configuration(FunctionName=deployed.name)
    assert root["Handler"] == "app.handler"
    deployed.configure(Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "./wrap.sh"}})
    assert deployed.invoke().payload.startswith("yes ")


@pytest.mark.aws("lambda/latest/dg/runtimes-modify.html")
def test_wrapper_script_that_is_not_there_is_an_error(function):
    deployed = function(
        "def handler(event, context): return 1",
        variables={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/not-there"},
    )
    reply = deployed.invoke()
    assert reply.error == "Unhandled"
    assert "/opt/not-there" in reply.payload["errorMessage"]


@pytest.mark.embedded
@pytest.mark.aws("lambda/latest/dg/lambda-runtime-environment.html")
def test_shipped_bytecode_is_used_and_none_is_written(function):
    import importlib.util
    import py_compile
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        source, compiled = Path(folder, "shipped.py"), Path(folder, "shipped.pyc")
        source.write_text("VALUE = 'from bytecode'")
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(source), str(compiled), invalidation_mode=mode)
        bytecode = compiled.read_bytes()
    cached = importlib.util.cache_from_source("shipped.py")
    deployed = function(
        """
        import os, plain, shipped
        def handler(event, context):
            return shipped.VALUE, sorted(os.listdir("__pycache__"))
        """,
        {
            "shipped.py": b"VALUE = 'from source'",
            "plain.py": b"",
            cached: bytecode,
        },
    )
    assert deployed.invoke().payload == ["from bytecode", [Path(cached).name]]


@pytest.mark.aws("lambda/latest/dg/configuration-envvars.html")
@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_LAMBDA_FUNCTION_NAME", "_HANDLER", "LAMBDA_TASK_ROOT"])
def test_reserved_variables_cannot_be_configured(function, name):
    with pytest.raises(ClientError) as caught:
        function("", variables={name: "mine"})
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert name in caught.value.response["Error"]["Message"]


@pytest.mark.aws("lambda/latest/dg/configuration-envvars.html")
def test_variables_are_limited_to_four_kilobytes(function):
    with pytest.raises(ClientError, match="4KB limit"):
        function("", variables={"LONG": "x" * 5000})
