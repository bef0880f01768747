"""The gate: whether a challenger deserves to serve, decided on passengers that neither model was shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from mlops.statistics.proportion import SURE, paired_lower_bound, paired_score, wilson
from titanic.slices import Slice

# How much accuracy a challenger may have lost to the champion, at worst and with 95 % confidence. Of 180 passengers
# less cannot be told from chance: regrown with another seed, the same forest decides two or three of them otherwise.
MARGIN = 0.05
# A slice collapses when it loses more than this, and more than chance explains; smaller slices say too little.
SLICE_MARGIN = 0.10
SLICE_ROWS = 20
# Expected calibration error (M. P. Naeini et al., 2015) over ten bins; of 180 well calibrated passengers it is 0.05.
CALIBRATION_ERROR = 0.10
# What serving can bear: seconds for one explained prediction in plain Python, bytes to fetch in a cold start.
BUDGET_SECONDS = 0.01
BUDGET_BYTES = 5 * 2**20


@dataclass(frozen=True, slots=True)
class Standing:
    """A model's P(survived) of the held-out passengers and their fates in the same order, and what it costs to serve.

    `slices` are the numbers of the passengers in each.
    """

    version: str
    probabilities: Sequence[float]
    survived: Sequence[int]
    slices: Mapping[Slice, Sequence[int]] = field(default_factory=dict)
    seconds: float = 0.0
    size: int = 0

    @property
    def correct(self) -> list[bool]:
        """Passenger by passenger, so that two models can be compared in pairs."""
        return [decide(p) == fate for p, fate in zip(self.probabilities, self.survived, strict=True)]

    @property
    def accuracy(self) -> float:
        return sum(self.correct) / len(self.survived)


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of the gate: whether it holds, the figure it was decided by, and both in words."""

    name: str
    holds: bool
    figure: float
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision, the reason in words, and every check behind it."""

    decision: Literal["promoted", "kept", "unchanged"]
    reason: str
    checks: tuple[Check, ...] = ()

    def evidence(self) -> dict[str, Any]:
        """The checks as plain JSON, by name."""
        return {check.name: asdict(check) for check in self.checks}


def decide(probability: float) -> int:
    """Survived or not: at exactly one half not, as scikit-learn decides."""
    return int(probability > 0.5)


def judge(challenger: Standing, champion: Standing | None) -> Verdict:
    """The verdict on a challenger: promoted if every check holds."""
    if champion and champion.version == challenger.version:
        return Verdict("unchanged", f"Model {challenger.version} is the champion already: same data, same model")
    checks = tuple(_checks(challenger, champion))
    failed = [check.words for check in checks if not check.holds]
    rows = len(challenger.survived)
    right = f"{'It is' if champion else 'The first model; it is'} right on {challenger.accuracy:.1%} of {rows} held-out"
    reasons = failed or [check.words for check in checks if check.name in ("more than the base rate", "not worse")]
    return Verdict("kept" if failed else "promoted", f"{right} passengers: {'; '.join(reasons)}", checks)


def calibration_error(probabilities: Sequence[float], survived: Sequence[int], bins: int = 10) -> float:
    """By how much P(survived) misses the share that survived, on average over passengers in equally wide bins."""
    groups: dict[int, list[float]] = {}
    for probability, fate in zip(probabilities, survived, strict=True):
        groups.setdefault(min(int(probability * bins), bins - 1), []).append(probability - fate)
    return sum(abs(sum(misses)) for misses in groups.values()) / len(survived)


def _checks(challenger: Standing, champion: Standing | None) -> Iterator[Check]:
    yield _more_than_the_base_rate(challenger)
    if champion:
        yield _not_worse(challenger, champion)
    yield _no_slice_collapses(challenger, champion)
    error = calibration_error(challenger.probabilities, challenger.survived)
    words = f"its probabilities miss by {error:.3f} on average, {CALIBRATION_ERROR} are allowed"
    yield Check("calibrated", error <= CALIBRATION_ERROR, error, words)
    milliseconds, most = 1000 * challenger.seconds, 1000 * BUDGET_SECONDS
    words = f"a prediction takes {milliseconds:.1f} ms, {most:.0f} are allowed"
    yield Check("quick", challenger.seconds <= BUDGET_SECONDS, challenger.seconds, words)
    words = f"it has {challenger.size:,} bytes, {BUDGET_BYTES:,} are allowed"
    yield Check("small", challenger.size <= BUDGET_BYTES, challenger.size, words)


def _more_than_the_base_rate(challenger: Standing) -> Check:
    """Of fates that are noise nothing can be learnt, and a champion measured by noise could not defend itself."""
    share = sum(challenger.survived) / len(challenger.survived)
    base_rate = max(share, 1 - share)
    least = wilson(sum(challenger.correct), len(challenger.survived))[0]
    holds = least > base_rate
    words = f"{'clearly' if holds else 'not clearly'} more than the {base_rate:.1%} of one fate for all"
    return Check("more than the base rate", holds, least - base_rate, words)


def _not_worse(challenger: Standing, champion: Standing) -> Check:
    wins, losses = _against(challenger.correct, champion.correct)
    trials = len(challenger.survived)
    least = paired_lower_bound(wins, losses, trials)
    words = (
        f"{(wins - losses) / trials:+.1%} against champion {champion.version} ({wins} won, {losses} lost), with 95 % "
        f"confidence {least:+.1%} at worst, where a margin of {MARGIN:.1%} may be lost"
    )
    return Check("not worse", least >= -MARGIN, least, words)


def _no_slice_collapses(challenger: Standing, champion: Standing | None) -> Check:
    """Against the champion, or against what one fate for all of the slice gets right."""
    worst, words = 0.0, "no group of passengers loses"
    right, theirs = challenger.correct, champion.correct if champion else None
    for (name, value), members in challenger.slices.items():
        if len(members) < SLICE_ROWS:
            continue
        correct = [right[i] for i in members]
        survived = [challenger.survived[i] for i in members]
        usual = int(2 * sum(survived) > len(survived))
        other = [theirs[i] for i in members] if theirs else [fate == usual for fate in survived]
        wins, losses = _against(correct, other)
        loss = (losses - wins) / len(members)
        if loss > max(worst, SLICE_MARGIN) and paired_score(wins, losses, len(members), 0.0) < -SURE:
            worst = loss
            words = f"{name} {value} collapses: it loses {loss:.1%} of {len(members)}"
    return Check("no slice collapses", not worst, worst, words)


def _against(one: Sequence[bool], other: Sequence[bool]) -> tuple[int, int]:
    pairs = list(zip(one, other, strict=True))
    return pairs.count((True, False)), pairs.count((False, True))
