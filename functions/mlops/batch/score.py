"""Score: one shard of a batch, some thousand rows at a time, as `/predict` would answer each of them."""

import gc
import json
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np

from mlops.batch.layout import Shard, errors_name, key, part_name, read_plan, read_request
from mlops.batch.output import TYPES, write_faults, writer
from mlops.batch.records import ROW, Portion, RecordReader
from mlops.data.objects import ObjectStore
from mlops.errors import BatchNotFoundError, InvalidInputError
from mlops.model.compiled_forest import CompiledForest
from mlops.model.decision import decide
from mlops.model.portable import Model
from mlops.registry.versions import RegistryReader
from mlops.use_case import UseCase

# Inputs whose probability a model remembers: of few columns that are no measurements, most come again and again.
_REMEMBERED = 2**14
# Rows are in no cycles: looking for some each 700 of them takes a third of the time of reading them.
_OBJECTS_PER_COLLECTION = 100_000


class Scorer:
    """A model that scores many rows: the probability of each, in order, to the last bit that of `Model`."""

    def __init__(self, case: UseCase, model: Model) -> None:
        self._derive, self._encode, self._forest = case.derive, model.encoder.encode, CompiledForest.of(model.forest)
        self._known: dict[tuple[float, ...], float] = {}

    def probabilities(self, portion: Portion) -> list[float]:
        encode, derive = self._encode, self._derive
        inputs = [tuple(encode(derive(row))) for row in portion.rows]
        if new := list(set(inputs).difference(self._known)):
            if len(self._known) + len(new) > _REMEMBERED:
                self._known.clear()
                new = list(set(inputs))
            self._known.update(zip(new, self._forest.probabilities(np.asarray(new, np.float32)).tolist(), strict=True))
        return list(map(self._known.__getitem__, inputs))


class Scoring:
    """What an execution environment keeps between shards: the model of a batch, and what it has learnt of texts."""

    def __init__(self, case: UseCase, objects: ObjectStore, bucket: str, registry: RegistryReader) -> None:
        self._case, self._objects, self._bucket, self._registry = case, objects, bucket, registry
        self._scorer: Callable[[str], Scorer] = lru_cache(2)(self._load)
        self._records = lru_cache(2)(lambda columns: RecordReader(case, columns))
        self._plan = lru_cache(2)(lambda batch_id: read_plan(objects, bucket, batch_id))

    def score(self, batch_id: str, number: int) -> dict[str, Any]:
        """Score a shard and write its results; the same shard is the same bytes, however often it is scored.

        InvalidInputError if its file was replaced, or if it holds other records than it was planned with.
        """
        request = read_request(self._objects, self._bucket, batch_id)
        plan = self._plan(batch_id)
        if plan is None or not 0 <= number < len(plan.shards):
            raise BatchNotFoundError(f"Batch {batch_id} has no shard {number}: plan it first")
        shard = plan.shards[number]
        with TemporaryFile() as part, TemporaryFile() as errors:
            counts = self._write(shard, self._scorer(request.model_version), request.format, part, errors)
            done: dict[str, Any] = {"shard": number, **counts, "part": None, "errors": None}
            if counts["scored"]:
                done["part"] = self._put(batch_id, "parts", part_name(number, request.format), part)
            if counts["refused"]:
                done["errors"] = self._put(batch_id, "errors", errors_name(number), errors)
        body = json.dumps(done).encode()
        self._objects.put(self._bucket, key(batch_id, f"done/{number:05}.json"), body, "application/json")
        return done

    def _write(self, shard: Shard, scorer: Scorer, format: Any, part: IO[bytes], errors: IO[bytes]) -> dict[str, int]:
        records = self._records(shard.columns)
        columns = [records.id_name, self._case.label.key, "probability"]
        whole = records.id_name == ROW or bool(self._case.id and self._case.id.kind == "whole")
        results = writer(format, part, columns, whole_ids=whole)
        seen = scored = 0
        try:
            stream = self._objects.read_pinned(self._bucket, shard.pinned, shard.start, shard.end)
        except KeyError:
            raise InvalidInputError(f"{shard.source} was replaced while it was scored: start again") from None
        with stream:
            for portion in records.portions(stream, shard.first_row):
                probabilities = scorer.probabilities(portion)
                results.write(portion.ids, [decide(each) for each in probabilities], probabilities)
                if portion.faults:
                    write_faults(errors, shard.source, portion.faults, header=not errors.tell())
                seen, scored = seen + portion.records, scored + len(probabilities)
        results.close()
        if seen != shard.rows:
            raise InvalidInputError(
                f"{shard.source} has {seen:,} records from row {shard.first_row} on where {shard.rows:,} line ends are "
                "outside of quotes: end all lines alike"
            )
        return {"rows": seen, "scored": scored, "refused": seen - scored}

    def _put(self, batch_id: str, folder: str, name: str, file: IO[bytes]) -> dict[str, Any]:
        digest, size = sha256(), file.seek(0, 2)
        file.seek(0)
        while block := file.read(2**20):
            digest.update(block)
        file.seek(0)
        self._objects.put(self._bucket, key(batch_id, f"{folder}/{name}"), file, TYPES[name.rpartition(".")[2]])
        return {"name": name, "bytes": size, "sha256": digest.hexdigest()}

    def _load(self, version: str) -> Scorer:
        model = self._registry.model(version)
        scorer = Scorer(self._case, model)
        gc.collect()
        gc.freeze()  # what stays for good is not looked through again each time that thousands of rows are read
        gc.set_threshold(_OBJECTS_PER_COLLECTION)
        return scorer
