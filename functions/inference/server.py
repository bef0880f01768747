"""The same app for those who want a server: `uvicorn server:app`, each worker a process (see `make serve`)."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from api import create_app
from dependencies import Dependencies
from fastapi import FastAPI

from mlops import settings
from mlops.errors import MlopsError
from mlops.serving.champion_cache import REFRESH_SECONDS


@asynccontextmanager
async def beside_requests(_: FastAPI) -> AsyncIterator[None]:
    """Look for a new champion in a thread: on a request's way, each look would hold up all that are under way.

    What was imported stays: the collector is told so, or it would look all of it through for 20 ms amid requests.
    """
    gc.collect()
    gc.freeze()
    looking = asyncio.create_task(_look_for_a_new_champion())
    yield
    looking.cancel()


async def _look_for_a_new_champion() -> None:
    while True:
        with suppress(MlopsError):  # the next request tells
            await asyncio.to_thread(dependencies.champions.refresh)
        await asyncio.sleep(REFRESH_SECONDS / 2)


dependencies = Dependencies()
app = create_app(dependencies, beside_requests, settings.concurrency_limit())
