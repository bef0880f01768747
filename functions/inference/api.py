"""The HTTP API as an ASGI app: whoever runs it, Lambda or a server, runs this one."""

from urllib.parse import urlsplit

import admin
import insight
import problems
import routes
from correlation import Correlation
from fastapi import FastAPI
from limits import Size
from starlette.types import Lifespan
from telemetry import Telemetry

from mlops import settings, wiring


def create(lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """The app; touches no store before the first request. `lifespan` is what a server does beside requests."""
    app = FastAPI(
        title="Titanic",
        summary="Who survived the Titanic? Predictions of a random forest, explained.",
        version="1",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        servers=[{"url": "."}],  # beside this document, whatever stage or prefix is in front of both
        root_path_in_servers=False,
    )
    for each in (routes, insight, admin):
        app.include_router(each.router)
    problems.install(app)
    app.add_middleware(Size)
    app.add_middleware(Telemetry, log=lambda: wiring.inference().log)
    if origins := sorted({_origin(url) for url in settings.site_urls()}):
        from starlette.middleware.cors import CORSMiddleware

        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Content-Type", "X-Api-Key", "X-Request-Id"],
            expose_headers=["X-Request-Id", "Retry-After"],
        )
    app.add_middleware(Correlation)
    return app


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
