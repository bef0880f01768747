"""The model registry: immutable versions and one champion pointer, in an object store.

A version is named by its content: its name is the digest of `digests.json`, which holds the digest of every other
artifact. Whoever knows a version's name can therefore verify all of it, and the same content is the same version.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from mlops.data.objects import ObjectReader, ObjectStore
from mlops.errors import ModelCorruptedError, ModelNotFoundError, NoChampionError, PromotionConflictError
from mlops.model.portable import Model, load
from mlops.use_case import UseCase

if TYPE_CHECKING:
    from mlops.model.out_of_fold import OutOfFold

CHAMPION = "champion.json"
DIGESTS = "digests.json"
MODEL = "model.safetensors"
# P(class 1) of each row by models that did not see it: what any two versions are compared by.
OUT_OF_FOLD = "out_of_fold.json"
CARD = "card.json"
REFERENCE = "reference.json"
# When each version was first published, in the names of empty objects: one listing answers it, and the version's own
# artifacts hold no time.
REGISTRATIONS = "registrations/"
_TYPES = {"json": "application/json"}


@dataclass(frozen=True, slots=True)
class Champion:
    """The version that serves, why and since when (UTC, ISO 8601), and the ETag of the pointer that says so.

    `anchor` is the best version so far: only a version that is clearly better takes its place, or one set by hand.
    """

    version: str
    etag: str
    decision: Literal["promoted", "set_by_hand"] = "promoted"
    reason: str = ""
    previous: str | None = None
    at: str = "1970-01-01T00:00:00+00:00"
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class RegistryReader:
    """The registry as serving sees it: read, and verified before anything is believed."""

    store: ObjectReader
    bucket: str
    case: UseCase

    def champion(self) -> Champion | None:
        """Who serves now; None before the first promotion. What a later release adds to the pointer is passed over."""
        try:
            body, etag = self.store.get(self.bucket, CHAMPION)
        except KeyError:
            return None
        try:
            known = {name: value for name, value in json.loads(body).items() if name in Champion.__slots__}
            return Champion(**{**known, "etag": etag})
        except (ValueError, AttributeError, TypeError) as error:
            raise ModelCorruptedError(f"The champion pointer is not readable: {error!r}") from error

    def serving(self) -> Champion:
        """The champion; NoChampionError before the first promotion."""
        champion = self.champion()
        if champion is None:
            raise NoChampionError("No model was promoted yet: run the pipeline first")
        return champion

    def artifact(self, version: str, name: str) -> bytes:
        """One artifact of a version; ModelNotFoundError, or ModelCorruptedError if it is not what was published."""
        digests = self._get(version, DIGESTS)
        if _version(digests) != version:
            raise ModelCorruptedError(f"The digests of model {version} are not those that named it")
        body = self._get(version, name)
        if sha256(body).hexdigest() != json.loads(digests).get(name):
            raise ModelCorruptedError(f"{name} of model {version} is not what was published")
        return body

    def model(self, version: str) -> Model:
        """The scorer of a version; the errors of `artifact`, or ModelCorruptedError if this code cannot serve it."""
        return load(self.artifact(version, MODEL), self.case)

    def out_of_fold(self, version: str) -> "OutOfFold":
        """The out-of-fold probabilities of a version; the errors of `artifact`."""
        from mlops.model.out_of_fold import OutOfFold  # numpy, which serving does not load

        return OutOfFold.from_json(self.artifact(version, OUT_OF_FOLD))

    def versions(self) -> Iterator[tuple[str, str | None]]:
        """Every version, newest first, with the time (UTC, ISO 8601) of its first publication.

        Last, and looked for only then, those without one: their publication was broken off.
        """
        times: dict[str, str] = {}
        for key in sorted(self.store.keys(self.bucket, REGISTRATIONS)):
            at, _, version = key.removeprefix(REGISTRATIONS).rpartition("_")
            times.setdefault(version, at)
        yield from sorted(times.items(), key=lambda each: (each[1], each[0]), reverse=True)
        there = {key.split("/")[1] for key in self.store.keys(self.bucket, "models/") if key.endswith(f"/{DIGESTS}")}
        yield from ((version, None) for version in sorted(there - times.keys(), reverse=True))

    def _get(self, version: str, name: str) -> bytes:
        try:
            return self.store.get(self.bucket, _key(version, name))[0]
        except KeyError:
            raise ModelNotFoundError(f"There is no {name} of model version {version}") from None


@dataclass(frozen=True, slots=True)
class Registry:
    """The registry as training sees it: a reader that can also write."""

    store: ObjectStore
    bucket: str
    case: UseCase
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def reader(self) -> RegistryReader:
        return RegistryReader(self.store, self.bucket, self.case)

    def publish(self, artifacts: Mapping[str, bytes]) -> str:
        """Store a version whole and return its name; publishing it again changes nothing."""
        each = {name: sha256(artifacts[name]).hexdigest() for name in sorted(artifacts)}
        digests = json.dumps(each, indent=2).encode()
        version = _version(digests)
        # The digests last: a version without them is not there.
        for name, body in (*artifacts.items(), (DIGESTS, digests)):
            type_ = _TYPES.get(name.rpartition(".")[2], "application/octet-stream")
            self.store.put(self.bucket, _key(version, name), body, type_)
        if not any(key.endswith(version) for key in self.store.keys(self.bucket, REGISTRATIONS)):
            at = f"{self.now():%Y-%m-%dT%H:%M:%S.%fZ}"
            self.store.put(self.bucket, f"{REGISTRATIONS}{at}_{version}", b"", "text/plain")
        return version

    def drop(self, version: str) -> None:
        """Delete a version, its registration last, so that what is broken off is dropped again; never the champion."""
        champion = self.reader.champion()
        if champion and champion.version == version:
            return
        registered = (key for key in self.store.keys(self.bucket, REGISTRATIONS) if key.endswith(f"_{version}"))
        for key in (*self.store.keys(self.bucket, f"models/{version}/"), *registered):
            self.store.delete(self.bucket, key)

    def set_champion(
        self,
        version: str,
        reason: str,
        instead_of: Champion | None,
        decision: Literal["promoted", "set_by_hand"] = "promoted",
        anchor: str | None = None,
    ) -> Champion:
        """Switch the champion in one atomic write; PromotionConflictError if `instead_of` is not champion any more.

        Without another `anchor` the version is its own.
        """
        previous, at = instead_of.version if instead_of else None, self.now().isoformat(timespec="milliseconds")
        made = Champion(version, "", decision, reason, previous, at, anchor or version)
        body = json.dumps({name: value for name, value in asdict(made).items() if name != "etag"}, indent=2).encode()
        try:
            self.store.replace(self.bucket, CHAMPION, body, "application/json", instead_of.etag if instead_of else None)
        except PromotionConflictError:  # also what a client hears that tries again after its first answer was lost
            there = self.reader.champion()
            if not there or replace(there, etag="") != made:
                raise
        return made


def _version(digests: bytes) -> str:
    return sha256(digests).hexdigest()[:16]


def _key(version: str, name: str) -> str:
    return f"models/{version}/{name}"
