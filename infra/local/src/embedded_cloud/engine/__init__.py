"""The Docker Engine API on a unix socket, for `sam local`: its containers are sandboxes of the process executor."""

SOCKET = "lambda-engine.sock"  # in the state folder
