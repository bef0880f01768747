"""The gate, check by check."""

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from mlops.model.decision import decide
from mlops.statistics.correlated import Posterior
from mlops.training.comparison import Comparison
from mlops.training.gate import (
    BUDGET_BYTES,
    BUDGET_SECONDS,
    CALIBRATION_ERROR,
    SLICE_ROWS,
    Contest,
    Standing,
    Verdict,
    calibration_error,
    judge,
)

LABELS = [1] * 76 + [0] * 124
BETTER_THAN_PRIOR: dict[str, Any] = {
    **{"log_loss": 0.45, "prior_log_loss": 0.66, "better_than_prior": {"probability": 0.999}, "baselines": []}
}


def standing(version: str = "new") -> Standing:
    """A model that is right on nine of ten of two hundred rows."""
    probabilities = [0.85 if label == (i % 10 > 0) else 0.05 for i, label in enumerate(LABELS)]
    return Standing(version, probabilities, LABELS, BETTER_THAN_PRIOR, 0.9, 200, 0.001, 100_000)


def lead(accuracy: float, log_loss: float = 0.0, error: float = 0.005, **more: Any) -> Comparison:
    """A challenger that is so much better, in folds by row; `error` is that of both."""
    found = {"accuracy": Posterior(accuracy, error, 24), "log_loss": Posterior(log_loss, error, 24)}
    return Comparison(891, {"rows": found}, **more)


def held(verdict: Verdict) -> dict[str, bool]:
    return {check.name: check.holds for check in verdict.checks}


def test_the_first_model_serves_if_it_is_better_than_the_prior() -> None:
    verdict = judge(standing(), None)

    assert (verdict.decision, verdict.is_best) == ("promoted", True)
    assert verdict.reason.startswith("The first model; it is right on 90.0% of 200 held-out rows")


@pytest.mark.parametrize(
    ("found", "decision", "failed"),
    [
        (lead(0.02), "promoted", set()),
        (lead(0.0, 0.02), "promoted", set()),
        (lead(0.0), "kept", {"worth a change"}),
        (lead(0.005), "kept", {"worth a change"}),
        (lead(-0.002, -0.002), "kept", {"no worse", "worth a change"}),
        (lead(-0.03, 0.02), "kept", {"no worse"}),
        (lead(0.03, -0.02), "kept", {"no worse"}),
        (lead(0.05, 0.05, error=0.2), "kept", {"no worse", "worth a change"}),
    ],
)
def test_only_what_is_surely_better_and_surely_no_worse_takes_the_champions_place(
    found: Comparison, decision: str, failed: set[str]
) -> None:
    verdict = judge(standing(), Contest("old", found))

    assert verdict.decision == decision, verdict.reason
    assert {name for name, holds in held(verdict).items() if not holds} == failed


@pytest.mark.parametrize(
    ("grown", "log_loss", "decision"),
    [(1.1, 0.0, "promoted"), (1.09, 0.0, "kept"), (1.5, 0.001, "promoted"), (1.5, -0.0001, "kept")],
)
def test_a_tie_goes_to_clearly_more_rows_if_the_log_loss_is_no_worse(
    grown: float, log_loss: float, decision: str
) -> None:
    verdict = judge(standing(), Contest("old", lead(0.0, log_loss, error=0.003), grown=grown))

    assert (verdict.decision, verdict.is_best) == (decision, False)
    assert "tie" in verdict.reason


@pytest.mark.parametrize(("accuracy", "holds"), [(-0.03, False), (-0.015, True), (0.0, True)])
def test_for_strangers_it_must_not_surely_be_worse(accuracy: float, holds: bool) -> None:
    by_group = {"accuracy": Posterior(accuracy, 0.005, 24), "log_loss": Posterior(0.0, 0.005, 24)}

    verdict = judge(standing(), Contest("old", Comparison(891, {**lead(0.02).sets, "groups": by_group})))
    assert held(verdict)["no worse"] is holds
    assert ("for unknown groups" in verdict.reason) is not holds


def test_better_on_its_own_rows_and_worse_on_the_champions_is_worse_data() -> None:
    """As with labels that are turned round: of itself such a file says nothing but good."""
    verdict = judge(standing(), Contest("old", lead(0.1, 0.1), on_its_rows=lead(-0.3, -0.5)))

    assert (verdict.decision, held(verdict)["no worse data"]) == ("kept", False)
    assert "on the champion's rows" in verdict.reason


@pytest.mark.parametrize(
    ("accuracy", "composed", "holds"), [(-0.007, False, False), (-0.007, True, True), (-0.02, True, False)]
)
def test_on_old_rows_a_list_that_retraining_composed_may_be_a_little_worse(
    accuracy: float, composed: bool, holds: bool
) -> None:
    verdict = judge(standing(), Contest("old", lead(0.02), on_its_rows=lead(accuracy), composed=composed))

    assert held(verdict)["no worse data"] is holds


def test_the_best_so_far_is_not_worn_down_by_small_steps() -> None:
    contest = Contest("old", lead(0.02, 0.02), anchor="best", against_anchor=lead(-0.02, -0.02))
    verdict = judge(standing(), contest)

    assert (verdict.decision, held(verdict)["no worse than the best"]) == ("kept", False)
    tied = judge(standing(), replace(contest, against_anchor=lead(0.0)))
    assert (tied.decision, tied.is_best) == ("promoted", False)
    better = judge(standing(), replace(contest, against_anchor=lead(0.02)))
    assert (better.decision, better.is_best) == ("promoted", True)


def test_an_objection_to_the_data_holds_whatever_the_figures_and_says_how_to_confirm() -> None:
    contest = Contest("old", lead(0.05), objections=[("no shrinkage", "its dataset has 300 rows, the champion's 891")])
    verdict = judge(standing(), contest)

    assert verdict.decision == "kept"
    assert "300 rows, the champion's 891" in verdict.reason
    assert "make promote VERSION=new" in verdict.reason


def test_what_cannot_be_compared_is_not_promoted() -> None:
    assert held(judge(standing(), Contest("old", None)))["comparable"] is False


def test_the_champion_itself_changes_nothing() -> None:
    assert judge(standing("same"), Contest("same", None)).decision == "unchanged"


@pytest.mark.parametrize("contest", [None, Contest("old", lead(0.1))])
def test_a_model_that_is_not_clearly_better_than_the_class_prior_never_serves(contest: Contest | None) -> None:
    """Not even instead of a champion that is worse."""
    noise = {**BETTER_THAN_PRIOR, "log_loss": 0.65, "better_than_prior": {"probability": 0.94}}

    verdict = judge(replace(standing(), validation=noise), contest)
    assert (verdict.decision, held(verdict)["better than the prior"]) == ("kept", False)
    assert "its out-of-fold log loss is 0.650, that of the class prior 0.660: P(better) 94.0%" in verdict.reason


@pytest.mark.parametrize(
    ("rows", "groups", "decision"), [(0.04, None, "promoted"), (0.06, None, "kept"), (0.01, 0.2, "kept")]
)
def test_a_baseline_must_not_be_better(rows: float, groups: float | None, decision: str) -> None:
    def against(worse: float) -> Mapping[str, float]:
        return {"accuracy": 0.8, "difference": 0.01, "worse_by_more_than_region": worse}

    baseline = {"name": "Rule", "rows": against(rows), **({"groups": against(groups)} if groups else {})}
    verdict = judge(replace(standing(), validation={**BETTER_THAN_PRIOR, "baselines": [baseline]}), None)

    assert verdict.decision == decision
    assert held(verdict)["no worse than 'Rule'"] is (decision == "promoted")


def test_a_slice_must_not_collapse_though_the_whole_is_better() -> None:
    found = lead(0.05, slices={("sex", "female"): (2, 20, 60), ("sex", "male"): (90, 3, 300)})

    verdict = judge(standing(), Contest("old", found))
    assert held(verdict)["no worse"]
    assert not held(verdict)["no slice collapses"]
    assert "sex female collapses: it loses 30.0% of 60" in verdict.reason


@pytest.mark.parametrize("lost", [(0, SLICE_ROWS - 1, SLICE_ROWS - 1), (8, 14, 50)])
def test_a_slice_too_small_to_tell_or_within_chance_is_no_collapse(lost: tuple[int, int, int]) -> None:
    found = lead(0.05, slices={("sex", "female"): lost})

    assert held(judge(standing(), Contest("old", found)))["no slice collapses"]


def test_probabilities_that_mean_something_else_are_refused() -> None:
    shy = replace(standing(), probabilities=[0.6 if label else 0.4 for label in LABELS])

    verdict = judge(shy, None)
    assert not held(verdict)["calibrated"]
    assert "miss by 0.2" in verdict.reason


def test_the_calibration_error_by_hand() -> None:
    error, _ = calibration_error([0.5, 0.5, 0.9, 0.9], [1, 0, 1, 0])
    assert error == pytest.approx(2 * 0.4 / 4)
    error, _ = calibration_error([0.5, 0.5, 0.9], [1, 0, 1])
    assert error == pytest.approx(0.1 / 3 / 2)  # more cautious than it need be

    # One bin, four rows at one half: the sum of misses has variance 1, so its absolute value a mean of sqrt(2 / pi)
    # and a standard deviation of sqrt(1 - 2 / pi).
    error, by_chance = calibration_error([0.5] * 4, [1, 1, 1, 1])
    assert error == 0.5
    assert by_chance == pytest.approx((0.79788 + 1.645 * 0.60281) / 4, abs=1e-4)
    assert calibration_error([1.0], [1]) == (0, 0)


def test_caution_counts_half() -> None:
    """A forest on an easy table: nine of ten that it gives 0.7 are of class 1."""
    labels = [1] * 90 + [0] * 10 + [0] * 90 + [1] * 10
    assert calibration_error([0.7] * 100 + [0.3] * 100, labels)[0] == pytest.approx(0.2 / 2)

    labels = [1] * 70 + [0] * 30 + [0] * 70 + [1] * 30
    assert calibration_error([0.9] * 100 + [0.1] * 100, labels)[0] == pytest.approx(0.2)


def drawn(rows: int, seed: int, shift: float = 0.0) -> Standing:
    """A model whose probabilities are those by which the labels were drawn, moved by `shift`."""
    chance = random.Random(seed)
    truth = [chance.random() for _ in range(rows)]
    labels = [int(chance.random() < p) for p in truth]
    probabilities = [min(1.0, max(0.0, p + shift)) for p in truth]
    return Standing("new", probabilities, labels, BETTER_THAN_PRIOR, seconds=0.001, size=1)


@pytest.mark.parametrize("rows", [10, 50, 200, 1000])
def test_calibrated_models_pass_whatever_the_size_of_the_hold_out(rows: int) -> None:
    """With a limit of CALIBRATION_ERROR alone most of those of few rows would fail by chance."""
    standings = [drawn(rows, seed) for seed in range(100)]

    assert sum(held(judge(each, None))["calibrated"] for each in standings) >= 98
    errors = [calibration_error(each.probabilities, each.labels)[0] for each in standings]
    if rows == 50:
        assert sum(error > CALIBRATION_ERROR for error in errors) > 40


def test_what_chance_explains_is_exceeded_by_at_most_one_calibrated_model_in_twenty() -> None:
    found = [calibration_error(each.probabilities, each.labels) for each in (drawn(200, seed) for seed in range(1000))]

    assert sum(error > by_chance for error, by_chance in found) / 1000 < 0.05


@pytest.mark.parametrize("shift", [-0.2, 0.2])
def test_a_miscalibrated_model_fails_on_enough_rows(shift: float) -> None:
    verdicts = [judge(drawn(1000, seed, shift), None) for seed in range(50)]

    assert not any(held(verdict)["calibrated"] for verdict in verdicts)
    assert {verdict.decision for verdict in verdicts} == {"kept"}


@pytest.mark.parametrize(
    ("costs", "check", "named"),
    [
        ({"seconds": 2 * BUDGET_SECONDS}, "quick", "20.0 ms"),
        ({"size": BUDGET_BYTES + 1}, "small", "33,554,433 bytes"),
    ],
)
def test_a_model_that_serving_cannot_afford_is_refused(costs: dict[str, float], check: str, named: str) -> None:
    verdict = judge(replace(standing(), **costs), None)  # type: ignore[arg-type]

    assert not held(verdict)[check]
    assert named in verdict.reason
    assert verdict.evidence()[check]["holds"] is False


def test_at_exactly_one_half_the_decision_is_class_0() -> None:
    assert [decide(p) for p in (0.5, 0.5000001, 0.0, 1.0)] == [0, 1, 0, 1]
