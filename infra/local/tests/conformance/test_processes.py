"""Processes, limits and files of an execution environment."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from running import eventually

ENVIRONMENT = "lambda/latest/dg/lambda-runtime-environment.html"
QUOTAS = "lambda/latest/dg/gettingstarted-limits.html"
PYTHON = "lambda/latest/dg/lambda-python.html"


@pytest.mark.aws(QUOTAS)
def test_file_descriptors_are_limited(function):
    deployed = function(
        "import resource\ndef handler(event, context): return resource.getrlimit(resource.RLIMIT_NOFILE)"
    )
    assert deployed.invoke().payload == [1024, 1024]


@pytest.mark.aws("lambda/latest/dg/configuration-envvars.html")
def test_time_is_utc(function):
    assert function(
        "import time\ndef handler(event, context): return time.tzname[0], time.localtime().tm_gmtoff"
    ).invoke().payload == ["UTC", 0]


@pytest.mark.aws(ENVIRONMENT)
def test_child_process_waits_for_the_next_invocation(function):
    deployed = function(
        """
        import os, subprocess, sys, tempfile, time
        BEATS = os.path.join(tempfile.gettempdir(), "beats")
        PROGRAM = "import sys, time\\nwhile True:\\n    open(sys.argv[1], 'a').write('x')\\n    time.sleep(0.01)"
        subprocess.Popen([sys.executable, "-c", PROGRAM, BEATS])
        def size():
            return os.path.getsize(BEATS) if os.path.exists(BEATS) else 0
        def handler(event, context):
            begin = size()
            while size() < begin + 3:
                time.sleep(0.01)
            return begin, size()
        """
    )
    other = function("import time\ndef handler(event, context): time.sleep(0.4)")
    _, before = deployed.invoke().payload
    other.invoke()
    after, end = deployed.invoke().payload
    assert after - before < 20, "it went on while nothing was invoked"
    assert end >= after + 3, "it goes on with the next invocation"


@pytest.mark.embedded
@pytest.mark.aws(ENVIRONMENT)
@pytest.mark.varies
def test_timeout_ends_children_too(function):
    deployed = function(
        """
        import subprocess, time
        def handler(event, context):
            print("child", subprocess.Popen(["sleep", "600"]).pid)
            time.sleep(600)
        """,
        Timeout=1,
    )
    log = deployed.invoke().log
    child = int(next(line for line in log.splitlines() if line.startswith("child")).split()[1])
    eventually(lambda: not Path(f"/proc/{child}").exists())


@pytest.mark.aws(ENVIRONMENT)
def test_temporary_files_outlive_a_timeout(function):
    deployed = function(
        """
        import os, tempfile, time
        path = os.path.join(tempfile.gettempdir(), "kept")
        def handler(event, context):
            if os.path.exists(path): return open(path).read()
            with open(path, "w") as file: file.write("here")
            time.sleep(60)
        """,
        Timeout=1,
    )
    assert deployed.invoke().error == "Unhandled"
    assert deployed.invoke().payload == "here"


@pytest.mark.aws(ENVIRONMENT)
@pytest.mark.varies
def test_environments_share_no_temporary_files(function):
    deployed = function(
        """
        import os, tempfile, time
        def handler(event, context):
            open(os.path.join(tempfile.gettempdir(), f"{event}.txt"), "w").close()
            time.sleep(0.5)
            return [name for name in os.listdir(tempfile.gettempdir()) if name.endswith(".txt")]
        """
    )
    with ThreadPoolExecutor(2) as pool:
        assert sorted(reply.payload for reply in pool.map(deployed.invoke, ["a", "b"])) == [["a.txt"], ["b.txt"]]


@pytest.mark.aws(ENVIRONMENT)
@pytest.mark.parametrize("change", ["code", "configuration"])
def test_update_starts_a_new_environment(function, change):
    source = "import itertools\ncalls = itertools.count(1)\ndef handler(event, context): return next(calls)"
    deployed = function(source)
    assert [deployed.invoke().payload for _ in range(2)] == [1, 2]
    deployed.update(source + "\n") if change == "code" else deployed.configure(Description="another")
    assert deployed.invoke().payload == 1


@pytest.mark.aws(PYTHON)
def test_pools_of_processes_work(function):
    deployed = function(
        """
        import multiprocessing
        def handler(event, context):
            receiver, sender = multiprocessing.Pipe(duplex=False)
            child = multiprocessing.Process(target=lambda: sender.send(sum(event)))
            child.start()
            child.join()
            return receiver.recv(), child.exitcode
        """
    )
    assert deployed.invoke([1, 2, 3]).payload == [6, 0]


@pytest.mark.aws("lambda/latest/dg/python-package.html")
def test_python_path_may_name_another_folder(function):
    deployed = function(
        "import boats\ndef handler(event, context): return boats.COUNT",
        {"vendor/boats.py": b"COUNT = 20"},
        variables={"PYTHONPATH": "./vendor"},
    )
    assert deployed.invoke().payload == 20


@pytest.mark.aws("lambda/latest/dg/python-handler.html")
@pytest.mark.parametrize("handler", ["deck/boats.handler", "deck.boats.handler"])
def test_handler_may_be_in_a_package(function, handler):
    files = {"deck/__init__.py": b"", "deck/boats.py": b"def handler(event, context): return __name__"}
    assert function("", files, Handler=handler).invoke().payload == "deck.boats"
