"""The model as the pipeline trains it: the default search over the whole passenger list."""

import json
import pickle
from dataclasses import dataclass
from typing import Any

import pytest
from sklearn.ensemble import RandomForestClassifier

from fakes.feature_stores import MemoryOfflineStore
from fakes.object_store import MemoryObjectStore
from mlops.model.portable import Model
from mlops.ports import FeatureRow
from mlops.registry.versions import CARD, Registry
from mlops.training import train
from titanic.features import SCHEMA_HASH


@dataclass(frozen=True)
class Trained:
    """A published version: both forms of its model, and its card."""

    version: str
    model: Model
    estimator: RandomForestClassifier
    card: dict[str, Any]


@pytest.fixture(scope="session")
def trained(feature_rows: list[FeatureRow]) -> Trained:
    offline, registry = MemoryOfflineStore(), Registry(MemoryObjectStore(), "models")
    offline.write("list", SCHEMA_HASH, feature_rows)
    evaluations = [each for share in train.plan() for each in train.evaluate(offline, "list", SCHEMA_HASH, share)[0]]
    version = train.fit(offline, registry, "list", SCHEMA_HASH, evaluations).version
    shelf = registry.shelf
    return Trained(
        version,
        shelf.model(version),
        pickle.loads(shelf.artifact(version, "model.pkl")),
        json.loads(shelf.artifact(version, CARD)),
    )
