"""The gate, check by check."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from mlops.training.gate import (
    BUDGET_BYTES,
    BUDGET_SECONDS,
    CALIBRATION_ERROR,
    MARGIN,
    SLICE_ROWS,
    Standing,
    Verdict,
    calibration_error,
    decide,
    judge,
)
from titanic.slices import Slice

SURVIVED = [1] * 76 + [0] * 124


def standing(version: str, right: int, slices: Mapping[Slice, Sequence[int]] | None = None) -> Standing:
    """A model that is right on the first so many of two hundred passengers."""
    fates = [fate if i < right else 1 - fate for i, fate in enumerate(SURVIVED)]
    return Standing(version, [0.85 if fate else 0.05 for fate in fates], SURVIVED, slices or {}, 0.001, 100_000)


def held(verdict: Verdict) -> dict[str, bool]:
    return {check.name: check.holds for check in verdict.checks}


@pytest.mark.parametrize(
    ("challenger", "champion", "decision"),
    [
        (180, None, "promoted"),
        (124, None, "kept"),
        (137, None, "kept"),
        (180, 170, "promoted"),
        (180, 180, "promoted"),
        (180, 183, "promoted"),
        (180, 190, "kept"),
        (120, 110, "kept"),
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
    fates = [1 - fate if i < 22 else fate for i, fate in enumerate(SURVIVED)]
    elsewhere = replace(agreeing, probabilities=[0.85 if fate else 0.05 for fate in fates])

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


def test_a_slice_must_not_collapse_though_the_whole_is_better() -> None:
    women = {("sex", "female"): range(180, 200)}
    champion = standing("old", 170, women)
    fates = [1 - fate if i >= 180 else fate for i, fate in enumerate(SURVIVED)]
    champion = replace(champion, probabilities=[0.9 if i >= 180 and f else 0.1 for i, f in enumerate(SURVIVED)])
    challenger = replace(champion, version="new", probabilities=[0.9 if fate else 0.1 for fate in fates])

    verdict = judge(challenger, champion)
    assert held(verdict)["not worse"]
    assert not held(verdict)["no slice collapses"]
    assert verdict.decision == "kept"
    assert "sex female collapses" in verdict.reason


def test_a_slice_too_small_to_say_is_let_be() -> None:
    few = {("sex", "female"): range(200 - SLICE_ROWS + 1, 200)}

    assert held(judge(standing("new", 180, few), None))["no slice collapses"]


def test_the_first_model_must_not_fall_behind_one_fate_for_a_slice() -> None:
    """The last forty all died; it lets them all live."""
    assert not held(judge(standing("new", 160, {("pclass", "3"): range(160, 200)}), None))["no slice collapses"]


def test_probabilities_that_mean_something_else_are_refused() -> None:
    shy = replace(standing("new", 190), probabilities=[0.6 if fate else 0.4 for fate in SURVIVED])

    verdict = judge(shy, None)
    assert not held(verdict)["calibrated"]
    assert "0.4" in verdict.reason
    assert calibration_error([0.5, 0.5, 0.9], [1, 0, 1]) == pytest.approx(0.1 / 3)
    assert calibration_error([1.0], [1]) == 0 <= CALIBRATION_ERROR


@pytest.mark.parametrize(
    ("costs", "check", "named"),
    [
        ({"seconds": 2 * BUDGET_SECONDS}, "quick", "20.0 ms"),
        ({"size": BUDGET_BYTES + 1}, "small", "5,242,881 bytes"),
    ],
)
def test_what_serving_cannot_bear_is_refused(costs: dict[str, float], check: str, named: str) -> None:
    verdict = judge(replace(standing("new", 180), **costs), None)  # type: ignore[arg-type]

    assert not held(verdict)[check]
    assert named in verdict.reason
    assert verdict.evidence()[check]["holds"] is False


def test_at_one_half_a_passenger_is_counted_as_lost() -> None:
    assert [decide(p) for p in (0.5, 0.5000001, 0.0, 1.0)] == [0, 1, 0, 1]
