"""The HTTP API as an ASGI app: whoever runs it, Lambda or a server, runs this one."""

import re
from urllib.parse import urlsplit

import admin
import batches
import demo
import insight
import problems
import routes
import runs
from bodies import Bodies
from correlation import Correlation
from dependencies import Dependencies
from fastapi import FastAPI
from limits import Concurrency, Head, Size
from starlette.types import Lifespan
from telemetry import Telemetry

from mlops import settings

_LOOPBACK = re.compile(r"//(localhost|127\.0\.0\.1|\[::1\])(?=:|$)")


def create_app(
    dependencies: Dependencies, lifespan: Lifespan[FastAPI] | None = None, concurrency: int | None = None
) -> FastAPI:
    """The app; touches no store before the first request.

    Of a server: `lifespan` is what it does beside requests, `concurrency` how many it answers at once.
    """
    case = dependencies.case
    app = FastAPI(
        title=case.title,
        summary=case.summary or None,
        version="1",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        servers=[{"url": "."}],  # beside this document, whatever stage or prefix is in front of both
        root_path_in_servers=False,
    )
    app.include_router(routes.router(dependencies, Bodies(case)))
    app.include_router(insight.router(dependencies))
    app.include_router(admin.router(dependencies))
    app.include_router(batches.router(dependencies))
    app.include_router(runs.router(dependencies))
    app.include_router(demo.router(dependencies.is_admin_key))
    problems.install(app)
    app.add_middleware(Head)
    app.add_middleware(Size)
    app.add_middleware(Telemetry, log=lambda: dependencies.log)
    if concurrency:
        app.add_middleware(Concurrency, limit=concurrency)
    if origins := site_origins():
        from starlette.middleware.cors import CORSMiddleware

        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Content-Type", "X-Api-Key", "X-Request-Id", "X-Simulated"],
            expose_headers=["X-Request-Id", "Retry-After"],
        )
    app.add_middleware(Correlation)
    return app


def site_origins() -> list[str]:
    """The origins of pages that may call the API; a site on this machine may be opened under any of its names."""
    known = [f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, settings.site_urls())]
    names = ("//localhost", "//127.0.0.1", "//[::1]")
    return sorted({_LOOPBACK.sub(name, origin) for origin in known for name in names})
