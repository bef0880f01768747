"""A debugger starts the runtime through Lambda's own wrapper scripts."""

import json
import socket
import textwrap
from pathlib import Path

from running import free_port

WRAPPER = Path(__file__).parents[1] / "debugpy-wrapper.sh"
# Stands in for the package: takes the same arguments, and listens before the runtime starts.
DEBUGPY = """
import json, os, runpy, socket, sys
if __name__ == "__main__":
    option, address, *program = sys.argv[1:]
    assert option == "--listen", option
    host, port = address.split(":")
    server = socket.create_server((host, int(port)))
    assert program[0] == "-m", program
    sys.argv = program[1:]
    runpy.run_module(program[1], run_name="__main__", alter_sys=True)
"""


def test_wrapper_starts_the_runtime_under_debugpy(function, tmp_path):
    (tmp_path / "debugpy").mkdir()
    (tmp_path / "debugpy" / "__main__.py").write_text(textwrap.dedent(DEBUGPY))
    port = free_port()
    deployed = function(
        "def handler(event, context): return event",
        variables={
            "AWS_LAMBDA_EXEC_WRAPPER": str(WRAPPER),
            "DEBUGPY_PORT": str(port),
            "PYTHONPATH": str(tmp_path),
        },
        Timeout=30,
    )
    reply = deployed.invoke({"stop": "here"})
    assert (reply.error, reply.payload) == (None, {"stop": "here"}), json.dumps(reply.payload)
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
