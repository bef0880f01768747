"""Functions of other runtimes than Python's: Node, and what brings a bootstrap of its own."""

import shutil
import subprocess

import pytest

NODE_HANDLER = "lambda/latest/dg/nodejs-handler.html"
NODE_CONTEXT = "lambda/latest/dg/nodejs-context.html"
NODE_ERRORS = "lambda/latest/dg/nodejs-exceptions.html"
NODE_LOGS = "lambda/latest/dg/nodejs-logging.html"
CUSTOM = "lambda/latest/dg/runtimes-custom.html"
BOOTSTRAP = b"""#!/bin/sh
set -eu
echo starting "$_HANDLER"
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  headers=$(mktemp)
  event=$(curl -sS -D "$headers" "$api/next")
  id=$(sed -n 's/^lambda-runtime-aws-request-id: *//Ip' "$headers" | tr -d '\\r')
  curl -sS "$api/$id/response" -d "{\\"handler\\": \\"$_HANDLER\\", \\"event\\": $event}" > "$headers"
done
"""


@pytest.fixture
def node(function):
    """Deploys a function of this machine's Node from the content of index.js, or of the files given."""
    if not (program := shutil.which("node")):
        pytest.skip("Node is not installed")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    runtime = f"nodejs{version.removeprefix('v').split('.')[0]}.x"

    def deploy(source: str = "", files: dict[str, bytes] | None = None, handler: str = "index.handler", **settings):
        files = files or {"index.js": source.encode()}
        return function("", files, Runtime=runtime, Handler=handler, **settings)

    return deploy


@pytest.mark.aws(NODE_HANDLER)
@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("exports.handler = async (event) => ({ got: event })", {"got": "é"}),
        ("exports.handler = (event, context, callback) => setTimeout(() => callback(null, event + 1), 5)", "é1"),
        ("exports.handler = (event, context) => context.succeed([event])", ["é"]),
        ("exports.handler = () => new Promise((done) => setTimeout(() => done(7), 5))", 7),
        ("exports.handler = () => {}", None),
        ("exports.handler = () => 'not by return'", None),
        ("exports.handler = async () => undefined", None),
    ],
)
def test_node_handler_answers(node, source, answer):
    assert node(source).invoke("é").payload == answer


@pytest.mark.aws(NODE_HANDLER)
@pytest.mark.varies
def test_node_callback_may_leave_work_for_later(node):
    """Without waiting for the event loop; what is left goes on in the next invocation."""
    deployed = node("""
        let late = 0;
        exports.handler = (event, context, callback) => {
          context.callbackWaitsForEmptyEventLoop = false;
          setInterval(() => late++, 1);
          setTimeout(() => callback(null, late), 20);
        }""")
    deployed.invoke()
    assert deployed.invoke().payload > 0


MODULE = b"export const handler = async () => 'here'"


@pytest.mark.aws(NODE_HANDLER)
@pytest.mark.parametrize(
    ("files", "handler"),
    [
        ({"index.mjs": b"export { handler } from './lib/x.mjs'", "lib/x.mjs": MODULE}, "index.handler"),
        ({"package.json": b'{"type": "module"}', "index.js": MODULE}, "index.handler"),
        (
            {
                "src/app.js": b"exports.boats = { launch: async () => require('dep') }",
                "node_modules/dep/index.js": b"module.exports = 'here'",
            },
            "src/app.boats.launch",
        ),
        ({"index.cjs": b"exports.handler = async () => 'here'"}, "index.handler"),
        ({"index.mjs": b"await Promise.resolve(); " + MODULE}, "index.handler"),
    ],
)
def test_node_module_is_found(node, files, handler):
    assert node(files=files, handler=handler).invoke().payload == "here"


UNSEEN = "exports.handler = () => { Promise.reject(new TypeError('unseen')); return new Promise(() => {}) }"


@pytest.mark.aws(NODE_ERRORS)
@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("exports.handler = async () => { throw new TypeError('no boat') }", ("TypeError", "no boat")),
        ("exports.handler = () => { throw new TypeError('no boat') }", ("TypeError", "no boat")),
        ("exports.handler = (event, context, callback) => callback(new RangeError('far'))", ("RangeError", "far")),
        ("exports.handler = async () => { throw 'words' }", ("string", "words")),
        ("exports.handler = () => { setTimeout(() => { throw new TypeError('late') }, 1) }", ("TypeError", "late")),
        (UNSEEN, ("Runtime.UnhandledPromiseRejection", "TypeError: unseen")),
    ],
)
def test_node_error_is_returned_with_its_trace(node, source, error):
    deployed = node(source)
    for _ in range(2):  # the environment is usable again
        reply = deployed.invoke()
        assert reply.error == "Unhandled"
        assert (reply.payload["errorType"], reply.payload["errorMessage"]) == error
        assert "trace" in reply.payload


@pytest.mark.aws(NODE_ERRORS)
@pytest.mark.parametrize(
    ("source", "handler", "error_type", "message"),
    [
        ("require('not-there')", "index.handler", "Runtime.ImportModuleError", "not-there"),
        ("exports.handler = (", "index.handler", "Runtime.UserCodeSyntaxError", "SyntaxError"),
        ("", "index.handler", "Runtime.HandlerNotFound", "index.handler is undefined or not exported"),
        ("exports.handler = 1", "index.handler", "Runtime.HandlerNotFound", "not a function"),
        ("", "absent.handler", "Runtime.ImportModuleError", "absent"),
        ("", "handler", "Runtime.MalformedHandlerName", "Bad handler"),
        ("throw new RangeError('at import')", "index.handler", "RangeError", "at import"),
    ],
)
def test_node_init_error_is_returned(node, source, handler, error_type, message):
    reply = node(source, handler=handler).invoke()
    assert (reply.error, reply.payload["errorType"]) == ("Unhandled", error_type)
    assert message in reply.payload["errorMessage"]


@pytest.mark.aws(NODE_CONTEXT)
@pytest.mark.varies
def test_node_context(node):
    deployed = node("""
        exports.handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis(),
          trace: process.env._X_AMZN_TRACE_ID })""", Timeout=30, MemorySize=256)  # fmt: skip
    reply = deployed.invoke()
    found = reply.payload
    assert found["awsRequestId"] == reply.request_id
    assert (found["functionName"], found["functionVersion"]) == (deployed.name, "$LATEST")
    assert found["memoryLimitInMB"] == "256"
    assert found["logGroupName"] == f"/aws/lambda/{deployed.name}"
    assert found["invokedFunctionArn"].endswith(f":function:{deployed.name}")
    assert 20_000 < found["left"] <= 30_000
    assert found["trace"].startswith("Root=1-")


@pytest.mark.aws(NODE_LOGS)
def test_node_console_names_request_and_level(node):
    reply = node(
        "exports.handler = async () => { console.log('two\\nlines', { a: 1 }); console.warn('%d', 3) }"
    ).invoke()
    assert f"\t{reply.request_id}\tINFO\ttwo\rlines {{ a: 1 }}\n" in reply.log
    assert f"\t{reply.request_id}\tWARN\t3\n" in reply.log


@pytest.mark.aws(CUSTOM)
@pytest.mark.parametrize("runtime", ["provided.al2023", "provided.al2"])
def test_bootstrap_of_its_own_is_the_runtime(function, runtime):
    deployed = function("", {"bootstrap": BOOTSTRAP}, Runtime=runtime, Handler="any.name")
    assert deployed.invoke({"a": 1}).payload == {"handler": "any.name", "event": {"a": 1}}
    assert deployed.invoke(2).payload["event"] == 2


@pytest.mark.aws(CUSTOM)
def test_without_a_bootstrap_it_is_an_invalid_entrypoint(function):
    reply = function("", {}, Runtime="provided.al2023").invoke()
    assert (reply.error, reply.payload["errorType"]) == ("Unhandled", "Runtime.InvalidEntrypoint")
    assert "Couldn't find valid bootstrap(s)" in reply.payload["errorMessage"]
