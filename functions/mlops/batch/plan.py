"""Plan: divide the files of a batch into shards of whole records, quoted line breaks included.

Every file is read once, from beginning to end: only so is it known whether a line break is inside quotes. Plain files
are scored where they are, by ranges of bytes; packed ones cannot be entered in their midst and are laid out unpacked.
"""

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO

from mlops.batch.layout import LARGEST, BatchRequest, Plan, Shard, SourceRows, key, numbers, read_plan
from mlops.data.csv_content import CsvContent
from mlops.data.objects import ObjectStore, Pinned
from mlops.data.rejection import DatasetRefusedError
from mlops.errors import InvalidInputError
from mlops.use_case import UseCase

# A batch is divided into about so many shards, of at least so many bytes: enough to share among functions, and large
# enough that starting one does not count.
SHARDS = 16
SMALLEST = 2**20


def plan(
    case: UseCase, objects: ObjectStore, bucket: str, request: BatchRequest, smallest: int = SMALLEST
) -> tuple[Plan, list[int]]:
    """The plan, and the shards that are still to be scored. A batch that was planned before keeps its plan.

    DatasetRefusedError names the file that is no table of this use case, and the line where that is known.
    """
    batch_id = request.batch_id
    made = read_plan(objects, bucket, batch_id)
    if made is None:
        size = min(max(sum(each.size for each in request.sources) // SHARDS, smallest), LARGEST)
        sources, shards = [], list[Shard]()
        for source in request.sources:
            rows = _Division(case, objects, bucket, batch_id, source, size, len(shards))
            shards += rows.shards()
            sources.append(rows.read)
        made = Plan(tuple(sources), tuple(shards))
        objects.put(bucket, key(batch_id, "plan.json"), made.to_json(), "application/json")
    done = numbers(objects, bucket, batch_id, "done")
    for number in numbers(objects, bucket, batch_id, "failed"):
        objects.delete(bucket, key(batch_id, f"failed/{number:05}.json"))
    return made, [number for number in range(len(made.shards)) if number not in done]


class _Division:
    """One file's division; `read` is known when all its shards were asked for."""

    read: SourceRows

    def __init__(
        self, case: UseCase, objects: ObjectStore, bucket: str, batch_id: str, source: Pinned, size: int, first: int
    ) -> None:
        self._case, self._objects, self._bucket = case, objects, bucket
        self._batch_id, self._source, self._size, self._number = batch_id, source, size, first

    def shards(self) -> Iterator[Shard]:
        """Its shards, in order."""
        try:
            with self._objects.read_pinned(self._bucket, self._source) as stream:
                content = CsvContent(stream, self._case, unlabelled=True)
                with TemporaryFile() as unpacked:
                    yield from self._divided(content, unpacked if content.packed else None)
                self.read = SourceRows(self._source.key, content.digest, content.records if self._any else 0)
        except KeyError:
            raise InvalidInputError(f"{self._source.key} was replaced after it was asked for: start again") from None
        except DatasetRefusedError as refused:
            raise DatasetRefusedError(f"{self._source.key}: {refused}") from None

    def _divided(self, content: CsvContent, unpacked: IO[bytes] | None) -> Iterator[Shard]:
        begin = read = rows = 0
        while block := content.read(max(self._size // 8, 1)):
            read += len(block)
            if unpacked:
                unpacked.write(block)
            ended, complete = content.complete
            if complete - begin >= self._size:
                yield self._shard(content, unpacked, begin, complete, rows, ended)
                begin, rows = complete, ended
        self._any = read > 0
        if read > begin:
            yield self._shard(content, unpacked, begin, read, rows, content.records)

    def _shard(
        self, content: CsvContent, unpacked: IO[bytes] | None, begin: int, end: int, rows: int, ended: int
    ) -> Shard:
        where, start = self._source, content.start + begin
        if unpacked:
            where, start = self._laid_out(unpacked, end - begin), 0
        self._number += 1
        counts = rows + 1, ended - rows
        return Shard(self._source.key, where, start, start + end - begin, *counts, tuple(content.columns))

    def _laid_out(self, unpacked: IO[bytes], size: int) -> Pinned:
        """The first bytes of what was unpacked, as an object; what is behind them stays for the next."""
        unpacked.seek(size)
        rest = unpacked.read()
        unpacked.seek(size)
        unpacked.truncate()
        unpacked.seek(0)
        name = key(self._batch_id, f"input/{self._number:05}.csv")
        self._objects.put(self._bucket, name, unpacked, "text/csv")
        found = self._objects.pin(self._bucket, name)
        unpacked.seek(0)
        unpacked.truncate()
        unpacked.write(rest)
        return found
