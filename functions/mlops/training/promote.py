"""From a published model to the champion, if the gate lets it through."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median
from time import perf_counter

from mlops.data.datasets import DatasetStore
from mlops.errors import DatasetNotFoundError, PromotionConflictError
from mlops.features.stores import OfflineReader
from mlops.model.portable import Model
from mlops.model.training_set import records
from mlops.registry.audit import catch_up, of_champion
from mlops.registry.decisions import DecisionLog, ModelDecision
from mlops.registry.versions import MODEL, Registry
from mlops.training.contest import Version, contest_with, read_version
from mlops.training.gate import Standing, Verdict, judge
from mlops.use_case import Derived, UseCase

# A conflict means that another run finished first, so a few rounds are enough for any number of sane pipelines.
ROUNDS = 5
TIMED_PREDICTIONS = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the gate decided, who is champion afterwards, and the challenger's accuracy on the held-out rows."""

    verdict: Verdict
    champion: str | None
    accuracy: float


def promote(
    case: UseCase,
    offline: OfflineReader,
    datasets: DatasetStore,
    registry: Registry,
    decisions: DecisionLog,
    version: str,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Outcome:
    """Judge a version against champion and anchor, and let it serve if the gate says so.

    If another run moves the champion meanwhile, the judgement is made anew against the new one. Whatever is decided
    is recorded.
    """
    catch_up(registry, decisions)
    challenger = read_version(case, offline, registry, version, model := registry.reader.model(version))
    standing = _standing(registry, challenger, model)
    for _ in range(ROUNDS):
        champion = registry.reader.champion()
        contest, remark = contest_with(case, offline, datasets, registry, champion, challenger)
        verdict = judge(standing, contest)
        verdict = replace(verdict, reason=remark + verdict.reason)
        serving = champion.version if champion else None
        if verdict.decision != "promoted":
            at = now().isoformat(timespec="milliseconds")
            decisions.record(
                ModelDecision(at, version, verdict.decision, verdict.reason, serving, serving, verdict.evidence())
            )
            return Outcome(verdict, serving, standing.accuracy)
        anchor = version if verdict.is_best or not contest else contest.anchor or contest.champion
        try:
            promoted = registry.set_champion(version, verdict.reason, champion, anchor=anchor)
        except PromotionConflictError:
            continue
        decisions.record(of_champion(promoted, verdict.evidence()))
        return Outcome(verdict, version, standing.accuracy)
    raise PromotionConflictError(f"The champion moved {ROUNDS} times while model {version} was judged: try again")


def _standing(registry: Registry, challenger: Version, model: Model) -> Standing:
    metrics = challenger.card["metrics"]
    if challenger.rows is None:
        raise DatasetNotFoundError(f"There are no features of dataset {challenger.card['dataset_version']}")
    (first,) = records(challenger.rows.features.iloc[:1])
    return Standing(
        challenger.name,
        challenger.scores.by_row.probabilities[0].tolist(),
        challenger.scores.labels.tolist(),
        challenger.card["cross_validation"],
        metrics["accuracy"],
        metrics["rows"],
        _seconds(model, first),
        len(registry.reader.artifact(challenger.name, MODEL)),
    )


def _seconds(model: Model, row: Derived) -> float:
    """What one explained prediction takes here, as a request makes it."""
    taken = []
    for _ in range(TIMED_PREDICTIONS):
        began = perf_counter()
        model.explanations([row])
        taken.append(perf_counter() - began)
    return median(taken)
