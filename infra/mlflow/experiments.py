"""Fill MLflow from the registry: a run for each model version, one below it for each candidate of its search.

Idempotent: a version that is there already is left as it is, but for what changes about it, its decisions and who is
champion. Where to is `MLFLOW_TRACKING_URI`.
"""

import pickle
from typing import Any

import mlflow
import numpy as np
from mlflow.entities import Run
from mlflow.models import infer_signature
from pictures import figures
from registry import Source, source

EXPERIMENT = MODEL = "titanic"
VERSION = "model_version"


def main() -> None:
    registry = source()
    mlflow.set_experiment(EXPERIMENT)
    client = mlflow.MlflowClient()
    champion = registry.models()["champion"]
    for listed, card in registry.cards():
        version = listed["model_version"]
        run = _known(version) or _written(registry, version, card)
        decisions = listed["decisions"] or []
        for number, each in enumerate(reversed(decisions)):
            client.set_tag(run.info.run_id, f"decision.{number}", f"{each['at']} {each['decision']}: {each['reason']}")
        if version == champion:
            (registered,) = client.search_model_versions(f"run_id = '{run.info.run_id}'")
            client.set_registered_model_alias(MODEL, "champion", registered.version)
        print(f"✓ {version}{' (champion)' if version == champion else ''}")


def _known(version: str) -> Run | None:
    """The version's finished run; what an interrupted fill left is deleted."""
    found: list[Run] = mlflow.search_runs(
        experiment_names=[EXPERIMENT], filter_string=f"tags.{VERSION} = '{version}'", output_format="list"
    )
    finished = [run for run in found if run.info.status == "FINISHED" and "parent" not in run.data.tags]
    if finished:
        return finished[0]
    for leftover in found:
        mlflow.delete_run(leftover.info.run_id)
    return None


def _written(registry: Source, version: str, card: dict[str, Any]) -> Run:
    estimator = pickle.loads(registry.shelf.artifact(version, "model.pkl"))  # noqa: S301 - its digest was verified
    lineage = {name: card.get(name, "") for name in ("dataset_version", "schema_hash", "code", "algorithm")}
    with mlflow.start_run(run_name=version, tags={VERSION: version, **lineage}) as run:
        for each in card["search"]["candidates"]:
            with mlflow.start_run(
                run_name=f"candidate {each['index']}", nested=True, tags={VERSION: version, "parent": run.info.run_id}
            ):
                mlflow.log_params(each["params"])
                mlflow.log_metric("accuracy", each["mean"])
                for fold, score in enumerate(each["fold_scores"]):
                    mlflow.log_metric("fold_accuracy", score, step=fold)
        mlflow.log_params(card["params"])
        mlflow.log_metrics({name: value for name, value in card["metrics"].items() if isinstance(value, float)})
        if validated := card.get("cross_validation"):
            mlflow.log_metric("cross_validated_accuracy", validated["accuracy"])
        mlflow.log_dict(card, "card.json")
        for words, figure in figures(card).items():
            mlflow.log_figure(figure, f"pictures/{words.lower().replace(' ', '_')}.svg")
        example = np.zeros((1, estimator.n_features_in_), np.float32)  # a version may be of another schema
        mlflow.sklearn.log_model(
            estimator,
            name="model",
            signature=infer_signature(example, estimator.predict_proba(example)),
            registered_model_name=MODEL,
            skops_trusted_types=["sklearn.tree._tree.Tree"],
            pyfunc_predict_fn="predict_proba",
            pip_requirements=[card["algorithm"].replace("RandomForestClassifier of ", "").replace(" ", "==")],
        )
    return mlflow.get_run(run.info.run_id)


if __name__ == "__main__":
    main()
