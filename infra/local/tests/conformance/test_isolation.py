"""A function's own /var/task, /opt and /tmp, where this machine's kernel gives a process mounts of its own."""

import errno
import uuid
from pathlib import Path

import pytest
from running import eventually

from embedded_cloud.sandbox import isolation

FILL = """
    import os
    def handler(event, context):
        for name, megabytes in event.items():
            with open("/tmp/" + name, "w") as file:
                try:
                    os.posix_fallocate(file.fileno(), 0, megabytes << 20)
                except OSError as error:
                    return error.errno
        return sorted(entry.name for entry in os.scandir("/tmp") if entry.is_file())
    """


@pytest.fixture(autouse=True)
def needed():
    assert isolation.available(), "run these tests where `unshare --mount` is allowed"


@pytest.mark.aws("lambda/latest/dg/python-package.html")
def test_code_is_at_var_task_and_cannot_be_changed(function):
    deployed = function(
        """
        import os
        def handler(event, context):
            try:
                open("/var/task/app.py", "a")
            except OSError as error:
                return __file__, os.getcwd(), os.environ["LAMBDA_TASK_ROOT"], error.errno
        """
    )
    assert deployed.invoke().payload == ["/var/task/app.py", "/var/task", "/var/task", errno.EROFS]


@pytest.mark.aws("lambda/latest/dg/python-exceptions.html")
def test_a_traceback_names_var_task(function):
    reply = function("def handler(event, context): return {}['nothing']").invoke()
    assert 'File "/var/task/app.py", line 1, in handler' in reply.payload["stackTrace"][0]


@pytest.mark.aws("lambda/latest/dg/configuration-ephemeral-storage.html")
def test_tmp_is_empty_and_nobody_elses(function):
    one, other = function(FILL), function(FILL)
    name = uuid.uuid4().hex  # which nobody has on this machine
    assert one.invoke({name: 1}).payload == [name]
    assert other.invoke({"other": 1}).payload == ["other"]
    assert one.invoke({}).payload == [name], "and it stays while the environment lives"
    assert not Path("/tmp", name).exists()


@pytest.mark.aws("lambda/latest/dg/configuration-ephemeral-storage.html")
def test_tmp_is_as_large_as_configured(function):
    deployed = function(FILL)
    assert deployed.invoke({"a": 500, "b": 20}).payload == errno.ENOSPC
    deployed.configure(EphemeralStorage={"Size": 600})
    assert deployed.invoke({"a": 500, "b": 20}).payload == ["a", "b"]


@pytest.mark.aws("lambda/latest/dg/lambda-runtime-environment.html")
def test_tmp_outlives_a_runtime_that_fails(function):
    deployed = function(
        """
        import os
        def handler(event, context):
            open("/tmp/" + event, "w").close()
            if event == "fail":
                os._exit(1)
            return sorted(entry.name for entry in os.scandir("/tmp") if entry.is_file())
        """
    )
    assert deployed.invoke("fail").error
    assert deployed.invoke("then").payload == ["fail", "then"]


@pytest.mark.embedded
@pytest.mark.aws("lambda/latest/dg/configuration-ephemeral-storage.html")
def test_what_is_in_tmp_goes_with_its_environment(function, cloud):
    deployed = function(FILL)
    deployed.invoke({"a": 1})

    def mounted() -> list[str]:
        lines = Path(f"/proc/{cloud.process.pid}/mounts").read_text().splitlines()
        return [line for line in lines if "environments" in line]

    before = len(mounted())
    assert before
    deployed.configure(Timeout=9)  # which replaces the environments
    eventually(lambda: len(mounted()) < before)
    assert not [line for line in Path("/proc/self/mounts").read_text().splitlines() if str(cloud.state) in line]
