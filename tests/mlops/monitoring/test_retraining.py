"""Whether to train again: on evidence, not too often."""

from datetime import UTC, datetime, timedelta

import pytest

from mlops.monitoring.retraining import DAY, ENOUGH_LABELS, LEAST_LABELS, SUSTAINED, Evidence, Policy, Retraining, judge

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
POLICY = Policy(timedelta(hours=6), 2, dry_run=False)
DRIFT = Evidence(SUSTAINED, ["age"], LEAST_LABELS)


def start(hours_ago: float, dry_run: bool = False) -> Retraining:
    return Retraining(NOW - timedelta(hours=hours_ago), "started", "drift", "", dry_run)


@pytest.mark.parametrize(
    ("evidence", "decision", "trigger", "words"),
    [
        (Evidence(0, [], 0), "held", None, "Nothing drifts"),
        (Evidence(SUSTAINED - 1, ["age"], 0), "held", None, "age drifts"),
        (Evidence(SUSTAINED, ["age"], LEAST_LABELS - 1), "held", "drift", "same model again"),
        (DRIFT, "started", "drift", "age drifts for 2 windows in a row"),
        (Evidence(0, [], ENOUGH_LABELS - 1), "held", None, "no reason"),
        (Evidence(0, [], ENOUGH_LABELS), "started", "labels", "labels of 1000 rows"),
        (Evidence(SUSTAINED, ["age"], ENOUGH_LABELS), "started", "drift", "and the labels of 1000"),
    ],
)
def test_evidence(evidence: Evidence, decision: str, trigger: str | None, words: str) -> None:
    decided = judge(evidence, [], POLICY, NOW)

    assert (decided.decision, decided.trigger, decided.at) == (decision, trigger, NOW)
    assert words in decided.reason


@pytest.mark.parametrize(
    ("earlier", "decision", "words"),
    [
        ([start(5.9)], "held", "6 hours must pass"),
        ([start(6)], "started", ""),
        ([start(7), start(23)], "held", "2 starts within a day"),
        ([start(7), start(DAY / timedelta(hours=1))], "started", ""),
        ([start(1, dry_run=True)], "started", ""),
    ],
)
def test_cooldown_and_cap(earlier: list[Retraining], decision: str, words: str) -> None:
    decided = judge(DRIFT, earlier, POLICY, NOW)

    assert decided.decision == decision
    assert words in decided.reason


def test_a_dry_run_counts_its_own_starts() -> None:
    dry = Policy(POLICY.cooldown, POLICY.a_day, dry_run=True)

    assert judge(DRIFT, [start(7)], dry, NOW).dry_run
    assert judge(DRIFT, [start(1, dry_run=True)], dry, NOW).decision == "held"
    assert judge(DRIFT, [start(1)], dry, NOW).decision == "held"
