"""Counts every request, in the round trip of its predictions where it has any."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlops import settings
from mlops.errors import StoreUnavailableError
from mlops.serving.prediction_log import PredictionLog
from mlops.settings import SettingMissingError
from mlops.telemetry import metrics

UNMATCHED = "unmatched"


class Meter:
    """One request's clock, and the error that ended it. Whoever takes the observations answers for recording them."""

    def __init__(self, scope: Scope, first: bool) -> None:
        self._scope, self._first = scope, first
        self._began = perf_counter()
        self.taken = False
        self.error = ""

    def observations(self, status: int = 200) -> Mapping[str, float]:
        """What this request adds to the totals, up to now."""
        self.taken = True
        route = getattr(self._scope.get("route"), "path", UNMATCHED)
        counted = metrics.request(self._scope["method"], route, status, perf_counter() - self._began)
        if self.error:
            counted |= metrics.error(route, self.error)
        return {**counted, **metrics.cold_start(settings.release())} if self._first else counted


def blame(scope: Scope, error: Exception) -> None:
    """Count the request as ended by this error."""
    scope["state"]["meter"].error = type(error).__name__


class Telemetry:
    """ASGI middleware that gives each request a Meter and records what no one took."""

    def __init__(self, app: ASGIApp, log: Callable[[], PredictionLog]) -> None:
        self._app, self._log = app, log
        self._first = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        meter, self._first = Meter(scope, self._first), False
        scope.setdefault("state", {})["meter"] = meter

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start" and not meter.taken:
                # A request that cannot be counted is answered all the same.
                with suppress(StoreUnavailableError, SettingMissingError):
                    self._log().record([], meter.observations(message["status"]))
            await send(message)

        await self._app(scope, receive, counted)
