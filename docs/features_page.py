"""Makes docs/features.md, the page of a use case's features: `make docs`, or `USE_CASE=churn make docs` for another."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mlops import settings
from mlops.model.training_set import frame
from mlops.use_case import Feature, ModelInput, UseCase, load

PAGE = Path(__file__).with_name("features.md")


def page(case: UseCase) -> str:
    """The page as it should be."""
    inputs = _inputs(case)
    learned = _table("Learned from the training rows, looked up in the model", case.learned_features, inputs)
    return "\n".join(
        [
            "# Features",
            "",
            f"Made from the declaration of `{case.name}` by `make docs`; do not edit. Feature schema "
            f"`{case.schema_hash}`{_count(inputs)}.",
            "",
            *_table(f"Derived from one {case.entity[0]}, in both stores", case.features, inputs),
            *(learned if case.learned_features else []),
            "A key tells which rows belong together and is no input itself. Labels are in the offline store alone.",
            "",
        ]
    )


def _inputs(case: UseCase) -> Sequence[ModelInput]:
    """The model's inputs, where the use case's own encoder declares them; an ordinary table's depend on its rows."""
    if not case.learned_features:
        return ()
    encoder, _ = case.encoding.fit_transform(frame(case.features, []), np.zeros(0, dtype=np.int64))
    return encoder.inputs


def _count(inputs: Sequence[ModelInput]) -> str:
    return f"; the model has {len(inputs)} inputs made of these features" if inputs else ""


def _table(title: str, features: Sequence[Feature], inputs: Sequence[ModelInput]) -> list[str]:
    of_feature: dict[str, list[str]] = {}
    for each in inputs:
        for feature in each.features:
            of_feature.setdefault(feature, []).append(f"`{each.name}`")
    owned = any(feature.owner for feature in features)
    rows = []
    for each in features:
        cells = [f"`{each.name}`", each.type, each.meaning, ", ".join(each.source)]
        cells += [", ".join(of_feature.get(each.name, ["–"]))] if inputs else []
        cells += [f"[{Path(each.owner).name}](../{each.owner})" if each.owner else ""] if owned else []
        rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    names = ["feature", "type", "meaning", "from columns"]
    names += ["inputs of the model"] * bool(inputs) + ["owner"] * owned
    return [f"## {title}", "", f"| {' | '.join(names)} |", "|---" * len(names) + "|", *rows, ""]


if __name__ == "__main__":
    PAGE.write_text(page(load(settings.use_case())))
