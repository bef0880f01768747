"""The gate, check by check."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from mlops.model.decision import decide
from mlops.training.gate import (
    BUDGET_BYTES,
    BUDGET_SECONDS,
    CALIBRATION_ERROR,
    MARGIN,
    SLICE_ROWS,
    Standing,
    Verdict,
    calibration_error,
    judge,
)

LABELS = [1] * 76 + [0] * 124
BETTER_THAN_PRIOR = {"log_loss": 0.45, "prior_log_loss": 0.66, "gain_at_least": 0.18}
NOT_BETTER = {"log_loss": 0.65, "prior_log_loss": 0.66, "gain_at_least": -0.01}


def standing(version: str, right: int, slices: Mapping[tuple[str, str], Sequence[int]] | None = None) -> Standing:
    """A model that is right on the first so many of two hundred rows."""
    decisions = [label if i < right else 1 - label for i, label in enumerate(LABELS)]
    probabilities = [0.85 if decision else 0.05 for decision in decisions]
    return Standing(version, probabilities, LABELS, BETTER_THAN_PRIOR, slices or {}, 0.001, 100_000)


def held(verdict: Verdict) -> dict[str, bool]:
    return {check.name: check.holds for check in verdict.checks}


@pytest.mark.parametrize(
    ("challenger", "champion", "decision"),
    [
        (180, None, "promoted"),
        (180, 170, "promoted"),
        (180, 180, "promoted"),
        (180, 183, "promoted"),
        (180, 190, "kept"),
    ],
)
def test_promoted_if_shown_to_be_not_worse_beyond_the_margin(
    challenger: int, champion: int | None, decision: str
) -> None:
    verdict = judge(standing("new", challenger), standing("old", champion) if champion else None)

    assert verdict.decision == decision, verdict
    assert f"{challenger / 2:.1f}%" in verdict.reason


def test_the_same_lead_is_less_sure_where_the_two_disagree_more() -> None:
    champion, agreeing = standing("old", 180), standing("new", 178)
    decisions = [1 - label if i < 22 else label for i, label in enumerate(LABELS)]
    elsewhere = replace(agreeing, probabilities=[0.85 if decision else 0.05 for decision in decisions])

    assert agreeing.accuracy == elsewhere.accuracy
    assert held(judge(agreeing, champion))["not worse"]
    assert not held(judge(elsewhere, champion))["not worse"]


def test_the_margin_is_stated_and_the_champion_named() -> None:
    reason = judge(standing("new", 160), standing("old", 180)).reason

    assert "champion old" in reason
    assert f"{MARGIN:.1%}" in reason
    assert "-10.0%" in reason


def test_the_champion_itself_changes_nothing() -> None:
    assert judge(standing("same", 180), standing("same", 180)).decision == "unchanged"


@pytest.mark.parametrize("champion", [None, standing("old", 100)])
def test_a_model_that_is_not_clearly_better_than_the_class_prior_never_serves(champion: Standing | None) -> None:
    """Not even instead of a champion that is worse."""
    noise = replace(standing("new", 180), validation=NOT_BETTER)

    verdict = judge(noise, champion)
    assert (verdict.decision, held(verdict)["better than the prior"]) == ("kept", False)
    assert "its out-of-fold log loss is 0.650, that of the class prior 0.660" in verdict.reason


def test_a_model_that_is_only_just_better_than_the_class_prior_serves_first() -> None:
    """However much of the table is of one class: its accuracy need not be above the majority's."""
    labels = [1] * 6 + [0] * 194
    probabilities = [0.3] * 12 + [0.01] * 188
    validation = {"log_loss": 0.118, "prior_log_loss": 0.135, "gain_at_least": 0.0001}

    verdict = judge(Standing("new", probabilities, labels, validation, {}, 0.001, 1), None)
    assert verdict.decision == "promoted"
    assert "with 95 % confidence better by at least" in verdict.reason
    assert judge(Standing("new", probabilities, labels, {**validation, "gain_at_least": 0.0}), None).decision == "kept"


def test_a_slice_must_not_collapse_though_the_whole_is_better() -> None:
    women = {("sex", "female"): range(180, 200)}
    champion = standing("old", 170, women)
    labels = [1 - label if i >= 180 else label for i, label in enumerate(LABELS)]
    champion = replace(champion, probabilities=[0.9 if i >= 180 and f else 0.1 for i, f in enumerate(LABELS)])
    challenger = replace(champion, version="new", probabilities=[0.9 if label else 0.1 for label in labels])

    verdict = judge(challenger, champion)
    assert held(verdict)["not worse"]
    assert not held(verdict)["no slice collapses"]
    assert verdict.decision == "kept"
    assert "sex female collapses" in verdict.reason


def test_a_slice_too_small_to_tell_is_not_judged() -> None:
    few = {("sex", "female"): range(200 - SLICE_ROWS + 1, 200)}
    champion = standing("old", 200)

    assert held(judge(standing("new", 190, few), champion))["no slice collapses"]


def test_the_first_model_has_no_slices_to_lose() -> None:
    """The last twenty are all of class 0; it takes them all for class 1, and there is no champion that does better."""
    verdict = judge(standing("new", 180, {("pclass", "3"): range(180, 200)}), None)

    assert "no slice collapses" not in held(verdict)
    assert verdict.decision == "promoted"


def test_probabilities_that_mean_something_else_are_refused() -> None:
    shy = replace(standing("new", 190), probabilities=[0.6 if label else 0.4 for label in LABELS])

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
    return Standing("new", probabilities, labels, BETTER_THAN_PRIOR, {}, 0.001, 1)


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
        ({"size": BUDGET_BYTES + 1}, "small", "16,777,217 bytes"),
    ],
)
def test_a_model_that_serving_cannot_afford_is_refused(costs: dict[str, float], check: str, named: str) -> None:
    verdict = judge(replace(standing("new", 180), **costs), None)  # type: ignore[arg-type]

    assert not held(verdict)[check]
    assert named in verdict.reason
    assert verdict.evidence()[check]["holds"] is False


def test_at_exactly_one_half_the_decision_is_class_0() -> None:
    assert [decide(p) for p in (0.5, 0.5000001, 0.0, 1.0)] == [0, 1, 0, 1]
