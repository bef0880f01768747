"""The gate: whether a challenger deserves to serve, decided on rows that neither model was shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import pi, sqrt
from typing import Any, Literal

from mlops.model.decision import decide
from mlops.statistics.proportion import SURE, paired_lower_bound, paired_score

# How much accuracy a challenger may have lost to the champion, at worst and with 95 % confidence. Of 180 rows less
# cannot be told from chance: grown again with another seed, the same forest decides two or three of them otherwise.
MARGIN = 0.05
# A slice collapses when it loses more than this, and more than chance explains; smaller slices say too little.
SLICE_MARGIN = 0.10
SLICE_ROWS = 20
# Expected calibration error over ten bins (M. P. Naeini et al., 2015) that is allowed of many rows; of few, so much is
# allowed beyond what chance explains.
CALIBRATION_ERROR = 0.10
CALIBRATION_ALLOWANCE = 0.05
# What serving can bear: seconds for one explained prediction in plain Python, bytes to fetch in a cold start.
BUDGET_SECONDS = 0.01
BUDGET_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Standing:
    """A model's P(class 1) of the held-out rows and their labels in the same order, and what it costs to serve.

    `slices` are the positions of the rows in each, `validation` its figures in cross-validation (model/card.py).
    """

    version: str
    probabilities: Sequence[float]
    labels: Sequence[int]
    validation: Mapping[str, Any] = field(default_factory=dict)
    slices: Mapping[tuple[str, str], Sequence[int]] = field(default_factory=dict)
    seconds: float = 0.0
    size: int = 0

    @property
    def correct(self) -> list[bool]:
        """Row by row, so that two models can be compared in pairs."""
        return [decide(p) == label for p, label in zip(self.probabilities, self.labels, strict=True)]

    @property
    def accuracy(self) -> float:
        return sum(self.correct) / len(self.labels)


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


def judge(challenger: Standing, champion: Standing | None) -> Verdict:
    """The verdict on a challenger: promoted if every check holds."""
    if champion and champion.version == challenger.version:
        return Verdict("unchanged", f"Model {challenger.version} is the champion already: same data, same model")
    checks = tuple(_checks(challenger, champion))
    failed = [check.words for check in checks if not check.holds]
    rows = len(challenger.labels)
    right = f"{'It is' if champion else 'The first model; it is'} right on {challenger.accuracy:.1%} of {rows} held-out"
    reasons = failed or [check.words for check in checks if check.name in ("better than the prior", "not worse")]
    return Verdict("kept" if failed else "promoted", f"{right} rows: {'; '.join(reasons)}", checks)


def calibration_error(probabilities: Sequence[float], labels: Sequence[int], bins: int = 10) -> tuple[float, float]:
    """By how much P(class 1) misses the share of class 1, on average over rows in equally wide bins; and chance's part.

    A bin whose rows were decided rightly more often than was claimed counts half: a forest is cautious on an easy
    table, and caution does less harm than boldness. The second figure is what a perfectly calibrated model stays below
    in 95 of 100 samples: in each bin the sum of the misses is about normal, so that its absolute value is half-normal.
    """
    groups: dict[int, list[tuple[float, int]]] = {}
    for probability, label in zip(probabilities, labels, strict=True):
        groups.setdefault(min(int(probability * bins), bins - 1), []).append((probability, label))
    error, variances = 0.0, []
    for rows in groups.values():
        claimed, found = (sum(each) / len(rows) - 0.5 for each in zip(*rows, strict=True))
        cautious = claimed * found > 0 and abs(found) > abs(claimed)
        error += len(rows) * abs(claimed - found) * (0.5 if cautious else 1.0)
        variances.append(sum(probability * (1 - probability) for probability, _ in rows))
    expected = sum(sqrt(2 * each / pi) for each in variances)
    spread = sqrt((1 - 2 / pi) * sum(variances))
    return error / len(labels), (expected + SURE * spread) / len(labels)


def _checks(challenger: Standing, champion: Standing | None) -> Iterator[Check]:
    yield _better_than_the_prior(challenger)
    if champion:
        yield _not_worse(challenger, champion)
        yield _no_slice_collapses(challenger, champion)
    error, by_chance = calibration_error(challenger.probabilities, challenger.labels)
    allowed = max(CALIBRATION_ERROR, CALIBRATION_ALLOWANCE + by_chance)
    words = f"its probabilities miss by {error:.3f} on average, {allowed:.3f} are allowed of so many rows"
    yield Check("calibrated", error <= allowed, error, words)
    milliseconds, most = 1000 * challenger.seconds, 1000 * BUDGET_SECONDS
    words = f"a prediction takes {milliseconds:.1f} ms, {most:.0f} are allowed"
    yield Check("quick", challenger.seconds <= BUDGET_SECONDS, challenger.seconds, words)
    words = f"it has {challenger.size:,} bytes, {BUDGET_BYTES:,} are allowed"
    yield Check("small", challenger.size <= BUDGET_BYTES, challenger.size, words)


def _better_than_the_prior(challenger: Standing) -> Check:
    """From labels that are noise nothing can be learnt, and a champion measured by noise could not defend itself."""
    loss, prior, gain = (challenger.validation[name] for name in ("log_loss", "prior_log_loss", "gain_at_least"))
    words = f"its out-of-fold log loss is {loss:.3f}, that of the class prior {prior:.3f}"
    words += f": with 95 % confidence better by at least {gain:.3f}" if gain > 0 else ", which is not clearly worse"
    return Check("better than the prior", gain > 0, gain, words)


def _not_worse(challenger: Standing, champion: Standing) -> Check:
    wins, losses = _against(challenger.correct, champion.correct)
    trials = len(challenger.labels)
    least = paired_lower_bound(wins, losses, trials)
    words = (
        f"{(wins - losses) / trials:+.1%} against champion {champion.version} ({wins} won, {losses} lost), with 95 % "
        f"confidence {least:+.1%} at worst, where a margin of {MARGIN:.1%} may be lost"
    )
    return Check("not worse", least >= -MARGIN, least, words)


def _no_slice_collapses(challenger: Standing, champion: Standing) -> Check:
    worst, words = 0.0, "no slice loses"
    right, theirs = challenger.correct, champion.correct
    for (name, value), members in challenger.slices.items():
        if len(members) < SLICE_ROWS:
            continue
        wins, losses = _against([right[i] for i in members], [theirs[i] for i in members])
        loss = (losses - wins) / len(members)
        if loss > max(worst, SLICE_MARGIN) and paired_score(wins, losses, len(members), 0.0) < -SURE:
            worst = loss
            words = f"{name} {value} collapses: it loses {loss:.1%} of {len(members)}"
    return Check("no slice collapses", not worst, worst, words)


def _against(one: Sequence[bool], other: Sequence[bool]) -> tuple[int, int]:
    pairs = list(zip(one, other, strict=True))
    return pairs.count((True, False)), pairs.count((False, True))
