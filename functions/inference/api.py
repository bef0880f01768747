"""The HTTP API as an ASGI app: whoever runs it, Lambda or a server, runs this one."""

import problems
import routes
from fastapi import FastAPI
from telemetry import Telemetry

from titanic import bootstrap


def create() -> FastAPI:
    """The app; touches no store before the first request."""
    app = FastAPI(
        title="Titanic",
        summary="Who survived the Titanic? Predictions of a random forest, explained.",
        version="1",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.include_router(routes.router)
    problems.install(app)
    app.add_middleware(Telemetry, log=lambda: bootstrap.inference().log)
    return app
