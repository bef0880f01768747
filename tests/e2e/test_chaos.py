"""The short form of `make chaos`: a fault of each kind, judged, and a checker that was seen to fail.

All faults and their recovery times: docs/trust.md.
"""

from contextlib import suppress

import psutil
import pytest

from chaos.history import Round, Stage, as_json, shortest
from chaos.mutate import seen
from clouds import Cloud, environments, is_whole, until

FAULTS = (
    "kill inference while predicting",
    "kill the function at Ingest",
    pytest.param("lost exchange with redis while predicting", marks=pytest.mark.long),
    pytest.param("freeze Valkey for 3 s in a drain", marks=pytest.mark.long),
)


@pytest.fixture
def debtless(cloud: Cloud) -> Cloud:
    """Without instances that lived through an earlier test's outage: they add what they owe with their next answer."""
    for each in environments(cloud, cloud.outputs()["functions"]["InferenceFunction"]):
        with suppress(psutil.Error):
            each.kill()
            each.wait(10)
    until(lambda: is_whole(cloud))
    return cloud


@pytest.mark.parametrize("fault", FAULTS)
def test_every_promise_holds_after_a_fault(debtless: Cloud, fault: str) -> None:
    outcome = Stage(debtless).play(Round(fault, seed=1))
    assert not outcome.skipped
    assert not outcome.broken, as_json(outcome)
    assert outcome.recovery is not None
    assert outcome.asked > 0


def test_each_promise_that_is_broken_on_purpose_is_seen(cloud: Cloud) -> None:
    found = seen(Stage(cloud))
    assert [name for name, was in found.items() if not was] == []
    assert len(found) > 20


def test_a_history_is_shortened_to_what_breaks() -> None:
    """Only two rounds together break a promise here, among ten."""
    rounds = [Round("an event twice", seed) for seed in range(10)]
    needed = {rounds[3], rounds[6]}
    found = shortest(rounds, lambda tried: needed <= set(tried) and tried[-1] == rounds[-1])
    assert found == [rounds[3], rounds[6], rounds[9]]
    assert shortest(rounds[:1], lambda _: True) == rounds[:1]
    assert shortest(rounds, lambda tried: tried[-1] == rounds[-1]) == [rounds[-1]]


def test_a_history_can_be_written_down() -> None:
    round_ = Round("kill Valkey at Features", 12)
    assert Round.parse(str(round_)) == round_
    with pytest.raises(ValueError, match="no round"):
        Round.parse("nothing#1")
