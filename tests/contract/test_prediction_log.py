"""One suite for the prediction log: the fake and Redis keep the same promises."""

import pytest

from fakes.prediction_log import MemoryPredictionLog
from titanic.adapters.prediction_log import RedisPredictionLog
from titanic.ports import PredictionLog


@pytest.fixture(params=["memory", "redis"])
def log(request: pytest.FixtureRequest) -> PredictionLog:
    if request.param == "memory":
        return MemoryPredictionLog()
    request.getfixturevalue("valkey")
    return RedisPredictionLog(request.getfixturevalue("redis_url"))


def entry(number: int) -> dict[str, object]:
    return {"prediction_id": str(number), "inputs": {"Name": "Ōkuma, Mr. 重信\r\n"}, "probability": 0.1 + 0.2}


def test_an_empty_log(log: PredictionLog) -> None:
    assert log.recent(10) == []
    assert log.totals() == {}


def test_the_newest_come_first_and_unchanged(log: PredictionLog) -> None:
    log.record([entry(1), entry(2)], {})
    log.record([entry(3)], {})

    assert log.recent(2) == [entry(3), entry(2)]
    assert log.recent(10) == [entry(3), entry(2), entry(1)]


def test_observations_add_up(log: PredictionLog) -> None:
    log.record([], {"requests|/predict": 1, "seconds": 0.25})
    log.record([entry(1)], {"requests|/predict": 1, "seconds": 0.5})

    assert log.totals() == {"requests|/predict": 2, "seconds": 0.75}


def test_nothing_to_record_is_no_error(log: PredictionLog) -> None:
    log.record([], {})
