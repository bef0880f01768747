"""The model card: what a model is, what it was made of and how good it is, as JSON that is the same for the same model.

Curves are points for others to draw. It holds no times and no version: the version is the digest of all artifacts, this
one among them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sklearn
from sklearn.ensemble import RandomForestClassifier

from mlops.model import evaluation
from mlops.model.cross_validation import Validation
from mlops.model.evaluation import members
from mlops.model.holdout import SHARE, Parts
from mlops.model.inspection import inspect
from mlops.model.nested import Nested
from mlops.model.portable import Model
from mlops.model.search import FOLDS, Evaluation, Failure
from mlops.model.training_set import TrainingSet
from mlops.statistics.correlated import posterior
from mlops.statistics.proportion import wilson
from mlops.use_case import UseCase

FORMAT = 4
_TRAINED_ON = (
    "What serves is fitted on all rows. Every figure under metrics, curves, slices, baselines and inspection is of a "
    "model with the same parameters that was fitted on the training part alone: the held-out fifth was not used to "
    "choose, fit or calibrate it. Figures under cross_validation are of all rows, each by models that did not see it; "
    "those under nested are also free of the choice of parameters. Which features there are was chosen by people who "
    "knew the rows."
)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model that serves, its forest as scikit-learn has it, and the model that was judged."""

    model: Model
    estimator: RandomForestClassifier
    judged: Model


def card(
    case: UseCase,
    dataset_version: str,
    code: str,
    searched: tuple[Evaluation, Sequence[Evaluation], Sequence[Failure]],
    parts: Parts,
    fitted: Fitted,
    validation: Validation,
    nested: Mapping[str, Nested],
) -> dict[str, Any]:
    """The card of a model: `searched` is the winner of the search, all that were scored, and those that failed."""
    chosen, evaluations, failures = searched
    labels = parts.holdout.labels.tolist()
    probabilities = fitted.judged.score(parts.holdout.features)
    validated = validation.to_json()
    seen = never_seen(validated, nested)
    importances = feature_importances(fitted)
    by = "its content" if case.id is None else case.id.name
    return {
        "format": FORMAT,
        "use_case": case.name,
        "label": {"name": case.label.name, "key": case.label.key, "words": list(case.label.titles)},
        "algorithm": f"RandomForestClassifier of scikit-learn {sklearn.__version__}",
        "params": {**chosen.params, "n_estimators": case.search.trees, "random_state": case.search.seed},
        "code": code,
        "dataset_version": dataset_version,
        "schema_hash": case.schema_hash,
        "serving": _counts(parts.everyone),
        "training": {**_counts(parts.training), "note": _TRAINED_ON + _sampled(case, parts)},
        "holdout": {**_counts(parts.holdout), "share": SHARE, "by": f"sha256 of {by}"},
        "metrics": evaluation.metrics(labels, probabilities),
        "baselines": evaluation.baselines(case, parts.training, parts.holdout),
        "cross_validation": validated,
        "nested": {name: each.to_json() for name, each in nested.items()},
        "never_seen": seen,
        "in_a_sentence": in_a_sentence(case, seen, validated),
        "departures": departures(case, parts.everyone, validation),
        "curves": evaluation.curves(labels, probabilities),
        "slices": evaluation.slices(case.slices, parts.holdout, probabilities),
        "importances": importances,
        "inspection": inspect(fitted.judged, parts.holdout, list(importances), case.search.seed),
        "search": {
            "folds": FOLDS,
            "scoring": case.search.scoring,
            "choose": case.search.choose,
            "chosen": chosen.index,
            **stability(chosen, evaluations, nested),
            "candidates": [
                {**_without_nested(each), "mean": each.mean}
                for each in sorted(evaluations, key=lambda each: each.index)
            ],
            "failures": [asdict(each) for each in sorted(failures, key=lambda each: each.index)],
        },
    }


def _sampled(case: UseCase, parts: Parts) -> str:
    total = len(parts.everyone)
    if total <= case.search.sample:
        return ""
    return (
        f" Of {total:,} rows, {len(parts.training):,} were drawn, classes in proportion, to search and to fit the "
        f"judged model, {len(parts.holdout):,} others to judge it; the forest that serves was grown on all."
    )


def never_seen(validated: Mapping[str, Any], nested: Mapping[str, Nested]) -> dict[str, Any]:
    """Accuracy on rows that are in no table: nested where there is that, with the width of the repeated folds.

    A single nested round has five folds, too few for an interval of its own.
    """
    found = {}
    for name, figures in (("rows", validated), ("groups", validated.get("groups"))):
        if figures:
            low, high = figures["interval"]
            mean = posterior(nested[name].accuracy, FOLDS).mean if name in nested else figures["accuracy"]
            bounds = [max(mean - (high - low) / 2, 0.0), min(mean + (high - low) / 2, 1.0)]
            found[name] = {
                "accuracy": round(mean, evaluation.DIGITS),
                "interval": [round(bound, evaluation.DIGITS) for bound in bounds],
                "nested": name in nested,
            }
    return found


def in_a_sentence(case: UseCase, seen: Mapping[str, Any], validated: Mapping[str, Any]) -> str:
    """What a reader should take away."""

    def words(of: Mapping[str, Any]) -> str:
        low, high = of["interval"]
        return f"{of['accuracy']:.1%} right (95 % interval {low:.1%} to {high:.1%})"

    many = case.entity[1]
    said = f"Of {many} like these that it has never seen, expect {words(seen['rows'])}"
    if "groups" in seen:
        said += f"; where it knows nobody of their group, {words(seen['groups'])}"
    rules = [f"{each['name']!r} is right on {each['rows']['accuracy']:.1%}" for each in validated["baselines"]]
    return f"{said}. {'; '.join(rules)} of the same {many}." if rules else f"{said}."


def stability(chosen: Evaluation, evaluations: Sequence[Evaluation], nested: Mapping[str, Nested]) -> dict[str, Any]:
    """In how many outer folds another candidate wins, and the winner's paired lead over the best of the others."""
    winners = [index for each in nested.values() for index in each.chosen]
    others = [each for each in evaluations if each.index != chosen.index]
    changes = {"outer_folds": len(winners), "winner_changes_in": sum(index != chosen.index for index in winners)}
    if not others:
        return changes
    second = max(others, key=lambda each: each.mean)
    lead = [one - other for one, other in zip(chosen.fold_scores, second.fold_scores, strict=True)]
    found = posterior(lead, FOLDS)
    figures = {
        "over": second.index,
        "mean": round(found.mean, evaluation.DIGITS),
        "error": round(found.scale, evaluation.DIGITS),
    }
    return {**changes, "lead": figures}


def departures(case: UseCase, rows: TrainingSet, validation: Validation) -> list[dict[str, Any]]:
    """Where the model decides against a baseline, by slice: how often out-of-fold, and how often it is right then."""
    scores, labels = validation.scores, validation.scores.labels
    decided = scores.by_row.probabilities > 0.5
    groups = members(case.slices, rows.features.loc[list(scores.ids)])
    found = []
    for baseline, by_set in validation.baselines.items():
        for (feature, value), places in groups.items():
            for decision in (0, 1):
                against = (decided == decision) & (by_set["rows"] != decision)
                count, right = against[:, places].sum(), (against & (labels == decision))[:, places].sum()
                if count:
                    repeats = len(decided)
                    interval = wilson(right / repeats, count / repeats)
                    found.append(
                        {
                            **{"baseline": baseline, "feature": feature, "value": value, "decision": decision},
                            "rows": round(count / repeats, 1),
                            "right": round(right / count, evaluation.DIGITS),
                            "interval": [round(bound, evaluation.DIGITS) for bound in interval],
                        }
                    )
    return found


def feature_importances(fitted: Fitted) -> dict[str, float]:
    """Impurity importance of each feature, greatest first; an input made of several divides its own among them."""
    total: dict[str, float] = {}
    for each, importance in zip(fitted.model.encoder.inputs, fitted.estimator.feature_importances_, strict=True):
        for feature in each.features:
            total[feature] = total.get(feature, 0.0) + float(importance) / len(each.features)
    ranked = sorted(total.items(), key=lambda item: (-item[1], item[0]))
    return {feature: round(importance, evaluation.DIGITS) for feature, importance in ranked}


def as_json(document: Mapping[str, Any]) -> bytes:
    """The bytes of a document, the same for the same content."""
    return json.dumps(document, indent=2, sort_keys=True).encode()


def _without_nested(each: Evaluation) -> dict[str, Any]:
    return {name: value for name, value in asdict(each).items() if name not in ("nested", "only")}


def _counts(rows: TrainingSet) -> dict[str, int]:
    return {"rows": len(rows), "positive": int(rows.labels.sum())}
