#!/bin/sh
# environment NAME [OPTION...]: the virtual environment /envs/NAME of requirements/NAME.txt;
# environment NAME --distribution: the embedded cloud's own distribution into it.
set -eu
name=$1
shift
if [ "${1:-}" = --distribution ]; then
    exec /envs/uv/bin/uv pip install --quiet --python "/envs/$name" --no-deps /project/infra/local
fi
/envs/uv/bin/uv venv --quiet --python /usr/local/bin/python3 "/envs/$name"
exec /envs/uv/bin/uv pip install --quiet --python "/envs/$name" --require-hashes "$@" -r "/requirements/$name.txt"
