"""What the steps of a run on very many rows leave for one another, so that each reads no more than it needs.

Below `training/{dataset version}-{feature schema}-{code}/` of the models bucket: the same for each run on the same
rows, and gone after some days. What is not there is made anew by whoever needs it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree._tree import Tree

from mlops.data.objects import ObjectStore
from mlops.model.training_set import TrainingSet, from_columns
from mlops.use_case import Feature

PREFIX = "training/"
# Of a forest with two classes and one output, as scikit-learn's trees have it.
_CLASSES = np.array([2], dtype=np.intp)


@dataclass(frozen=True, slots=True)
class Workspace:
    """Named arrays in an object store; reading refuses pickles."""

    objects: ObjectStore
    bucket: str
    folder: str
    features: Sequence[Feature]

    def keep(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> str:
        """Write some arrays; their name."""
        with TemporaryFile() as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.seek(0)
            self.objects.put(self.bucket, self._key(name), file, "application/zip")
        return name

    def arrays(self, name: str) -> dict[str, NDArray[Any]] | None:
        """What was kept under a name; None if nothing was."""
        with TemporaryFile() as file:
            try:
                stream = self.objects.open(self.bucket, self._key(name))
            except KeyError:
                return None
            with stream:
                while block := stream.read(2**20):
                    file.write(block)
            file.seek(0)
            with np.load(file, allow_pickle=False) as found:
                return dict(found)

    def keep_rows(self, name: str, rows: TrainingSet) -> None:
        """Write rows as columns: numbers as they are, texts as codes and the texts that these stand for."""
        import pandas as pd

        arrays = {"ids": np.array(rows.ids, dtype=np.str_), "labels": rows.labels}
        for feature in self.features:
            column = rows.features[feature.name]
            if column.dtype == np.float64:
                arrays[feature.name] = column.to_numpy()
            else:
                codes, texts = pd.factorize(column)
                arrays[feature.name], arrays[f"{feature.name} texts"] = codes, np.array(texts, dtype=np.str_)
        self.keep(name, arrays)

    def rows(self, name: str) -> TrainingSet | None:
        """Rows that were kept under a name; None if none were."""
        arrays = self.arrays(name)
        if arrays is None:
            return None
        columns = {feature.name: arrays[feature.name] for feature in self.features}
        for feature in columns:
            if (texts := arrays.get(f"{feature} texts")) is not None:
                columns[feature] = np.array([*texts.tolist(), None], dtype=object)[columns[feature]]
        return from_columns(self.features, arrays["ids"].tolist(), arrays["labels"], columns)

    def keep_trees(self, name: str, trees: Sequence[Tree]) -> str:
        """Write trees of a forest as the arrays that they are made of."""
        states = [tree.__getstate__() for tree in trees]
        return self.keep(
            name,
            {
                "columns": np.array(trees[0].n_features),
                "sizes": np.array([each["node_count"] for each in states]),
                "depths": np.array([each["max_depth"] for each in states]),
                "nodes": np.concatenate([each["nodes"] for each in states]),
                "values": np.concatenate([each["values"] for each in states]),
            },
        )

    def trees(self, name: str) -> list[Tree] | None:
        """Trees that were kept under a name; None if none were."""
        arrays = self.arrays(name)
        if arrays is None:
            return None
        found, starts = [], np.cumsum([0, *arrays["sizes"]])
        for start, size, depth in zip(starts, arrays["sizes"].tolist(), arrays["depths"].tolist(), strict=False):
            tree = Tree(int(arrays["columns"]), _CLASSES, 1)
            nodes, values = (np.ascontiguousarray(arrays[each][start : start + size]) for each in ("nodes", "values"))
            tree.__setstate__({"max_depth": depth, "node_count": size, "nodes": nodes, "values": values})
            found.append(tree)
        return found

    def _key(self, name: str) -> str:
        return f"{PREFIX}{self.folder}/{name}.npz"
