"""The model as the pipeline trains it: a short search over the whole passenger list, with the winner of the whole."""

import json
import pickle
from dataclasses import dataclass
from typing import Any

import pytest
from sklearn.ensemble import RandomForestClassifier

from fakes.feature_stores import MemoryOfflineStore
from fakes.object_store import MemoryObjectStore
from mlops.features.stores import FeatureRow
from mlops.model.portable import Model
from mlops.registry.versions import CARD, Registry
from mlops.training.shares import of_search
from mlops.training.train import Run
from mlops.use_case import UseCase

# Of these few the same one wins as of all of them (docs/evidence.md).
CANDIDATES = 6


@dataclass(frozen=True)
class Trained:
    """A published version: both forms of its model, and its card."""

    version: str
    model: Model
    estimator: RandomForestClassifier
    card: dict[str, Any]

    @property
    def params(self) -> dict[str, Any]:
        """The parameters that the search chose."""
        return {name: self.card["params"][name] for name in self.card["search"]["candidates"][0]["params"]}


@pytest.fixture(scope="session")
def trained(case: UseCase, feature_rows: list[FeatureRow]) -> Trained:
    offline, registry = MemoryOfflineStore(case), Registry(MemoryObjectStore(), "models", case)
    offline.write("list", case.schema_hash, feature_rows)
    run = Run(case, offline, registry, "list", case.schema_hash)
    shares = of_search(case, len(feature_rows), CANDIDATES)
    version = run.fit([each for share in shares for each in run.evaluate(share.candidates)[0]]).version
    reader = registry.reader
    return Trained(
        version,
        reader.model(version),
        pickle.loads(reader.artifact(version, "model.pkl")),
        json.loads(reader.artifact(version, CARD)),
    )
