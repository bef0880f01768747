"""Times a handler in its own process: `python in_handler.py MODULE REPEATS EVENT…` prints p50s in ms as JSON.

A handler is a Lambda's, or with `app` a WSGI application, whose event is the body of a request.
"""

import importlib
import io
import json
import statistics
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

CONTEXT = SimpleNamespace(
    function_name="bench",
    memory_limit_in_mb=1024,
    invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:bench",
    aws_request_id="bench",
)


def main(module: str, repeats: int, files: list[str]) -> None:
    loaded = importlib.import_module(module)
    medians = []
    for file in files:
        event = json.loads(Path(file).read_text())
        for _ in range(5):
            call(loaded, event)
        taken = []
        for _ in range(max(repeats // max(len(event["body"]) // 1000, 1), 15)):
            began = time.perf_counter()
            call(loaded, event)
            taken.append((time.perf_counter() - began) * 1000)
        medians.append(statistics.median(taken))
    print(json.dumps(medians))


def call(loaded: Any, event: dict[str, Any]) -> None:
    if hasattr(loaded, "handler"):
        assert loaded.handler(event, CONTEXT)["statusCode"] == 200
        return
    body = event["body"].encode()
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/predict",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        "SERVER_NAME": "a",
        "SERVER_PORT": "80",
    }
    b"".join(loaded.app(environ, lambda status, _headers: None if status[:3] == "200" else sys.exit(status)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
