"""Training's door: four steps of the pipeline in one function, told apart by the event's `step`.

One function, for all four need the same libraries: an environment that is warm from one step serves the next.
"""

from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools import Logger

from titanic import bootstrap
from titanic.errors import InvalidInputError
from titanic.search import Evaluation
from titanic.workflows import promote as promotion
from titanic.workflows import train

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
    """The cross-validated scores of one share's `candidates`."""
    offline, _ = bootstrap.training()
    candidates = [(each["index"], each["params"]) for each in event["candidates"]]
    evaluations = train.evaluate(offline, event["dataset_version"], event["schema_hash"], candidates)
    return {
        "evaluations": [
            {"index": each.index, "params": each.params, "fold_scores": each.fold_scores, "mean": each.mean}
            for each in evaluations
        ]
    }


def fit(event: Event) -> dict[str, Any]:
    """The published winner of all shares' `evaluations`, with its figures on the held-out passengers."""
    offline, registry = bootstrap.training()
    evaluations = [
        Evaluation(each["index"], each["params"], tuple(each["fold_scores"]))
        for share in event["evaluations"]
        for each in share
    ]
    published = train.fit(offline, registry, event["dataset_version"], event["schema_hash"], evaluations)
    figures = ("accuracy", "roc_auc", "log_loss", "brier")
    return {"model_version": published.version, **{name: published.metrics[name] for name in figures}}


def promote(event: Event) -> dict[str, Any]:
    """The gate's decision on `model_version`, and who is champion after it."""
    offline, registry = bootstrap.training()
    outcome = promotion.promote(offline, registry, event["model_version"])
    return {
        "decision": outcome.verdict.decision,
        "reason": outcome.verdict.reason,
        "model_version": event["model_version"],
        "champion": outcome.champion,
        "accuracy": outcome.accuracy,
    }


STEPS: Mapping[str, Callable[[Event], dict[str, Any]]] = {
    "plan": plan,
    "evaluate": evaluate,
    "fit": fit,
    "promote": promote,
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
