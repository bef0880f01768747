"""The routes that show what is inside: models, drift, metrics, and the API's own description."""

import json
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from dependencies import Dependencies
from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse
from problems import UNAVAILABLE, described
from routes import version
from schema import describe
from starlette.exceptions import HTTPException

from mlops import settings
from mlops.errors import ModelCorruptedError, ModelNotFoundError, StoreUnavailableError
from mlops.registry.decisions import DecisionLog, ModelDecision
from mlops.registry.versions import CARD
from mlops.telemetry import activity

DRIFT = "drift/latest.json"
DECISIONS = 50
PAGE, LONGEST_PAGE = 20, 100
LONGEST = activity.LONGEST / timedelta(hours=1)
SUMMARY = ("metrics", "dataset_version", "schema_hash", "algorithm")

logger = Logger(service="inference", child=True)


def router(dependencies: Dependencies) -> APIRouter:
    """The routes over some dependencies."""
    routes = APIRouter()

    @routes.get("/schema")
    async def schema() -> dict[str, Any]:
        """The use case: its columns, label, features and examples."""
        return describe(dependencies.case)

    @routes.get("/model", responses=UNAVAILABLE)
    def model() -> dict[str, Any]:
        """The champion's model card, and what was decided about it, newest first; null where that is not to be had."""
        champion = dependencies.champions.champion()
        card: dict[str, Any] = json.loads(dependencies.registry.artifact(champion.version, CARD))
        decisions = _decisions(dependencies.decisions, [champion.version])
        return {"model_version": champion.version, **card, "decisions": _decisions_about(decisions, champion.version)}

    @lru_cache(5 * LONGEST_PAGE)
    def figures(name: str) -> dict[str, Any]:
        """Of a version's card, which never changes."""
        card = json.loads(dependencies.registry.artifact(name, CARD))
        return {each: card.get(each) for each in SUMMARY}

    def summary(name: str) -> dict[str, Any]:
        try:
            return figures(name)
        except (ModelNotFoundError, ModelCorruptedError) as error:
            return {"trouble": str(error)}

    @routes.get("/models", responses={**UNAVAILABLE, **described(404, 422)})
    def models(
        limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE, description="Versions in a page")] = PAGE,
        before: Annotated[str | None, Query(max_length=100, description="`next` of the page before")] = None,
    ) -> dict[str, Any]:
        """A page of the registered versions, newest first, each with its card's figures and what was decided about it.

        `champion` is the one that serves; `decisions` are the latest 50, null where PostgreSQL is away. `next` is null
        on the last page.
        """
        champion = dependencies.registry.champion()
        versions = dependencies.registry.versions()
        if before is not None and before not in (name for name, _ in versions):
            raise ModelNotFoundError(f"There is no model version {before!r} to begin behind")
        page = list(islice(versions, limit + 1))
        shown = dict(page[:limit])
        decisions = _decisions(dependencies.decisions, shown)
        with ThreadPoolExecutor(8) as pool:
            cards = pool.map(summary, shown)
            listed = [
                {"model_version": name, "published_at": at, **card, "decisions": _decisions_about(decisions, name)}
                for (name, at), card in zip(shown.items(), cards, strict=True)
            ]
        following = listed[-1]["model_version"] if len(page) > limit else None
        return {"champion": champion.version if champion else None, "models": listed, "next": following}

    @routes.get("/drift", responses=UNAVAILABLE)
    def drift() -> dict[str, Any]:
        """The latest drift report; `status` is `none` before the first, which monitoring writes within an hour."""
        try:
            body, _ = dependencies.registry.store.get(settings.models_bucket(), DRIFT)
        except KeyError:
            return {"status": "none"}
        report: dict[str, Any] = json.loads(body)
        return report

    @routes.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    def metrics() -> Response:
        """Prometheus text: totals of all instances."""
        from exposition import CONTENT_TYPE, render

        try:
            totals, gauges = dependencies.telemetry.totals(), dependencies.telemetry.gauges()
        except StoreUnavailableError as error:
            logger.warning("Totals are away", extra={"reason": str(error)})
            totals, gauges = None, {}
        body = render(dependencies.case.name, totals, gauges, version(dependencies))
        return Response(body, media_type=CONTENT_TYPE)

    @routes.get("/activity", responses={**UNAVAILABLE, **described(422)})
    def over_time(
        hours: Annotated[float, Query(gt=0, le=LONGEST)] = 24,
    ) -> dict[str, Any]:
        """What serving did over the last hours, minute by minute at best; the last point is of this moment."""
        telemetry, now = dependencies.telemetry, datetime.now(UTC)
        readings = telemetry.readings(now - timedelta(hours=hours))
        return activity.series([*readings, activity.read(telemetry.totals(), now)], hours)

    @routes.get("/retraining", responses=UNAVAILABLE)
    def retraining() -> dict[str, Any]:
        """What was decided about training again by itself, newest first, and on what evidence."""
        decisions = dependencies.retrainings.recent(DECISIONS)
        return {"decisions": [{**asdict(each), "at": each.at.isoformat()} for each in decisions]}

    @routes.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        """Swagger UI, from the site's own files."""
        from fastapi.openapi.docs import get_swagger_ui_html

        if not settings.site_urls():
            raise HTTPException(404, "SITE_URLS does not say where the site, and with it Swagger UI, is")
        files = f"{settings.site_urls()[0]}/swagger"
        return get_swagger_ui_html(
            openapi_url="openapi.json",  # relative, for only the caller knows what the gateway puts in front
            title=f"{dependencies.case.title} API",
            swagger_js_url=f"{files}/swagger-ui-bundle.js",
            swagger_css_url=f"{files}/swagger-ui.css",
            swagger_favicon_url="data:,",
        )

    return routes


def _decisions(log: DecisionLog, versions: Collection[str]) -> Mapping[str, list[ModelDecision]] | None:
    try:
        return log.about(versions, DECISIONS)
    except StoreUnavailableError as error:
        logger.warning("Decisions are away", extra={"reason": str(error)})
        return None


def _decisions_about(decisions: Mapping[str, list[ModelDecision]] | None, version: str) -> list[dict[str, Any]] | None:
    return None if decisions is None else [asdict(each) for each in decisions.get(version, ())]
