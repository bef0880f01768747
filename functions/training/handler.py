"""Training's door: the steps of the pipeline in one function, told apart by the event's `step`.

One function, for all need the same libraries: an environment that is warm from one step serves the next.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.parser import BaseModel
from pydantic import Field
from training_stores import open_stores

from mlops import settings
from mlops.errors import InvalidInputError
from mlops.model.search import ALL, FOLDS, Evaluation, Failure
from mlops.training import shares
from mlops.training.kept_rows import KeptRows
from mlops.training.promote import promote as promote_version
from mlops.wiring.events import mapping, parsed

logger = Logger(service="training")
training = cache(open_stores)


SEEDS = 2**32


class Run(BaseModel):
    """What of a pipeline run's own input concerns training."""

    seed: int | None = Field(default=None, ge=0, lt=SEEDS)


class Dataset(Run):
    """Which features of which dataset version, and with which seed: every step but the last is about these."""

    dataset_version: str
    schema_hash: str


class Plan(Dataset):
    """`count` candidates in `shares` for a Map; `run` is the input of the pipeline's run, which may have a seed."""

    count: int | None = None
    shares: int = shares.SHARES
    run: Run = Run()


class Candidate(BaseModel):
    index: int
    params: dict[str, Any]


class Evaluate(Dataset):
    """One share of the candidates, in how many folds to score them, and in which share of these."""

    candidates: list[Candidate]
    folds: int = Field(FOLDS, ge=2)
    only: tuple[int, int] = ALL


class Scored(Candidate):
    fold_scores: list[float]
    leaves: float = 0
    nested: dict[str, list[list[float]]] = Field(default_factory=dict)
    only: tuple[int, int] = ALL


class Failed(BaseModel):
    """A candidate that failed, or a share of them that was lost whole."""

    reason: str
    index: int | None = None
    params: dict[str, Any] = Field(default_factory=dict)
    candidates: list[Candidate] = Field(default_factory=list)


class Fit(Dataset):
    """What all shares of the search answered."""

    evaluations: list[list[Scored]]
    failures: list[list[Failed]] = Field(default_factory=list)


class ShareOfFit(BaseModel):
    """Each `rounds[1]`-th round of validation from `rounds[0]` on, or trees from one to before another."""

    rounds: tuple[int, int] | None = None
    trees: tuple[int, int] | None = None

    @property
    def value(self) -> shares.FitShare:
        return shares.FitShare(self.rounds, self.trees)


class Share(Fit):
    """One share of the fit."""

    share: ShareOfFit


class Promote(BaseModel):
    """A model version to be judged."""

    model_version: str


def plan(event: Plan) -> dict[str, Any]:
    """The shares of the search and of the fit, each for a Map; very many rows are made ready for them."""
    seed = event.run.seed if event.seed is None else event.seed
    run = training().run(event, seed)
    count = settings.search_candidates() if event.count is None else event.count
    rows = run.offline.count(event.dataset_version, event.schema_hash)
    search = shares.of_search(run.case, rows, count, event.shares)
    if rows > run.case.search.sample:
        run.prepare()
    return {
        "seed": run.case.search.seed,
        "dataset_version": event.dataset_version,
        "schema_hash": event.schema_hash,
        "shares": [
            {
                "candidates": [{"index": index, "params": params} for index, params in share.candidates],
                "only": share.only,
            }
            for share in search
        ],
        "fit_shares": [asdict(share) for share in shares.of_fit(run.case, rows)],
    }


def evaluate(event: Evaluate) -> dict[str, Any]:
    """The cross-validated scores of one share's candidates, and which of them failed."""
    candidates = [(each.index, each.params) for each in event.candidates]
    evaluations, failures = training().run(event).evaluate(candidates, event.folds, event.only)
    return {
        "evaluations": [{**asdict(each), "mean": each.mean} for each in evaluations],
        "failures": [asdict(each) for each in failures],
    }


def fit_share(event: Share) -> dict[str, Any]:
    """Where the result of a share of the fit lies."""
    return {"name": training().run(event).fit_share(*searched(event), event.share.value)}


def fit(event: Fit) -> dict[str, Any]:
    """The published winner of all shares' evaluations, with its figures on the held-out rows."""
    evaluations, failures = searched(event)
    published = training().run(event).fit(evaluations, failures)
    figures = ("accuracy", "roc_auc", "log_loss", "brier")
    return {
        "model_version": published.version,
        **{name: published.metrics[name] for name in figures},
        "failed_candidates": len({each.index for each in failures}),
    }


def searched(event: Fit) -> tuple[list[Evaluation], list[Failure]]:
    """What all shares of the search found."""
    evaluations = [
        Evaluation(each.index, each.params, tuple(each.fold_scores), each.leaves, each.nested, each.only)
        for share in event.evaluations
        for each in share
    ]
    failures = [
        Failure(candidate.index, candidate.params, each.reason)
        for share in event.failures
        for each in share
        for candidate in each.candidates or [Candidate(index=each.index or 0, params=each.params)]
    ]
    return evaluations, failures


def promote(event: Promote) -> dict[str, Any]:
    """The gate's decision, why, by which checks, and who is champion after it."""
    made_with = training()
    outcome = promote_version(
        made_with.case,
        KeptRows(made_with.case, made_with.offline, made_with.registry),
        made_with.datasets,
        made_with.registry,
        made_with.decisions,
        event.model_version,
    )
    return {
        "decision": outcome.verdict.decision,
        "reason": outcome.verdict.reason,
        "checks": outcome.verdict.evidence(),
        "model_version": event.model_version,
        "champion": outcome.champion,
        "accuracy": outcome.accuracy,
    }


STEPS: Mapping[str, tuple[type[BaseModel], Callable[[Any], dict[str, Any]]]] = {
    "plan": (Plan, plan),
    "evaluate": (Evaluate, evaluate),
    "fit_share": (Share, fit_share),
    "fit": (Fit, fit),
    "promote": (Promote, promote),
}


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Dispatch on `step`; InvalidInputError names a field that is missing."""
    event = mapping(event, "training", f"step must be one of {', '.join(STEPS)}")
    name = str(event.get("step"))
    if name not in STEPS:
        raise InvalidInputError(f"step is {event.get('step')!r}, must be one of {', '.join(STEPS)}")
    model, step = STEPS[name]
    answer = step(parsed(event, model, f"See functions/training/events/{name}.json"))
    logger.info("Step done", extra={"step": name, "answer": answer})
    return answer
