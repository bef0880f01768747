#!/bin/sh
# Starts a function's runtime under debugpy: name this file in the function's AWS_LAMBDA_EXEC_WRAPPER.
# Lambda calls a wrapper with the runtime's command line, here `python -B -m awslambdaric handler`.
# DEBUGPY_PORT (5678) is where it listens, on loopback; PYTHONPATH has to hold the folder of debugpy.
python=$1
shift 2
exec "$python" -B -m debugpy --listen "127.0.0.1:${DEBUGPY_PORT:-5678}" "$@"
