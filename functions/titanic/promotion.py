"""The gate: whether a challenger deserves to serve, decided on passengers that neither model was shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from titanic.proportion import wilson

# How much accuracy a challenger may lose to the champion and still count as no worse: under the standard error of an
# accuracy on some 180 passengers (0.028), over what regrowing the same forest with another seed changes.
MARGIN = 0.02


@dataclass(frozen=True, slots=True)
class Standing:
    """A model's P(survived) of the held-out passengers, and their fates in the same order."""

    version: str
    probabilities: Sequence[float]
    survived: Sequence[int]

    @property
    def correct(self) -> list[bool]:
        """Passenger by passenger, so that two models can be compared in pairs."""
        return [decide(p) == fate for p, fate in zip(self.probabilities, self.survived, strict=True)]

    @property
    def accuracy(self) -> float:
        return sum(self.correct) / len(self.survived)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision, and the reason in words."""

    decision: Literal["promoted", "kept", "unchanged"]
    reason: str


def decide(probability: float) -> int:
    """Survived or not: at exactly one half not, as scikit-learn decides."""
    return int(probability > 0.5)


def judge(challenger: Standing, champion: Standing | None) -> Verdict:
    """The verdict on a challenger.

    First it must be shown to know more than the base rate: the lower bound of its accuracy lies above it. Of fates
    that are noise nothing can be learnt, and a champion that is measured by noise could not defend itself.
    """
    survivors = sum(challenger.survived) / len(challenger.survived)
    base_rate = max(survivors, 1 - survivors)
    right = f"right on {challenger.accuracy:.1%} of {len(challenger.survived)} held-out passengers"
    if champion and champion.version == challenger.version:
        return Verdict("unchanged", f"Model {challenger.version} is the champion already: same data, same model")
    if wilson(sum(challenger.correct), len(challenger.survived))[0] <= base_rate:
        return Verdict("kept", f"It is {right}: not clearly more than the {base_rate:.1%} of one fate for all")
    if champion is None:
        return Verdict("promoted", f"The first model; it is {right}, where the base rate is {base_rate:.1%}")
    lead = challenger.accuracy - champion.accuracy
    comparison = f"It is {right}, {lead:+.1%} against champion {champion.version}"
    if lead < -MARGIN:
        return Verdict("kept", f"{comparison}: worse by more than the margin of {MARGIN:.1%}")
    return Verdict("promoted", f"{comparison}: not worse by more than the margin of {MARGIN:.1%}")
