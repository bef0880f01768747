"""Ask for a batch: pin its files and the model, so that a rerun is of the same."""

from collections.abc import Sequence

from mlops.batch.layout import PREFIX, BatchRequest, Format, key
from mlops.data.objects import ObjectStore, Pinned
from mlops.errors import FileNotThereError, InvalidInputError

MAX_SOURCES = 10_000


def request(
    objects: ObjectStore, bucket: str, use_case: str, model_version: str, keys: Sequence[str], format: Format
) -> BatchRequest:
    """Pin the files and write the request down. A key that ends with a slash is all objects below it, by name.

    FileNotThereError names a key that is not there.
    """
    if not keys:
        raise InvalidInputError("No file is named: keys are those of files in the data bucket")
    sources = [pinned for each in keys for pinned in _pinned(objects, bucket, each)]
    if len(sources) > MAX_SOURCES:
        raise InvalidInputError(f"These are {len(sources):,} files, at most {MAX_SOURCES:,} are one batch")
    if len({each.key for each in sources}) < len(sources):
        raise InvalidInputError("A file is there more than once, and its rows would be: name each file once")
    found = BatchRequest(use_case, model_version, format, tuple(sources))
    objects.put(bucket, key(found.batch_id, "request.json"), found.to_json(), "application/json")
    return found


def _pinned(objects: ObjectStore, bucket: str, name: str) -> list[Pinned]:
    name = name.removeprefix(f"s3://{bucket}/")
    if name.startswith(PREFIX):
        raise InvalidInputError(f"{name!r} is of a batch itself: name a file to score")
    names = [each for each in objects.keys(bucket, name) if not each.endswith("/")] if name.endswith("/") else [name]
    if not names:
        raise FileNotThereError(f"There is nothing below {name!r} in the data bucket: upload files there first")
    try:
        return [objects.pin(bucket, each) for each in names]
    except KeyError:
        raise FileNotThereError(f"There is no {name!r} in the data bucket: upload it first") from None
