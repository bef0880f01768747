"""The gate: whether a challenger deserves to serve, decided on rows that no compared model was shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import pi, sqrt
from typing import Any, Literal

from mlops.statistics.proportion import SURE, mcnemar
from mlops.training.comparison import Comparison

# How sure it must be that a model is better, where it must be; how likely it may at most be that it is worse by more
# than the region of practical equivalence.
BETTER, WORSE = 0.95, 0.05
# On the champion's rows, of a list that retraining composed: there the world has moved, and old rows count for less.
WORSE_THEN = 0.5
# A tie goes to the challenger if it has so many times the champion's rows.
MORE_ROWS = 1.1
# A slice collapses when it loses more than this, and more than chance explains; smaller slices say too little.
SLICE_MARGIN = 0.10
SLICE_ROWS = 20
# Expected calibration error over ten bins (M. P. Naeini et al., 2015) that is allowed of many rows; of few, so much is
# allowed beyond what chance explains.
CALIBRATION_ERROR = 0.10
CALIBRATION_ALLOWANCE = 0.05
# What serving can bear: seconds for one explained prediction in plain Python, bytes to fetch in a cold start.
BUDGET_SECONDS = 0.01
BUDGET_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Standing:
    """A challenger: its out-of-fold P(class 1) of its rows and their labels, and what it costs to serve.

    `validation` are its figures in cross-validation (model/cross_validation.py), `accuracy` that on the hold-out.
    """

    version: str
    probabilities: Sequence[float]
    labels: Sequence[int]
    validation: Mapping[str, Any]
    accuracy: float = 0.0
    held_out: int = 0
    seconds: float = 0.0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Contest:
    """The champion as an opponent: on the challenger's rows, and on its own, where the datasets differ.

    None where too few rows can be compared. `grown` is how many times the champion's rows the challenger has. One that
    no longer `serves` is compared out-of-fold alone, and replaced by whatever is not surely worse. `composed` is a list
    of the champion's rows and of others that came back with labels.
    """

    champion: str
    on_new_rows: Comparison | None
    on_its_rows: Comparison | None = None
    anchor: str | None = None
    against_anchor: Comparison | None = None
    grown: float = 1.0
    objections: Sequence[tuple[str, str]] = ()
    serves: bool = True
    composed: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of the gate: whether it holds, the figure it was decided by, and both in words."""

    name: str
    holds: bool
    figure: float
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision, the reason in words, and every check behind it; `is_best` if it becomes the anchor."""

    decision: Literal["promoted", "kept", "unchanged"]
    reason: str
    checks: tuple[Check, ...] = field(default=())
    is_best: bool = False

    def evidence(self) -> dict[str, Any]:
        """The checks as plain JSON, by name."""
        return {check.name: asdict(check) for check in self.checks}


def judge(challenger: Standing, contest: Contest | None) -> Verdict:
    """The verdict on a challenger: promoted if every check holds. Without a champion there is no contest."""
    if contest and contest.champion == challenger.version:
        return Verdict("unchanged", f"Model {challenger.version} is the champion already: same data, same model")
    checks = tuple(_checks(challenger, contest))
    failed = _decisive([check for check in checks if not check.holds], contest)
    right = f"right on {challenger.accuracy:.1%} of {challenger.held_out} held-out rows"
    if failed:
        confirm = " To promote it all the same: make promote VERSION=" + challenger.version if contest else ""
        return Verdict("kept", f"It is {right}, but {'; '.join(failed)}.{confirm}", checks)
    deciding = ("worth a change", "better than the prior") if contest else ("better than the prior",)
    words = "; ".join(check.words for check in checks if check.name in deciding)
    serving = contest if contest and contest.serves else None
    leads = [each for each in (serving.on_new_rows, serving.against_anchor) if each] if serving else []
    first = "The first model; it is" if not contest else "It is"
    return Verdict("promoted", f"{first} {right}: {words}", checks, all(each.better >= BETTER for each in leads))


def _decisive(failed: Sequence[Check], contest: Contest | None) -> list[str]:
    """What a person needs to read of the failed checks: faults of the data if there are any, no tie of the worse."""
    faults = {name for name, _ in contest.objections} if contest else set()
    of_data = [check.words for check in failed if check.name in faults]
    return of_data or [check.words for check in failed if check.name != "worth a change" or len(failed) == 1]


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


def _checks(challenger: Standing, contest: Contest | None) -> Iterator[Check]:
    yield _better_than_the_prior(challenger.validation)
    for baseline in challenger.validation["baselines"]:
        worse = max(each["worse_by_more_than_region"] for name, each in baseline.items() if name != "name")
        lead = baseline["rows"]["difference"]
        words = (
            f"it is {lead:+.1%} accurate against the rule {baseline['name']!r}, P(worse by over 1 point) {worse:.1%}"
        )
        yield Check(f"no worse than {baseline['name']!r}", worse <= WORSE, worse, words)
    if contest:
        yield from _in_contest(contest)
    error, by_chance = calibration_error(challenger.probabilities, challenger.labels)
    allowed = max(CALIBRATION_ERROR, CALIBRATION_ALLOWANCE + by_chance)
    words = f"its probabilities miss by {error:.3f} on average, {allowed:.3f} are allowed of so many rows"
    yield Check("calibrated", error <= allowed, error, words)
    milliseconds, most = 1000 * challenger.seconds, 1000 * BUDGET_SECONDS
    words = f"a prediction takes {milliseconds:.1f} ms, {most:.0f} are allowed"
    yield Check("quick", challenger.seconds <= BUDGET_SECONDS, challenger.seconds, words)
    words = f"it has {challenger.size:,} bytes, {BUDGET_BYTES:,} are allowed"
    yield Check("small", challenger.size <= BUDGET_BYTES, challenger.size, words)


def _better_than_the_prior(validation: Mapping[str, Any]) -> Check:
    """From labels that are noise nothing can be learnt, and a champion measured by noise could not defend itself."""
    loss, prior = validation["log_loss"], validation["prior_log_loss"]
    sure = validation["better_than_prior"]["probability"]
    words = f"its out-of-fold log loss is {loss:.3f}, that of the class prior {prior:.3f}: P(better) {sure:.1%}"
    return Check("better than the prior", sure >= BETTER, sure, words)


def _in_contest(contest: Contest) -> Iterator[Check]:
    for name, words in contest.objections:
        yield Check(name, False, 0.0, words)
    champion = f"champion {contest.champion}"
    if not contest.serves:
        for name, found in (("no worse", contest.on_new_rows), ("no worse data", contest.on_its_rows)):
            if found:
                yield Check(name, found.worse <= 1 - WORSE, found.worse, _no_worse(name, champion, found).words)
        return
    if contest.on_new_rows is None:
        yield Check("comparable", False, 0.0, f"it cannot be compared with {champion}: they share too few rows")
        return
    yield _no_worse("no worse", champion, contest.on_new_rows)
    if contest.on_its_rows:
        allowed = WORSE_THEN if contest.composed else WORSE
        yield _no_worse("no worse data", f"{champion} on the champion's rows", contest.on_its_rows, allowed)
    if contest.against_anchor:
        yield _no_worse("no worse than the best", f"{contest.anchor}, the best so far", contest.against_anchor)
    yield _worth_a_change(contest.on_new_rows, contest.grown)
    yield _no_slice_collapses(contest.on_new_rows)


def _no_worse(name: str, opponent: str, found: Comparison, allowed: float = WORSE) -> Check:
    """In folds by row it must surely be no worse; in folds by group it must not surely be worse.

    The more of a group's rows are known, the more a model relies on them, and the less it is worth without: two equally
    good models of different datasets differ there.
    """
    words = f"against {opponent}: {found.words}, P(worse by more than matters) {found.worse:.1%}"
    if found.worse_for_strangers > 1 - WORSE:
        words += f", for unknown groups {found.worse_for_strangers:.1%}"
        return Check(name, False, found.worse_for_strangers, words)
    return Check(name, found.worse <= allowed, found.worse, words)


def _worth_a_change(found: Comparison, grown: float) -> Check:
    """A tie keeps the champion, for each change risks something; much more data is worth that risk."""
    if found.better >= BETTER:
        return Check("worth a change", True, found.better, f"{found.words}: P(better) {found.better:.1%}")
    if grown >= MORE_ROWS and found.sets["rows"]["log_loss"].mean >= 0:
        return Check("worth a change", True, grown, f"a tie ({found.words}) on {grown:.2f} times the rows")
    words = f"it is a tie ({found.words}, P(better) {found.better:.1%}): that keeps the champion, unless there are "
    return Check("worth a change", False, found.better, words + "at least 10 % more rows and the log loss is no worse")


def _no_slice_collapses(found: Comparison) -> Check:
    worst, words = 0.0, "no slice loses"
    for (name, value), (wins, losses, rows) in found.slices.items():
        loss = (losses - wins) / rows if rows >= SLICE_ROWS else 0.0
        if loss > max(worst, SLICE_MARGIN) and mcnemar(wins, losses) < -SURE:
            worst, words = loss, f"{name} {value} collapses: it loses {loss:.1%} of {rows}"
    return Check("no slice collapses", not worst, worst, words)
