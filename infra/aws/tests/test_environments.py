"""The file of environments, and the caller's account and region."""

from pathlib import Path

import boto3
import pytest

from embedded_cloud.errors import CloudError
from mlops_aws import account
from mlops_aws.environments import Traffic, environment


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_files_own_environments_can_be_read(name: str) -> None:
    known = environment(name)
    assert known.data
    assert 0 < known.traffic.first_share < 1


def test_an_unknown_environment_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(CloudError, match=r"'elsewhere'\n.*dev, prod"):
        environment("elsewhere")


def test_an_environment_without_a_data_plane_has_stores_of_somebody_else(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text("[here]\ntraffic = {seconds = 1}\n")
    here = environment("here", file)
    assert here.data is None
    assert here.traffic == Traffic(seconds=1)


@pytest.mark.parametrize("wrong", ["trafic = {seconds = 1}", "traffic = {secs = 1}"])
def test_an_unknown_name_is_refused(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(f"[here]\n{wrong}\n")
    with pytest.raises(CloudError, match=r"\[here\] in own.toml .*(trafic|secs)"):
        environment("here", file)


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_callers_region_is_respected(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "eu-south-2")
    theirs = account.callers_account()
    assert theirs.region == "eu-south-2"
    assert theirs.environment()["AWS_DEFAULT_REGION"] == "eu-south-2"
    assert theirs.client("s3").meta.region_name == "eu-south-2"


def test_the_region_of_a_profile_is_respected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("[profile mine]\nregion = eu-north-1\n")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    monkeypatch.setenv("AWS_PROFILE", "mine")
    assert account.callers_account().region == "eu-north-1"


def test_no_region_is_an_error_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    assert boto3.Session().region_name is None
    with pytest.raises(CloudError, match="AWS_REGION"):
        account.callers_account()
