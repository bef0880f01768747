"""A new version gets a share of the requests, then all; whatever goes wrong leaves the old one with all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embedded_cloud.errors import CloudError
from mlops_aws import traffic
from mlops_aws.environments import Environment, Traffic
from mlops_aws.proof import Proof
from mlops_aws.release import Release
from mlops_aws.stacks import Stack
from mlops_cloud.use_case import UseCase

QUICK = Traffic(first_share=0.1, seconds=0.02)


class Live:
    """An alias that remembers where it was pointed, over versions with answers by path."""

    function = "app-dev-inference"

    def __init__(self, **answers: dict[str, Any]) -> None:
        self.pointed: list[Any] = []
        self.answers = answers

    def point_to(self, version: str, second: dict[str, float] | None = None) -> None:
        self.pointed.append((version, second) if second else version)

    def ask(self, version: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return self.answers[f"v{version}"].get(path, (404, None))


class CloudWatch:
    def __init__(self, *alarms: set[str], errors: float = 0) -> None:
        self.alarms, self.errors = list(alarms), errors

    def describe_alarms(self, AlarmNames: list[str], StateValue: str) -> dict[str, Any]:
        now = self.alarms.pop(0) if len(self.alarms) > 1 else self.alarms[0]
        return {"MetricAlarms": [{"AlarmName": name} for name in now]}

    def get_metric_statistics(self, **asked: Any) -> dict[str, Any]:
        dimensions = {each["Name"]: each["Value"] for each in asked["Dimensions"]}
        assert dimensions == {
            "FunctionName": Live.function,
            "Resource": f"{Live.function}:live",
            "ExecutedVersion": "8",
        }
        return {"Datapoints": [{"Sum": self.errors}]}


class Account:
    def __init__(self, cloudwatch: CloudWatch) -> None:
        self.cloudwatch = cloudwatch

    def client(self, service: str) -> Any:
        return getattr(self, service)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "POLL_SECONDS", 0.005)


def shift(live: Live, watch: Callable[[], None]) -> None:
    traffic.shift(live, "7", "8", QUICK, watch)  # type: ignore[arg-type]


def watcher(cloudwatch: CloudWatch, alarms: list[str], proof: Callable[[], None] = lambda: None) -> Callable[[], None]:
    return traffic.watcher(Account(cloudwatch), Live(), "8", alarms, proof)  # type: ignore[arg-type]


def test_a_share_first_then_all() -> None:
    live = Live()
    seen: list[Any] = []
    shift(live, lambda: seen.append(live.pointed[-1]))
    assert live.pointed == [("7", {"8": 0.1}), "8"]
    assert seen
    assert set(map(str, seen)) == {str(("7", {"8": 0.1}))}


@pytest.mark.parametrize("trouble", [CloudError("an alarm", "look"), KeyboardInterrupt(), ConnectionError()])
def test_whatever_goes_wrong_leaves_all_with_the_old_version(trouble: BaseException) -> None:
    def watch() -> None:
        raise trouble

    live = Live()
    with pytest.raises(type(trouble)):
        shift(live, watch)
    assert live.pointed == [("7", {"8": 0.1}), "7"]


def test_an_alarm_that_was_raised_meanwhile_ends_it() -> None:
    watch = watcher(CloudWatch({"old"}, {"old"}, {"old", "ApiFails"}), ["old", "ApiFails"])
    watch()
    with pytest.raises(CloudError, match="ApiFails"):
        watch()


def test_an_error_of_the_new_version_ends_it() -> None:
    with pytest.raises(CloudError, match="Version 8 failed 2 requests"):
        watcher(CloudWatch(set(), errors=2), [])()


def test_an_answer_that_is_not_right_any_more_ends_it() -> None:
    def proof() -> None:
        raise CloudError("probability was 0.9 and is 0.1", "mend")

    with pytest.raises(CloudError, match=r"0\.9"):
        watcher(CloudWatch(set()), [], proof)()


ROW = {"Pclass": 1}
SCHEMA = (200, {"examples": [{"row": ROW}]})


def version(probability: float, model: str = "m1", status: int = 200) -> dict[str, Any]:
    answer = {"probability": probability, "model_version": model, "features": {}, "contributions": {}}
    return {"/health": (200, {}), "/schema": SCHEMA, "/predict": (status, answer)}


def proof(serving: dict[str, Any] | None, new: dict[str, Any], accept: bool = False) -> Proof:
    live = Live(v8=new, **({"v7": serving} if serving else {}))
    return Proof(live, "8", "7" if serving else None, accept)  # type: ignore[arg-type]


def test_the_same_answer_by_the_same_model_is_right() -> None:
    proof(version(0.9), version(0.9)).predicts()


def test_another_answer_by_the_same_model_is_refused_unless_it_is_meant() -> None:
    with pytest.raises(CloudError, match=r"probability was 0\.9 and is 0\.8.*\n.*Version 7 serves on"):
        proof(version(0.9), version(0.8)).predicts()
    proof(version(0.9), version(0.8), accept=True).predicts()


def test_another_model_may_answer_otherwise() -> None:
    proof(version(0.9), version(0.8, "m2")).predicts()


def test_a_version_that_fails_is_refused_whatever_is_accepted() -> None:
    with pytest.raises(CloudError, match="/predict answers 503"):
        proof(version(0.9), version(0.8, status=503), accept=True).predicts()


def test_a_serving_version_that_fails_compares_nothing() -> None:
    proof(version(0.9, status=503), version(0.8)).predicts()


def test_an_unhealthy_version_is_refused() -> None:
    with pytest.raises(CloudError, match="No version serves"):
        proof(None, {"/health": (502, {"detail": "no module"})}).answers()


class Versions(Live):
    """An alias over versions whose models are known; `trained` makes a champion that only the new one can serve."""

    account = None

    def __init__(self, **answers: dict[str, Any]) -> None:
        super().__init__(**answers)
        self.trained = False

    def train(self, *_: object) -> None:
        self.trained = True
        self.answers["v8"] |= {"/model": (200, {"model_version": "m2"}), "/predict": version(0.8, "m2")["/predict"]}

    def forget_old(self) -> None:
        self.pointed.append("old ones forgotten")


def take_over(live: Versions, monkeypatch: pytest.MonkeyPatch, seconds: float = 0.01) -> None:
    monkeypatch.setattr("mlops_aws.release.pipeline.run_on_latest", live.train)
    environment = Environment("dev", traffic=Traffic(first_share=0.1, seconds=seconds))
    account: Any = Account(CloudWatch(set()))
    stack = Stack("app-dev", {"DataBucket": "data", "PipelineArn": "arn"}, {}, {})
    release = Release(account, environment, UseCase(), Path(), Path())
    release._take_over(live, stack, "7", "8")  # type: ignore[arg-type]


def with_model(answers: dict[str, Any], model: str | None) -> dict[str, Any]:
    return {**answers, "/model": (200, {"model_version": model}) if model else (503, {"detail": "no champion"})}


def test_a_version_that_serves_the_champion_gets_a_share_first(monkeypatch: pytest.MonkeyPatch) -> None:
    live = Versions(v7=with_model(version(0.9), "m1"), v8=with_model(version(0.9), "m1"))
    take_over(live, monkeypatch)
    assert live.pointed == [("7", {"8": 0.1}), "8", "old ones forgotten"]
    assert not live.trained


def test_a_version_that_cannot_serve_the_champion_trains_one_and_takes_all_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live = Versions(v7=with_model(version(0.9), "m1"), v8=with_model(version(0.9, status=503), None))
    take_over(live, monkeypatch, seconds=3600)
    assert live.trained
    assert live.pointed == ["8", "old ones forgotten"]
