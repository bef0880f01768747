"""What LocalStack runs functions with, over HTTP.

LocalStack falls back to Docker with a mere warning when it does not find the executor it was told
to use; this lets the command line find out before anything is deployed.
"""

import json

from localstack.http import Request, Response, route
from localstack.runtime import hooks
from localstack.runtime.current import get_current_runtime
from localstack.services.edge import ROUTER
from localstack.services.lambda_.invocation.runtime_executor import get_runtime_executor

from embedded_cloud.plugins.executor import ProcessExecutor
from embedded_cloud.sandbox import development, isolation

PATH = "/_embedded_cloud/executor"


@hooks.on_infra_start()
def serve_executor_status() -> None:
    """Add the routes; part of every start, whatever the executor is."""
    ROUTER.add(ExecutorStatus())


class ExecutorStatus:
    """``GET`` says which executor is in force, ``PUT`` sets the folders of hot reload."""

    @route(PATH, methods=["GET"])
    def read(self, _: Request) -> Response:
        executor = get_runtime_executor()
        status = {
            "ready": get_current_runtime().is_ready(),
            "isolated": bool(isolation.available()),
            "executor": "process" if executor is ProcessExecutor else executor.__name__,
            "sources": {pattern: [str(one) for one in found] for pattern, found in development.sources().items()},
        }
        return Response(json.dumps(status), mimetype="application/json")

    @route(PATH, methods=["PUT"])
    def update(self, request: Request) -> Response:
        """Body ``{"sources": {function name or pattern: [folder, …]}}``; 400 when there is no such folder."""
        try:
            development.use(json.loads(request.get_data())["sources"])
        except (ValueError, KeyError, TypeError, AttributeError, NotADirectoryError) as error:
            return Response(f"no usable sources: {error}", status=400)
        return self.read(request)
