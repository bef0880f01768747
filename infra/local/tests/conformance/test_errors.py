"""What becomes of a function that fails."""

import pytest

COUNT = "calls = []\ndef handler(event, context):\n    calls.append(1)\n"


@pytest.mark.aws("lambda/latest/dg/python-exceptions.html")
def test_exception_is_returned_with_type_message_and_stack(function):
    reply = function(
        """
        class NoLifeboat(Exception): pass
        def launch(): raise NoLifeboat("all ö gone")
        def handler(event, context): launch()
        """
    ).invoke()
    error = reply.payload
    assert (reply.status, reply.error) == (200, "Unhandled")
    assert (error["errorType"], error["errorMessage"]) == ("NoLifeboat", "all ö gone")
    assert error["requestId"] == reply.request_id
    assert 'raise NoLifeboat("all ö gone")' in error["stackTrace"][-1]
    assert [line.split(" in ")[1].split("\n")[0] for line in error["stackTrace"]] == [
        "handler",
        "launch",
    ]


@pytest.mark.aws("lambda/latest/dg/python-exceptions.html")
def test_environment_survives_an_exception(function):
    deployed = function(COUNT + "    if event: raise ValueError\n    return len(calls)")
    assert deployed.invoke(True).error == "Unhandled"
    assert deployed.invoke(False).payload == 2


@pytest.mark.aws("lambda/latest/dg/python-handler.html")
def test_result_that_is_no_json_is_a_marshal_error(function):
    reply = function("def handler(event, context): return object()").invoke()
    assert (reply.error, reply.payload["errorType"]) == ("Unhandled", "Runtime.MarshalError")


@pytest.mark.aws("lambda/latest/dg/troubleshooting-deployment.html")
@pytest.mark.parametrize(
    ("source", "handler", "error_type", "message"),
    [
        ("import not_there", "app.handler", "Runtime.ImportModuleError", "not_there"),
        ("def handler(:", "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error"),
        ("", "app.handler", "Runtime.HandlerNotFound", "missing on module"),
        ("", "absent.handler", "Runtime.ImportModuleError", "absent"),
        ("", "handler", "Runtime.MalformedHandlerName", "Bad handler"),
        ("raise KeyError('at import')", "app.handler", "KeyError", "at import"),
    ],
)
def test_init_error_is_returned(function, source, handler, error_type, message):
    reply = function(source, Handler=handler).invoke()
    assert (reply.error, reply.payload["errorType"]) == ("Unhandled", error_type)
    assert message in reply.payload["errorMessage"]
    assert error_type in reply.log


@pytest.mark.aws("lambda/latest/dg/lambda-runtime-environment.html")
def test_init_error_is_tried_again_by_the_invocation(function):
    deployed = function(
        """
        import os, tempfile
        marker = os.path.join(tempfile.gettempdir(), "tried")
        if not os.path.exists(marker):
            open(marker, "w").close()
            raise RuntimeError("first time")
        def handler(event, context): return "second time"
        """
    )
    reply = deployed.invoke()
    assert reply.payload == "second time"
    assert "INIT_REPORT" in reply.log
    assert "Phase: init\tStatus: error\tError Type: RuntimeError" in reply.log


@pytest.mark.aws("lambda/latest/dg/lambda-runtime-environment.html")
def test_init_has_ten_seconds_before_the_invocation_tries_again(function):
    deployed = function(
        """
        import os, tempfile, time
        marker = os.path.join(tempfile.gettempdir(), "tried")
        if os.path.exists(marker):
            time.sleep(0.4)
        else:
            open(marker, "w").close()
            time.sleep(60)
        def handler(event, context): return "second time"
        """
    )
    reply = deployed.invoke()
    assert reply.payload == "second time"
    report = next(line for line in reply.log.splitlines() if line.startswith("INIT_REPORT"))
    assert "Phase: init\tStatus: timeout" in report
    assert 9_900 < float(report.split("Init Duration: ")[1].split(" ms")[0]) < 30_000
    assert "Init Duration" not in reply.report
    assert float(reply.report["Duration"].removesuffix(" ms")) >= 400, "the repeated init is part of it"


@pytest.mark.aws("lambda/latest/dg/lambda-runtime-environment.html")
def test_init_that_is_repeated_is_part_of_the_duration(function):
    deployed = function(
        """
        import os, time
        time.sleep(0.3)
        def handler(event, context):
            if event: os._exit(1)
        """
    )
    assert deployed.invoke(True).error == "Unhandled"
    suppressed, warm = deployed.invoke().report, deployed.invoke().report
    assert "Init Duration" not in suppressed
    duration = float(suppressed["Duration"].removesuffix(" ms"))
    assert duration >= 300
    assert duration <= int(suppressed["Billed Duration"].removesuffix(" ms")) <= duration + 1
    assert float(warm["Duration"].removesuffix(" ms")) < 300


@pytest.mark.aws("lambda/latest/dg/lambda-runtime-environment.html")
def test_init_that_is_repeated_has_the_timeout_of_the_function(function):
    deployed = function(
        """
        import os, tempfile, time
        marker = os.path.join(tempfile.gettempdir(), "tried")
        if os.path.exists(marker):
            time.sleep(60)
        open(marker, "w").close()
        raise RuntimeError("first time")
        """,
        Timeout=1,
    )
    reply = deployed.invoke()
    assert reply.payload["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert (reply.report["Duration"], reply.report["Status"]) == ("1000.00 ms", "timeout")


@pytest.mark.aws("lambda/latest/dg/configuration-timeout.html")
def test_timeout_ends_the_invocation_and_replaces_the_process(function):
    deployed = function(COUNT + "    import time; time.sleep(event)\n    return len(calls)", Timeout=3)
    assert deployed.invoke(0).payload == 1
    reply = deployed.invoke(30)
    assert reply.error == "Unhandled"
    assert reply.payload["errorMessage"].endswith("Task timed out after 3.00 seconds")
    assert f"{reply.request_id} Task timed out after 3.00 seconds" in reply.log
    assert reply.report["Status"] == "timeout"
    assert reply.report["Duration"] == "3000.00 ms"
    assert deployed.invoke(0).payload == 1


@pytest.mark.aws("lambda/latest/dg/lambda-runtime-environment.html")
@pytest.mark.parametrize(
    ("exit_", "reason"),
    [
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("sys.exit(4)", "Runtime exited with error: exit status 4"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_exit_of_the_process_is_an_error(function, exit_, reason):
    deployed = function(f"import os, sys\ndef handler(event, context):\n    if event: {exit_}\n    return 'alive'")
    reply = deployed.invoke(True)
    assert (reply.error, reply.payload["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert reply.payload["errorMessage"] == f"RequestId: {reply.request_id} Error: {reason}"
    assert reply.report["Error Type"] == "Runtime.ExitError"
    assert deployed.invoke(False).payload == "alive"


@pytest.mark.aws("lambda/latest/dg/configuration-memory.html")
def test_more_memory_than_configured_ends_the_process(function):
    deployed = function(
        """
        import time
        def handler(event, context):
            held = bytearray(b"x") * (event << 20)
            time.sleep(0.2)
            return len(held) >> 20
        """,
        MemorySize=128,
    )
    assert deployed.invoke(30).payload == 30
    reply = deployed.invoke(200)
    assert reply.payload["errorType"] == "Runtime.ExitError"
    assert reply.payload["errorMessage"].endswith("signal: killed")
    assert reply.report["Error Type"] == "Runtime.OutOfMemory"
    assert reply.report["Max Memory Used"] == "128 MB"
    assert deployed.invoke(1).payload == 1
    deployed.configure(MemorySize=512)
    assert deployed.invoke(200).payload == 200


@pytest.mark.aws("lambda/latest/dg/configuration-memory.html")
def test_memory_of_children_and_theirs_counts(function):
    deployed = function(
        """
        import subprocess, sys, time
        HOLD = "import time; held = bytearray(b'x') * ({} << 20); print(flush=True); time.sleep(20)"
        def handler(event, context):
            shell = ["sh", "-c", '"$0" -c "$1"; true', sys.executable, HOLD.format(event)]
            child = subprocess.Popen(shell, stdout=subprocess.PIPE)
            child.stdout.readline()
            time.sleep(0.2)
            child.kill()
            child.wait()
        """,
        MemorySize=128,
    )
    reply = deployed.invoke(60)
    assert reply.error is None
    assert 60 < int(reply.report["Max Memory Used"].removesuffix(" MB")) <= 128
    assert deployed.invoke(126).report["Error Type"] == "Runtime.OutOfMemory"


@pytest.mark.aws("lambda/latest/dg/configuration-memory.html")
def test_memory_that_forked_processes_share_counts_once(function):
    deployed = function(
        """
        import os, time
        held = bytearray(70 << 20)  # pages that are there once they have been written
        held[::4096] = b"x" * len(held[::4096])
        def handler(event, context):
            child = os.fork()
            if not child:
                time.sleep(0.3)
                os._exit(len(held) >> 20)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        """,
        MemorySize=128,
    )
    assert deployed.invoke().payload == 70


@pytest.mark.aws("lambda/latest/dg/troubleshooting-invocation.html")
@pytest.mark.parametrize(
    ("source", "error_type", "message"),
    [
        ("def handler(): return 1", "TypeError", "positional argument"),
        ("handler = 3", "TypeError", "not callable"),
        ("def handler(event, context): return handler(event, context)", "RecursionError", "recursion"),
        ("def handler(event, context): raise KeyError('é')", "KeyError", "'é'"),
        ("def handler(event, context): raise Exception()", "Exception", ""),
        ("def handler(event, context): return {1, 2}", "Runtime.MarshalError", "set"),
        ("async def handler(event, context): return 1", "Runtime.MarshalError", "coroutine"),
    ],
)
def test_mistakes_of_a_handler_are_named(function, source, error_type, message):
    error = function(source).invoke().payload
    assert error["errorType"] == error_type
    assert message in error["errorMessage"]


@pytest.mark.aws("lambda/latest/dg/python-handler.html")
def test_handler_in_a_builtin_module_is_refused(function):
    reply = function("", Handler="sys.exit").invoke()
    assert reply.payload["errorType"] == "Runtime.BuiltInModuleConflict"


@pytest.mark.aws("lambda/latest/dg/lambda-runtime-environment.html")
def test_exit_at_import_is_reported_for_both_inits(function):
    reply = function("import sys\nsys.exit(3)").invoke()
    assert reply.payload["errorType"] == "Runtime.ExitError"
    assert (
        reply.payload["errorMessage"]
        == f"RequestId: {reply.request_id} Error: Runtime exited with error: exit status 3"
    )
    assert [line.split("\t")[1] for line in reply.log.splitlines() if line.startswith("INIT_REPORT")] == [
        "Phase: init",
        "Phase: invoke",
    ]


@pytest.mark.aws("lambda/latest/dg/python-exceptions.html")
def test_syntax_error_names_the_line(function):
    reply = function("x = 1\ndef handler(event, context) return 1").invoke()
    assert "line 2" in reply.payload["errorMessage"] or "Line 2" in reply.payload["stackTrace"][0]
