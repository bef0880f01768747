"""A histogram whose bins are fixed once, on the reference, so that any later sample can be counted into the same."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import log
from typing import Any

Value = str | float | int | None

MISSING = "missing"
OTHER = "other"
# Bins of a category: rarer values are counted as one, "other".
MAX_BINS = 30


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of one variable; there are two more of them than `cuts`.

    Of a `number`, the cuts are ascending upper bounds, inclusive: a bin up to each, one above the last. Of a
    `category`, they are its values: a bin for each, one for any other. The last bin is "not recorded".
    """

    name: str
    type: str
    cuts: tuple[Any, ...]
    counts: tuple[int, ...]

    def labels(self) -> list[str]:
        """A name for each bin, as a person reads it."""
        if self.type == "category":
            return [*self.cuts, OTHER, MISSING]
        if not self.cuts:
            return ["any", MISSING]
        shown = [f"{cut:.4g}" for cut in self.cuts]
        between = [f"{low} to {high}" for low, high in pairwise(shown)]
        return [f"up to {shown[0]}", *between, f"above {shown[-1]}", MISSING]

    def shares(self) -> list[float]:
        """The share of the sample in each bin; zeros of an empty sample."""
        size = sum(self.counts) or 1
        return [count / size for count in self.counts]

    def of(self, values: Iterable[Value]) -> "Histogram":
        """Another sample of the same variable, counted into these bins."""
        return Histogram(self.name, self.type, self.cuts, _count(self.type, self.cuts, values))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Histogram":
        return Histogram(data["name"], data["type"], tuple(data["cuts"]), tuple(data["counts"]))


def numeric(name: str, values: Sequence[Value], bins: int = 10) -> Histogram:
    """A histogram with about equally full bins: cut at the sample's quantiles, as is usual for PSI.

    Equal values cannot be cut apart, so a variable of few values gets fewer bins.
    """
    known = sorted(float(value) for value in values if value is not None)
    quantiles = {known[len(known) * step // bins - 1] for step in range(1, bins) if len(known) * step // bins}
    cuts = tuple(sorted(cut for cut in quantiles if cut < known[-1]))
    return Histogram(name, "number", cuts, _count("number", cuts, values))


def categorical(name: str, values: Sequence[Value]) -> Histogram:
    """A histogram with one bin for each value of the sample, the most frequent ones where there are many."""
    counts = Counter(str(value) for value in values if value is not None)
    cuts = tuple(sorted(value for value, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:MAX_BINS]))
    return Histogram(name, "category", cuts, _count("category", cuts, values))


def psi(expected: Sequence[int], actual: Sequence[int]) -> float:
    """Population stability index of two samples' counts over the same bins: sum of (a - e) * ln(a / e) over shares.

    The formula is Siddiqi's; it is Jeffreys' divergence of the two distributions. Half a row is added to each bin
    that either sample fills, for the logarithm of an empty one has no value.
    """
    filled = [(e + 0.5, a + 0.5) for e, a in zip(expected, actual, strict=True) if e or a]
    expected_size, actual_size = sum(e for e, _ in filled), sum(a for _, a in filled)
    shares = [(e / expected_size, a / actual_size) for e, a in filled]
    return sum((a - e) * log(a / e) for e, a in shares)


def _count(kind: str, cuts: tuple[Any, ...], values: Iterable[Value]) -> tuple[int, ...]:
    other, missing = len(cuts), len(cuts) + 1
    place = {cut: index for index, cut in enumerate(cuts)}

    def bin_of(value: Value) -> int:
        if value is None:
            return missing
        return place.get(str(value), other) if kind == "category" else bisect_left(cuts, float(value))

    counts = Counter(bin_of(value) for value in values)
    return tuple(counts[index] for index in range(missing + 1))
