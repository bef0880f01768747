"""The routes that show what is inside: models, drift, metrics, and the API's own description."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse
from problems import UNAVAILABLE, described
from routes import version
from starlette.exceptions import HTTPException

from mlops import settings, wiring
from mlops.errors import ModelCorruptedError, ModelNotFoundError, StoreUnavailableError
from mlops.ports import ModelDecision
from mlops.registry.versions import CARD
from mlops.telemetry import activity

DRIFT = "drift/latest.json"
DECISIONS = 50
LONGEST = activity.LONGEST / timedelta(hours=1)
SUMMARY = ("metrics", "dataset_version", "schema_hash", "algorithm")

router = APIRouter()
logger = Logger(service="inference", child=True)


@router.get("/model", responses=UNAVAILABLE)
def model() -> dict[str, Any]:
    """The champion's model card, and what was decided about it, newest first; null where that is not to be had."""
    serving = wiring.inference().incumbent.serving()
    card: dict[str, Any] = json.loads(wiring.inference().shelf.artifact(serving.version, CARD))
    return {"model_version": serving.version, **card, "decisions": _decisions_about(_decisions(), serving.version)}


@router.get("/models", responses=UNAVAILABLE)
def models() -> dict[str, Any]:
    """Every registered version, newest first, with the figures of its card and what was decided about it.

    `champion` is the one that serves; `decisions` are null where PostgreSQL is away.
    """
    shelf = wiring.inference().shelf
    champion = shelf.champion()
    versions = shelf.versions()
    decisions = _decisions()
    with ThreadPoolExecutor(8) as pool:
        cards = pool.map(_summary, versions)
        listed = [
            {"model_version": name, "published_at": at, **card, "decisions": _decisions_about(decisions, name)}
            for (name, at), card in zip(versions.items(), cards, strict=True)
        ]
    return {"champion": champion.version if champion else None, "models": listed}


@router.get("/drift", responses={**UNAVAILABLE, **described(404)})
def drift() -> dict[str, Any]:
    """The latest drift report."""
    try:
        body, _ = wiring.inference().shelf.store.get(settings.models_bucket(), DRIFT)
    except KeyError:
        raise HTTPException(404, "There is no drift report yet: monitoring writes one every hour") from None
    report: dict[str, Any] = json.loads(body)
    return report


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics() -> Response:
    """Prometheus text: totals of all instances."""
    from mlops.stores.exposition import CONTENT_TYPE, render

    log = wiring.inference().log
    try:
        totals, gauges = log.totals(), log.gauges()
    except StoreUnavailableError as error:
        logger.warning("Totals are away", extra={"reason": str(error)})
        totals, gauges = None, {}
    return Response(render(totals, gauges, version()), media_type=CONTENT_TYPE)


@router.get("/activity", responses={**UNAVAILABLE, **described(422)})
async def over_time(
    hours: Annotated[float, Query(gt=0, le=LONGEST)] = 24,
) -> dict[str, Any]:
    """What serving did over the last hours, minute by minute at best; the last point is of this moment."""
    log, now = wiring.inference().log, datetime.now(UTC)
    readings = log.readings(now - timedelta(hours=hours))
    return activity.series([*readings, activity.read(log.totals(), now)], hours)


@router.get("/retraining", responses=UNAVAILABLE)
def retraining() -> dict[str, Any]:
    """What was decided about training again by itself, newest first, and on what evidence."""
    decisions = wiring.retrainings().recent(DECISIONS)
    return {"decisions": [{**asdict(each), "at": each.at.isoformat()} for each in decisions]}


@router.get("/docs", include_in_schema=False)
async def docs() -> HTMLResponse:
    """Swagger UI, from the site's own files."""
    from fastapi.openapi.docs import get_swagger_ui_html

    if not settings.site_urls():
        raise HTTPException(404, "SITE_URLS does not say where the site, and with it Swagger UI, is")
    files = f"{settings.site_urls()[0]}/swagger"
    return get_swagger_ui_html(
        openapi_url="openapi.json",  # relative, for only the caller knows what the gateway puts in front
        title="Titanic API",
        swagger_js_url=f"{files}/swagger-ui-bundle.js",
        swagger_css_url=f"{files}/swagger-ui.css",
        swagger_favicon_url="data:,",
    )


def _summary(version: str) -> dict[str, Any]:
    try:
        card = json.loads(wiring.inference().shelf.artifact(version, CARD))
    except (ModelNotFoundError, ModelCorruptedError) as error:
        return {"trouble": str(error)}
    return {name: card.get(name) for name in SUMMARY}


def _decisions() -> Mapping[str, list[ModelDecision]] | None:
    try:
        return wiring.decisions().by_version()
    except StoreUnavailableError as error:
        logger.warning("Decisions are away", extra={"reason": str(error)})
        return None


def _decisions_about(decisions: Mapping[str, list[ModelDecision]] | None, version: str) -> list[dict[str, Any]] | None:
    return None if decisions is None else [asdict(each) for each in decisions.get(version, ())]
