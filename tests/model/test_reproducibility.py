"""The same data, code and seed give the same bytes, in another process and under another hash seed."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import hashlib, pathlib, sys
from dataclasses import replace
from fakes.feature_stores import MemoryOfflineStore
from fakes.object_store import MemoryObjectStore
from passengers import passenger
from titanic import USE_CASE
from mlops.features.stores import FeatureRow
from mlops.registry.versions import Registry
from mlops.model.search import Evaluation
from mlops.training.shares import of_search
from mlops.training.train import Run

CASE = replace(USE_CASE, search=replace(USE_CASE.search, trees=20))
rows = [
    FeatureRow(
        str(i),
        (i * 7 + i // 3) % 3 % 2,
        CASE.derive(passenger(i % 3 + 1, f"Doe, Mr. {i}", Age=float(i % 70), Fare=i * 1.7)),
    )
    for i in range(300)
]
if "warm" in sys.argv:
    of_search(CASE, len(rows))
offline, objects = MemoryOfflineStore(CASE), MemoryObjectStore()
offline.write("list", CASE.schema_hash, rows)
evaluation = Evaluation(0, {"max_depth": 5, "criterion": "entropy", "max_features": "sqrt"}, (0.7, 0.9))
registry = Registry(objects, "models", CASE)
version = Run(CASE, offline, registry, "list", CASE.schema_hash).fit([evaluation]).version
for key in objects.keys("models", f"models/{version}/"):
    print(key, hashlib.sha256(objects.get("models", key)[0]).hexdigest())
"""
ROOT = Path(__file__).parents[2]


def run(hash_seed: str, threads: str, *arguments: str) -> str:
    path = os.pathsep.join(map(str, (ROOT / "functions", ROOT / "tests")))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": threads}
    command = [sys.executable, "-c", SCRIPT, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_every_artifact_is_the_same_to_the_byte() -> None:
    first = run("0", "1")

    assert first.count("models/") == 6
    assert run("4711", "2", "warm") == first
