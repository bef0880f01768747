"""Fill MLflow from the registry: a run for each model version, one below it for each candidate of its search.

The experiment and the registered model are named by the use case. Idempotent: of a version that MLflow has already,
only the decisions and the champion alias are updated. MLflow is found by `MLFLOW_TRACKING_URI`.
"""

import pickle
import re
from typing import Any

import mlflow
import numpy as np
from mlflow.entities import Run
from mlflow.models import infer_signature
from pictures import figures, scoring
from registry import Source, source

VERSION = "model_version"


def main() -> None:
    registry = source()
    mlflow.set_experiment(registry.use_case)
    client = mlflow.MlflowClient()
    champion = registry.models()["champion"]
    for listed, card in registry.cards():
        version = listed["model_version"]
        run = _finished(registry.use_case, version) or _logged(registry, version, card)
        decisions = listed["decisions"] or []
        for number, each in enumerate(reversed(decisions)):
            client.set_tag(run.info.run_id, f"decision.{number}", f"{each['at']} {each['decision']}: {each['reason']}")
        if version == champion:
            (registered,) = client.search_model_versions(f"run_id = '{run.info.run_id}'")
            client.set_registered_model_alias(registry.use_case, "champion", registered.version)
        print(f"✓ {version}{' (champion)' if version == champion else ''}")


def _finished(experiment: str, version: str) -> Run | None:
    """The version's finished run; runs that an interrupted fill left unfinished are deleted."""
    found: list[Run] = mlflow.search_runs(
        experiment_names=[experiment], filter_string=f"tags.{VERSION} = '{version}'", output_format="list"
    )
    finished = [run for run in found if run.info.status == "FINISHED" and "parent" not in run.data.tags]
    if finished:
        return finished[0]
    for leftover in found:
        mlflow.delete_run(leftover.info.run_id)
    return None


def _logged(registry: Source, version: str, card: dict[str, Any]) -> Run:
    """The version as a new run with its candidates, figures and model."""
    estimator = pickle.loads(registry.reader.artifact(version, "model.pkl"))  # noqa: S301 - its digest was verified
    lineage = {name: card.get(name, "") for name in ("dataset_version", "schema_hash", "code", "algorithm")}
    with mlflow.start_run(run_name=version, tags={VERSION: version, **lineage}) as run:
        score = scoring(card).replace(" ", "_")
        for each in card["search"]["candidates"]:
            with mlflow.start_run(
                run_name=f"candidate {each['index']}", nested=True, tags={VERSION: version, "parent": run.info.run_id}
            ):
                mlflow.log_params(each["params"])
                mlflow.log_metric(score, each["mean"])
                for fold, value in enumerate(each["fold_scores"]):
                    mlflow.log_metric(f"fold_{score}", value, step=fold)
        mlflow.log_params(card["params"])
        mlflow.log_metrics({name: value for name, value in card["metrics"].items() if isinstance(value, float)})
        if validated := card.get("cross_validation"):
            mlflow.log_metric("cross_validated_accuracy", validated["accuracy"])
        for name, seen in card.get("never_seen", {}).items():
            mlflow.log_metric(f"accuracy_of_unseen_{name}", seen["accuracy"])
        for baseline in card.get("baselines", []):
            name = re.sub(r"\W+", "_", baseline["name"]).strip("_").lower()
            mlflow.log_metric(f"baseline_{name}_accuracy", baseline["accuracy"])
        mlflow.log_dict(card, "card.json")
        for caption, figure in figures(card).items():
            mlflow.log_figure(figure, f"pictures/{caption.lower().replace(' ', '_')}.svg")
        example = np.zeros((1, estimator.n_features_in_), np.float32)  # a version may be of another schema
        mlflow.sklearn.log_model(
            estimator,
            name="model",
            signature=infer_signature(example, estimator.predict_proba(example)),
            registered_model_name=registry.use_case,
            skops_trusted_types=["sklearn.tree._tree.Tree"],
            pyfunc_predict_fn="predict_proba",
            pip_requirements=[card["algorithm"].replace("RandomForestClassifier of ", "").replace(" ", "==")],
        )
    return mlflow.get_run(run.info.run_id)


if __name__ == "__main__":
    main()
