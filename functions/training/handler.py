"""Training's door: four steps of the pipeline in one function, told apart by the event's `step`.

One function, for all four need the same libraries: an environment that is warm from one step serves the next.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools import Logger

from mlops import wiring
from mlops.errors import InvalidInputError
from mlops.model.search import FOLDS, Evaluation, Failure
from mlops.training import promote as promotion
from mlops.training import train

Event = Mapping[str, Any]
logger = Logger(service="training")


def plan(event: Event) -> dict[str, Any]:
    """The candidates of the search, in shares for a Map; `count` and `shares` may say how many."""
    shares = train.plan(int(event.get("count", train.CANDIDATES)), int(event.get("shares", train.SHARES)))
    return {
        "dataset_version": event["dataset_version"],
        "schema_hash": event["schema_hash"],
        "shares": [[{"index": index, "params": params} for index, params in share] for share in shares],
    }


def evaluate(event: Event) -> dict[str, Any]:
    """The cross-validated scores of one share's `candidates`, and which of them failed; `folds` may say how many."""
    parts = wiring.training()
    candidates = [(each["index"], each["params"]) for each in event["candidates"]]
    evaluations, failures = train.evaluate(
        parts.offline, event["dataset_version"], event["schema_hash"], candidates, int(event.get("folds", FOLDS))
    )
    return {
        "evaluations": [
            {"index": each.index, "params": each.params, "fold_scores": each.fold_scores, "mean": each.mean}
            for each in evaluations
        ],
        "failures": [asdict(each) for each in failures],
    }


def fit(event: Event) -> dict[str, Any]:
    """The published winner of all shares' `evaluations`, with its figures on the held-out passengers.

    `failures` of the search may come along: what is known of candidates that have no score.
    """
    parts = wiring.training()
    evaluations = [
        Evaluation(each["index"], each["params"], tuple(each["fold_scores"]))
        for share in event["evaluations"]
        for each in share
    ]
    failures = [
        Failure(candidate["index"], candidate["params"], each["reason"])
        for share in event.get("failures", ())
        for each in share
        for candidate in each.get("candidates", [each])  # a share that was lost whole
    ]
    published = train.fit(
        parts.offline, parts.registry, event["dataset_version"], event["schema_hash"], evaluations, failures
    )
    figures = ("accuracy", "roc_auc", "log_loss", "brier")
    return {
        "model_version": published.version,
        **{name: published.metrics[name] for name in figures},
        "failed_candidates": len(failures),
    }


def promote(event: Event) -> dict[str, Any]:
    """The gate's decision on `model_version`, why, by which checks, and who is champion after it."""
    parts = wiring.training()
    outcome = promotion.promote(parts.offline, parts.registry, parts.decisions, event["model_version"])
    return {
        "decision": outcome.verdict.decision,
        "reason": outcome.verdict.reason,
        "checks": outcome.verdict.evidence(),
        "model_version": event["model_version"],
        "champion": outcome.champion,
        "accuracy": outcome.accuracy,
    }


STEPS: Mapping[str, Callable[[Event], dict[str, Any]]] = {
    step.__name__: step for step in (plan, evaluate, fit, promote)
}


@logger.inject_lambda_context(clear_state=True)
def handler(event: Event, _context: object) -> dict[str, Any]:
    """Dispatch on `step`; InvalidInputError names a field that is missing."""
    step = STEPS.get(str(event.get("step")))
    if step is None:
        raise InvalidInputError(f"step is {event.get('step')!r}, must be one of {', '.join(STEPS)}")
    try:
        answer = step(event)
    except KeyError as error:
        raise InvalidInputError(f"The event of step {event['step']} lacks {error}") from error
    logger.info("Step done", extra={"step": event["step"], "answer": answer})
    return answer
