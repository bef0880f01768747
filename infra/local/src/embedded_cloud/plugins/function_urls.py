"""Function URLs under LocalStack's own address: ``/_aws/lambda-url/<id>/…``.

The address that LocalStack gives them is a name below `localhost`, which not every resolver knows.
"""

from typing import Any

from localstack.http import Request, Response
from localstack.runtime import hooks
from localstack.services.lambda_ import urlrouter
from localstack.services.lambda_.urlrouter import FunctionUrlRouter

from embedded_cloud.localstack import REGION
from embedded_cloud.plugins.gateway import whole_body

PATH = "/_aws/lambda-url/<api_id>"


@hooks.on_infra_start()
def serve_function_urls_by_path() -> None:
    """Add the routes when LocalStack adds its own; a form's body is passed on as it came."""
    original = FunctionUrlRouter.register_routes
    urlrouter.restore_payload = whole_body(urlrouter.restore_payload)

    def register(self: FunctionUrlRouter) -> None:
        known = self.registered
        original(self)
        if not known:
            self.router.add(f"{PATH}/", endpoint=self.by_path, defaults={"path": ""})
            self.router.add(f"{PATH}/<path:path>", endpoint=self.by_path)

    def by_path(self: FunctionUrlRouter, request: Request, api_id: str, path: str, **_: Any) -> Response:
        request.path = f"/{path}"
        return self.handle_lambda_url_invocation(request, api_id, REGION)

    FunctionUrlRouter.register_routes = register
    FunctionUrlRouter.by_path = by_path
