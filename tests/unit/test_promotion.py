"""The gate, case by case."""

import pytest

from titanic.promotion import MARGIN, Standing, decide, judge

SURVIVED = [1] * 38 + [0] * 62


def standing(version: str, right: int) -> Standing:
    """A model that is right on the first so many of a hundred passengers."""
    fates = [fate if i < right else 1 - fate for i, fate in enumerate(SURVIVED)]
    return Standing(version, [0.9 if fate else 0.1 for fate in fates], SURVIVED)


@pytest.mark.parametrize(
    ("challenger", "champion", "decision"),
    [
        (80, None, "promoted"),
        (62, None, "kept"),
        (71, None, "kept"),
        (72, None, "promoted"),
        (80, 75, "promoted"),
        (80, 80, "promoted"),
        (80, 81, "promoted"),
        (80, 83, "kept"),
        (60, 55, "kept"),
    ],
)
def test_promoted_if_not_worse_beyond_the_margin(challenger: int, champion: int | None, decision: str) -> None:
    verdict = judge(standing("new", challenger), standing("old", champion) if champion else None)

    assert verdict.decision == decision
    assert f"{challenger}.0%" in verdict.reason


def test_the_margin_is_stated_and_the_champion_named() -> None:
    reason = judge(standing("new", 80), standing("old", 90)).reason

    assert "champion old" in reason
    assert f"{MARGIN:.1%}" in reason
    assert "-10.0%" in reason


def test_the_champion_itself_changes_nothing() -> None:
    assert judge(standing("same", 80), standing("same", 80)).decision == "unchanged"


def test_at_one_half_a_passenger_is_counted_as_lost() -> None:
    assert [decide(p) for p in (0.5, 0.5000001, 0.0, 1.0)] == [0, 1, 0, 1]
