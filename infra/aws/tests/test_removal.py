"""A deployment is removed in the order that AWS allows, and its data only if that is asked for."""

from types import SimpleNamespace
from typing import Any

import pytest

from mlops_aws import removal, stacks
from mlops_aws.stacks import Stack

DATA = Stack(
    "app-dev-data",
    {},
    {"DataBucket": "data", "SubnetA": "subnet-1"},
    {"DataBucket": removal.BUCKET, "SubnetA": removal.SUBNET},
)


class S3:
    def __init__(self) -> None:
        self.versions = [{"Key": "a", "VersionId": "1"}, {"Key": "a", "VersionId": "2"}]
        self.marker = [{"Key": "b", "VersionId": "3"}]
        self.buckets = ["data"]

    def get_paginator(self, _: str) -> Any:
        page = {"Versions": self.versions, "DeleteMarkers": self.marker}
        return SimpleNamespace(paginate=lambda Bucket: [page, {}])

    def delete_objects(self, Bucket: str, Delete: Any) -> None:
        gone = {(each["Key"], each["VersionId"]) for each in Delete["Objects"]}
        assert gone == {("a", "1"), ("a", "2"), ("b", "3")}
        self.versions, self.marker = [], []

    def delete_bucket(self, Bucket: str) -> None:
        assert not self.versions
        assert not self.marker
        self.buckets.remove(Bucket)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done to stacks, in order, where only the data plane is left of an interrupted removal."""
    done: list[str] = []
    monkeypatch.setattr(stacks, "make_ready", lambda _, name: done.append(f"ready {name}"))
    monkeypatch.setattr(stacks, "describe", lambda _, name: DATA if name == DATA.name else None)
    monkeypatch.setattr(stacks, "wait_for_network_interfaces", lambda _, subnets: done.append(f"waited for {subnets}"))
    monkeypatch.setattr(stacks, "delete", lambda _, name, __: done.append(f"deleted {name}"))
    return done


@pytest.mark.parametrize("with_data", [False, True])
def test_the_application_goes_first_and_data_only_if_asked(done: list[str], with_data: bool) -> None:
    account: Any = SimpleNamespace(buckets=S3())
    removal.remove(account, "app-dev", with_data=with_data)
    ready = ["ready app-dev", "ready app-dev-data"]
    assert done == [*ready, "waited for ['subnet-1']", "deleted app-dev-data"]
    assert account.buckets.buckets == ([] if with_data else ["data"])
