"""What a server does beside answering requests."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mlops.errors import StoreUnavailableError

INFERENCE = Path(__file__).parents[2] / "functions" / "inference"


@pytest.mark.parametrize("failure", [None, StoreUnavailableError("away")])
def test_a_server_looks_for_a_new_champion_beside_its_requests(
    monkeypatch: pytest.MonkeyPatch, failure: Exception | None
) -> None:
    monkeypatch.syspath_prepend(INFERENCE)
    import server

    looked = asyncio.Event()

    def refresh() -> None:
        loop.call_soon_threadsafe(looked.set)
        if failure:
            raise failure

    async def twice() -> None:
        nonlocal loop
        loop = asyncio.get_running_loop()
        async with server.beside_requests(server.app):
            for _ in range(2):
                await asyncio.wait_for(looked.wait(), 10)
                looked.clear()

    loop: Any = None
    monkeypatch.setattr(server, "REFRESH_SECONDS", 0.02)
    monkeypatch.setattr(server, "dependencies", SimpleNamespace(champions=SimpleNamespace(refresh=refresh)))
    asyncio.run(twice())
